"""docs/permissions.md, made of the declarations: `python -m tests.permissions.document` writes it."""

from __future__ import annotations

from collections.abc import Iterable

import aws_cdk as cdk

from lake_blueprints.foundation.access.declared import Call, Declared
from tests.permissions.declarations import of_roles, of_services
from tests.permissions.lakes import SampleLake
from tests.support import ROOT

PATH = ROOT / "docs" / "permissions.md"
_HEAD = """# Permissions

What AWS services do under the roles of a lake, and under their own names, with the page of AWS that says so. The
tables are made of the declarations beside the constructs (`calls.py`); `python -m tests.permissions.document` writes
them, and a test fails if they are out of date.

`tests/permissions` holds the declarations against the synthesised templates, with an IAM simulator and over all
policies that have a say: those of the role, of the bucket, of the key, of topic, queue and stream.

- Each call below is allowed, on the resources meant, with and without bucket keys, over TLS.
- What must not be done is refused, and so is everything that only another role, lake or account may do, and plain HTTP.
- No statement, action or resource can be taken away without a call failing.
- Every `grant_*` is held to the same, for a role of the same stack, of another stack and of another account, and for
  every kind of principal that the CDK knows.
- Actions go with the kinds of resources on which AWS checks them, and with all of these, by its
  [Service Authorization Reference](https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html):
  `glue:GetTable` is checked on a table, its database and the catalog, `glue:GetDatabase` on no table.
- A run of the whole lake in the local cloud (`tests/end_to_end/test_declared_calls.py`) does under each role what is
  declared for it and nothing else. What a local run cannot do is listed with the reason in `not_done.py` beside it.

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


def rendered(lake: SampleLake) -> str:
    """Return the whole document."""
    services = [declared for declared, _ in of_services(lake)]
    parts = ["## Roles\n", *_sections(of_roles(lake)), "## Services under their own names\n", *_sections(services)]
    return "\n".join([_HEAD, *parts]).rstrip() + "\n"


def _sections(declarations: Iterable[Declared]) -> Iterable[str]:
    by_name: dict[str, list[Declared]] = {}
    for declared in declarations:
        by_name.setdefault(declared.name, []).append(declared)
    for name, same in by_name.items():
        required = [call for declared in same for call in declared.required]
        refused = dict.fromkeys(call.because for declared in same for call in declared.refused)
        assumed = ", ".join(f"`{service}`" for service in same[0].assumed_by)
        yield f"### {name}\n"
        yield f"Assumed by {assumed}.\n" if assumed else f"`{_readable(str(same[0].principal))}`.\n"
        yield "| What for | Calls | Sources |\n|---|---|---|"
        yield from _rows(required)
        yield f"\nRefused: {'; '.join(refused)}.\n"


def _rows(calls: Iterable[Call]) -> Iterable[str]:
    rows: dict[str, list[Call]] = {}
    for call in calls:
        rows.setdefault(call.because, []).append(call)
    for because, same in rows.items():
        actions = dict.fromkeys(f"`{action}`" for call in same for action in call.actions)
        sources = dict.fromkeys(call.source for call in same)
        links = ", ".join(f"[{number}]({source})" for number, source in enumerate(sources, start=1))
        yield f"| {because} | {', '.join(actions)} | {links} |"


def _readable(principal: str) -> str:
    """Return a service's name without tokens, which are its Region and the partition's domain."""
    first, _, rest = principal.partition(".")
    return f"{first}.<Region>.<domain>" if "${Token" in rest else principal


if __name__ == "__main__":
    PATH.write_text(rendered(SampleLake(cdk.App(analytics_reporting=False), "Ours")), encoding="utf-8")
