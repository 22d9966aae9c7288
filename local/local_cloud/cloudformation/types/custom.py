"""The CDK's own custom resources, whose Lambda functions need what is not here (the AWS SDK for JavaScript, a CLI)."""

from __future__ import annotations

import fnmatch
import io
import zipfile

from local_cloud.cloudformation.resource import Context, Properties, Resource
from local_cloud.cloudformation.resource_type import ResourceType


class _AutoDeleteObjectsType(ResourceType):
    """`auto_delete_objects=True` of a bucket: empties it before it is deleted."""

    def remove(self, resource: Resource) -> None:
        s3, bucket = resource.context.client("s3"), resource.properties["BucketName"]
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])


class _BucketDeploymentType(ResourceType):
    """`BucketDeployment`: copies zipped assets into a bucket."""

    def make(self, logical_id: str, properties: Properties, context: Context) -> Resource:
        resource = Resource(self, logical_id, properties, context)
        self.change(resource, properties)
        return resource

    def change(self, resource: Resource, properties: Properties) -> None:
        resource.properties = properties
        s3, target = resource.context.client("s3"), properties["DestinationBucketName"]
        prefix = properties.get("DestinationBucketKeyPrefix", "").strip("/")
        sources = zip(properties["SourceBucketNames"], properties["SourceObjectKeys"], strict=True)
        for bucket, key in sources:
            archive = zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
            for name in archive.namelist():
                if not name.endswith("/") and _is_included(name, properties):
                    s3.put_object(Bucket=target, Key=f"{prefix}/{name}".lstrip("/"), Body=archive.read(name))


def _is_included(name: str, properties: Properties) -> bool:
    excluded = any(fnmatch.fnmatch(name, pattern) for pattern in properties.get("Exclude", []))
    return not excluded or any(fnmatch.fnmatch(name, pattern) for pattern in properties.get("Include", []))


TYPES = [
    _AutoDeleteObjectsType(name="Custom::S3AutoDeleteObjects", service=""),
    _BucketDeploymentType(
        name="Custom::CDKBucketDeployment",
        service="",
        attributes={"DestinationBucketArn": "arn:{partition}:s3:::{DestinationBucketName}"},
    ),
    # No traffic passes through a security group here.
    ResourceType(name="Custom::VpcRestrictDefaultSG", service=""),
]
