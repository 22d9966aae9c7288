"""Every `grant_*` of the library, to every kind of principal that the CDK knows: it works, or says what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from lake_blueprints.foundation.access import PermissionSet
from tests.permissions.grants import ACROSS_ACCOUNTS, HERE, NAMES, REFUSING, SILENT, Grants, define_grants
from tests.permissions.proof import Proof
from tests.permissions.resolver import Place
from tests.permissions.simulator import Request, Simulator
from tests.permissions.test_grants import EVERYTHING
from tests.support import warnings_of

ACCOUNT = Place().account
ORGANIZATION = "o-abcdefgh"
TAGGED = {"StringEquals": {"aws:PrincipalTag/team": "flights"}}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A request's caller, as IAM sees it, and what the caller's own policies allow."""

    arn: str
    context: Mapping[str, str] = field(default_factory=dict)
    identity: tuple[dict[str, Any], ...] = (EVERYTHING,)

    def asks(self, request: Request) -> Request:
        return replace(
            request, principal=self.arn, context={**request.context, **self.context}, identity=list(self.identity)
        )


@dataclass(frozen=True, kw_only=True)
class Named:
    """A principal that only policies of resources can name, a caller whom it stands for and one whom it does not."""

    make: Callable[[str], Any]
    caller: Callable[[str], Caller]
    stranger: Callable[[str], Caller]


def role_in(account: str, name: str = "someone", **context: str) -> Caller:
    return Caller(arn=f"arn:aws:iam::{account}:role/{name}", context=context)


def service(account: str, name: str = "delivery.logs.amazonaws.com") -> Caller:
    return Caller(arn=name, context={"aws:SourceAccount": account}, identity=())


def own_role(name: str) -> Caller:
    return Caller(arn=f"arn:aws:iam::{ACCOUNT}:role/{name}", identity=())


# Each is given the number of an account, of which it may make other names.
OTHER = "999988887777"
NAMED: dict[str, Named] = {
    "AccountPrincipal": Named(make=iam.AccountPrincipal, caller=role_in, stranger=lambda _: role_in(OTHER)),
    "ArnPrincipal": Named(
        make=lambda account: iam.ArnPrincipal(f"arn:aws:iam::{account}:role/analyst"),
        caller=lambda account: role_in(account, "analyst"),
        stranger=role_in,
    ),
    "ArnPrincipal of the lake's own account": Named(
        make=lambda account: iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/analyst{account}"),
        caller=lambda account: own_role(f"analyst{account}"),
        stranger=lambda _: own_role("someone"),
    ),
    "OrganizationPrincipal": Named(
        make=lambda account: iam.OrganizationPrincipal(f"{ORGANIZATION}{account}"),
        caller=lambda account: role_in(OTHER, **{"aws:PrincipalOrgID": f"{ORGANIZATION}{account}"}),
        stranger=lambda _: role_in(OTHER, **{"aws:PrincipalOrgID": f"{ORGANIZATION}{OTHER}"}),
    ),
    "ServicePrincipal with a condition": Named(
        make=lambda account: iam.ServicePrincipal(
            "delivery.logs.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": account}}
        ),
        caller=service,
        stranger=lambda _: service(OTHER),
    ),
    "PrincipalWithConditions": Named(
        make=lambda account: iam.AccountPrincipal(account).with_conditions(TAGGED),
        caller=lambda account: role_in(account, **{"aws:PrincipalTag/team": "flights"}),
        stranger=role_in,
    ),
    "SessionTagsPrincipal": Named(
        make=lambda account: iam.AccountPrincipal(account).with_session_tags(),
        caller=role_in,
        stranger=lambda _: role_in(OTHER),
    ),
    "CompositePrincipal": Named(
        make=lambda account: iam.CompositePrincipal(
            iam.ArnPrincipal(f"arn:aws:iam::{account}:role/first"),
            iam.ArnPrincipal(f"arn:aws:iam::{account}:role/second"),
        ),
        caller=lambda account: role_in(account, "second"),
        stranger=lambda account: role_in(account, "third"),
    ),
    "a user of another account": Named(
        make=lambda account: iam.User.from_user_arn(
            cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), f"Elsewhere{account}", env=HERE),
            "User",
            f"arn:aws:iam::{account}:user/analyst",
        ),
        caller=lambda account: Caller(arn=f"arn:aws:iam::{account}:user/analyst"),
        stranger=role_in,
    ),
}


def function(stack: cdk.Stack, name: str) -> lambda_.Function:
    code = lambda_.Code.from_inline("def handler(event, context): ...")
    return lambda_.Function(stack, name, runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code)


