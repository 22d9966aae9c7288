"""The simulator itself: cases whose answer the AWS documentation gives.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html,
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.permissions.simulator import Policy, Request, Simulator

OURS, OTHERS = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{OURS}:role/reader"
STRANGER = f"arn:aws:iam::{OTHERS}:role/stranger"
OBJECT = "arn:aws:s3:::lake/flights/part-0"
BUCKET = "arn:aws:s3:::lake"
KEY = f"arn:aws:kms:eu-central-1:{OURS}:key/lake"
TABLE = f"arn:aws:glue:eu-central-1:{OURS}:table/curated/flights"
TLS = {"aws:SecureTransport": "true"}


def policy(*statements: dict[str, Any]) -> Policy:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement} for statement in statements]}


def on(resource: str, action: str, **further: Any) -> dict[str, Any]:
    return {"Action": action, "Resource": resource, **further}


READ = policy(on("arn:aws:s3:::lake/flights/*", "s3:GetObject"))
LIST = policy(on(BUCKET, "s3:ListBucket", Condition={"StringLike": {"s3:prefix": ["flights/*"]}}))
DECRYPT = policy(on(KEY, "kms:Decrypt"))
ROOT = policy(on("*", "kms:*", Principal={"AWS": f"arn:aws:iam::{OURS}:root"}))
TLS_ONLY = policy(
    on(f"{BUCKET}/*", "s3:*", Effect="Deny", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
)
LOGS = policy(
    on(
        "*",
        "kms:Encrypt",
        Principal={"Service": "logs.eu-central-1.amazonaws.com"},
        Condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-central-1:{OURS}:log-group:*"}},
    )
)
GLUE_ONLY = policy(
    {
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "glue.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": OURS}},
    }
)


ALARMS = f"arn:aws:sns:eu-central-1:{OURS}:alarms"
SHARED = policy(on(f"{BUCKET}/flights/*", "s3:GetObject", Principal={"AWS": STRANGER}))
DENIED = policy(on("arn:aws:s3:::lake/flights/secret*", "s3:GetObject", Effect="Deny"))


def asked(
    action: str,
    resource: str,
    *identity: Policy,
    guard: Policy | None = None,
    principal: str = ROLE,
    context: dict[str, str] | None = None,
) -> Request:
    return Request(
        principal=principal,
        action=action,
        resource=resource,
        account=OURS,
        context=context or {},
        identity=identity,
        guard=guard,
    )


def told(source: str) -> dict[str, str]:
    return {"aws:SourceAccount": source}


def log_group(account: str) -> dict[str, str]:
    return {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-central-1:{account}:log-group:g"}


def passed_to(service: str) -> dict[str, str]:
    return {"iam:PassedToService": service}


LOG_SERVICE = "logs.eu-central-1.amazonaws.com"
PASS = policy(on(ROLE, "iam:PassRole", Condition={"StringEquals": passed_to("sagemaker.amazonaws.com")}))
METRICS = policy(on("*", "cloudwatch:PutMetricData", Condition={"StringEquals": {"cloudwatch:namespace": "Glue"}}))
GRANT = policy(on(KEY, "kms:CreateGrant", Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}))
PUBLISH = policy(
    on(ALARMS, "sns:Publish", Principal={"Service": "cloudwatch.amazonaws.com"}, Condition={"StringEquals": told(OURS)})
)
STRANGERS_KEY = policy(on("*", "kms:Decrypt", Principal={"AWS": STRANGER}))
ONLY_A_ROLE = policy(on("*", "kms:Decrypt", Principal={"AWS": ROLE}))
BY_S3 = policy(on(KEY, "kms:Decrypt", Condition={"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}))
ALL_BUT = policy({"NotAction": "s3:DeleteObject", "Resource": f"{BUCKET}/*"})
ELSEWHERE = policy({"Action": "s3:GetObject", "NotResource": f"{BUCKET}/private/*"})
WILD = policy(on("arn:aws:s3:::lake/flights/part-?", "s3:Get*"))
ABSENT = policy(on(f"{BUCKET}/*", "s3:GetObject", Condition={"StringNotEquals": {"aws:PrincipalTag/team": "x"}}))
IF_THERE = policy(on(f"{BUCKET}/*", "s3:GetObject", Condition={"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}))
OLD_TLS = policy(
    on(f"{BUCKET}/*", "s3:*", Effect="Deny", Principal="*", Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}})
)

ALLOWED = {
    "an identity policy": asked("s3:GetObject", OBJECT, READ),
    "one of two policies": asked("s3:GetObject", OBJECT, LIST, READ),
    "a listing below the prefix": asked("s3:ListBucket", BUCKET, LIST, context={"s3:prefix": "flights/2026/"}),
    "a wildcard in action and resource": asked("s3:GetObject", OBJECT, WILD),
    "what an action is not": asked("s3:PutObject", OBJECT, ALL_BUT),
    "what a resource is not": asked("s3:GetObject", OBJECT, ELSEWHERE),
    "a request over TLS": asked("s3:GetObject", OBJECT, READ, guard=TLS_ONLY, context=TLS),
    "TLS 1.3": asked("s3:GetObject", OBJECT, READ, guard=OLD_TLS, context={"s3:TlsVersion": "1.3"}),
    "a key that trusts its account": asked("kms:Decrypt", KEY, DECRYPT, guard=ROOT),
    "a key that names a role": asked("kms:Decrypt", KEY, guard=ONLY_A_ROLE),
    "a key by way of S3": asked(
        "kms:Decrypt", KEY, BY_S3, guard=ROOT, context={"kms:ViaService": "s3.eu-central-1.amazonaws.com"}
    ),
    "a key of another account, both sides": asked("kms:Decrypt", KEY, DECRYPT, guard=STRANGERS_KEY, principal=STRANGER),
    "a service that the key names": asked(
        "kms:Encrypt", KEY, guard=LOGS, principal=LOG_SERVICE, context=log_group(OURS)
    ),
    "another account, both sides": asked("s3:GetObject", OBJECT, READ, guard=SHARED, principal=STRANGER),
    "a bucket that names a role of its account": asked(
        "s3:GetObject",
        OBJECT,
        guard=policy(on(f"{BUCKET}/*", "s3:GetObject", Principal={"AWS": ROLE})),
    ),
    "a service that assumes its role": asked(
        "sts:AssumeRole", ROLE, guard=GLUE_ONLY, principal="glue.amazonaws.com", context=told(OURS)
    ),
    "a role passed to its service": asked("iam:PassRole", ROLE, PASS, context=passed_to("sagemaker.amazonaws.com")),
    "a metric of its namespace": asked(
        "cloudwatch:PutMetricData", "*", METRICS, context={"cloudwatch:namespace": "Glue"}
    ),
    "a grant for a service": asked(
        "kms:CreateGrant", KEY, GRANT, guard=ROOT, context={"kms:GrantIsForAWSResource": "true"}
    ),
    "an alarm of this account": asked(
        "sns:Publish", ALARMS, guard=PUBLISH, principal="cloudwatch.amazonaws.com", context=told(OURS)
    ),
    "a denied value that is absent": asked("s3:GetObject", OBJECT, ABSENT),
    "a value that need not be there": asked("s3:GetObject", OBJECT, IF_THERE),
}
REFUSED = {
    "nothing at all": asked("s3:GetObject", OBJECT),
    "another action": asked("s3:PutObject", OBJECT, READ),
    "another prefix": asked("s3:GetObject", f"{BUCKET}/weather/part-0", READ),
    "the bucket for its objects": asked("s3:ListBucket", BUCKET, READ),
    "a listing of everything": asked("s3:ListBucket", BUCKET, LIST),
    "a listing elsewhere": asked("s3:ListBucket", BUCKET, LIST, context={"s3:prefix": "weather/"}),
    "a question mark for two characters": asked("s3:GetObject", f"{OBJECT}0", WILD),
    "what an action is not, the action": asked("s3:DeleteObject", OBJECT, ALL_BUT),
    "what a resource is not, the resource": asked("s3:GetObject", f"{BUCKET}/private/x", ELSEWHERE),
    "an explicit deny": asked("s3:GetObject", f"{BUCKET}/flights/secret", READ, DENIED),
    "plain HTTP": asked("s3:GetObject", OBJECT, READ, guard=TLS_ONLY, context={"aws:SecureTransport": "false"}),
    "TLS 1.1": asked("s3:GetObject", OBJECT, READ, guard=OLD_TLS, context={"s3:TlsVersion": "1.1"}),
    "a key that does not trust its account": asked("kms:Decrypt", KEY, DECRYPT, guard=LOGS),
    "a key without a permission": asked("kms:Decrypt", KEY, READ, guard=ROOT),
    "a key directly and not by way of S3": asked("kms:Decrypt", KEY, BY_S3, guard=ROOT),
    "a key of another account, identity alone": asked("kms:Decrypt", KEY, DECRYPT, guard=ROOT, principal=STRANGER),
    "a key of another account, key alone": asked("kms:Decrypt", KEY, guard=STRANGERS_KEY, principal=STRANGER),
    "a service for another account": asked(
        "kms:Encrypt", KEY, guard=LOGS, principal=LOG_SERVICE, context=log_group(OTHERS)
    ),
    "another service": asked("kms:Encrypt", KEY, guard=LOGS, principal="s3.amazonaws.com", context=log_group(OURS)),
    "another account, identity alone": asked("s3:GetObject", OBJECT, READ, principal=STRANGER),
    "another account, bucket alone": asked("s3:GetObject", OBJECT, guard=SHARED, principal=STRANGER),
    "a service that asks for another account": asked(
        "sts:AssumeRole", ROLE, guard=GLUE_ONLY, principal="glue.amazonaws.com", context=told(OTHERS)
    ),
    "another service that assumes a role": asked(
        "sts:AssumeRole", ROLE, guard=GLUE_ONLY, principal="lambda.amazonaws.com", context=told(OURS)
    ),
    "a role passed to another service": asked("iam:PassRole", ROLE, PASS, context=passed_to("ec2.amazonaws.com")),
    "a metric of another namespace": asked(
        "cloudwatch:PutMetricData", "*", METRICS, context={"cloudwatch:namespace": "AWS/Billing"}
    ),
    "a grant for oneself": asked("kms:CreateGrant", KEY, GRANT, guard=ROOT),
    "an alarm of another account": asked(
        "sns:Publish", ALARMS, guard=PUBLISH, principal="cloudwatch.amazonaws.com", context=told(OTHERS)
    ),
    "a table elsewhere in the catalog": asked("glue:GetTable", TABLE, policy(on(f"{TABLE}_more", "glue:GetTable"))),
}


def test_allows_what_the_documentation_says_is_allowed(simulator: Simulator) -> None:
    decisions = simulator.decide(list(ALLOWED.values()))
    assert [name for name, decision in zip(ALLOWED, decisions, strict=True) if not decision.allowed] == []


def test_refuses_what_the_documentation_says_is_refused(simulator: Simulator) -> None:
    decisions = simulator.decide(list(REFUSED.values()))
    assert [name for name, decision in zip(REFUSED, decisions, strict=True) if decision.allowed] == []


def test_names_the_statement_that_allows(simulator: Simulator) -> None:
    named = policy(on(f"{BUCKET}/*", "s3:PutObject", Sid="other"), on(f"{BUCKET}/*", "s3:GetObject", Sid="this"))
    (decision,) = simulator.decide([asked("s3:GetObject", OBJECT, named)])
    assert decision.identity == {"this"}


@pytest.mark.parametrize(
    ("action", "resource"),
    [("s3:ReadObject", OBJECT), ("nothing:GetObject", OBJECT), ("s3:GetObject", TABLE), ("glue:GetTable", BUCKET)],
)
def test_refuses_to_decide_what_iam_does_not_know(simulator: Simulator, action: str, resource: str) -> None:
    with pytest.raises(ValueError, match=action):
        simulator.decide([asked(action, resource, READ)])
