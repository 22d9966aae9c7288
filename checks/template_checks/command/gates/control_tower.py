"""The proactive controls of AWS Control Tower, as Guard rules."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from attrs import frozen
from cdklabs import cdk_validator_cfnguard
from cloudformation_validate import CompositeEngine, CompositeEngineConfig, ExternalRuleSource, TemplateContent

from template_checks.command.finding import Finding, Severity
from template_checks.command.outputs import spelled_out, without_outputs
from template_checks.core.assembly import StackTemplate

_PAGE: Final = "https://docs.aws.amazon.com/controltower/latest/controlreference/proactive-controls.html"
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


def findings(templates: Sequence[StackTemplate], *, packs: Sequence[str] = ()) -> Iterator[Finding]:
    """Evaluate every control; each is reported once for a resource, though Guard reports each clause that failed.

    Guard sees text only where it is written as text, so a control that fails only while text is joined of parts, or
    only once it is put together, has not seen what it judges.
    """
    controls = {control.rule: control for control in _controls()}
    rules = [ExternalRuleSource(name=control.id, content=control.source) for control in controls.values()]
    engine = CompositeEngine(CompositeEngineConfig(guard_rules=rules))
    for template in templates:
        document = without_outputs(template.document)
        written = spelled_out(document)
        found = _failed(engine, template, document, controls)
        if found and written != document:
            found &= _failed(engine, template, written, controls)
        for rule, logical_id in sorted(found):
            control = controls[rule]
            yield Finding(
                gates=("control-tower",),
                rules=(control.id,),
                topic=control.id,
                severity=Severity.COMPLIANCE,
                stack=template.name,
                logical_id=logical_id,
                message=f"{control.title}. {control.fix}",
                title=control.title,
                help=_PAGE,
            )


def _failed(
    engine: CompositeEngine, template: StackTemplate, document: Any, controls: Collection[str]
) -> set[tuple[str, str]]:
    """Return the rules that fail, each with the resource."""
    report = engine.validate_template(TemplateContent(json.dumps(document, default=str), template.path.name))
    return {
        (one.rule_id, one.entity.logical_id)
        for one in report.diagnostics
        if one.rule_id in controls and one.entity is not None
    }


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
