"""The state machine that runs a lake.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import ArnFormat, Aws, Duration, Fn, Names, RemovalPolicy, Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration import permissions
from lake_blueprints.orchestration.alarms import execution_alarms
from lake_blueprints.orchestration.budget import check_budget
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.state_machine import state_machine_definition
from lake_blueprints.orchestration.step import Step, check_order
from lake_blueprints.orchestration.triggers import start_by


@checked
class Pipeline(Construct):
    """Define a state machine that takes a lake through its steps, one execution at a time.

    Every wait is bounded, and every failure ends in a message to the topic, which names the execution, the state,
    the error and its cause; the execution then fails. Only one execution runs at a time, and one more waits for
    it: further ones end at once, since the one that waits will do their work.

    Parameters
    ----------
    steps: sequence of Step
        What is done, in order: `Crawl`, `Curate`, `Evaluate`, `Query`, `Export`, `Load`, `Train`, `Register`, and
        `Parallel` of these. The role has room for about 40 of each, and for queries of about 40 tables.
    schedule: events.Schedule, optional
        When it starts. By default at no time.
    event_pattern: events.EventPattern, optional
        What starts it, for instance `object_created(raw)`. By default nothing.
    timeout: Duration
        Time after which an execution is stopped, waiting for an earlier one included; at least 1 minute. By default
        12 hours.
    poll_interval: Duration
        Time between the first two looks at a crawler, a statement or an earlier execution, whole seconds, at least
        1 second; further looks are farther apart, up to 5 minutes or 1/150 of what is waited for at most. By default
        5 seconds.
    topic: sns.ITopic, optional
        SNS topic that receives notifications of failures; encrypted with `encryption_key`, if at all. By default a new
        topic is defined.
    encryption_key: kms.IKey, optional
        Key of log and topic; its policy must let CloudWatch Logs use it. By default a new `LakeKey` is defined.
    alarm: bool
        Whether failed and timed out executions raise alarms at the topic. By default they do: Step Functions
        catches neither its own time limit nor `States.Runtime`, so that no message is sent for these.
    log_retention: logs.RetentionDays
        How long the log is kept. By default 1 year.
    removal_policy: RemovalPolicy
        What happens to the log when it leaves the stack, subject to the removal guard. By default it is retained.

    Defines
    -------
    One state machine, as `state_machine`, and its `role`; a topic, as `topic`; a log group; a key, as `key`, unless
    one is given; two alarms, as `alarm_specs`; with a way to start, a rule for each, a role, and a queue of
    undelivered events with an alarm.

    Raises
    ------
    ValueError
        If there is no step, two have the same name, a registration has no training, a time is out of range, an
        execution could take more than the 25,000 events that Step Functions allows it, or the steps need more
        permissions than a role holds.

    Notes
    -----
    https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html (name of the log group),
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html

    Example
    -------
        >>> Pipeline(
        ...     self,
        ...     "Daily",
        ...     steps=[
        ...         Parallel(branches=[Crawl(crawler=references), Curate(job=curate)]),
        ...         Train(job=delays),
        ...         Register(job=delays),
        ...     ],
        ...     schedule=events.Schedule.cron(hour="3", minute="0"),
        ... )
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        steps: Sequence[Step],
        schedule: events.Schedule | None = None,
        event_pattern: events.EventPattern | None = None,
        timeout: KnownDurationInSeconds | None = None,
        poll_interval: KnownDurationInSeconds | None = None,
        topic: sns.ITopic | None = None,
        encryption_key: kms.IKey | None = None,
        alarm: bool = True,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        timeout = timeout or Duration.hours(12)
        poll_interval = poll_interval or Duration.seconds(5)
        _check_at_least("timeout", timeout, Duration.minutes(1))
        _check_at_least("poll_interval", poll_interval, Duration.seconds(1))
        if not steps:
            raise ValueError("'steps' must have at least one step, got none")
        check_order(steps)
        self.steps = tuple(steps)

        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        self.topic: sns.ITopic = topic or sns.Topic(self, "Topic", master_key=self.key, enforce_ssl=True)
        self.role = ServiceRole(
            self,
            "Role",
            services=["states.amazonaws.com"],
            description="Runs the lake's steps",
            relief="make some of its steps a pipeline of their own, which the step 'RunPipeline' runs",
        )
        for step in steps:
            step.grant(self.role)
        allow(self.role, *permissions.publish(self.topic.topic_arn, self.key))

        context = StepContext(pipeline=self.node.path, topic_arn=self.topic.topic_arn, poll_interval=poll_interval)
        definition = state_machine_definition(steps, context=context, timeout=timeout)
        check_budget(definition, self.node.path)
        log = self._log_group(log_retention, removal_policy)
        allow(self.role, *permissions.log_and_trace())
        machine = sfn.CfnStateMachine(
            self,
            "Machine",
            state_machine_type="STANDARD",
            role_arn=self.role.role_arn,
            definition_string=Stack.of(self).to_json_string(definition),
            tracing_configuration=sfn.CfnStateMachine.TracingConfigurationProperty(enabled=True),
            logging_configuration=sfn.CfnStateMachine.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=True,
                destinations=[
                    sfn.CfnStateMachine.LogDestinationProperty(
                        cloud_watch_logs_log_group=sfn.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=log.log_group_arn
                        )
                    )
                ],
            ),
        )
        self._machine_name = machine.attr_name
        self.state_machine = sfn.StateMachine.from_state_machine_arn(self, "StateMachine", machine.attr_arn)
        self._allow_looking_at_executions()
        self._undelivered = (
            start_by(self, machine.attr_arn, schedule=schedule, event_pattern=event_pattern)
            if schedule or event_pattern
            else None
        )
        if alarm:
            add_alarms(self, self.alarm_specs, self.topic)

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarms on executions that failed, timed out, or were never started."""
        return tuple(execution_alarms(self.node.path, self.state_machine, self._undelivered))

    @property
    def executions_arn(self) -> str:
        """The ARNs of all executions, as a pattern."""
        return Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self._machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def grant_start(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow starting executions and following them."""
        machine = self.state_machine.state_machine_arn
        return allow(grantee, *permissions.start_executions(machine, self.executions_arn))

    def _log_group(self, retention: logs.RetentionDays, removal_policy: RemovalPolicy) -> logs.LogGroup:
        # Below this prefix Step Functions need not name each log group in the account's one resource policy. The
        # stack's own id keeps a log that was retained from being in the way of a new stack of the same name.
        stack_id = Fn.select(2, Fn.split("/", Aws.STACK_ID))
        name = Names.unique_resource_name(self, max_length=200, separator="-")
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/vendedlogs/states/{name}-{stack_id}",
            encryption_key=self.key,
            retention=retention,
        )
        guard_removal(group, removal_policy, encryption_key=self.key)
        return group

    def _allow_looking_at_executions(self) -> None:
        # In the role's own policy, which exists before the state machine, this would be a circular dependency.
        look = permissions.list_executions(self.state_machine.state_machine_arn)
        self.role.record([look])
        iam.ManagedPolicy(
            self,
            "Line",
            description="Looks at the state machine's executions",
            roles=[self.role],
            statements=[iam.PolicyStatement(actions=list(look.actions), resources=list(look.on))],
        )


def _check_at_least(name: str, found: Duration, least: Duration) -> None:
    if not Token.is_unresolved(found.to_milliseconds()) and found.to_milliseconds() < least.to_milliseconds():
        raise ValueError(f"'{name}' must be at least {least.to_human_string()}, got {found.to_human_string()}")
