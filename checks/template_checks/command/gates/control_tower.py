"""The proactive controls of AWS Control Tower, as Guard rules."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from attrs import frozen
from cdklabs import cdk_validator_cfnguard
from cloudformation_validate import CompositeEngine, CompositeEngineConfig, ExternalRuleSource, TemplateContent

from template_checks.command.finding import Finding, Severity
from template_checks.command.outputs import without_outputs
from template_checks.core.assembly import StackTemplate

# Within the package that the CDK's own validator of them brings along.
_RULES = re.compile(r"package/rules/control-tower/cfn-guard/.*\.guard")
_NAME = re.compile(r"^rule (\w+) when is_cfn_template", re.MULTILINE)
_WORDS = re.compile(r"\[(?P<id>CT\.[\w.-]+)\]: (?P<title>[^\n]+)\s+\[FIX\]: (?P<fix>[^\n]+)")


@frozen(kw_only=True)
class _Control:
    """A control: its Guard rules, the name they report, and what they say."""

    source: str
    rule: str
    id: str
    title: str
    fix: str


def findings(templates: Sequence[StackTemplate]) -> Iterator[Finding]:
    """Evaluate every control; each is reported once for a resource, though Guard reports each clause that failed."""
    controls = {control.rule: control for control in _controls()}
    rules = [ExternalRuleSource(name=control.id, content=control.source) for control in controls.values()]
    engine = CompositeEngine(CompositeEngineConfig(guard_rules=rules))
    for template in templates:
        document = json.dumps(without_outputs(template.document))
        report = engine.validate_template(TemplateContent(document, template.path.name))
        found = {
            (one.rule_id, one.entity.logical_id)
            for one in report.diagnostics
            if one.rule_id in controls and one.entity is not None
        }
        for rule, logical_id in sorted(found):
            control = controls[rule]
            yield Finding(
                gates=("control-tower",),
                rules=(control.id,),
                topic=control.id,
                severity=Severity.ERROR,
                stack=template.name,
                logical_id=logical_id,
                message=f"{control.title}. {control.fix}",
            )


@cache
def _controls() -> tuple[_Control, ...]:
    (package,) = (
        file for file in files(cdk_validator_cfnguard).joinpath("_jsii").iterdir() if file.name.endswith(".tgz")
    )
    with tarfile.open(fileobj=io.BytesIO(package.read_bytes())) as archive:
        members = (member for member in archive if _RULES.fullmatch(member.name))
        return tuple(_control(archive.extractfile(member).read().decode()) for member in members)  # type: ignore[union-attr]


def _control(source: str) -> _Control:
    name, words = _NAME.search(source), _WORDS.search(source)
    assert name is not None and words is not None
    return _Control(source=source, rule=name[1], id=words["id"], title=words["title"].strip(), fix=words["fix"].strip())
