"""docs/permissions.md, made of the permissions of a sample lake: `python -m tests.permissions.document` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import aws_cdk as cdk

from lake_blueprints.foundation.access import PermissionSet
from tests.permissions import authorization
from tests.permissions.deployed import DeployedPermission
from tests.permissions.discovery import readable, roles_in, services_in
from tests.permissions.grants import NAMES, Grants, define_grants
from tests.permissions.proof import Proof
from tests.permissions.simulator import Simulator
from tests.support import ROOT

PATH = ROOT / "docs" / "permissions.md"
_HEAD = """# Permissions

What AWS services do under the roles of a lake and under their own names, and what each `grant_*` allows, with the page
of AWS that says so. Each permission is declared once, in the `permissions.py` of its capability: the statement of the
policy, the acknowledgment of its wildcards, this page and the proof come from it.
`python -m tests.permissions.document` writes this page, and a test fails if it is out of date.

`tests/permissions` finds every role, service and grant in the construct tree of a sample lake, and holds the
permissions against the synthesised templates, with an IAM simulator and over all policies that have a say: those of the
role, of the bucket, of the key, of topic, queue and stream.

- Each request that a permission is for is allowed, with and without bucket keys, over TLS.
- Refused are every other action that AWS has on the same resources, the same actions on the next prefix, table, stream
  or key, requests without the values that a condition asks for, everything that only another role, lake or account may
  do, and plain HTTP.
- No statement, action or resource can be taken away without a request being refused.
- Every `grant_*` is held to the same, for a role of the same stack, of another stack and of another account, and for
  every kind of principal that the CDK knows.

Policies and proofs are made of the same declarations. What is wrong with these, others say:

- AWS's [Service Authorization Reference](https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html):
  actions go with the kinds of resources on which AWS checks them, and with all of these (`glue:GetTable` is checked on
  a table, its database and the catalog, `glue:GetDatabase` on no table), conditions with the keys of their actions; all
  resources are allowed only where AWS checks none; and a grant to read has no action that writes.
- A run of the lake in the local cloud (`tests/end_to_end/test_declared_calls.py`) does under each role what is declared
  for it and nothing else. What a local run cannot do is listed with the reason in `not_done.py` beside it; that run is
  without what `lakes.py` says is not recorded.
- Other roles: what is theirs alone, this one may not do.

What the simulator does not know: Lake Formation's own permissions, KMS grants and service-linked roles. It decides by
AWS's documentation and is not AWS.

## Principals of grants

Buckets, keys and streams have policies of their own, which can name principals that have none here. The catalog,
queries, warehouses, pipelines, deliveries, training and secrets have no such policy: a grant of these needs a role, a
user or a group of the lake's account.

| Principal | Objects, keys, streams | All others |
|---|---|---|
| role, user, group, function, imported ones as well | by its own policies | by its own policies |
| role or user of another account | by policies of both sides | refused |
| account, organization, ARN, also with conditions or session tags | by policies of the resources | refused |
| service with a condition, such as `aws:SourceAccount` | by policies of the resources | refused |
| service without a condition | refused: it would act for every account | refused |
| everyone, unless a condition says who it is | refused: a lake is never public | refused |
| the lake's own account | refused: its roles and users need policies of their own | refused |
| federated identity, canonical user, function imported without a role | refused | refused |
| group of another account | refused | refused |

- Where data is granted together with the catalog, the catalog's part warns instead: share the database through Lake
  Formation.
- Restricted prefixes are denied by the bucket's policy to principals without policies here. An organization is refused
  more than prefixes without restricted columns: the denial could keep the lake's own jobs out.
- The policy of an imported key cannot be changed here; a warning says what it has to allow.
- A role that was imported with `mutable=False`, or handed on by `without_policy_updates()`, stays as it is: that is
  what these options of the CDK say.
"""


def rendered(grants: Grants, proof: Proof) -> str:
    """Return the whole document."""
    lake = grants.sample
    roles = [(role, None) for role in roles_in(lake.data, lake.work)]
    services = services_in(lake.data, lake.work)
    parts = [
        "## Roles\n",
        *_sections(roles, proof),
        "## Services under their own names\n",
        *_sections(services, proof),
        "## Grants\n",
        *_sections([(grants.declared(name), None) for name in NAMES], proof),
    ]
    return "\n".join([_HEAD, *parts]).rstrip() + "\n"


def _sections(found: Iterable[tuple[PermissionSet, cdk.Stack | None]], proof: Proof) -> Iterator[str]:
    by_name: dict[str, list[tuple[PermissionSet, cdk.Stack | None]]] = {}
    for permissions, stack in found:
        by_name.setdefault(permissions.name, []).append((permissions, stack))
    for name, same in by_name.items():
        yield f"### `{name}`\n"
        if assumed := same[0][0].assumed_by:
            yield f"Assumed by {', '.join(f'`{readable(service)}`' for service in assumed)}.\n"
        yield "| What for | Actions | On | If | Sources |\n|---|---|---|---|---|"
        yield from _rows([one for permissions, stack in same for one in proof.deployed(permissions, stack)])
        yield ""


def _rows(found: Iterable[DeployedPermission]) -> Iterator[str]:
    rows: dict[str, list[DeployedPermission]] = {}
    for one in found:
        rows.setdefault(one.permission.because, []).append(one)
    for because, same in rows.items():
        actions = _listed(f"`{action}`" for one in same for action in one.permission.actions)
        kinds = _listed(kind for one in same for kind in _kinds(one))
        keys = _listed(f"`{key}`" for one in same for asked in one.conditions.values() for key in asked)
        sources = dict.fromkeys(source for one in same for source in one.permission.sources)
        links = ", ".join(f"[{number}]({source})" for number, source in enumerate(sources, start=1))
        yield f"| {because} | {actions} | {kinds} | {keys} | {links} |"


def _kinds(one: DeployedPermission) -> Iterator[str]:
    for action in one.actions:
        service = action.partition(":")[0]
        for pattern in one.on:
            if pattern == "*":
                yield "`*`"
            else:
                yield from (f"{service} {kind}" for kind in authorization.kinds_of(action, pattern))


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))


if __name__ == "__main__":
    lakes = define_grants()
    for name in NAMES:
        lakes.declared(name)
    PATH.write_text(rendered(lakes, lakes.proof(Simulator())), encoding="utf-8")
