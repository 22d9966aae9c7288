"""Indexes of OpenSearch as destinations of delivery streams."""

from __future__ import annotations

import re

from aws_cdk import Duration, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kinesisfirehose as firehose
from constructs import Construct

from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.foundation.access import Permission
from lake_blueprints.ingestion.firehose import permissions
from lake_blueprints.ingestion.firehose.backed_up_destination import BackedUpDestination
from lake_blueprints.ingestion.firehose.destination import DestinationBindOptions
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import firehose as limits

_FIREHOSE = firehose.CfnDeliveryStream
_INDEX = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")


class IndexDestination(BackedUpDestination):
    """An index of a domain or of a collection, in a network or outside.

    Parameters
    ----------
    zone: Zone
        Zone of the records that cannot be delivered.
    dataset: Dataset
        Contract of the records.
    index: str, optional
        Name of the index, 1 to 80 characters in lower case. By default the dataset's name.
    vpc: ec2.IVpc, optional
        Network in which the index is reached.
    retry: Duration, optional
        Time in which Firehose tries again before it gives records up. By default 300 seconds.
    backup_all: bool
        Whether the zone also receives every record.
    restricted: bool
        Whether records with restricted columns leave the lake.
    """

    backup_modes = ("FailedDocumentsOnly", "AllDocuments")
    buffer_size = limits.BUFFER_SIZE_OPENSEARCH

    def __init__(
        self,
        *,
        zone: Zone,
        dataset: Dataset,
        index: str | None,
        vpc: ec2.IVpc | None,
        retry: Duration | None,
        backup_all: bool,
        restricted: bool,
    ) -> None:
        super().__init__(
            zone=zone,
            dataset=dataset,
            retry=retry or Duration.seconds(300),
            backup_all=backup_all,
            restricted=restricted,
        )
        if dataset.format is not DatasetFormat.JSON:
            raise ValueError(f"documents are JSON records, but dataset '{dataset.name}' is {dataset.format}")
        self.index = index or dataset.name
        if not Token.is_unresolved(self.index) and not _INDEX.fullmatch(self.index):
            raise ValueError(
                f"an 'index' has 1 to 80 of a-z, 0-9, '_', '.' and '-' and begins with a letter or digit, got "
                f"'{self.index}'"
            )
        self.vpc = vpc

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return (*super().permissions, *(permissions.attach_to_network(self.vpc) if self.vpc else ()))

    def network(
        self, scope: Construct, options: DestinationBindOptions
    ) -> firehose.CfnDeliveryStream.VpcConfigurationProperty | None:
        """Return where the delivery attaches to the network, with a security group of its own; none without one."""
        if self.vpc is None:
            return None
        group = ec2.SecurityGroup(
            scope, "SecurityGroup", vpc=self.vpc, description=f"Delivery {scope.node.path}", allow_all_outbound=False
        )
        group.add_egress_rule(ec2.Peer.ipv4(self.vpc.vpc_cidr_block), ec2.Port.tcp(443), "OpenSearch")
        subnets = self.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        return _FIREHOSE.VpcConfigurationProperty(
            role_arn=options.role.role_arn, security_group_ids=[group.security_group_id], subnet_ids=subnets.subnet_ids
        )
