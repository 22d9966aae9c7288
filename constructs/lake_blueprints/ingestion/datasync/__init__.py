"""AWS DataSync: files of shares, object stores and buckets, copied into a zone."""

from lake_blueprints.ingestion.datasync.file_transfer import FileTransfer
from lake_blueprints.ingestion.datasync.source import (
    Hdfs,
    NfsShare,
    ObjectStorage,
    S3Location,
    SmbShare,
    TransferSource,
)
from lake_blueprints.ingestion.datasync.step import StartTransfer

__all__ = (
    "FileTransfer",
    "Hdfs",
    "NfsShare",
    "ObjectStorage",
    "S3Location",
    "SmbShare",
    "StartTransfer",
    "TransferSource",
)
