"""A rule that takes messages of devices into the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from aws_cdk import aws_iot as iot
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.iot.actions import UNIQUE, RuleAction
from lake_blueprints.ingestion.iot.permissions import put_objects
from lake_blueprints.ingestion.iot.statement import statement
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import iot as limits

_NOTHING: Mapping[str, str] = MappingProxyType({})
_DAY = '${parse_time("yyyy-MM-dd", timestamp(), "UTC")}'


@checked
class DeviceIngest(Construct):
    """Define a rule of IoT Core, which selects the columns of a dataset from messages and hands them on.

    Parameters
    ----------
    topic_filter: str
        Topics of the messages, at most 8 levels: `dt/+/telemetry`; + stands for a level, # for all that follow.
    dataset: Dataset
        Contract of what is handed on.
    actions: sequence of RuleAction
        What becomes of it, 1 to 10: `StreamAction`, `DeliveryAction`, `ObjectAction`, `QueueAction`, `ItemAction`.
    errors: Zone
        Zone of what an action failed to take, below `errors/iot/<dataset>/`, with the message in Base64.
    derive: mapping of str to str
        Expressions of columns that messages do not have as members of these names: `topic(2)` for a level of the topic,
        `clientid()`, `timestamp()` for milliseconds. By default messages have all.
    where: str, optional
        Condition on the message. By default every message is taken.
    enabled: bool
        Whether the rule acts. By default it does.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms on messages that are no JSON or throttled. By default there are no alarms.

    Defines
    -------
    One topic rule, named `rule_name`, with its `role`; with a topic, the two alarms of `alarm_specs`.

    Raises
    ------
    ValueError
        If the filter is none, a derived column is not the dataset's, an action does not fit it, or there are too many.

    Notes
    -----
    https://docs.aws.amazon.com/iot/latest/developerguide/iot-rules.html. The logs of IoT Core are one setting of the
    account, which no stack owns: see the page of this capability.

    Example
    -------
        >>> to_stream = StreamAction(stream=Stream(self, "Stream"), partition_key="${topic(2)}")
        >>> flights, at = contract["flights"], "dt/+/flights"
        >>> DeviceIngest(self, "Ingest", topic_filter=at, dataset=flights, actions=[to_stream], errors=raw)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        topic_filter: str,
        dataset: Dataset,
        actions: Sequence[RuleAction],
        errors: Zone,
        derive: Mapping[str, str] = _NOTHING,
        where: str | None = None,
        enabled: bool = True,
        alarm_topic: sns.ITopic | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        limits.ACTIONS.check("actions", len(actions))
        self.topic_filter, self.dataset, self.actions = topic_filter, dataset, tuple(actions)
        self.sql = statement(dataset, topic_filter=topic_filter, derive=derive, where=where)
        self.errors, self.error_prefix = errors, f"errors/iot/{dataset.name}/"
        for problem in filter(None, (action.misfit(dataset) for action in actions)):
            raise ValueError(problem)
        restricted = [column.name for column in dataset.restricted_columns]
        # The message itself is in what tells of its failure.
        for zone, prefix in ((errors, self.error_prefix), *filter(None, (action.stored for action in actions))):
            zone.restrict(prefix, columns=restricted)
        self.role = ServiceRole(
            self,
            "Role",
            services=["iot.amazonaws.com"],
            description=f"Hands on messages of the dataset {dataset.name}",
        )
        for action in actions:
            allow(self.role, *action.permissions)
        allow(self.role, *put_objects(errors, self.error_prefix, "tells of messages that an action failed to take"))
        key = f"{self.error_prefix}{_DAY}/{UNIQUE}.json"
        role_arn = self.role.role_arn
        failed = iot.CfnTopicRule.S3ActionProperty(bucket_name=errors.bucket.bucket_name, key=key, role_arn=role_arn)
        rule = iot.CfnTopicRule(
            self,
            "Rule",
            topic_rule_payload=iot.CfnTopicRule.TopicRulePayloadProperty(
                sql=self.sql,
                # IoT's own default is the first version, which reads whole numbers and arrays otherwise.
                aws_iot_sql_version="2016-03-23",
                description=f"Hands on messages of the dataset {dataset.name}, contract version {dataset.version}",
                actions=[action.bind(role_arn) for action in actions],
                error_action=iot.CfnTopicRule.ActionProperty(s3=failed),
                rule_disabled=not enabled,
            ),
        )
        self.rule_name: str = rule.ref
        self.rule_arn: str = rule.attr_arn
        if alarm_topic:
            add_alarms(self, self.alarm_specs, alarm_topic)

    @property
    def basic_ingest_prefix(self) -> str:
        """Prefix that a device writes before its topic to reach the rule alone, for which no message is billed.

        https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
        """
        return f"$aws/rules/{self.rule_name}/"

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarms on messages that are no JSON, and on messages that are throttled.

        https://docs.aws.amazon.com/iot/latest/developerguide/metrics_dimensions.html
        """
        namespace, dimensions = "AWS/IoT", {"RuleName": self.rule_name}
        return (
            AlarmSpec(
                id="NoJson",
                namespace=namespace,
                metric="ParseError",
                dimensions=dimensions,
                description="Messages are no JSON",
            ),
            AlarmSpec(
                id="Throttled",
                namespace=namespace,
                metric="RuleMessageThrottled",
                dimensions=dimensions,
                description="Messages come faster than rules of the account take them",
            ),
        )
