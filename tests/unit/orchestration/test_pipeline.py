"""Pipeline: the definition, what starts it, who hears of failures, and what its role may do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from lake_blueprints.analytics.athena import Query, Workgroup
from lake_blueprints.catalog import Database
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.redshift import Load, Warehouse
from lake_blueprints.ingestion.crawler import Crawl, Crawler
from lake_blueprints.machine_learning.training import (
    Approval,
    Compute,
    InputChannel,
    Register,
    Spot,
    Train,
    TrainingJob,
)
from lake_blueprints.orchestration import Parallel, Pipeline, Step, object_created
from lake_blueprints.orchestration.asl import bytes_of
from lake_blueprints.processing.curation import Curate, CurationJob
from lake_blueprints.storage.s3 import Zone
from template_checks.core.history import longest_history
from template_checks.core.waits import waits_within
from tests.support import (
    assert_passes_the_gates,
    definition_of,
    nag_findings,
    new_stack,
    properties,
    resources,
    template_of,
    validation_findings,
    warnings_of,
)

FLIGHTS = Dataset(
    name="flights", columns=[Column(name="id", type="int"), Column(name="delay", type="double")], primary_key=["id"]
)


class Lake:
    """Everything that a pipeline can run."""

    def __init__(self, stack: cdk.Stack, name: str = "") -> None:
        self.raw = Zone(stack, f"{name}Raw")
        self.key = self.raw.key
        self.curated = Zone(stack, f"{name}Curated", encryption_key=self.key, access_logs=self.raw.access_logs)
        self.database = Database(stack, f"{name}Database", zone=self.curated)
        self.flights = self.database.add_iceberg_table(FLIGHTS)
        self.examples = self.database.add_table(FLIGHTS, table_name="examples", prefix="examples/")
        self.crawler = Crawler(
            stack, f"{name}References", database=self.database, zone=self.raw, prefixes=["references/"]
        )
        self.curation = CurationJob(stack, f"{name}Flights", dataset=FLIGHTS, source=self.raw, target=self.flights)
        self.workgroup = Workgroup(stack, f"{name}Queries", encryption_key=self.key, access_logs=self.raw.access_logs)
        self.warehouse = Warehouse(stack, f"{name}Warehouse", encryption_key=self.key)
        self.warehouse.add_dataset(self.examples)
        self.training = TrainingJob(
            stack,
            f"{name}Delays",
            channels={"train": InputChannel(table=self.examples)},
            output=self.curated,
            compute=Compute(max_runtime=Duration.minutes(20), spot=Spot(max_wait=Duration.minutes(40))),
        )

    def steps(self) -> list[Step]:
        maintenance = Query(
            workgroup=self.workgroup,
            sql="SELECT count(*) FROM examples",
            database=self.database.database_name,
            name="Count flights",
            reads=[self.examples],
        )
        return [
            Parallel(branches=[Crawl(crawler=self.crawler), [Curate(job=self.curation), maintenance]]),
            Load(warehouse=self.warehouse),
            Train(job=self.training),
            Register(job=self.training),
        ]


def whole(stack: cdk.Stack, name: str, **options: Any) -> Pipeline:
    lake = Lake(stack, name)
    return Pipeline(
        stack,
        name,
        steps=lake.steps(),
        schedule=events.Schedule.cron(hour="3", minute="0"),
        event_pattern=object_created(lake.raw, prefix="references/"),
        **options,
    )


def small(stack: cdk.Stack, **options: Any) -> Pipeline:
    """Return a pipeline of one query, which is quick to define."""
    workgroup = Workgroup(stack, "Queries")
    query = Query(workgroup=workgroup, sql="SELECT 1", database="lake", name="Ask")
    return Pipeline(stack, "Pipeline", **{"steps": [query], "encryption_key": workgroup.key, **options})


def machines(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return a machine and all those inside it: branches and item processors."""
    yield machine
    for state in machine["States"].values():
        for inner in [*state.get("Branches", []), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])]:
            yield from machines(inner)


