"""A collection of OpenSearch Serverless that costs nothing but its storage while nobody asks it.

Above 200 lines: half of it is the documentation of one class.
"""

from __future__ import annotations

from enum import StrEnum

from aws_cdk import Acknowledgment, RemovalPolicy, Stack, Token, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_opensearchserverless as aoss
from constructs import Construct

from lake_blueprints.databases.opensearch.data_access import define_data_access, unique_name
from lake_blueprints.databases.opensearch.permissions import READ, WRITE, reach_collection
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.removal import guard_removal
from template_checks.limits import opensearch as limits

_PUBLIC = Acknowledgment(
    id="LAKE-EXPOSURE-006",
    reason="its address answers signed requests of those whom its data access policies name, as S3 does; an endpoint "
    "in a network would be paid for around the clock: give a 'network' for one",
)


class CollectionKind(StrEnum):
    """Kinds of collections, which differ in how documents are kept and found."""

    SEARCH = "SEARCH"
    TIME_SERIES = "TIMESERIES"
    VECTORS = "VECTORSEARCH"


@checked
class SearchCollection(Construct):
    """Define an encrypted OpenSearch Serverless collection in a group of its own that idles at zero capacity.

    The first request after ten idle minutes waits 10 to 30 seconds.

    Parameters
    ----------
    kind: CollectionKind
        How documents are kept. By default for search, with ids that a client may give; time series take none.
    max_indexing_units, max_search_units: float
        Most capacity for indexing and for searches, in OCUs, at least 1 in steps of 0.5. By default 2 each.
    min_indexing_units, min_search_units: float
        Least capacity, in OCUs in steps of 0.5, which is paid for around the clock. By default 0.
    network: LakeNetwork or ec2.IVpc, optional
        Network from which alone the collection is reached, through an endpoint charged by the hour in every zone. By
        default it is reached at a public address, as S3 is, by signed requests of those whom a grant names.
    encryption_key: kms.IKey, optional
        Key for the documents. By default a new `LakeKey` is defined.
    removal_policy: RemovalPolicy
        What happens to the documents when the collection leaves the stack, subject to the removal guard. By default
        they are retained, and the collection is protected against deletion.

    Defines
    -------
    The collection, named `collection_name`, with its `collection_arn` and `collection_endpoint`; its collection group;
    its policies of encryption and network; an access policy for each grant, in the stack of the role; a key, as `key`,
    unless it is given; with a network an endpoint, `vpc_endpoint_id`, with its security group, as `connections`.

    Raises
    ------
    ValueError
        If a capacity is out of range, or the least is above the most.

    Notes
    -----
    Every property of a collection but its description replaces it, tags included, so that it has none.
    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-scale-to-zero.html

    Example
    -------
        >>> search = SearchCollection(self, "Search")
        >>> search.grant_search(role, index="flights")
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        kind: CollectionKind = CollectionKind.SEARCH,
        max_indexing_units: float = 2,
        max_search_units: float = 2,
        min_indexing_units: float = 0,
        min_search_units: float = 0,
        network: LakeNetwork | ec2.IVpc | None = None,
        encryption_key: kms.IKey | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        _check_units("indexing_units", min_indexing_units, max_indexing_units)
        _check_units("search_units", min_search_units, max_search_units)
        self.kind = kind
        self.in_network = network is not None
        self.vpc_endpoint_id: str | None = None
        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        self.collection_name = unique_name(self, "lake")
        group = aoss.CfnCollectionGroup(
            self,
            "Group",
            name=self.collection_name,
            generation="NEXTGEN",
            # This generation has no other.
            standby_replicas="ENABLED",
            capacity_limits=aoss.CfnCollectionGroup.CapacityLimitsProperty(
                max_indexing_capacity_in_ocu=max_indexing_units,
                max_search_capacity_in_ocu=max_search_units,
                min_indexing_capacity_in_ocu=min_indexing_units,
                min_search_capacity_in_ocu=min_search_units,
            ),
        )
        if network is None:
            Validations.of(self).acknowledge(_PUBLIC)
        rules = [{"ResourceType": "collection", "Resource": [f"collection/{self.collection_name}"]}]
        encryption = self._policy("encryption", {"Rules": rules, "AWSOwnedKey": False, "KmsARN": self.key.key_arn})
        reached = self._policy("network", [{"Rules": rules, **self._reached_from(network)}])
        collection = aoss.CfnCollection(
            self,
            "Collection",
            name=self.collection_name,
            type=kind.value,
            standby_replicas="ENABLED",
            collection_group_name=group.name,
        )
        # A collection is created only under its policies, and nothing in it names them.
        collection.node.add_dependency(group, encryption, reached)
        # Tags of an app would replace it whenever they change.
        collection.add_property_deletion_override("Tags")
        kept = guard_removal(collection, removal_policy, encryption_key=self.key)
        collection.deletion_protection = "DISABLED" if kept is RemovalPolicy.DESTROY else "ENABLED"
        # The group outlives no collection, and its policies must not be gone before it.
        for one in (group, encryption, reached):
            one.apply_removal_policy(_as_kept(kept))
        self.collection_arn: str = collection.attr_arn
        self.collection_endpoint: str = collection.attr_collection_endpoint

    def grant_search(self, grantee: iam.IGrantable, *, index: str = "*") -> iam.Grant:
        """Allow reading documents of indexes and searching them; not writing them.

        Parameters
        ----------
        grantee: iam.IGrantable
            Role or user that is allowed.
        index: str
            Name of the index, or a pattern such as `flights-*`. By default all of them.
        """
        found = allow(grantee, reach_collection(self.collection_arn, "searches documents"))
        define_data_access(self, self.collection_name, grantee, index=index, permissions=READ)
        return found

    def grant_index(self, grantee: iam.IGrantable, *, index: str = "*") -> iam.Grant:
        """Allow creating indexes with their mappings and writing their documents.

        Parameters
        ----------
        grantee: iam.IGrantable
            Role or user that is allowed.
        index: str
            Name of the index, or a pattern such as `flights-*`. By default all of them.
        """
        found = allow(grantee, reach_collection(self.collection_arn, "writes documents"))
        define_data_access(self, self.collection_name, grantee, index=index, permissions=WRITE)
        return found

    def _policy(self, kind: str, policy: object) -> aoss.CfnSecurityPolicy:
        return aoss.CfnSecurityPolicy(
            self,
            kind.capitalize(),
            name=self.collection_name,
            type=kind,
            description=f"{kind.capitalize()} of {self.collection_name}",
            policy=Stack.of(self).to_json_string(policy),
        )

    def _reached_from(self, network: LakeNetwork | ec2.IVpc | None) -> dict[str, object]:
        if network is None:
            return {"AllowFromPublic": True}
        vpc = network.vpc if isinstance(network, LakeNetwork) else network
        group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, description=f"Collection {self.node.path}", allow_all_outbound=False
        )
        self.connections = ec2.Connections(security_groups=[group], default_port=ec2.Port.HTTPS)
        endpoint = aoss.CfnVpcEndpoint(
            self,
            "Endpoint",
            name=self.collection_name,
            vpc_id=vpc.vpc_id,
            subnet_ids=vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids,
            security_group_ids=[group.security_group_id],
        )
        self.vpc_endpoint_id = endpoint.attr_id
        return {"AllowFromPublic": False, "SourceVPCEs": [self.vpc_endpoint_id]}


def _check_units(option: str, least: float, most: float) -> None:
    if Token.is_unresolved(least) or Token.is_unresolved(most):
        return
    limits.MIN_INDEXING_UNITS.check(f"min_{option}", least)
    limits.MAX_INDEXING_UNITS.check(f"max_{option}", most)
    if least > most:
        raise ValueError(f"'min_{option}' must be at most 'max_{option}', which is {most:g}, got {least:g}")


def _as_kept(kept: RemovalPolicy) -> RemovalPolicy:
    return RemovalPolicy.DESTROY if kept is RemovalPolicy.DESTROY else RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
