"""A domain of OpenSearch Service in a private network, with fine-grained access control.

Above 200 lines: half of it is the documentation of one class.
"""

from __future__ import annotations

from typing import Literal

from aws_cdk import Acknowledgment, Aws, RemovalPolicy, Size, Stack, Token, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_opensearchservice as opensearch
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.databases.opensearch.data_access import unique_name
from lake_blueprints.databases.opensearch.permissions import administer, search_indexes, write_indexes
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.network.vpc import choose_vpc
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import KnownSizeInGibibytes
from template_checks.limits import opensearch as limits

_DOMAIN = opensearch.CfnDomain
_LOGS = {
    "AUDIT_LOGS": "AuditLog",
    "ES_APPLICATION_LOGS": "ErrorLog",
    "INDEX_SLOW_LOGS": "SlowIndexingLog",
    "SEARCH_SLOW_LOGS": "SlowSearchLog",
}
_MASTERS = Acknowledgment(
    id="AwsSolutions-OS4",
    reason="dedicated masters are 'masters': three more nodes that are paid for around the clock, for clusters of many",
)
_ADDRESSES = Acknowledgment(
    id="AwsSolutions-OS3", reason="the domain has no public address: its security group says from where it is reached"
)


@checked
class SearchDomain(Construct):
    """Define an OpenSearch domain in a private network, encrypted everywhere, that signed requests alone reach.

    It is paid for around the clock: two t3.small.search nodes with 20 GB each about 57 USD a month. Where searches
    come and go, a `SearchCollection` costs less.

    Parameters
    ----------
    administrator: iam.IRole
        Role that may do everything within the domain, such as mapping other roles.
    zones: 2 or 3
        Availability Zones of the nodes. By default 2.
    nodes: int, optional
        Data nodes, a multiple of the zones. By default one in each.
    instance_type: str
        Type of the data nodes, ending in `.search`. By default t3.small.search, for tests and small indexes.
    masters: 0, 3 or 5
        Dedicated masters, of the data nodes' type. By default none.
    volume_size: Size, optional
        Size of each data node's gp3 volume, at least 10 GiB. By default 20 GiB.
    engine_version: str
        Version, as OpenSearch_X.Y. By default OpenSearch_2.19.
    network: LakeNetwork or ec2.IVpc, optional
        Network of the domain, with an isolated subnet in each zone. By default a new one is defined.
    log_policy: bool
        Whether the policy of CloudWatch Logs that lets OpenSearch write is defined; an account has ten of them in a
        Region, so many domains may share one. By default it is.
    encryption_key: kms.IKey, optional
        Key for indexes, snapshots and logs. By default a new `LakeKey` is defined.
    log_retention: logs.RetentionDays
        How long the logs are kept. By default one year.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms. By default there are no alarms.
    removal_policy: RemovalPolicy
        What happens to indexes and logs when the domain leaves the stack, subject to the removal guard. By default
        they are retained.

    Defines
    -------
    The domain, as `domain`, with its `endpoint` by https; its security group, as `connections`; its log groups; a
    network and a key, as `key`, unless they are given; with a topic, the alarms of `alarm_specs`.

    Raises
    ------
    ValueError
        If nodes and zones do not agree, the volume is too small, or the network has too few zones.

    Notes
    -----
    Requests pass IAM and then the domain's own security, of which CloudFormation knows the administrator alone: what a
    grant allows by IAM, the administrator maps within the domain by the requests of `access_requests`.

    An account needs the role that `aws iam create-service-linked-role --aws-service-name
    opensearchservice.amazonaws.com` makes, once, before its first domain in a network.
    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/fgac.html

    Example
    -------
        >>> search = SearchDomain(self, "Search", administrator=role)
        >>> search.grant_search(role, index="flights-*")
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        administrator: iam.IRole,
        zones: Literal[2, 3] = 2,
        nodes: int | None = None,
        instance_type: str = "t3.small.search",
        masters: Literal[0, 3, 5] = 0,
        volume_size: KnownSizeInGibibytes | None = None,
        engine_version: str = "OpenSearch_2.19",
        network: LakeNetwork | ec2.IVpc | None = None,
        log_policy: bool = True,
        encryption_key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        alarm_topic: sns.ITopic | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        nodes = zones if nodes is None else nodes
        size = (volume_size or Size.gibibytes(20)).to_gibibytes()
        _check(nodes, zones, size)
        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        self.administrator = administrator
        vpc = choose_vpc(self, network, encryption_key=self.key, removal_policy=removal_policy)
        self.vpc = vpc
        group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, description=f"Domain {self.node.path}", allow_all_outbound=False
        )
        self.connections = ec2.Connections(security_groups=[group], default_port=ec2.Port.HTTPS)
        publishing = self._define_logs(log_retention, removal_policy)
        self._access: dict[str, dict[str, object]] = {}
        self._domain = _DOMAIN(
            self,
            "Domain",
            engine_version=engine_version,
            access_policies=_admit(administrator),
            cluster_config=_DOMAIN.ClusterConfigProperty(
                instance_count=nodes,
                instance_type=instance_type,
                zone_awareness_enabled=True,
                zone_awareness_config=_DOMAIN.ZoneAwarenessConfigProperty(availability_zone_count=zones),
                dedicated_master_enabled=bool(masters),
                dedicated_master_count=masters or None,
                dedicated_master_type=instance_type if masters else None,
            ),
            ebs_options=_DOMAIN.EBSOptionsProperty(ebs_enabled=True, volume_type="gp3", volume_size=size),
            encryption_at_rest_options=_DOMAIN.EncryptionAtRestOptionsProperty(
                enabled=True, kms_key_id=self.key.key_arn
            ),
            node_to_node_encryption_options=_DOMAIN.NodeToNodeEncryptionOptionsProperty(enabled=True),
            domain_endpoint_options=_DOMAIN.DomainEndpointOptionsProperty(
                enforce_https=True, tls_security_policy="Policy-Min-TLS-1-2-PFS-2023-10"
            ),
            advanced_security_options=_DOMAIN.AdvancedSecurityOptionsInputProperty(
                enabled=True,
                internal_user_database_enabled=False,
                master_user_options=_DOMAIN.MasterUserOptionsProperty(master_user_arn=self.administrator.role_arn),
            ),
            vpc_options=_DOMAIN.VPCOptionsProperty(
                subnet_ids=_subnets(vpc, zones), security_group_ids=[group.security_group_id]
            ),
            log_publishing_options=publishing,
            software_update_options=_DOMAIN.SoftwareUpdateOptionsProperty(auto_software_update_enabled=True),
        )
        guard_removal(self._domain, removal_policy, encryption_key=self.key)
        if log_policy:
            self._domain.node.add_dependency(self._define_log_policy(publishing))
        Validations.of(self._domain).acknowledge(_ADDRESSES, *(() if masters else (_MASTERS,)))
        self.domain_arn: str = self._domain.attr_arn
        self.endpoint = f"https://{self._domain.attr_domain_endpoint}"
        self.domain: opensearch.IDomain = opensearch.Domain.from_domain_attributes(
            self, "Reference", domain_arn=self.domain_arn, domain_endpoint=self.endpoint
        )
        if alarm_topic:
            self.add_alarms(alarm_topic)

    def grant_search(self, grantee: iam.IGrantable, *, index: str = "*") -> iam.Grant:
        """Allow reading documents of indexes and searching them; not writing them.

        Parameters
        ----------
        grantee: iam.IGrantable
            Role or user that is allowed.
        index: str
            Name of the index, or a pattern such as `flights-*`. By default all of them.
        """
        self._map(grantee, index, "search", ["read", "indices:admin/mappings/get"])
        return allow(grantee, *search_indexes(self.domain_arn, index))

    def grant_index(self, grantee: iam.IGrantable, *, index: str = "*") -> iam.Grant:
        """Allow creating indexes with their mappings and writing their documents.

        Parameters
        ----------
        grantee: iam.IGrantable
            Role or user that is allowed.
        index: str
            Name of the index, or a pattern such as `flights-*`. By default all of them.
        """
        self._map(grantee, index, "index", ["write", "create_index", "indices:admin/mapping/put"])
        return allow(grantee, *write_indexes(self.domain_arn, index))

    @property
    def access_requests(self) -> dict[str, dict[str, object]]:
        """Requests by which the administrator maps what was granted: bodies of PUT requests by their paths."""
        return dict(self._access)

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarms on missing shards and on writes that are blocked, which a caller must repeat."""
        # https://docs.aws.amazon.com/opensearch-service/latest/developerguide/cloudwatch-alarms.html
        dimensions = {"DomainName": self._domain.ref, "ClientId": Stack.of(self).account}
        found = {
            "ClusterRed": ("ClusterStatus.red", "a primary shard is missing: searches miss documents"),
            "WritesBlocked": ("ClusterIndexWritesBlocked", "the domain refuses documents: it lacks storage or memory"),
        }
        return tuple(
            AlarmSpec(
                id=construct_id,
                namespace="AWS/ES",
                metric=metric,
                dimensions=dimensions,
                statistic="Maximum",
                description=description,
            )
            for construct_id, (metric, description) in found.items()
        )

    def add_alarms(self, topic: sns.ITopic) -> None:
        """Define the alarms of `alarm_specs`; once.

        Parameters
        ----------
        topic: sns.ITopic
            Topic that receives the alarms; its policy and its key's then admit CloudWatch, unless they are imported.
        """
        add_alarms(self, self.alarm_specs, topic)

    def _map(self, grantee: iam.IGrantable, index: str, verb: str, actions: list[str]) -> None:
        principal = grantee.grant_principal
        arn = getattr(principal, "role_arn", None) or getattr(principal, "user_arn", None)
        name = f"lake-{verb}-{index.replace('*', 'all')}"
        security = "_plugins/_security/api"
        indexes = [{"index_patterns": [index], "allowed_actions": actions}]
        cluster = ["cluster_composite_ops"]
        self._access[f"{security}/roles/{name}"] = {"cluster_permissions": cluster, "index_permissions": indexes}
        mapped = self._access.setdefault(f"{security}/rolesmapping/{name}", {"backend_roles": []})["backend_roles"]
        assert isinstance(mapped, list)
        if arn and arn not in mapped:
            mapped.append(arn)

    def _define_logs(
        self, retention: logs.RetentionDays, removal_policy: RemovalPolicy
    ) -> dict[str, opensearch.CfnDomain.LogPublishingOptionProperty]:
        found = {}
        for kind, construct_id in _LOGS.items():
            group = logs.LogGroup(self, construct_id, encryption_key=self.key, retention=retention)
            guard_removal(group, removal_policy, encryption_key=self.key)
            found[kind] = _DOMAIN.LogPublishingOptionProperty(
                enabled=True, cloud_watch_logs_log_group_arn=group.log_group_arn
            )
        return found

    def _define_log_policy(
        self, publishing: dict[str, opensearch.CfnDomain.LogPublishingOptionProperty]
    ) -> logs.CfnResourcePolicy:
        arns = [one.cloud_watch_logs_log_group_arn for one in publishing.values()]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "es.amazonaws.com"},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": arns,
            "Condition": {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        }
        return logs.CfnResourcePolicy(
            self,
            "LogPolicy",
            policy_name=unique_name(self, "search"),
            policy_document=Stack.of(self).to_json_string({"Version": "2012-10-17", "Statement": [statement]}),
        )


def _check(nodes: int, zones: int, size: float) -> None:
    if not Token.is_unresolved(nodes) and (nodes < 1 or nodes % zones):
        raise ValueError(f"'nodes' must be a multiple of the {zones} 'zones', got {nodes}")
    limits.VOLUME_SIZE.check("volume_size", size)


def _admit(administrator: iam.IRole) -> dict[str, object]:
    """Return the domain's own policy; `*` is the domain, which cannot name itself."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": administrator.role_arn},
        "Action": list(administer().actions),
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _subnets(vpc: ec2.IVpc, zones: int) -> list[str]:
    found = vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids
    if len(found) < zones:
        raise ValueError(f"'network' must have an isolated subnet in each of {zones} 'zones', got {len(found)} subnets")
    return found[:zones]