def states_of(stack: cdk.Stack) -> dict[str, dict[str, Any]]:
    """Return all states by name, wherever they are."""
    return {name: state for machine in machines(definition_of(stack)) for name, state in machine["States"].items()}


def following(state: dict[str, Any]) -> set[str]:
    """Return the states that may come next."""
    choices = [*state.get("Choices", []), *state.get("Catch", [])]
    found = {state.get("Next"), state.get("Default"), *(choice["Next"] for choice in choices)}
    return {name for name in found if name}


def unreachable(machine: dict[str, Any]) -> set[str]:
    seen: set[str] = set()
    waiting = [machine["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += following(machine["States"][name])
    return set(machine["States"]) - seen


def cycles(machine: dict[str, Any]) -> list[list[str]]:
    """Return each way round that leads back to its beginning, found from every state in turn."""
    found: list[list[str]] = []

    def walk(path: list[str]) -> None:
        for name in sorted(following(machine["States"][path[-1]])):
            if name == path[0]:
                found.append(path)
            elif name not in path and name > path[0]:
                walk([*path, name])

    for start in machine["States"]:
        walk([start])
    return found


def is_bounded(machine: dict[str, Any], cycle: Sequence[str]) -> bool:
    """Whether a state on the way round adds one to a counter that another one compares with a limit."""
    states = [machine["States"][name] for name in cycle]
    counted = {state["ResultPath"] for state in states if "States.MathAdd" in json.dumps(state.get("Parameters"))}
    choices = [choice for state in states for choice in state.get("Choices", [])]
    limits = {
        choice["Variable"].removesuffix(".value")
        for choice in choices
        if {"NumericGreaterThan", "NumericGreaterThanEquals"} & set(choice) and choice["Next"] not in cycle
    }
    return bool(counted & limits)


def allowed(stack: cdk.Stack, path: str) -> dict[str, list[Any]]:
    """Return the actions of a role's policy with the resources of each."""
    found: dict[str, list[Any]] = {}
    for resource in template_of(stack)["Resources"].values():
        if resource["Type"] == "AWS::IAM::ManagedPolicy" and resource["Properties"]["Description"].startswith(path):
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                for action in as_list(statement["Action"]):
                    found.setdefault(action, []).extend(as_list(statement["Resource"]))
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def lake_stack() -> cdk.Stack:
    stack = new_stack()
    whole(stack, "Lake")
    return stack


def test_passes_the_gates() -> None:
    assert_passes_the_gates(whole)


def test_passes_the_gates_without_options(stack: cdk.Stack) -> None:
    small(stack, alarm=False)
    assert validation_findings(template_of(stack)) == []
    assert nag_findings(stack) == []


def test_every_task_is_bounded_retried_and_caught(lake_stack: cdk.Stack) -> None:
    tasks = {name: state for name, state in states_of(lake_stack).items() if state["Type"] == "Task"}
    # The line, the crawler (2), curation, query, load (6), training, registration and the message.
    assert len(tasks) == 14
    for state in tasks.values():
        assert state["TimeoutSeconds"] > 0
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    polls = {name for name in tasks if name.endswith(" asks")} | {"List running executions"}
    assert len(polls) == 5
    for name in tasks.keys() - polls:
        assert tasks[name]["Retry"]
        for retrier in tasks[name]["Retry"]:
            assert {"MaxAttempts", "BackoffRate", "JitterStrategy"} <= set(retrier)
    for name in polls:
        transient, _ = tasks[name]["Catch"]
        assert {"Sfn.ThrottlingException", "Glue.GlueException", "RedshiftData.ThrottlingException"} & set(
            transient["ErrorEquals"]
        )
        assert transient["Next"] in {name.replace(" asks", " decides"), "Position in queue"}
    assert definition_of(lake_stack)["TimeoutSeconds"] == 12 * 3600


def test_every_state_is_reachable(lake_stack: cdk.Stack) -> None:
    assert [unreachable(machine) for machine in machines(definition_of(lake_stack))] == [set()] * 6


def test_every_loop_has_a_counter_and_a_limit(lake_stack: cdk.Stack) -> None:
    loops = [(machine, cycle) for machine in machines(definition_of(lake_stack)) for cycle in cycles(machine)]
    # The crawler, the statements (3), and the queue, whose list comes or has a transient error.
    assert len(loops) == 6
    assert all(is_bounded(machine, cycle) for machine, cycle in loops)


def test_the_checks_of_reachability_and_loops_can_fail() -> None:
    machine = {
        "StartAt": "A",
        "States": {"A": {"Next": "B"}, "B": {"Next": "A"}, "C": {"Next": "A"}},
    }
    assert unreachable(machine) == {"C"}
    assert cycles(machine) == [["A", "B"]]
    assert not is_bounded(machine, ["A", "B"])


def test_whatever_fails_is_caught_once_and_published_before_the_execution_fails(lake_stack: cdk.Stack) -> None:
    top = definition_of(lake_stack)["States"]
    assert top["Run"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Notify"}]
    assert top["Notify"]["Next"] == "Failed"
    assert top["Notify"]["Catch"][0]["Next"] == "Failed"
    assert set(top["Notify"]["Parameters"]["Message"]) == {"pipeline", "execution.$", "state.$", "cause.$"}
    assert top["Failed"]["Type"] == "Fail"


def test_a_state_that_fails_says_its_name_and_the_cause(stack: cdk.Stack) -> None:
    small(stack)
    failed = states_of(stack)["Ask failed"]
    assert failed == {"Type": "Fail", "Error": "Ask", "CausePath": "States.JsonToString($.failure)"}


def test_a_step_hands_on_its_input_and_not_its_result(lake_stack: cdk.Stack) -> None:
    states = states_of(lake_stack)
    for name in ("Parallel", "Curate LakeFlights", "Count flights", "Notify"):
        assert states[name]["ResultPath"] is None
    load = states["Load LakeWarehouse"]
    assert (load["ResultPath"], load["ResultSelector"]) == ("$.batches", {})


@pytest.mark.parametrize(
    ("interval", "waits", "rounds"),
    [
        # 7, 14, 28, 56, 112 and 224 are 441, and 300 more are 741 of 600 seconds.
        (
            Duration.seconds(7),
            "{% $min([300, $floor(7 * $power(2, $min([6, $states.input.poll.count.value])))]) %}",
            7,
        ),
        (Duration.minutes(5), 300, 2),
        (Duration.minutes(6), 360, 2),
    ],
)
def test_asks_as_often_as_interval_and_timeout_say(
    stack: cdk.Stack, interval: Duration, waits: str | int, rounds: int
) -> None:
    lake = Lake(stack)
    crawl = Crawl(crawler=lake.crawler, timeout=Duration.minutes(10))
    Pipeline(stack, "Pipeline", steps=[crawl], poll_interval=interval)
    states = states_of(stack)
    assert states["Crawl References waits"]["Seconds"] == waits
    assert states["Crawl References decides"]["Choices"][-1]["NumericGreaterThanEquals"] == rounds


@pytest.mark.parametrize("interval", [Duration.seconds(1), Duration.seconds(2), Duration.seconds(30)])
def test_waits_of_twelve_hours_fit_into_the_history(stack: cdk.Stack, interval: Duration) -> None:
    small(stack, poll_interval=interval)
    history = longest_history(definition_of(stack), retries=True, timed=True)
    (queue,) = history.loops
    assert queue.states[0] == "List running executions"
    assert queue.events < 2_500
    assert waits_within(states_of(stack)["Wait in line"], 12 * 3600) == queue.rounds


def test_waits_of_a_month_fit_into_the_history(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    crawl = Crawl(crawler=lake.crawler, timeout=Duration.days(28))
    Pipeline(stack, "Pipeline", steps=[crawl], timeout=Duration.days(30))
    for loop in longest_history(definition_of(stack), retries=True, timed=True).loops:
        assert 150 <= loop.rounds < 170


def test_refuses_more_steps_than_the_history_holds(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    crawls = [Crawl(crawler=lake.crawler, name=f"Crawl {number}") for number in range(120)]
    with pytest.raises(ValueError, match=r"Step Functions ends it at 25,000; most are .* move steps to pipelines"):
        Pipeline(stack, "Pipeline", steps=[Parallel(branches=crawls)])


def test_refuses_a_definition_that_step_functions_does_not_take(stack: cdk.Stack) -> None:
    query: dict[str, Any] = {"workgroup": Workgroup(stack, "Queries"), "sql": "x" * 260_000, "database": "d"}
    with pytest.raises(
        ValueError, match=r"the definition of 'Stack/Pipeline' has 1,3\d\d,\d{3} bytes.* takes 1,048,576"
    ):
        Pipeline(stack, "Pipeline", steps=[Query(name=f"Ask {number}", **query) for number in range(5)])


def test_waits_for_training_as_long_as_spot_capacity_may_take(lake_stack: cdk.Stack) -> None:
    # 40 minutes of waiting and training, and 30 more for the instances.
    assert states_of(lake_stack)["Train LakeDelays"]["TimeoutSeconds"] == 70 * 60


def test_registers_what_the_training_returned_and_lets_somebody_approve_it(lake_stack: cdk.Stack) -> None:
    states = states_of(lake_stack)
    parameters = states["Register LakeDelays"]["Parameters"]
    (container,) = parameters["InferenceSpecification"]["Containers"]
    assert container["ModelDataUrl.$"] == states["Train LakeDelays"]["ResultPath"] + ".model"
    assert parameters["ModelApprovalStatus"] == "PendingManualApproval"


def test_can_approve_models_by_itself(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    steps: list[Step] = [Train(job=lake.training), Register(job=lake.training, approval=Approval.APPROVED)]
    Pipeline(stack, "Pipeline", steps=steps)
    assert states_of(stack)["Register Delays"]["Parameters"]["ModelApprovalStatus"] == "Approved"


def test_defines_in_one_call_and_loads_each_table_in_another(lake_stack: cdk.Stack) -> None:
    states = states_of(lake_stack)
    (definitions,) = states["Load LakeWarehouse setup batches"]["Result"]
    (flights,) = states["Load LakeWarehouse batches"]["Result"]
    assert [sql.split()[1] for sql in definitions["sqls"]] == ["EXTERNAL", "TABLE", "SCHEMA", "TABLE"]
    assert [sql.split()[0] for sql in flights["sqls"]] == ["SELECT", "DELETE", "COPY"]


def test_a_table_of_another_shape_is_recreated_and_loaded_in_one_call(lake_stack: cdk.Stack) -> None:
    states = states_of(lake_stack)
    (flights,) = states["Load LakeWarehouse batches"]["Result"]
    assert [sql.split()[0] for sql in flights["recreate"]] == ["DROP", "CREATE", "DROP", "CREATE", "DELETE", "COPY"]
    succeeded, other_shape, *_ = states["Load LakeWarehouse batch decides"]["Choices"]
    assert succeeded["Next"] == "Load LakeWarehouse batch done"
    assert other_shape["And"][1]["StringMatches"] == "*lake_shape_*"
    assert states[other_shape["Next"]]["Parameters"]["Sqls.$"] == "$.recreate"


def test_definitions_follow_each_other_and_loads_stand_side_by_side(lake_stack: cdk.Stack) -> None:
    states = states_of(lake_stack)
    assert states["Load LakeWarehouse setup"]["MaxConcurrency"] == 1
    assert states["Load LakeWarehouse setup"]["Next"] == "Load LakeWarehouse batches"
    assert states["Load LakeWarehouse"]["MaxConcurrency"] == 5


@pytest.mark.parametrize("concurrency", [0, 41])
def test_refuses_to_load_too_many_tables_at_once(stack: cdk.Stack, concurrency: int) -> None:
    load = Load(warehouse=Lake(stack).warehouse, concurrency=concurrency)
    with pytest.raises(ValueError, match=f"'concurrency' of 'Load Warehouse' must be 1 to 40, got {concurrency}"):
        Pipeline(stack, "Pipeline", steps=[load])


def test_a_repeated_call_does_not_load_twice(lake_stack: cdk.Stack) -> None:
    token = states_of(lake_stack)["Load LakeWarehouse batch"]["Parameters"]["ClientToken.$"]
    assert "$$.Execution.Id" in token
    assert "$$.State.EnteredTime" in token


def test_defines_no_more_in_a_call_than_it_takes(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    for number in range(40):
        lake.warehouse.add_dataset(lake.database.add_table(evolve(FLIGHTS, name=f"flights{number}")))
    Pipeline(stack, "Pipeline", steps=[Load(warehouse=lake.warehouse, tables=[])])
    batches = states_of(stack)["Load Warehouse setup batches"]["Result"]
    # Two schemas, 41 tables and their twins.
    assert [len(batch["sqls"]) for batch in batches] == [40, 40, 4]


def test_a_table_of_many_columns_is_defined_in_a_call_that_fits_between_states(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    wide = [Column(name=f"a_column_of_a_wide_table_{number}", type="string") for number in range(400)]
    for number in range(4):
        lake.warehouse.add_dataset(lake.database.add_table(Dataset(name=f"wide{number}", columns=wide)))
    Pipeline(stack, "Pipeline", steps=[Load(warehouse=lake.warehouse, tables=[])])
    batches = states_of(stack)["Load Warehouse setup batches"]["Result"]
    assert len(batches) > 1
    assert max(len(json.dumps(batch)) for batch in batches) < 62_000
    assert sum(len(batch["sqls"]) for batch in batches) == 2 + 2 * 5


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (900, r"loading table 'wide' takes [\d,]+ bytes with the answers about it; a state machine hands on 245,760"),
        (1_000, r"a statement for table 'wide' takes 1[\d,]+ bytes; the Redshift Data API takes at most 100,000"),
    ],
)
def test_refuses_a_table_whose_statements_no_call_takes(stack: cdk.Stack, columns: int, message: str) -> None:
    lake = Lake(stack)
    wide = [
        Column(name=f"a_column_of_a_table_that_is_much_too_wide_{number}", type="string") for number in range(columns)
    ]
    table = lake.database.add_table(Dataset(name="wide", columns=wide, partition_keys=[wide[0].name]))
    lake.warehouse.add_dataset(table)
    with pytest.raises(ValueError, match=message):
        Pipeline(stack, "Pipeline", steps=[Load(warehouse=lake.warehouse, tables=[table])])


def test_names_that_are_known_only_when_deployed_count_as_long(stack: cdk.Stack) -> None:
    token = cdk.Token.as_string({"Ref": "Role"})
    assert bytes_of(["SELECT", token]) == len('["SELECT",""]') + 128


def test_what_branches_and_items_end_with_is_not_handed_on(lake_stack: cdk.Stack) -> None:
    states = states_of(lake_stack)
    for last in ("Crawl LakeReferences done", "Count flights", "Load LakeWarehouse batch done"):
        assert states[last]["OutputPath"] is None
        assert states[last]["End"] is True
    assert "OutputPath" not in states["Register LakeDelays"]


def test_quotas_of_what_runs_at_once_are_waited_for(lake_stack: cdk.Stack) -> None:
    states = states_of(lake_stack)
    # As the integrations name an error that an operation does not declare, such as being throttled.
    throttled = {
        "Curate LakeFlights": "Glue.AWSGlueException",
        "Count flights": "Athena.TooManyRequestsException",
        "Crawl LakeReferences": "Glue.GlueException",
        "Load LakeWarehouse batch": "RedshiftData.ActiveStatementsExceededException",
        "Train LakeDelays": "SageMaker.ResourceLimitExceededException",
    }
    for name, error in throttled.items():
        (retrier,) = [one for one in states[name]["Retry"] if error in one["ErrorEquals"]]
        delays = [min(15 * 2**attempt, 900) for attempt in range(12)]
        assert (retrier["MaxAttempts"], retrier["MaxDelaySeconds"]) == (len(delays), max(delays))
        # With full jitter, half of it on average.
        assert sum(delays) / 2 / 60 > 50


def test_refuses_more_sql_than_states_hand_on(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    wide = [Column(name=f"a_column_of_a_wide_table_{number}", type="string") for number in range(600)]
    tables = [
        lake.database.add_table(Dataset(name=f"wide{number}", columns=wide, partition_keys=[wide[0].name]))
        for number in range(3)
    ]
    for table in tables:
        lake.warehouse.add_dataset(table)
    with pytest.raises(ValueError, match=r"loading 3 tables takes .* bytes of SQL; a state machine hands on 245,760"):
        Pipeline(stack, "Pipeline", steps=[Load(warehouse=lake.warehouse, tables=tables)])


def test_the_role_may_do_just_what_its_steps_do(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    steps: list[Step] = [Crawl(crawler=lake.crawler), Curate(job=lake.curation), Train(job=lake.training)]
    pipeline = Pipeline(stack, "Pipeline", steps=steps)
    granted = allowed(stack, "Runs the lake's steps")
    assert {action for action in granted if action.split(":")[0] in {"glue", "sagemaker", "iam", "sns", "events"}} == {
        "glue:StartCrawler",
        "glue:GetCrawler",
        "glue:StartJobRun",
        "glue:GetJobRun",
        "glue:GetJobRuns",
        "glue:BatchStopJobRun",
        "sagemaker:CreateTrainingJob",
        "sagemaker:DescribeTrainingJob",
        "sagemaker:StopTrainingJob",
        "sagemaker:AddTags",
        "sagemaker:ListTags",
        "iam:PassRole",
        "sns:Publish",
        "events:PutTargets",
        "events:PutRule",
        "events:DescribeRule",
    }
    assert granted["iam:PassRole"] == [stack.resolve(lake.training.role.role_arn)]
    assert granted["glue:StartJobRun"] == [stack.resolve(lake.curation.job_arn)]
    assert granted["sns:Publish"] == [stack.resolve(pipeline.topic.topic_arn)]


def test_may_look_at_its_own_executions_only(stack: cdk.Stack) -> None:
    pipeline = small(stack)
    granted = allowed(stack, "Looks at")
    assert granted == {"states:ListExecutions": [stack.resolve(pipeline.state_machine.state_machine_arn)]}


def test_logs_everything_to_an_encrypted_group_under_the_vended_prefix(stack: cdk.Stack) -> None:
    pipeline = small(stack)
    group = properties(template_of(stack), "AWS::Logs::LogGroup")
    assert group["LogGroupName"]["Fn::Join"][1][0].startswith("/aws/vendedlogs/states/Stack-Pipeline-")
    assert group["KmsKeyId"] == stack.resolve(pipeline.key.key_arn)
    assert group["RetentionInDays"] == 365
    machine = properties(template_of(stack), "AWS::StepFunctions::StateMachine")
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["TracingConfiguration"] == {"Enabled": True}


def test_a_retained_log_is_not_in_the_way_of_the_next_stack_of_that_name(stack: cdk.Stack) -> None:
    small(stack)
    name = properties(template_of(stack), "AWS::Logs::LogGroup")["LogGroupName"]
    assert name["Fn::Join"][1][1] == {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}


def test_starts_at_no_time_by_default(stack: cdk.Stack) -> None:
    small(stack)
    assert resources(template_of(stack), "AWS::Events::Rule") == []


def test_starts_by_schedule_with_a_role_that_can_do_nothing_else(stack: cdk.Stack) -> None:
    pipeline = small(stack, schedule=events.Schedule.rate(Duration.hours(6)))
    rule = properties(template_of(stack), "AWS::Events::Rule")
    assert rule["ScheduleExpression"] == "rate(6 hours)"
    machine = stack.resolve(pipeline.state_machine.state_machine_arn)
    assert rule["Targets"][0]["Arn"] == machine
    assert allowed(stack, "Starts") == {"states:StartExecution": [machine]}


def test_a_rule_does_not_warn_where_account_and_region_are_known() -> None:
    environment = cdk.Environment(account="123456789012", region="eu-central-1")
    stack = cdk.Stack(cdk.App.of(new_stack()), "Bound", env=environment)
    small(stack, schedule=events.Schedule.rate(Duration.hours(6)))
    assert warnings_of(stack) == []


def test_starts_when_an_object_arrives(stack: cdk.Stack) -> None:
    raw = Zone(stack, "Raw")
    small(stack, event_pattern=object_created(raw, prefix="references/"))
    pattern = properties(template_of(stack), "AWS::Events::Rule")["EventPattern"]
    assert pattern == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [stack.resolve(raw.bucket.bucket_name)]},
            "object": {"key": [{"prefix": "references/"}]},
        },
    }


def test_alarms_on_failures_and_time_limits_which_no_state_can_catch(stack: cdk.Stack) -> None:
    pipeline = small(stack)
    alarms = [item["Properties"] for item in resources(template_of(stack), "AWS::CloudWatch::Alarm")]
    assert [alarm["MetricName"] for alarm in alarms] == ["ExecutionsFailed", "ExecutionsTimedOut"]
    for alarm in alarms:
        machine = stack.resolve(pipeline.state_machine.state_machine_arn)
        assert alarm["Dimensions"] == [{"Name": "StateMachineArn", "Value": machine}]
        assert (alarm["Threshold"], alarm["EvaluationPeriods"], alarm["Statistic"]) == (1, 1, "Sum")
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert alarm["AlarmActions"] == [stack.resolve(pipeline.topic.topic_arn)]


def test_an_event_that_could_not_start_it_waits_in_a_queue_and_raises_an_alarm(stack: cdk.Stack) -> None:
    pipeline = small(stack, schedule=events.Schedule.rate(Duration.hours(6)))
    template = template_of(stack)
    rule = properties(template, "AWS::Events::Rule")
    (queue,) = [name for name, item in template["Resources"].items() if item["Type"] == "AWS::SQS::Queue"]
    assert rule["Targets"][0]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}
    statements = properties(template, "AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"]
    (events_may,) = [one for one in statements if one.get("Sid") == "UndeliveredEvents"]
    (rule_id,) = [name for name, item in template["Resources"].items() if item["Type"] == "AWS::Events::Rule"]
    assert events_may["Principal"] == {"Service": "events.amazonaws.com"}
    assert events_may["Action"] == "sqs:SendMessage"
    assert events_may["Condition"] == {"ArnEquals": {"aws:SourceArn": [{"Fn::GetAtt": [rule_id, "Arn"]}]}}
    alarms = [item["Properties"] for item in resources(template, "AWS::CloudWatch::Alarm")]
    (waiting,) = [alarm for alarm in alarms if alarm["Namespace"] == "AWS/SQS"]
    assert waiting["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert waiting["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]
    assert (waiting["Threshold"], waiting["Statistic"]) == (1, "Maximum")
    assert waiting["AlarmActions"] == [stack.resolve(pipeline.topic.topic_arn)]


def test_alarms_may_publish_to_the_encrypted_topic(stack: cdk.Stack) -> None:
    Pipeline(stack, "Pipeline", steps=[Query(workgroup=Workgroup(stack, "W"), sql="SELECT 1", database="d", name="Q")])
    policy = properties(template_of(stack), "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert {"Service": "cloudwatch.amazonaws.com"} in [statement["Principal"] for statement in policy]
    keys = [item["Properties"]["KeyPolicy"]["Statement"] for item in resources(template_of(stack), "AWS::KMS::Key")]
    assert any(statement.get("Sid") == "Alarms" for key in keys for statement in key)


def test_does_without_alarms(stack: cdk.Stack) -> None:
    small(stack, alarm=False)
    assert resources(template_of(stack), "AWS::CloudWatch::Alarm") == []


def test_grants_starting_and_following_and_nothing_else(stack: cdk.Stack) -> None:
    pipeline = small(stack)
    pipeline.grant_start(iam.Role(stack, "Caller", assumed_by=iam.AccountRootPrincipal()))
    (policy,) = resources(template_of(stack), "AWS::IAM::Policy")
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    assert [statement["Action"] for statement in statements] == ["states:StartExecution", "states:DescribeExecution"]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("poll_interval", Duration.seconds(0), r"'poll_interval' must be at least 1 second, got 0 seconds"),
        (
            "poll_interval",
            Duration.millis(500),
            r"'poll_interval' of .* whole number of seconds, got 0\.5 seconds",
        ),
        ("timeout", Duration.seconds(30), r"'timeout' must be at least 1 minute, got 30 seconds"),
    ],
)
def test_refuses_times_that_are_too_short(stack: cdk.Stack, option: str, value: Duration, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(stack, **{option: value})


def test_refuses_to_do_nothing(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'steps' must have at least one step"):
        small(stack, steps=[])


def test_refuses_a_registration_without_its_training(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    message = r"'Register' of 'Stack/Delays' needs 'Train' of the same job before it"
    with pytest.raises(ValueError, match=message):
        Pipeline(stack, "Without", steps=[Register(job=lake.training)])
    with pytest.raises(ValueError, match=message):
        steps: list[Step] = [Parallel(branches=[Train(job=lake.training)]), Register(job=lake.training)]
        Pipeline(stack, "Beside", steps=steps)


def test_refuses_two_steps_of_the_same_name(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    with pytest.raises(ValueError, match=r"two steps are named 'Curate Flights'.*another 'name'"):
        Pipeline(stack, "Pipeline", steps=[Curate(job=lake.curation), Curate(job=lake.curation)])
    with pytest.raises(ValueError, match="two steps are named 'Curate Flights'"):
        steps: list[Step] = [Parallel(branches=[Curate(job=lake.curation), Curate(job=lake.curation)])]
        Pipeline(stack, "Branches", steps=steps)


@pytest.mark.parametrize("name", ["", "it's", "a" * 61])
def test_refuses_a_name_that_states_cannot_have(stack: cdk.Stack, name: str) -> None:
    query = Query(workgroup=Workgroup(stack, "W"), sql="SELECT 1", database="d", name=name)
    with pytest.raises(ValueError, match="the name of a step must be 1 to 60 letters"):
        Pipeline(stack, "Pipeline", steps=[query])


def test_refuses_a_parallel_step_without_branches(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'Parallel' needs at least one branch"):
        Pipeline(stack, "Pipeline", steps=[Parallel(branches=[])])


def test_tells_a_given_topic(stack: cdk.Stack) -> None:
    topic = sns.Topic(stack, "Given")
    assert small(stack, topic=topic).topic is topic
    assert len(resources(template_of(stack), "AWS::SNS::Topic")) == 1


def test_a_query_reads_restricted_columns_only_if_told_so(stack: cdk.Stack) -> None:
    workgroup = Workgroup(stack, "Queries")
    secret = Dataset(name="crews", columns=[Column(name="name", type="string", classification="restricted")])
    table = Database(stack, "Database", zone=Zone(stack, "Zone")).add_table(secret)
    query: dict[str, Any] = {"workgroup": workgroup, "sql": "SELECT 1", "database": "d", "name": "Q", "reads": [table]}
    with pytest.raises(ValueError, match="'crews' has the restricted columns name"):
        Pipeline(stack, "Plain", steps=[Query(**query)])
    Pipeline(stack, "Restricted", steps=[Query(**query, restricted=True)])


def test_a_failed_query_of_restricted_columns_does_not_pass_its_reason_on(stack: cdk.Stack) -> None:
    query: dict[str, Any] = {"workgroup": Workgroup(stack, "Queries"), "sql": "SELECT 1", "database": "d"}
    Pipeline(stack, "Pipeline", steps=[Query(**query, name="Open"), Query(**query, name="Closed", restricted=True)])
    assert states_of(stack)["Open failed"]["CausePath"] == "States.JsonToString($.failure)"
    assert states_of(stack)["Closed failed"] == {
        "Type": "Fail",
        "Error": "Closed",
        "Cause": "the query failed; Athena's history of queries says why",
    }
