"""A pipeline of OpenSearch Ingestion from a data stream into an index of a collection or domain.

Above 200 lines: half of it is the documentation of one class.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, Fn, Names, RemovalPolicy, Stack, Token
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_logs as logs
from aws_cdk import aws_opensearchserverless as aoss
from aws_cdk import aws_osis as osis
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.databases.opensearch.data_access import define_data_access, unique_name
from lake_blueprints.databases.opensearch.mapping import check_index
from lake_blueprints.databases.opensearch.permissions import (
    WRITE,
    find_collection,
    open_network,
    poll_stream,
    reach_collection,
    set_aside,
    write_in_bulk,
)
from lake_blueprints.databases.opensearch.search_collection import CollectionKind, SearchCollection
from lake_blueprints.databases.opensearch.search_domain import SearchDomain
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import opensearch as limits

_PIPELINE = osis.CfnPipeline
# Metrics begin with it. The pipeline's own name is another, as AWS recommends.
_SUB_PIPELINE = "records"
# The strategy needs them, and AWS's example has these values.
_POLLING = {"max_polling_records": 100, "idle_time_between_reads": "250ms"}
_RECORD_ID = "_".join(
    f'${{getMetadata("{part}")}}' for part in ("partition_key", "sequence_number", "sub_sequence_number")
)


@checked
class SearchIngestion(Construct):
    """Define a pipeline of OpenSearch Ingestion that makes the records of a data stream documents of an index.

    It is paid for around the clock, by the unit and hour: one unit about 175 USD a month. Where minutes do not matter,
    a delivery to the same index costs nothing while idle.

    Parameters
    ----------
    source: kinesis.IStream
        The stream, each record of which is one JSON object. It is read from its oldest record.
    target: SearchCollection or SearchDomain
        The collection, or the domain, whose administrator maps the role by its `access_requests` before records arrive.
    dataset: Dataset
        Contract of the records, of the format JSON.
    index: str, optional
        Name of the index, 1 to 255 characters in lower case. By default the dataset's name.
    zone: Zone
        Zone of what the index refuses, below `errors/<dataset>/`.
    min_units, max_units: int
        Least and most capacity, in units of about 8 GiB and 2 vCPUs, 1 to 96; the least is paid for around the clock.
        By default 1 and 2.
    restricted: bool
        Whether restricted columns are searched. By default not, and a dataset that has some is refused.
    log_retention: logs.RetentionDays
        How long the pipeline's log is kept. By default one year.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms. By default there are no alarms.
    removal_policy: RemovalPolicy
        What happens to the log when the pipeline leaves the stack, subject to the removal guard. By default it is
        retained.

    Defines
    -------
    The pipeline, named `pipeline_name`, with its `pipeline_arn`; its role, as `role`; its log group, as `log_group`,
    under the zone's key; for a collection its data access policy, in a network a network policy as well; with a topic,
    the alarms of `alarm_specs`.

    Raises
    ------
    ValueError
        If the dataset is not JSON or has restricted columns, the index's name is invalid, units are out of range, or
        the least are above the most.

    Notes
    -----
    A record is done with once the index has it or the zone; until then it is read again. In a collection for search a
    document has the id of its record, and in a domain, so that a record that comes twice is one document.

    OpenSearch Ingestion connects a pipeline to a target in a network by an endpoint of its own, and adds that to a
    network policy of the collection: one of this pipeline alone, so that the collection's own stays as its stack made
    it. A domain needs none. https://docs.aws.amazon.com/opensearch-service/latest/developerguide/pipeline-security.html

    OpenSearch Ingestion has no persistent buffer for sources that it polls; the stream itself is one. It polls, since a
    consumer with throughput of its own would be paid for by the hour.
    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/configure-client-kinesis.html

    Example
    -------
        >>> stream, search = Stream(self, "Stream").stream, SearchCollection(self, "Search")
        >>> SearchIngestion(self, "Ingest", source=stream, target=search, dataset=contract["flights"], zone=raw)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        source: kinesis.IStream,
        target: SearchCollection | SearchDomain,
        dataset: Dataset,
        zone: Zone,
        index: str | None = None,
        min_units: int = 1,
        max_units: int = 2,
        restricted: bool = False,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        alarm_topic: sns.ITopic | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        self.source, self.target, self.dataset, self.zone = source, target, dataset, zone
        self.index = index or dataset.name
        self.error_prefix = f"errors/{dataset.name}/"
        hidden = [column.name for column in dataset.restricted_columns]
        _check(dataset, self.index, [] if restricted else hidden)
        _check_units(min_units, max_units)
        zone.restrict(self.error_prefix, columns=hidden)
        stack = Stack.of(self)
        # 3 to 28 characters; the end of a unique id is a hash.
        self.pipeline_name = f"lake-{Names.unique_id(self).lower()[-23:]}"
        self.role = ServiceRole(
            self,
            "Role",
            services=["osis-pipelines.amazonaws.com"],
            description=f"Writes the records of '{dataset.name}' to an index",
        )
        allow(self.role, *poll_stream(source), *set_aside(zone, self.error_prefix))
        waits_for, sink = self._into_domain(target) if isinstance(target, SearchDomain) else self._into(target)
        self.log_group = self._define_log(log_retention, removal_policy)
        pipeline = _PIPELINE(
            self,
            "Pipeline",
            pipeline_name=self.pipeline_name,
            min_units=min_units,
            max_units=max_units,
            pipeline_role_arn=self.role.role_arn,
            # JSON is YAML.
            pipeline_configuration_body=stack.to_json_string(self._configuration(stack.region, sink)),
            log_publishing_options=_PIPELINE.LogPublishingOptionsProperty(
                is_logging_enabled=True,
                cloud_watch_log_destination=_PIPELINE.CloudWatchLogDestinationProperty(
                    log_group=self.log_group.log_group_name
                ),
            ),
        )
        # Its first requests are refused without them, and nothing in it names them.
        pipeline.node.add_dependency(*waits_for)
        self.pipeline_arn: str = pipeline.attr_pipeline_arn
        if alarm_topic:
            self.add_alarms(alarm_topic)

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarms on documents that the index refuses, and on refused ones that the zone does not get."""
        # https://docs.aws.amazon.com/opensearch-service/latest/developerguide/monitoring-pipeline-metrics.html
        found = {
            "Refused": ("documentErrors", f"The index refuses documents; they lie below '{self.error_prefix}'"),
            "Lost": ("s3.dlqS3RecordsFailed", "Documents that the index refuses cannot be written to the zone"),
        }
        return tuple(
            AlarmSpec(
                id=construct_id,
                namespace="AWS/OSIS",
                metric=f"{_SUB_PIPELINE}.opensearch.{metric}.count",
                dimensions={"PipelineName": self.pipeline_name},
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

    def _into(self, target: SearchCollection) -> tuple[list[Construct], dict[str, Any]]:
        """Let the role write to a collection; return what the pipeline waits for, and options of its sink."""
        allow(self.role, find_collection(), reach_collection(target.collection_arn, "writes documents"))
        access = define_data_access(target, target.collection_name, self.role, index=self.index, permissions=WRITE)
        identified = {"document_id": _RECORD_ID} if target.kind is CollectionKind.SEARCH else {}
        aws: dict[str, Any] = {"serverless": True}
        sink = {"hosts": [target.collection_endpoint], **identified, "aws": aws}
        if target.vpc_endpoint_id is None:
            return [access], sink
        rules = [{"ResourceType": "collection", "Resource": [f"collection/{target.collection_name}"]}]
        # What the collection's own policy says, until OpenSearch Ingestion adds its endpoint.
        reached = {"Rules": rules, "AllowFromPublic": False, "SourceVPCEs": [target.vpc_endpoint_id]}
        network = aoss.CfnSecurityPolicy(
            self,
            "Network",
            name=unique_name(self, "ingest"),
            type="network",
            description=f"Pipeline into {target.collection_name}",
            policy=Stack.of(self).to_json_string([reached]),
        )
        allow(self.role, open_network(target.collection_name))
        aws["serverless_options"] = {"network_policy_name": network.name}
        return [access, network], sink

    def _into_domain(self, target: SearchDomain) -> tuple[list[Construct], dict[str, Any]]:
        """Let the role write to a domain, whose own policy could not name it: that would be a circle."""
        allow(self.role, *write_in_bulk(target.domain_arn))
        target.grant_index(self.role, index=self.index)
        # It would manage templates of indexes besides, for which the domain would have to let it do everything.
        return [], {
            "hosts": [target.endpoint],
            "index_type": "management_disabled",
            "document_id": _RECORD_ID,
            "aws": {},
        }

    def _configuration(self, region: str, into: dict[str, Any]) -> dict[str, Any]:
        """Return the sub-pipeline, whose parts all have the role of the pipeline."""
        stream = {"stream_name": self.source.stream_name, "initial_position": "EARLIEST"}
        source = {
            "acknowledgments": True,
            "codec": {"ndjson": {}},
            "consumer_strategy": "polling",
            "polling": _POLLING,
            "streams": [stream],
            "aws": {"region": region},
        }
        bucket = self.zone.bucket.bucket_name
        sink = {
            **into,
            "index": self.index,
            "aws": {"region": region, **into["aws"]},
            "dlq": {"s3": {"bucket": bucket, "key_path_prefix": f"{self.error_prefix}search/", "region": region}},
        }
        parts = {"source": {"kinesis_data_streams": source}, "sink": [{"opensearch": sink}]}
        return {"version": "2", _SUB_PIPELINE: parts}

    def _define_log(self, retention: logs.RetentionDays, removal_policy: RemovalPolicy) -> logs.LogGroup:
        # OpenSearch Ingestion takes no other names. The stack's own id keeps a log that was retained from being in the
        # way of a new stack of the same name.
        stack_id = Fn.select(2, Fn.split("/", Aws.STACK_ID))
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/vendedlogs/OpenSearchIngestion/{self.pipeline_name}-{stack_id}",
            encryption_key=self.zone.key,
            retention=retention,
        )
        guard_removal(group, removal_policy, encryption_key=self.zone.key)
        return group


def _check(dataset: Dataset, index: str, hidden: list[str]) -> None:
    if dataset.format is not DatasetFormat.JSON:
        raise ValueError(f"documents are JSON records, but dataset '{dataset.name}' is {dataset.format}")
    if hidden:
        columns = ", ".join(f"'{name}'" for name in hidden)
        raise ValueError(
            f"records of dataset '{dataset.name}' would be searched by the restricted columns {columns}; give a stream "
            "without them, or say restricted=True"
        )
    check_index(index)


def _check_units(least: int, most: int) -> None:
    if Token.is_unresolved(least) or Token.is_unresolved(most):
        return
    limits.MIN_INGESTION_UNITS.check("min_units", least)
    limits.MAX_INGESTION_UNITS.check("max_units", most)
    if least > most:
        raise ValueError(f"'min_units' must be at most 'max_units', which is {most}, got {least}")
