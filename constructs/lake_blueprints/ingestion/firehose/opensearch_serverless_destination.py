"""Delivery of JSON records into an index of an OpenSearch Serverless collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from constructs import Construct

from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import DurationInSeconds
from lake_blueprints.ingestion.firehose import permissions
from lake_blueprints.ingestion.firehose.destination import DestinationBindOptions
from lake_blueprints.ingestion.firehose.index_destination import IndexDestination
from lake_blueprints.storage.s3 import Zone

_FIREHOSE = firehose.CfnDeliveryStream


class SearchIndexes(Protocol):
    """A collection that lets roles write its indexes."""

    collection_arn: str
    """ARN of the collection."""

    collection_endpoint: str
    """Address by https."""

    def grant_index(self, grantee: iam.IGrantable, *, index: str = "*") -> iam.Grant:
        """Allow creating indexes and writing their documents."""


@checked
class OpenSearchServerlessDestination(IndexDestination):
    """Documents of an OpenSearch Serverless collection, one for each JSON record.

    Parameters
    ----------
    collection: SearchIndexes, optional
        The collection, which lets the role of the delivery write the index: a `SearchCollection`. By default it is one
        of others.
    collection_arn, collection_endpoint: str, optional
        ARN of a collection of others, and its address by https. A data access policy of the collection must give the
        role of the delivery `aoss:CreateIndex`, `aoss:UpdateIndex` and `aoss:WriteDocument` on the index. By default
        those of the collection.
    index: str, optional
        Name of the index, 1 to 80 characters in lower case. By default the dataset's name.
    vpc: ec2.IVpc, optional
        Network with the endpoint of a collection that is private. By default the collection has a public address.
    zone: Zone
        Zone of the records that cannot be delivered, below `errors/<dataset>/`.
    dataset: Dataset
        Contract of the records.
    retry: Duration, optional
        Time in which Firehose tries again before it gives records up, 0 to 7200 seconds. By default 300 seconds.
    backup_all: bool
        Whether the zone also receives every record as it came, below `backup/<dataset>/`. By default only what fails.
    restricted: bool
        Whether records with restricted columns leave the lake. By default a dataset that has some is refused.

    Raises
    ------
    ValueError
        If neither a collection nor ARN and address of one are given, the records are not JSON, OpenSearch refuses the
        index or Firehose the retry, or restricted columns would leave the lake.

    Notes
    -----
    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-clients.html

    Example
    -------
        >>> arn = Stack.of(self).format_arn(service="aoss", resource="collection", resource_name="abc")
        >>> at = {"collection_arn": arn, "collection_endpoint": "https://abc.eu-west-1.aoss.amazonaws.com"}
        >>> OpenSearchServerlessDestination(**at, zone=raw, dataset=contract["flights"])
    """

    receiver = "OpenSearch Serverless"
    metric = "DeliveryToAmazonOpenSearchServerless"

    def __init__(
        self,
        *,
        zone: Zone,
        dataset: Dataset,
        collection: SearchIndexes | None = None,
        collection_arn: str | None = None,
        collection_endpoint: str | None = None,
        index: str | None = None,
        vpc: ec2.IVpc | None = None,
        retry: DurationInSeconds | None = None,
        backup_all: bool = False,
        restricted: bool = False,
    ) -> None:
        super().__init__(
            zone=zone, dataset=dataset, index=index, vpc=vpc, retry=retry, backup_all=backup_all, restricted=restricted
        )
        self.collection = collection
        given = (collection_arn, collection_endpoint)
        if (collection is None) == (given == (None, None)) or given.count(None) == 1:
            raise ValueError(
                "a destination needs a 'collection', or 'collection_arn' and 'collection_endpoint' of one of others"
            )
        self.collection_arn = collection.collection_arn if collection else collection_arn or ""
        self.collection_endpoint = collection.collection_endpoint if collection else collection_endpoint or ""

    @property
    def permissions(self) -> tuple[Permission, ...]:
        # A collection of the app grants it with the data access.
        reach = () if self.collection else (permissions.reach_collection(self.collection_arn),)
        return (*super().permissions, *reach)

    def prepare(self, role: iam.IRole, delivery: firehose.CfnDeliveryStream) -> None:
        if self.collection:
            self.collection.grant_index(role, index=self.index)

    def bind(self, scope: Construct, options: DestinationBindOptions) -> Mapping[str, Any]:
        configuration = _FIREHOSE.AmazonOpenSearchServerlessDestinationConfigurationProperty(
            **self.common(options),
            role_arn=options.role.role_arn,
            collection_endpoint=self.collection_endpoint,
            index_name=self.index,
            vpc_configuration=self.network(scope, options),
        )
        return {"amazon_open_search_serverless_destination_configuration": configuration}
