"""Every service that answers is kept: what can be created in it is described after a start as before the stop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import OperationModel, Shape
from botocore.parsers import ResponseParserError
from moto.core.utils import get_service_model

from local_cloud.cloud import LocalCloud
from local_cloud.operations.classification import Answer
from local_cloud.operations.table import SERVICES
from tests.local_cloud.operations.page import answers, services
from tests.local_cloud.shell import Shell

ROLE = "arn:aws:iam::123456789012:role/kept"
# What brings something into a service that was empty; of each answer so many are tried.
_CREATES = re.compile(r"(Create|Put|Register|Import|Add|Allocate|Start|Enable|Upload|Set|Associate)[A-Z].*")
NOT_CREATED = {
    *("acm", "bedrock-agentcore", "budgets", "codebuild", "codepipeline", "connectcampaigns"),
    *("devops-agent", "ds", "dynamodb", "dynamodbstreams", "ebs", "emr-containers"),
    *("emr-serverless", "firehose", "iot-data", "kafka", "kinesisanalyticsv2", "lambda"),
    *("managedblockchain", "mediaconnect"),
    *("osis", "pipes", "redshift-data", "resourcegroupstaggingapi", "s3control", "sdb"),
    "sts",
}
_REFUSALS = (ClientError, BotoCoreError, ResponseParserError, KeyError, RecursionError)
_READS = re.compile(r"(List|Describe|Get)[A-Z].*")


def value_of(name: str, shape: Shape) -> Any:
    """Return some value of a shape, with the members that it must have."""
    number = max(1, shape.metadata.get("min", 1))
    made: dict[str, Callable[[], Any]] = {
        "structure": lambda: request_of(shape),
        "list": lambda: [value_of(name, shape.member)],
        "map": lambda: {value_of("key", shape.key): value_of("value", shape.value)},
        **dict.fromkeys(("integer", "long", "float", "double"), lambda: number),
        "boolean": lambda: True,
        "timestamp": lambda: 1_700_000_000,
        "blob": lambda: b"kept",
        "string": lambda: shape.enum[0] if shape.enum else text_of(name.lower(), number),
    }
    return made[shape.type_name]()


def text_of(name: str, length: int) -> str:
    """Return a text for what has this name."""
    known = {"arn": ROLE, "role": ROLE, "cidr": "10.0.0.0/16", "document": "{}", "policy": "{}", "body": "{}"}
    return next((text for part, text in known.items() if part in name), "kept".ljust(length, "x"))


def request_of(shape: Shape | None) -> dict[str, Any]:
    """Return the members that a request must have, and its name if it may have one."""
    if shape is None:
        return {}
    names = [*shape.required_members, *(name for name in shape.members if name in {"Name", "name"})]
    return {name: value_of(name, shape.members[name]) for name in dict.fromkeys(names)}


def needs_nothing(operation: OperationModel) -> bool:
    return operation.input_shape is None or not operation.input_shape.required_members


class Clients:
    """Calls of the operations that a cloud answers, by the names of botocore."""

    def __init__(self, shell: Shell, answered: Mapping[str, list[str]]) -> None:
        self._answered = answered
        self._clients = {service: shell.client(service) for service in answered}

    def call(self, wanted: re.Pattern[str], *, only_without_request: bool) -> Iterator[tuple[str, str, Any]]:
        for service, names in self._answered.items():
            client = self._clients[service]
            methods = {name: method for method, name in client.meta.method_to_api_mapping.items()}
            for name in filter(wanted.fullmatch, names):
                model = get_service_model(service).operation_model(name)
                if only_without_request and not needs_nothing(model):
                    continue
                try:
                    given = {} if only_without_request else request_of(model.input_shape)
                    answer = getattr(client, methods[name])(**given)
                except _REFUSALS:
                    continue
                yield service, name, {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def seen(clients: Clients) -> dict[tuple[str, str], Any]:
    """Return what every operation answers that lists or describes without being given anything."""
    return {(service, name): answer for service, name, answer in clients.call(_READS, only_without_request=True)}


def test_what_can_be_created_in_each_service_is_described_as_before(tmp_path: Path) -> None:
    with LocalCloud(workdir=tmp_path / "asked") as cloud:
        operations = cloud._running.operations
        found = {service: answers(operations, service) for service in sorted(services() | set(SERVICES))}
    answered = {service: [*by[Answer.REAL], *by[Answer.STORED]] for service, by in found.items()}
    shell = Shell(tmp_path)
    shell.succeed("start", "--port", "0")
    clients = Clients(shell, answered)
    created = {service for service, _, _ in clients.call(_CREATES, only_without_request=False)}
    first, before = seen(clients), seen(clients)
    shell.succeed("stop")
    shell.succeed("start")
    after = seen(Clients(shell, answered))
    shell.succeed("reset")
    # Some answers are drawn at each call.
    stable = {call for call, answer in before.items() if answer == first.get(call)}
    assert {call: (before[call], after.get(call)) for call in stable if before[call] != after.get(call)} == {}
    # All but those that need what no model says, such as an ARN; test_keeping.py has those of a lake.
    assert {service for service, names in answered.items() if names} - created == NOT_CREATED


def test_what_moto_holds_for_all_accounts_of_an_organization_is_kept(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.succeed("start", "--port", "0")
    shell.client("organizations").create_organization(FeatureSet="ALL")
    hub = shell.client("securityhub")
    hub.enable_organization_admin_account(AdminAccountId="123456789012")
    hub.update_organization_configuration(AutoEnable=True)
    assert hub.describe_organization_configuration()["AutoEnable"]
    shell.succeed("stop")
    shell.succeed("start")
    assert shell.client("securityhub").describe_organization_configuration()["AutoEnable"]
    shell.succeed("reset")