# What has policies of its own, and the ARN of that in a template.
WITH_POLICIES: dict[str, tuple[Callable[[cdk.Stack, str], Any], Callable[[Any], str]]] = {
    "User": (iam.User, lambda user: user.user_arn),
    "Group": (iam.Group, lambda group: group.group_arn),
    "Function": (function, lambda of: of.role.role_arn),
    "an imported role": (
        lambda stack, name: iam.Role.from_role_arn(stack, name, f"arn:aws:iam::{ACCOUNT}:role/{name}"),
        lambda role: role.role_arn,
    ),
    "a role by name": (lambda stack, name: iam.Role.from_role_name(stack, name, name), lambda role: role.role_arn),
    "LazyRole": (
        lambda stack, name: iam.LazyRole(stack, name, assumed_by=iam.ServicePrincipal("glue.amazonaws.com")),
        lambda role: role.role_arn,
    ),
}


# Data access policies of collections name roles and users.
TO_NO_GROUP = {("Group", f"SearchCollection.{grant}") for grant in ("grant_index", "grant_search")}


def unknown(stack: cdk.Stack) -> Any:
    return lambda_.Function.from_function_arn(
        stack, "Unknown", f"arn:aws:lambda:{Place().region}:{ACCOUNT}:function:unknown"
    ).grant_principal


PUBLIC = "is everyone, and a lake is never public; grant it to a role, an account or an organization"
FEDERATED = "is a federated identity, which acts as the role that it assumes; grant that role"
REFUSED: dict[str, tuple[Callable[[cdk.Stack], Any], str]] = {
    "AnyPrincipal": (lambda _: iam.AnyPrincipal(), f"AnyPrincipal {PUBLIC}"),
    "StarPrincipal": (lambda _: iam.StarPrincipal(), f"StarPrincipal {PUBLIC}"),
    "AnyPrincipal with conditions that do not say who": (
        lambda _: iam.AnyPrincipal().with_conditions({"Bool": {"aws:SecureTransport": "true"}}),
        PUBLIC,
    ),
    "ArnPrincipal of everyone": (lambda _: iam.ArnPrincipal("*"), PUBLIC),
    "CompositePrincipal with everyone": (
        lambda _: iam.CompositePrincipal(iam.AccountPrincipal(OTHER), iam.AnyPrincipal()),
        PUBLIC,
    ),
    "ServicePrincipal without a condition": (
        lambda _: iam.ServicePrincipal("glue.amazonaws.com"),
        "ServicePrincipal acts for every account of AWS; say for whom, for instance",
    ),
    "FederatedPrincipal": (
        lambda _: iam.FederatedPrincipal("cognito-identity.amazonaws.com", {}, "sts:AssumeRoleWithWebIdentity"),
        FEDERATED,
    ),
    "WebIdentityPrincipal": (lambda _: iam.WebIdentityPrincipal("accounts.google.com"), FEDERATED),
    "SamlPrincipal": (
        lambda stack: iam.SamlPrincipal(
            iam.SamlProvider.from_saml_provider_arn(stack, "Saml", f"arn:aws:iam::{ACCOUNT}:saml-provider/company"), {}
        ),
        FEDERATED,
    ),
    "OpenIdConnectPrincipal": (
        lambda stack: iam.OpenIdConnectPrincipal(
            iam.OpenIdConnectProvider.from_open_id_connect_provider_arn(
                stack, "Oidc", f"arn:aws:iam::{ACCOUNT}:oidc-provider/company.example"
            )
        ),
        FEDERATED,
    ),
    "CanonicalUserPrincipal": (lambda _: iam.CanonicalUserPrincipal("7" * 64), "is known to S3 alone"),
    "UnknownPrincipal": (unknown, "was imported without its role"),
    "AccountRootPrincipal": (lambda _: iam.AccountRootPrincipal(), "AccountRootPrincipal is the lake's own account"),
    "AccountPrincipal of the lake's own account": (
        lambda _: iam.AccountPrincipal(ACCOUNT),
        "AccountPrincipal is the lake's own account",
    ),
    "AccountPrincipal of a reference to the account": (
        lambda _: iam.AccountPrincipal(cdk.Aws.ACCOUNT_ID),
        "AccountPrincipal is the lake's own account",
    ),
    "ArnPrincipal of the account's root": (
        lambda _: iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:root"),
        "ArnPrincipal is the lake's own account",
    ),
    "a group of another account": (
        lambda stack: iam.Group.from_group_arn(stack, "Group", f"arn:aws:iam::{OTHER}:group/analysts"),
        "is a group of another account, which no policy can name; grant a role",
    ),
}
WITHOUT_POLICY = "cannot be granted to .*grant it to a role of this account that"


Principals = tuple[Grants, Proof, dict[tuple[str, str], PermissionSet]]


@pytest.fixture(scope="module")
def grants() -> Grants:
    return define_grants()


