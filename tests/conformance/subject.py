"""A sample in synthesised apps, each made once however many duties read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from lake_blueprints.foundation.removal import DESTROY_CONTEXT
from template_checks.core.assembly import StackTemplate, read_assembly
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Sample, samples

Resources = dict[str, dict[str, Any]]

# Region, by partition.
PLACES = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


@cache
def subjects() -> tuple[Subject, ...]:
    """Return the subject of every sample."""
    return tuple(Subject(sample) for sample in samples())


class Synthesis:
    """A synthesised app: its constructs, its templates, and which resource is whose."""

    def __init__(self, app: cdk.App) -> None:
        self.app = app
        self.folder = Path(app.synth().directory)
        self.templates: Mapping[str, StackTemplate] = {one.name: one for one in read_assembly(self.folder)}

    def template(self, stack: str) -> dict[str, Any]:
        return self.templates[stack].document

    def below(self, construct: Construct) -> Resources:
        """Return the resources that a construct defines, by logical id."""
        path = construct.node.path
        template = self.templates[cdk.Stack.of(construct).stack_name]
        return {
            logical_id: resource
            for logical_id, resource in template.document.get("Resources", {}).items()
            if f"{template.construct_path(logical_id)}/".startswith(f"{path}/")
        }


class Subject:
    """Everything that duties ask of a sample."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample

    @cached_property
    def alone(self) -> Resources:
        """The resources of the construct alone."""
        return self.shared.below(self.one)

    @cached_property
    def shared(self) -> Synthesis:
        """The sample three times in one stack, and once in another, with keys and logs from a third."""
        app = _app()
        lake = Fixtures(_stack(app, "Fixtures"))
        options = self._given(lake)
        dev, prod = _stack(app, "Dev"), _stack(app, "Prod")
        self.one = self.sample.define(lake, dev, "One", **options)
        self.two = self.sample.define(lake, dev, "Two", **options)
        self.moved = self.sample.define(lake, Construct(dev, "Moved"), "One", **options)
        self.elsewhere = self.sample.define(lake, prod, "One", **options)
        return Synthesis(app)

    @cached_property
    def default(self) -> Synthesis:
        """The sample without a key or logs of others."""
        app = _app()
        stack = _stack(app, "Default")
        self.plain = self.sample.define(Fixtures(stack), stack, "One")
        return Synthesis(app)

    @cached_property
    def removal(self) -> Synthesis:
        """The sample with `DESTROY`, where the app's context does not agree and where it does."""
        app = _app()
        asked, agreed = _stack(app, "Asked"), _stack(app, "Agreed")
        agreed.node.set_context(DESTROY_CONTEXT, True)
        destroy = cdk.RemovalPolicy.DESTROY
        self.asked = self.sample.define(Fixtures(asked), asked, "One", removal_policy=destroy)
        self.agreed = self.sample.define(Fixtures(agreed), agreed, "One", removal_policy=destroy)
        return Synthesis(app)

    @cached_property
    def placed(self) -> Mapping[str, dict[str, Any]]:
        """The templates of stacks whose Region is known at synth, by partition."""
        app = _app()
        there = {name: region for name, region in PLACES.items() if name not in self.sample.unavailable_in}
        for partition, region in there.items():
            stack = _stack(app, partition, region)
            self.sample.define(Fixtures(stack), stack, "One")
        synthesis = Synthesis(app)
        return {partition: synthesis.template(partition) for partition in there}

    def _given(self, lake: Fixtures) -> dict[str, Any]:
        known: dict[str, Callable[[], Any]] = {
            "encryption_key": lambda: lake.given_key,
            "access_logs": lambda: lake.access_logs,
        }
        return {name: part() for name, part in known.items() if self.sample.takes(name)}


def _app() -> cdk.App:
    # Without feature flags, as in the plainest app.
    return cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)


def _stack(app: cdk.App, name: str, region: str | None = None) -> cdk.Stack:
    synthesizer = cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
    return cdk.Stack(app, name, synthesizer=synthesizer, env=cdk.Environment(region=region))
