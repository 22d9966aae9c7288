"""All rules over a template, or over all templates of an app."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from template_checks.core.conditions import cases
from template_checks.core.depth import refuse_deep
from template_checks.core.rule import Finding, finding, rules_for
from template_checks.core.template import Template
from template_checks.core.well_formed import well_formed


def check(document: Mapping[str, Any]) -> list[Finding]:
    """Return what is wrong with a template, in its order.

    Example
    -------
        >>> for finding in check(json.loads(path.read_text())):
        ...     print(finding.rule.id, finding.logical_id, finding.message)
    """
    return check_app({"": document})[""]


def check_app(
    documents: Mapping[str, Mapping[str, Any]], *, stack_names: Mapping[str, str] | None = None
) -> dict[str, list[Finding]]:
    """Return what is wrong with the templates of an app, by their keys.

    Rules see across the stacks: that a key in one lets the log groups in another use it, for instance.

    Parameters
    ----------
    documents: mapping
        The templates.
    stack_names: mapping of str to str, optional
        The names of the stacks by key. By default the keys are the names.

    Raises
    ------
    ValueError
        If a template is nested more than 200 levels deep.
    """
    for document in documents.values():
        refuse_deep(document)
    documents = {key: well_formed(dict(document))[0] for key, document in documents.items()}
    names = {key: (stack_names or {}).get(key, key) for key in documents}
    siblings: dict[str, Template] = {}
    templates: dict[str, Template] = {}
    for key, document in documents.items():
        templates[key] = Template(document, scope=next(cases(document)), siblings=siblings, name=names[key])
        siblings[names[key]] = templates[key]
    return {key: _check(template, documents[key]) for key, template in templates.items()}


def _check(first: Template, document: Mapping[str, Any]) -> list[Finding]:
    """Return what is wrong with a template, given it in the first case of its conditions: the one that others see."""
    found: dict[tuple[str, ...], Finding] = {}
    others = islice(cases(document), 1, None)
    siblings, name = first.siblings, first.name
    for template in (first, *(Template(document, scope=one, siblings=siblings, name=name) for one in others)):
        for resource in template.resources.values():
            for rule in rules_for(resource.kind):
                for fault in rule.check(resource):
                    one = finding(rule, fault)
                    found.setdefault((rule.id, one.logical_id, one.path, one.found), one)
    return list(found.values())
