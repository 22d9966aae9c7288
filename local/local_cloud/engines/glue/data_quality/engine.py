"""Glue Data Quality behind its API: moto has none of it.

Above 200 lines: one class with the operations of one service, most of them a few lines.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.core.responses import ActionResult
from moto.glue.exceptions import AlreadyExistsException, EntityNotFoundException, InvalidInputException

from local_cloud.engines.engine import Engine
from local_cloud.engines.glue.data_quality.dqdl import parse
from local_cloud.engines.glue.data_quality.evaluation import PRIMARY, Evaluation, check
from local_cloud.engines.glue.data_quality.rules import AnyRule
from local_cloud.errors import LocalCloudError, without_values
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.duck import Session

_RESPONSES = "moto.glue.responses"


@dataclass(kw_only=True)
class Run:
    """One evaluation run, as the API describes it."""

    request: dict[str, Any]
    id: str = field(default_factory=lambda: f"dqrun-{uuid.uuid4().hex}")
    status: str = "STARTING"
    error: str | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    results: list[dict[str, Any]] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        given = {key: value for key, value in self.request.items() if key != "ClientToken"}
        ended = {"CompletedOn": self.ended} if self.ended else {}
        return {
            **given,
            "RunId": self.id,
            "Status": self.status,
            "StartedOn": self.started,
            "LastModifiedOn": self.ended or self.started,
            "ExecutionTime": int(((self.ended or datetime.now(UTC)) - self.started).total_seconds()),
            "ResultIds": [result["ResultId"] for result in self.results],
            **ended,
            **({"ErrorString": self.error} if self.error else {}),
        }


class DataQualityEngine(Engine):
    """Keeps rulesets, and evaluates them on the data of the catalog's tables."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        # Regions do not see each other's.
        self._rulesets: dict[tuple[str, str], dict[str, Any]] = {}
        self._runs: dict[tuple[str, str], Run] = {}
        self._results: dict[tuple[str, str], dict[str, Any]] = {}

    def state(self) -> tuple[dict[Any, Any], ...]:
        return self._rulesets, self._runs, self._results

    def restore(self, state: tuple[dict[Any, Any], ...] | None) -> None:
        if state:
            self._rulesets, self._runs, self._results = state

    def patches(self) -> Patches:
        patches = Patches()
        actions: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
            "create_data_quality_ruleset": self._create,
            "get_data_quality_ruleset": self._get,
            "update_data_quality_ruleset": self._update,
            "delete_data_quality_ruleset": self._delete,
            "get_data_quality_ruleset_evaluation_run": self._describe,
            "get_data_quality_result": self._result,
            "batch_get_data_quality_result": self._batch,
        }
        for name, action in actions.items():
            patches.add(_RESPONSES, f"GlueResponse.{name}")(_handler(action))
        engine = self

        @patches.add(_RESPONSES, "GlueResponse.start_data_quality_ruleset_evaluation_run")
        def start(self: Any) -> ActionResult:
            # Tables are looked up under the identity that starts a run.
            role = engine.runtime.recording.role_of(self.headers.get("Authorization", ""))
            return ActionResult(engine._start(self.region, dict(self.parameters), role))

        return patches

    def _create(self, region: str, request: dict[str, Any]) -> dict[str, Any]:
        key = region, request["Name"]
        if key in self._rulesets:
            raise AlreadyExistsException("Ruleset")
        _parsed(request["Ruleset"])
        if target := request.get("TargetTable"):
            self._need_table(region, target)
        now = datetime.now(UTC)
        kept = {name: value for name, value in request.items() if name not in {"Tags", "ClientToken"}}
        self._rulesets[key] = {**kept, "CreatedOn": now, "LastModifiedOn": now}
        return {"Name": request["Name"]}

    def _get(self, region: str, request: dict[str, Any]) -> dict[str, Any]:
        return self._ruleset(region, request["Name"])

    def _update(self, region: str, request: dict[str, Any]) -> dict[str, Any]:
        found = self._ruleset(region, request["Name"])
        if "Ruleset" in request:
            _parsed(request["Ruleset"])
        found.update({**request, "LastModifiedOn": datetime.now(UTC)})
        return {name: found[name] for name in ("Name", "Description", "Ruleset") if name in found}

    def _delete(self, region: str, request: dict[str, Any]) -> dict[str, Any]:
        self._ruleset(region, request["Name"])
        del self._rulesets[region, request["Name"]]
        return {}

    def _start(self, region: str, request: dict[str, Any], role: str | None) -> dict[str, Any]:
        token = request.get("ClientToken")
        for (where, _), known in self._runs.items():
            if token and where == region and known.request.get("ClientToken") == token:
                return {"RunId": known.id}
        rulesets = {name: self._ruleset(region, name)["Ruleset"] for name in request["RulesetNames"]}
        sources = {PRIMARY: request["DataSource"], **request.get("AdditionalDataSources", {})}
        tables = {alias: source["GlueTable"] for alias, source in sources.items()}
        for table in tables.values():
            self._need_table(region, table, role)
        run = Run(request=request)
        self._runs[region, run.id] = run
        self.runtime.background(lambda: self._perform(region, run, rulesets, tables), name=f"data quality run {run.id}")
        return {"RunId": run.id}

    def _describe(self, region: str, request: dict[str, Any]) -> dict[str, Any]:
        run = self._runs.get((region, request["RunId"]))
        if run is None:
            raise EntityNotFoundException(f"Data quality run {request['RunId']} not found.")
        return run.describe()

    def _result(self, region: str, request: dict[str, Any]) -> dict[str, Any]:
        result = self._results.get((region, request["ResultId"]))
        if result is None:
            raise EntityNotFoundException(f"Data quality result {request['ResultId']} not found.")
        return result

    def _batch(self, region: str, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request["ResultIds"]
        found = [self._results[region, number] for number in wanted if (region, number) in self._results]
        missing = [number for number in wanted if (region, number) not in self._results]
        return {"Results": found, "ResultsNotFound": missing}

    def _perform(self, region: str, run: Run, rulesets: dict[str, str], tables: dict[str, dict[str, str]]) -> None:
        run.status = "RUNNING"
        try:
            parsed = {name: parse(text) for name, text in rulesets.items()}
            for rules in parsed.values():
                check(rules)
            role = run.request["Role"]
            session = Session(self.runtime, region, role=role, integer_division=False)
            catalog = Catalog(self.runtime, region, role=role)
            try:
                # As a Spark session does that has the catalog as its metastore.
                catalog.find_default_database()
                catalog.has_database("global_temp")
                evaluation = Evaluation(session, catalog)
                for alias, table in tables.items():
                    evaluation.load(alias, table["DatabaseName"], table["TableName"])
                for name, rules in parsed.items():
                    self._keep(region, run, name, evaluation, rules)
            finally:
                session.close()
            run.status = "SUCCEEDED"
        except LocalCloudError as error:
            run.error, run.status = str(error), "FAILED"
        except Exception as error:
            # A run must end whatever happens, or its callers wait forever.
            run.error, run.status = f"INTERNAL_ERROR: {without_values(error)}", "FAILED"
        finally:
            run.ended = datetime.now(UTC)

    def _keep(self, region: str, run: Run, name: str, evaluation: Evaluation, rules: list[AnyRule]) -> None:
        described = [_described(number, rule, evaluation) for number, rule in enumerate(rules, start=1)]
        passed = sum(rule["Result"] == "PASS" for rule in described)
        result = {
            "ResultId": f"dqresult-{uuid.uuid4().hex}",
            "Score": passed / len(described) if described else 1.0,
            "DataSource": run.request["DataSource"],
            "RulesetName": name,
            "RulesetEvaluationRunId": run.id,
            "StartedOn": run.started,
            "CompletedOn": datetime.now(UTC),
            "RuleResults": described,
            "AggregatedMetrics": {
                "TotalRulesProcessed": len(described),
                "TotalRulesPassed": passed,
                "TotalRulesFailed": len(described) - passed,
            },
        }
        self._results[region, result["ResultId"]] = result
        run.results.append(result)

    def _ruleset(self, region: str, name: str) -> dict[str, Any]:
        if (region, name) not in self._rulesets:
            raise EntityNotFoundException(f"Ruleset {name} not found.")
        return self._rulesets[region, name]

    def _need_table(self, region: str, table: dict[str, str], role: str | None = None) -> None:
        glue = self.runtime.client("glue", region, role=role)
        try:
            glue.get_table(DatabaseName=table["DatabaseName"], Name=table["TableName"])
        except ClientError as error:
            raise EntityNotFoundException(error.response["Error"]["Message"]) from None


def _handler(action: Callable[[str, dict[str, Any]], dict[str, Any]]) -> Callable[[Any], ActionResult]:
    def handle(self: Any) -> ActionResult:
        return ActionResult(action(self.region, dict(self.parameters)))

    return handle


def _parsed(text: str) -> list[AnyRule]:
    try:
        return parse(text)
    except LocalCloudError as error:
        raise InvalidInputException("CreateDataQualityRuleset", str(error)) from None


def _described(number: int, rule: AnyRule, evaluation: Evaluation) -> dict[str, Any]:
    outcome = evaluation.evaluate(rule)
    return {
        "Name": f"Rule_{number}",
        "Description": rule.text[:2048],
        "EvaluatedRule": rule.text[:2048],
        "Result": "PASS" if outcome.passed else "FAIL",
        **({"EvaluationMessage": outcome.failure[:2048]} if outcome.failure else {}),
        "EvaluatedMetrics": outcome.metrics,
        "Labels": rule.labels,
    }