@pytest.fixture(scope="module")
def with_policies(simulator: Simulator) -> Principals:
    """Give every grant to a principal of its own of each kind that has policies."""
    grants = define_grants()
    # A user holds 2,048 characters of policies: the synth refuses more, whatever IAM decides about them.
    reason = "the simulator decides about policies of any length"
    cdk.Validations.of(grants.data_lake.node.root).acknowledge(cdk.Acknowledgment(id="LAKE-IAM-011", reason=reason))
    found = {}
    for kind, (make, arn_of) in WITH_POLICIES.items():
        for number, name in enumerate(NAMES):
            if (kind, name) in TO_NO_GROUP:
                continue
            principal = make(grants.home(name), f"{kind.title().replace(' ', '')}{number}")
            grants.give(name, principal)
            found[kind, name] = replace(grants.declared(name), principal=arn_of(principal))
    return grants, grants.proof(simulator), found


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in WITH_POLICIES for name in NAMES if (kind, name) not in TO_NO_GROUP]
)
def test_a_principal_with_policies_may_what_a_grant_is_for_and_nothing_else(
    kind: str, name: str, with_policies: Principals
) -> None:
    grants, proof, found = with_policies
    permissions, home = found[kind, name], grants.home(name)
    required, denied = (
        # Requests are made by members of a group, which is no principal.
        [replace(request, principal=request.principal.replace(":group/", ":user/of-")) for request in requests]
        for requests in (proof.requests(permissions, home), proof.denied(permissions, home, other_actions=False))
    )
    assert required
    assert proof.refused(required) == []
    assert proof.allowed(denied) == []


@pytest.mark.parametrize(("kind", "name"), sorted(TO_NO_GROUP))
def test_what_no_group_can_be_named_in_says_so(kind: str, name: str, grants: Grants) -> None:
    group = WITH_POLICIES[kind][0](grants.home(name), f"Analysts{name.rpartition('.')[2]}")
    with pytest.raises(ValueError, match="is granted to roles and users, got a group; grant it to a role"):
        grants.give(name, group)


@pytest.fixture(scope="module")
def named(simulator: Simulator) -> tuple[Grants, Proof, dict[tuple[str, str], str]]:
    """Give what has a policy of its own to a principal of its own of each kind that only such policies name."""
    grants, accounts = define_grants(), {}
    for number, (kind, name) in enumerate((kind, name) for kind in NAMED for name in ACROSS_ACCOUNTS):
        accounts[kind, name] = f"{200_000_000_000 + number}"
        grants.give(name, NAMED[kind].make(accounts[kind, name]))
    for name in ACROSS_ACCOUNTS:
        grants.declared(name)
    return grants, grants.proof(simulator), accounts


@pytest.mark.parametrize("name", ACROSS_ACCOUNTS)
@pytest.mark.parametrize("kind", NAMED)
def test_a_principal_without_policies_here_is_allowed_by_those_of_bucket_key_and_stream(
    kind: str, name: str, named: tuple[Grants, Proof, dict[tuple[str, str], str]]
) -> None:
    """Others are not, and the catalog has no policy here that could allow it."""
    grants, proof, accounts = named
    permissions = replace(grants.declared(name), principal=f"arn:aws:iam::{OTHER}:role/nobody")
    home = grants.home(name)
    required, denied = proof.requests(permissions, home), proof.denied(permissions, home, other_actions=False)
    caller, stranger = NAMED[kind].caller(accounts[kind, name]), NAMED[kind].stranger(accounts[kind, name])
    guarded = [request for request in required if request.guard]
    assert guarded
    assert proof.refused([caller.asks(request) for request in guarded]) == []
    assert proof.allowed([stranger.asks(request) for request in required]) == []
    assert proof.allowed([caller.asks(request) for request in denied]) == []
    assert proof.allowed([caller.asks(request) for request in required if not request.guard]) == []


@pytest.mark.parametrize("name", REFUSING)
@pytest.mark.parametrize("kind", NAMED)
def test_what_has_no_policy_of_its_own_is_refused_to_a_principal_without_policies(
    kind: str, name: str, grants: Grants
) -> None:
    with pytest.raises(ValueError, match=WITHOUT_POLICY):
        grants.give(name, NAMED[kind].make("200000000000"))


@pytest.mark.parametrize("name", SILENT)
@pytest.mark.parametrize("kind", NAMED)
def test_the_catalog_is_left_to_lake_formation_with_a_warning(kind: str, name: str) -> None:
    grants = define_grants()
    grants.give(name, NAMED[kind].make("200000000000"))
    assert any("share the database through Lake Formation" in warning for warning in warnings_of(grants.sample.data))


@pytest.mark.parametrize("kind", REFUSED)
def test_other_principals_are_refused_with_what_to_do(kind: str, grants: Grants) -> None:
    make, message = REFUSED[kind]
    principal = make(cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Elsewhere", env=HERE))
    for name in sorted({*NAMES} - {*SILENT}):
        with pytest.raises(ValueError, match=f"{message}|{WITHOUT_POLICY}"):
            grants.give(name, principal)
    with pytest.raises(ValueError, match=message):
        grants.sample.stream.grant_write(principal)


def test_every_kind_of_principal_of_the_cdk_has_a_test() -> None:
    known = {
        name
        for name, kind in vars(iam).items()
        if isinstance(kind, type)
        and issubclass(kind, iam.PrincipalBase)
        and not name.startswith(("_", "PrincipalBase"))
    }
    tested = {word for kind in (*NAMED, *REFUSED) for word in kind.split()}
    assert known - tested == {"SamlConsolePrincipal"}
