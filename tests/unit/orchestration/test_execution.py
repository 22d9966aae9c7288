"""Pipelines that really run: deployed into the local cloud, whose interpreter of state machines is real."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from aws_cdk import Aws, Duration

from lake_blueprints.analytics.athena import Query, Workgroup
from lake_blueprints.orchestration import Parallel, Pipeline
from lake_blueprints.orchestration.asl import Fragment, chain
from lake_blueprints.orchestration.concurrency import _AHEAD, single_execution_guard
from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests.support import new_stack, template_of

ROLE = "arn:aws:iam::123456789012:role/states"


def deploy(cloud: LocalCloud, name: str, *sql: str) -> dict[str, str]:
    """Deploy a pipeline that asks all of these at the same time, and return its physical ids by type."""
    stack = new_stack()
    workgroup = Workgroup(stack, f"{name}Queries")
    asks = [
        Query(workgroup=workgroup, sql=text, database="default", name=f"Ask {number}")
        for number, text in enumerate(sql, start=1)
    ]
    Pipeline(stack, name, steps=[Parallel(branches=asks)], poll_interval=Duration.seconds(1))
    client = cloud.client("cloudformation")
    template = json.dumps(template_of(stack))
    client.create_stack(StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    found = client.describe_stack_resources(StackName=name)["StackResources"]
    return {item["ResourceType"]: item["PhysicalResourceId"] for item in found}


def listen(cloud: LocalCloud, topic: str) -> str:
    """Subscribe a queue to a topic and return the queue's URL."""
    queue: str = cloud.client("sqs").create_queue(QueueName="failures")["QueueUrl"]
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])
    return queue


def heard(cloud: LocalCloud, queue: str) -> list[dict[str, Any]]:
    received = cloud.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [json.loads(json.loads(message["Body"])["Message"]) for message in received.get("Messages", [])]


def test_runs_to_its_end_with_the_input_as_its_output(cloud: LocalCloud) -> None:
    made = deploy(cloud, "Good", "SELECT 1", "SELECT 2")
    output = cloud.execute(made["AWS::StepFunctions::StateMachine"], {"day": "2013-01-01"})
    assert output["day"] == "2013-01-01"


def test_a_failed_step_is_published_with_state_and_cause_and_fails_the_execution(cloud: LocalCloud) -> None:
    made = deploy(cloud, "Bad", "SELECT 1", "SELECT * FROM nowhere")
    queue = listen(cloud, made["AWS::SNS::Topic"])
    with pytest.raises(LocalCloudError, match="nowhere"):
        cloud.execute(made["AWS::StepFunctions::StateMachine"], {})
    (message,) = heard(cloud, queue)
    assert message["pipeline"] == "Stack/Bad"
    assert ":execution:" in message["execution"]
    assert message["state"] == "Ask 2"
    assert "nowhere" in json.loads(message["cause"])["Cause"]


class Queue:
    """A state machine that waits in the queue and then works for some seconds."""

    def __init__(self, cloud: LocalCloud, name: str = "Queue") -> None:
        self._client = cloud.client("stepfunctions")
        work = Fragment(start="Work", end="Work", states={"Work": {"Type": "Wait", "Seconds": 4}})
        queue = single_execution_guard(interval=Duration.seconds(1), limit=Duration.minutes(2))
        definition = json.dumps(chain([queue, work])).replace(Aws.PARTITION, "aws")
        machine = self._client.create_state_machine(name=name, definition=definition, roleArn=ROLE)
        self._machine = machine["stateMachineArn"]

    def start(self, name: str) -> str:
        arn: str = self._client.start_execution(stateMachineArn=self._machine, name=name)["executionArn"]
        while not self.entered(arn):
            time.sleep(0.1)
        return arn

    def entered(self, arn: str) -> list[str]:
        """Return the states that an execution has entered."""
        events = self._client.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]

    def end(self, arn: str) -> Any:
        """Wait for the end of an execution and return it."""
        while (found := self._client.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.2)
        assert found["status"] == "SUCCEEDED", found
        return found["stopDate"]


def test_the_second_waits_for_the_first_and_the_third_leaves_its_work_to_the_second(cloud: LocalCloud) -> None:
    queue = Queue(cloud)
    first, second, third = (queue.start(name) for name in ("first", "second", "third"))
    ends = [queue.end(arn) for arn in (third, first, second)]
    assert ends == sorted(ends)
    assert "Wait in line" not in queue.entered(first)
    assert "Wait in line" in queue.entered(second)
    assert queue.entered(second)[-1] == "Work"
    assert queue.entered(third)[-1] == "Skip: one is waiting"


def aheads(cloud: LocalCloud, *lists: dict[str, Any]) -> list[int]:
    """Return how many executions are ahead of one that is listed as `me`, by the queue's own expression."""
    state = {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Output": _AHEAD.replace("$states.context.Execution.Id", "'me'"),
        "End": True,
    }
    definition = json.dumps({"StartAt": "Find", "States": {"Find": state}})
    client = cloud.client("stepfunctions")
    machine = client.create_state_machine(name=f"Ahead{time.monotonic_ns()}", definition=definition, roleArn=ROLE)
    inputs = [{"queue": {"count": {"value": 3}, "answer": answer}} for answer in lists]
    queues = [cloud.execute(machine["stateMachineArn"], one)["queue"] for one in inputs]
    assert all(queue["count"] == {"value": 3} and "answer" not in queue for queue in queues)
    return [queue["ahead"] for queue in queues]


def listed(*names: str, more: bool = False) -> dict[str, Any]:
    """Return an answer of ListExecutions, the newest first."""
    return {"Executions": [{"ExecutionArn": name} for name in names], **({"NextToken": "next"} if more else {})}


def test_the_place_in_the_queue_is_known_by_the_executions_that_are_older(cloud: LocalCloud) -> None:
    assert aheads(cloud, listed("me"), listed("b", "me", "a"), listed("me", "b", "a")) == [0, 1, 2]
    # A list that does not have the execution yet.
    assert aheads(cloud, listed(), listed("a"), listed("b", "a")) == [0, 1, 2]


def test_the_last_on_a_page_of_several_is_not_taken_for_the_first_in_the_queue(cloud: LocalCloud) -> None:
    # With two after it on the page, an execution is third at least; else it waits until the list is shorter.
    assert aheads(cloud, listed("me", "b", "a", more=True)) == [2]
    assert aheads(cloud, listed("b", "me", more=True), listed("me", "a", more=True)) == [1, 1]
    assert aheads(cloud, listed("c", "b", "a", more=True), listed(more=True)) == [1, 1]


def test_a_look_that_is_throttled_is_a_round_of_the_queue(cloud: LocalCloud) -> None:
    queue = Queue(cloud, "Throttled")
    with cloud.inject("stepfunctions", "ListExecutions", "ThrottlingException", times=3) as fault:
        execution = queue.start("throttled")
        queue.end(execution)
    assert fault.struck == 3
    assert queue.entered(execution).count("Wait in line") == 3
    assert queue.entered(execution)[-1] == "Work"
