"""Delivery of JSON records into an index of an OpenSearch domain."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_opensearchservice as opensearch
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


class IndexRotation(StrEnum):
    """Times after which records go into a further index, whose name ends in the time."""

    NONE = "NoRotation"
    HOUR = "OneHour"
    DAY = "OneDay"
    WEEK = "OneWeek"
    MONTH = "OneMonth"


@checked
class OpenSearchDestination(IndexDestination):
    """Documents of an OpenSearch domain, one for each JSON record.

    Parameters
    ----------
    domain: opensearch.IDomain
        The domain. With fine-grained access control, its own security must map the role of the delivery to a role
        that may write the index: CloudFormation cannot.
    rotation: IndexRotation
        When a further index begins. By default each day.
    index: str, optional
        Name of the index, 1 to 80 characters in lower case. By default the dataset's name.
    vpc: ec2.IVpc, optional
        Network of a domain that has an address in one only. By default the domain has a public address, where its
        policy admits the role alone.
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
        If the records are not JSON, OpenSearch refuses the index or Firehose the retry, or restricted columns would
        leave the lake.

    Notes
    -----
    The id of a document is drawn by Firehose and stays over attempts, so that none is there twice.
    https://docs.aws.amazon.com/firehose/latest/APIReference/API_DocumentIdOptions.html

    Example
    -------
        >>> endpoint = "https://search-flights-abc.eu-west-1.es.amazonaws.com"
        >>> domain = opensearch.Domain.from_domain_endpoint(self, "Domain", endpoint)
        >>> OpenSearchDestination(domain=domain, zone=raw, dataset=contract["flights"])
    """

    receiver = "OpenSearch"
    metric = "DeliveryToAmazonOpenSearchService"

    def __init__(
        self,
        *,
        domain: opensearch.IDomain,
        zone: Zone,
        dataset: Dataset,
        rotation: IndexRotation = IndexRotation.DAY,
        index: str | None = None,
        vpc: ec2.IVpc | None = None,
        retry: DurationInSeconds | None = None,
        backup_all: bool = False,
        restricted: bool = False,
    ) -> None:
        super().__init__(
            zone=zone, dataset=dataset, index=index, vpc=vpc, retry=retry, backup_all=backup_all, restricted=restricted
        )
        self.domain, self.rotation = domain, rotation

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return (*super().permissions, *permissions.write_index(self.domain.domain_arn, self.index))

    def bind(self, scope: Construct, options: DestinationBindOptions) -> Mapping[str, Any]:
        configuration = _FIREHOSE.AmazonopensearchserviceDestinationConfigurationProperty(
            **self.common(options),
            role_arn=options.role.role_arn,
            domain_arn=self.domain.domain_arn,
            index_name=self.index,
            index_rotation_period=self.rotation.value,
            document_id_options=_FIREHOSE.DocumentIdOptionsProperty(default_document_id_format="FIREHOSE_DEFAULT"),
            vpc_configuration=self.network(scope, options),
        )
        return {"amazonopensearchservice_destination_configuration": configuration}
