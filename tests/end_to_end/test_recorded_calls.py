"""Calls recorded under the roles of a deployed lake, held against their deployed policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.instrumentation.recording import RecordedCall
from tests.permissions.simulator import Policy, Request, Simulator

APPS = Path(__file__).parent / "apps"
PASSENGER = {"ticket": 7, "name": "Zoë", "born": "1990-05-31", "phone": "555-1", "seat": "1A", "month": 1}
# Tables are asked for by the names of their databases and their own.
ON_TABLES = (
    "glue:GetTable",
    "glue:GetPartitions",
    "glue:BatchCreatePartition",
    "glue:UpdatePartition",
    "glue:UpdateTable",
)


class Recorded:
    """Calls that were made under the roles of a lake, and the policies of these."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self.calls = [call for call in cloud.calls if "cdk-" not in call.role]
        # Thousands of calls are made under a few roles, with a few keys.
        self._policies: dict[str, list[Policy]] = {}
        self._key_policies: dict[str, Policy] = {}

    def refused(self) -> list[str]:
        """Return the requests that the policies do not allow."""
        simulator = Simulator()
        try:
            requests = [request for call in self.calls for request in self.requests(call)]
            decisions = simulator.decide(requests)
        finally:
            simulator.stop()
        return [str(r) for r, decision in zip(requests, decisions, strict=True) if not decision.allowed]

    def policies(self, role: str) -> list[Policy]:
        """Return the policies of a role, as they were when they were first asked for."""
        if role not in self._policies:
            self._policies[role] = self._attached(role)
        return self._policies[role]

    def _attached(self, role: str) -> list[Policy]:
        iam = self._cloud.client("iam")
        attached = iam.list_attached_role_policies(RoleName=role.rsplit("/", maxsplit=1)[-1])["AttachedPolicies"]
        return [
            iam.get_policy_version(
                PolicyArn=policy["PolicyArn"],
                VersionId=iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"],
            )["PolicyVersion"]["Document"]
            for policy in attached
        ]

    def requests(self, call: RecordedCall) -> list[Request]:
        """Return the requests to IAM that a call is."""
        place = f"us-east-1:{self._cloud.account}"
        policies = self.policies(call.role)
        context = dict(call.context)
        bucket, _, rest = call.resource.partition("/")
        if call.action in ("s3:ListBucket", "s3:ListBucketVersions"):
            resources, context = [f"arn:aws:s3:::{bucket}"], {"s3:prefix": rest}
        elif call.action.startswith("kms:"):
            resources = [call.resource]
        elif call.action.startswith("s3:"):
            resources = [f"arn:aws:s3:::{call.resource}"]
        elif call.action in ON_TABLES:
            # A request to update a table names its version too.
            table = "/".join(call.resource.split("/")[:2])
            kinds = ("catalog", f"database/{bucket}", f"table/{table}")
            resources = [f"arn:aws:glue:{place}:{kind}" for kind in kinds]
        else:
            resources = self._examples(call, policies)
        return [
            Request(
                principal=call.role,
                action=call.action,
                resource=resource,
                account=self._cloud.account,
                context=context,
                identity=policies,
                guard=self._key_policy(call) if call.action.startswith("kms:") else None,
            )
            for resource in resources
        ]

    def _key_policy(self, call: RecordedCall) -> Policy:
        key = call.resource
        if key not in self._key_policies:
            found = self._cloud.client("kms").get_key_policy(KeyId=key, PolicyName="default")
            self._key_policies[key] = json.loads(found["Policy"])
        return self._key_policies[key]

    def _examples(self, call: RecordedCall, policies: list[Policy]) -> list[str]:
        """Return what a policy names for an action on something that has other names in requests than in ARNs."""
        named: list[Any] = [
            resource
            for policy in policies
            for statement in policy["Statement"]
            if call.action in listed(statement["Action"])
            for resource in listed(statement["Resource"])
        ]
        return [f"{named[0]}".replace("??????", "AbCdEf")] if named else ["*"]


class Deployed(Recorded):
    """A lake through which a record has gone."""

    def __init__(self, cloud: LocalCloud) -> None:
        outputs = cloud.deploy(directory=APPS, app="python masking_lake.py")["Masking"]
        record = {"Data": json.dumps(PASSENGER).encode()}
        firehose = cloud.client("firehose")
        firehose.put_record_batch(DeliveryStreamName=outputs["Passengers"], Records=[record])
        cloud.drain()
        cloud.execute(outputs["StateMachine"])
        super().__init__(cloud)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("recorded"), longest_wait=1) as cloud:
        yield Deployed(cloud)


def test_records_what_jobs_and_state_machines_do(deployed: Deployed) -> None:
    seen = {call.action for call in deployed.calls}
    assert {
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "glue:GetTable",
        "glue:UpdateTable",
        "secretsmanager:GetSecretValue",
        "states:ListExecutions",
        "glue:StartJobRun",
        "glue:GetJobRun",
        "redshift-data:BatchExecuteStatement",
        "redshift-data:DescribeStatement",
    } <= seen
    # Of the delivery, the jobs, the warehouse, the pipeline, and the optimizers of two databases.
    assert len({call.role for call in deployed.calls}) == 7


def test_every_recorded_call_is_allowed_by_the_policies_of_its_role(deployed: Deployed) -> None:
    refused = deployed.refused()
    assert refused == [], "\n".join(refused)
