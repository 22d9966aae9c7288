"""Quality rules of contracts in a lake: rulesets, evaluations, alarms."""

from __future__ import annotations

import aws_cdk as cdk
from attrs import evolve

from lake_blueprints.contracts import Column, Comparison, Dataset, Metric, Operator, QualityRule, Relationship
from lake_blueprints.lake import DataLake
from tests.support import resources, steps_of, template_of, warnings_of

PLANES = Dataset(name="planes", columns=[Column(name="tail", type="string")])
FLIGHTS = Dataset(
    name="flights",
    columns=[Column(name="tail", type="string")],
    quality=[
        QualityRule(
            place="quality[0]",
            kind="library",
            name="enough",
            metric=Metric.ROW_COUNT,
            comparison=Comparison(operator=Operator.GREATER, value=0),
        ),
        QualityRule(place="quality[1]", kind="custom", name="weekly", engine="soda"),
    ],
    relationships=[Relationship(columns=("tail",), dataset="planes", references=("tail",))],
)


def test_promised_quality_is_evaluated_once_everything_is_curated(stack: cdk.Stack) -> None:
    lake = DataLake(stack, "Lake", datasets=[FLIGHTS, PLANES])
    assert list(lake.rulesets) == ["flights"]
    (ruleset,) = resources(template_of(stack), "AWS::Glue::DataQualityRuleset")
    assert "RowCount > 0" in ruleset["Properties"]["Ruleset"]
    assert 'ReferentialIntegrity "tail" "planes.{tail}"' in ruleset["Properties"]["Ruleset"]
    states = steps_of(stack)
    assert states["Wave 1"]["Next"] == "Evaluate flights"


def test_rules_that_nobody_evaluates_are_warnings_of_the_lake(stack: cdk.Stack) -> None:
    DataLake(stack, "Lake", datasets=[FLIGHTS, PLANES])
    assert any("'weekly'" in warning and "'soda'" in warning for warning in warnings_of(stack))


def test_a_lake_without_promises_evaluates_nothing(stack: cdk.Stack) -> None:
    lake = DataLake(stack, "Lake", datasets=[evolve(FLIGHTS, quality=(), relationships=(), primary_key=["tail"])])
    assert lake.rulesets == {}
    assert not resources(template_of(stack), "AWS::Glue::DataQualityRuleset")
