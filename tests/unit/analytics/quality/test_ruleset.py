"""The construct: what it defines, what its role may do, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve

from lake_blueprints.analytics.quality import Evaluate, QualityRuleset, define_promised
from lake_blueprints.catalog import ArrivalTime, Database, Table
from lake_blueprints.contracts import Column, Comparison, Dataset, Metric, Operator, QualityRule, Relationship
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.storage.s3 import Zone
from tests.support import assert_passes_the_gates, new_stack, properties, resources, template_of, warnings_of

ROWS = QualityRule(
    place="schema[0].quality[0]",
    kind="library",
    name="enough rows",
    metric=Metric.ROW_COUNT,
    comparison=Comparison(operator=Operator.GREATER, value=0),
)
TEXT = QualityRule(place="schema[0].quality[1]", kind="text", name="plausible")
AIRLINES = Dataset(name="airlines", columns=[Column(name="code", type="string")])
FLIGHTS = Dataset(
    name="flights",
    columns=[Column(name="carrier", type="string"), Column(name="flight", type="int")],
    quality=[ROWS],
    relationships=[Relationship(columns=("carrier",), dataset="airlines", references=("code",))],
)


def tables(stack: cdk.Stack, *datasets: Dataset, name: str = "Lake") -> list[Table]:
    database = Database(stack, f"{name}Database", zone=Zone(stack, f"{name}Zone"))
    return [database.add_table(dataset) for dataset in datasets]


def build(stack: cdk.Stack, name: str = "Rules", **options: Any) -> QualityRuleset:
    flights, airlines = tables(stack, FLIGHTS, AIRLINES, name=name)
    return QualityRuleset(stack, name, table=flights, references=[airlines], **options)


def statements(stack: cdk.Stack, name: str) -> list[dict[str, Any]]:
    """Return the statements of the policies whose logical id begins with a name."""
    found = template_of(stack)["Resources"]
    policies = [item for key, item in found.items() if key.startswith(name) and item["Type"].endswith("ManagedPolicy")]
    return [statement for policy in policies for statement in policy["Properties"]["PolicyDocument"]["Statement"]]


def test_passes_the_gates() -> None:
    def build_with_pipeline(stack: cdk.Stack, name: str) -> None:
        Pipeline(stack, f"{name}Pipeline", steps=[Evaluate(ruleset=build(stack, name))])

    assert_passes_the_gates(build_with_pipeline)


def test_the_rules_are_evaluated_on_the_table_and_may_change_in_place(stack: cdk.Stack) -> None:
    def ruleset(dataset: Dataset) -> dict[str, Any]:
        stack = new_stack()
        (table,) = tables(stack, dataset)
        QualityRuleset(stack, "Rules", table=table)
        return properties(template_of(stack), "AWS::Glue::DataQualityRuleset")

    before = ruleset(evolve(FLIGHTS, relationships=()))
    other_rules = evolve(FLIGHTS, relationships=(), quality=[evolve(ROWS, name="some rows")])
    assert "flightsTable" in before["TargetTable"]["TableName"]["Ref"]
    assert "enough rows" in before["Ruleset"]
    assert ruleset(other_rules)["Name"] == before["Name"]
    assert ruleset(evolve(FLIGHTS, name="delays", relationships=()))["Name"] != before["Name"]


def test_the_role_reads_the_tables_that_the_rules_read_and_no_other(stack: cdk.Stack) -> None:
    flights, airlines, planes = tables(stack, FLIGHTS, AIRLINES, evolve(AIRLINES, name="planes"))
    QualityRuleset(stack, "Rules", table=flights, references=[airlines, planes])
    text = json.dumps(statements(stack, "RulesRole"))
    assert "/flights/*" in text
    assert "/airlines/*" in text
    assert "planes" not in text


def test_rules_are_also_evaluated_on_restricted_columns(stack: cdk.Stack) -> None:
    restricted = Column(name="carrier", type="string", classification="restricted")
    (flights,) = tables(stack, evolve(FLIGHTS, columns=[restricted], relationships=()))
    QualityRuleset(stack, "Rules", table=flights)
    assert "/flights/*" in json.dumps(statements(stack, "RulesRole"))


def test_a_pipeline_may_start_this_ruleset_only_and_pass_its_role_only_to_glue(stack: cdk.Stack) -> None:
    Pipeline(stack, "Pipeline", steps=[Evaluate(ruleset=build(stack))])
    found = {str(item["Action"]): item for item in statements(stack, "Pipeline")}
    started = json.dumps(found["glue:StartDataQualityRulesetEvaluationRun"]["Resource"])
    assert "dataQualityRuleset/" in started
    assert "*" not in started
    passed = found["iam:PassRole"]
    assert passed["Resource"] == {"Fn::GetAtt": ["RulesRole" + passed["Resource"]["Fn::GetAtt"][0][9:], "Arn"]}
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}


def test_a_run_ends_on_the_minute_after_its_timeout(stack: cdk.Stack) -> None:
    assert build(stack).start_run(timeout=cdk.Duration.seconds(90))["Timeout"] == 2


def test_a_rule_that_nobody_can_evaluate_is_a_warning_with_its_name(stack: cdk.Stack) -> None:
    (flights,) = tables(stack, evolve(FLIGHTS, quality=[ROWS, TEXT], relationships=()))
    QualityRuleset(stack, "Rules", table=flights)
    (warning,) = warnings_of(stack)
    assert "quality rule 'plausible' of dataset 'flights' is not evaluated: it is a text for people" in warning


def test_refuses_a_dataset_without_rules(stack: cdk.Stack) -> None:
    (airlines,) = tables(stack, AIRLINES)
    with pytest.raises(ValueError, match="dataset 'airlines' has no quality rule that can be evaluated"):
        QualityRuleset(stack, "Rules", table=airlines)


def test_refuses_a_table_whose_partitions_glue_does_not_see(stack: cdk.Stack) -> None:
    database = Database(stack, "Database", zone=Zone(stack, "Zone"))
    arrivals = database.add_table(evolve(FLIGHTS, relationships=()), layout=ArrivalTime())
    with pytest.raises(ValueError, match="table 'flights' projects its partitions, which only Athena sees"):
        QualityRuleset(stack, "Rules", table=arrivals)


@pytest.mark.parametrize("workers", [1, 300])
def test_refuses_workers_that_glue_does_not_give(stack: cdk.Stack, workers: int) -> None:
    with pytest.raises(ValueError, match=f"'workers' must be 2 to 299 workers, got {workers} workers"):
        build(stack, workers=workers)


@pytest.mark.parametrize(
    ("dataset", "defined"),
    [
        (AIRLINES, False),
        (evolve(AIRLINES, columns=[Column(name="code", type="string", unique=True)]), True),
        (evolve(AIRLINES, primary_key=["code"]), False),
        (evolve(AIRLINES, quality=[ROWS]), True),
        (evolve(AIRLINES, quality=[TEXT]), False),
    ],
)
def test_a_ruleset_is_promised_by_more_than_curation_ensures(stack: cdk.Stack, dataset: Dataset, defined: bool) -> None:
    (table,) = tables(stack, dataset)
    assert bool(define_promised(stack, "Rules", table=table)) is defined
    assert bool(resources(template_of(stack), "AWS::Glue::DataQualityRuleset")) is defined


def test_rules_of_which_none_can_be_evaluated_are_reported_as_well(stack: cdk.Stack) -> None:
    (table,) = tables(stack, evolve(AIRLINES, quality=[TEXT]))
    define_promised(stack, "Rules", table=table)
    assert any("'plausible'" in warning for warning in warnings_of(stack))
