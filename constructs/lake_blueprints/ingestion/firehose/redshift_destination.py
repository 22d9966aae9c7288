"""Delivery of JSON records into a table of Redshift that listens in public."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration, Token
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import DurationInSeconds
from lake_blueprints.ingestion.firehose import permissions
from lake_blueprints.ingestion.firehose.backed_up_destination import BackedUpDestination
from lake_blueprints.ingestion.firehose.destination import ERRORS, DestinationBindOptions
from lake_blueprints.ingestion.firehose.s3_destination import BUFFER
from lake_blueprints.ingestion.firehose.secrets import secret_configuration
from lake_blueprints.storage.s3 import Zone

_FIREHOSE = firehose.CfnDeliveryStream
_JDBC = re.compile(r"jdbc:redshift://[A-Za-z0-9.-]+\.redshift(-serverless)?\.[A-Za-z0-9.-]+:\d{1,5}/[A-Za-z0-9_$-]+")
# Firehose names them itself: https://docs.aws.amazon.com/firehose/latest/dev/retry.html
_UNTRANSFORMED = "processing-failed/"


@checked
class RedshiftDestination(BackedUpDestination):
    """Rows of a Redshift table, by COPY from objects of a zone.

    Parameters
    ----------
    jdbc_url: str
        Address of a cluster or workgroup: "jdbc:redshift://<endpoint>:<port>/<database>". Firehose reaches none that is
        private, such as a `Warehouse`: it is publicly accessible, and its security group admits the addresses that AWS
        lists for Firehose and the Region.
    secret: secretsmanager.ISecret
        Secret `{"username": "...", "password": "..."}` of a user who may insert into the table.
    table: str, optional
        Name of the table, which exists already. By default the dataset's name.
    zone: Zone
        Zone of the objects that are copied, below `backup/<dataset>/`, which stay there. What COPY does not take is
        listed in manifests below `errors/`.
    dataset: Dataset
        Contract of the records.
    retry: Duration, optional
        Time in which Firehose tries again before it skips objects, 0 to 7200 seconds. By default 3600 seconds.
    restricted: bool
        Whether records with restricted columns leave the lake. By default a dataset that has some is refused.

    Raises
    ------
    ValueError
        If the records are not JSON, Firehose refuses the address or the retry, or restricted columns would leave.

    Notes
    -----
    A private `Warehouse` takes what a zone has by its own `Load`, without a public address.
    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-rs

    Example
    -------
        >>> user = secretsmanager.Secret(self, "User", encryption_key=raw.key)
        >>> url = "jdbc:redshift://lake.111122223333.eu-west-1.redshift-serverless.amazonaws.com:5439/dev"
        >>> RedshiftDestination(jdbc_url=url, secret=user, zone=raw, dataset=contract["flights"])
    """

    receiver = "Redshift"
    metric = "DeliveryToRedshift"
    default_buffer = BUFFER

    def __init__(
        self,
        *,
        jdbc_url: str,
        secret: secretsmanager.ISecret,
        zone: Zone,
        dataset: Dataset,
        table: str | None = None,
        retry: DurationInSeconds | None = None,
        restricted: bool = False,
    ) -> None:
        # The objects that are copied are the backup.
        super().__init__(
            zone=zone, dataset=dataset, retry=retry or Duration.seconds(3600), backup_all=True, restricted=restricted
        )
        if dataset.format is not DatasetFormat.JSON:
            raise ValueError(f"Redshift copies JSON records, but dataset '{dataset.name}' is {dataset.format}")
        if not Token.is_unresolved(jdbc_url) and not _JDBC.fullmatch(jdbc_url):
            raise ValueError(f"'jdbc_url' must be jdbc:redshift://<endpoint>:<port>/<database>, got '{jdbc_url}'")
        self.jdbc_url, self.secret, self.table = jdbc_url, secret, table or dataset.name

    @property
    def error_prefix(self) -> str:
        return ERRORS

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return (*super().permissions, *permissions.read_secret(self.secret))

    def bind(self, scope: Construct, options: DestinationBindOptions) -> Mapping[str, Any]:
        common = dict(self.common(options))
        for other in ("buffering_hints", "s3_backup_mode", "s3_configuration"):
            del common[other]
        configuration = _FIREHOSE.RedshiftDestinationConfigurationProperty(
            **common,
            role_arn=options.role.role_arn,
            cluster_jdbcurl=self.jdbc_url,
            copy_command=_FIREHOSE.CopyCommandProperty(
                data_table_name=self.table,
                data_table_columns=",".join(column.name for column in self.dataset.columns),
                copy_options="FORMAT JSON 'auto ignorecase' GZIP TIMEFORMAT 'auto'",
            ),
            secrets_manager_configuration=secret_configuration(self.secret, options.role),
            s3_configuration=_FIREHOSE.S3DestinationConfigurationProperty(
                **self.zone_properties(options, self.backup_prefix, None),
                buffering_hints=_FIREHOSE.BufferingHintsProperty(
                    size_in_m_bs=options.buffering.megabytes, interval_in_seconds=options.buffering.seconds
                ),
            ),
        )
        return {"redshift_destination_configuration": configuration}

    @property
    def _prefixes(self) -> list[str]:
        return [*super()._prefixes, _UNTRANSFORMED]
