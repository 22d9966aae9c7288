"""States of an export: its statements, the snapshot, the rows, the files and the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import Duration

from lake_blueprints.analytics.athena.statement import read_value, run_statement
from lake_blueprints.analytics.athena.unload import PinnedQuery
from lake_blueprints.analytics.athena.workgroup import Workgroup
from lake_blueprints.orchestration.asl import ONE_CALL, Fragment, State, retry, task
from lake_blueprints.storage.s3 import Zone

# S3 declares no error for being throttled.
_S3 = ("S3.S3Exception", "S3.SdkClientException")
_MANIFEST, _FILES, _LATEST = "_manifest.json", "_files.csv", "_latest.json"


@dataclass(frozen=True, kw_only=True)
class ExportStates:
    """States of one export.

    Parameters
    ----------
    name: str
        Name of the step, with which the names of all states begin.
    path: str
        Path in the state machine's data of what is known of the export.
    workgroup, database, zone, prefix, timeout, restricted:
        As in `Export`.
    """

    name: str
    path: str
    workgroup: Workgroup
    database: str
    zone: Zone
    prefix: str
    timeout: Duration
    restricted: bool

    def begin(self, query: PinnedQuery, options: str) -> Fragment:
        """Return the state that writes down the statements, between whose parts the snapshot stands, and the folder.

        As data the parts need no escapes, which they would in an intrinsic function.
        """
        # A digest, since the name of an execution may have characters that end a literal of SQL.
        folder = f"States.Hash(States.Format('{{}} {self.name}', $$.Execution.Id), 'MD5')"
        texts = {
            "folder.$": f"States.Format('{self.prefix}{{}}/', {folder})",
            "location.$": f"States.Format('{self.zone.uri(self.prefix)}{{}}/', {folder})",
            "count": {"before": f"SELECT count(*) FROM ({query.before}", "after": f"{query.after})"},
            "unload": {
                "before": f"UNLOAD ({query.before}",
                "after": f"{query.after}) TO '",
                "options": f"' WITH ({options})",
            },
        }
        state = {"Type": "Pass", "Parameters": texts, "ResultPath": self.path}
        return Fragment(start=self.name, end=self.name, states={self.name: state})

    def pin(self, sql: str) -> Fragment:
        """Return the states that know the snapshot: that of the input, or the one that a query returns."""
        given, wrong, takes, asks, reads, exists, empty, pinned = self._names(
            "given", "wrong", "input", "snapshot", "snapshot id", "exists", "empty", "pinned"
        )
        named = f"$lookup($states.input.snapshots, '{self.name}')"
        valid = f"$type({named}) = 'string' and $contains({named}, /^[0-9]{{1,19}}$/)"
        query = {"QueryString": sql}
        states: dict[str, State] = {
            given: {
                "Type": "Choice",
                "QueryLanguage": "JSONata",
                "Choices": [
                    {"Condition": f"{{% $exists({named}) and $not({valid}) %}}", "Next": wrong},
                    {"Condition": f"{{% $exists({named}) %}}", "Next": takes},
                ],
                "Default": asks,
            },
            # It becomes a part of statements; a number would lose digits.
            wrong: self._fail(f"the snapshot of '{self.name}' in the input must be the digits of its id, as text"),
            takes: {
                "Type": "Pass",
                "Parameters": {"text.$": f"$.snapshots['{self.name}']"},
                "ResultPath": f"{self.path}.snapshot",
                "Next": pinned,
            },
            **self._run(asks, query, reads),
            **read_value(reads, f"{self.path}.query.id", result_path=f"{self.path}.snapshot", then=exists),
            exists: {
                "Type": "Choice",
                "Choices": [{"Variable": f"{self.path}.snapshot.text", "StringEquals": "none", "Next": empty}],
                "Default": pinned,
            },
            empty: self._fail("the table has no snapshot, since nothing has been written to it"),
            pinned: {"Type": "Pass"},
        }
        return Fragment(start=given, end=pinned, states=states)

    def count(self) -> Fragment:
        """Return the states that count the rows: UNLOAD does not say how many it has written."""
        counts, reads, counted = self._names("count", "count result", "counted")
        query = self._statement("count.before", "snapshot.text", "count.after")
        states: dict[str, State] = {
            **self._run(counts, query, reads),
            **read_value(reads, f"{self.path}.query.id", result_path=f"{self.path}.rows", then=counted),
            counted: {"Type": "Pass"},
        }
        return Fragment(start=counts, end=counted, states=states)

    def unload(self) -> Fragment:
        """Return the states that write the rows, and keep the list of their files, which expires with the results."""
        unloads, lists, copies, written = self._names("unload", "files", "copy", "written")
        query = self._statement("unload.before", "snapshot.text", "unload.after", "location", "unload.options")
        listed = f"{self.path}.query.statistics.DataManifestLocation"
        # `s3://bucket/results/id-manifest.csv`
        parts = [f"States.ArrayGetItem(States.StringSplit({listed}, '/'), {at})" for at in (1, 2, 3)]
        copy = {
            "Bucket": self.zone.bucket.bucket_name,
            "Key.$": f"States.Format('{{}}{_FILES}', {self.path}.folder)",
            "CopySource.$": f"States.Format('{{}}/{{}}/{{}}', {', '.join(parts)})",
        }
        states: dict[str, State] = {
            **self._run(unloads, query, lists),
            lists: {
                "Type": "Choice",
                "Choices": [{"Variable": listed, "IsPresent": True, "Next": copies}],
                "Default": written,
            },
            **self._call(copies, "copyObject", copy, written),
            written: {"Type": "Pass"},
        }
        return Fragment(start=unloads, end=written, states=states)

    def account(self, known: Mapping[str, Any]) -> Fragment:
        """Return the states that write the account of the export, beside its files and as that of the newest one."""
        accounts, manifest, latest, exported = self._names("account", "manifest", "latest", "exported")
        document = {
            **known,
            "snapshot.$": f"{self.path}.snapshot.text",
            "rows.$": f"States.StringToJson({self.path}.rows.text)",
            "location.$": f"{self.path}.location",
            "files.$": f"States.Format('{{}}{_FILES}', {self.path}.location)",
            "folder.$": f"{self.path}.folder",
            "execution.$": "$$.Execution.Id",
            "exported_at.$": "$$.State.EnteredTime",
        }
        bucket, body = {"Bucket": self.zone.bucket.bucket_name}, {"Body.$": self.path}
        key = f"States.Format('{{}}{_MANIFEST}', {self.path}.folder)"
        states: dict[str, State] = {
            accounts: {"Type": "Pass", "Parameters": document, "ResultPath": self.path, "Next": manifest},
            **self._call(manifest, "putObject", {**bucket, "Key.$": key, **body}, latest),
            **self._call(latest, "putObject", {**bucket, "Key": f"{self.prefix}{_LATEST}", **body}, exported),
            exported: {"Type": "Pass"},
        }
        return Fragment(start=accounts, end=exported, states=states)

    def _names(self, *states: str) -> Sequence[str]:
        return [f"{self.name} {state}" for state in states]

    def _statement(self, *parts: str) -> dict[str, str]:
        paths = ", ".join(f"{self.path}.{part}" for part in parts)
        return {"QueryString.$": f"States.Format('{'{}' * len(parts)}', {paths})"}

    def _run(self, name: str, query: Mapping[str, str], then: str) -> dict[str, State]:
        states = run_statement(
            name,
            query,
            workgroup=self.workgroup,
            database=self.database,
            timeout=self.timeout,
            restricted=self.restricted,
            result={"id.$": "$.QueryExecution.QueryExecutionId", "statistics.$": "$.QueryExecution.Statistics"},
            result_path=f"{self.path}.query",
        )
        return states | {name: states[name] | {"Next": then}}

    def _call(self, name: str, action: str, parameters: Mapping[str, Any], then: str) -> dict[str, State]:
        return task(name, f"aws-sdk:s3:{action}", parameters, timeout=ONE_CALL, retries=[retry(_S3)], then=then)

    def _fail(self, cause: str) -> State:
        return {"Type": "Fail", "Error": self.name, "Cause": cause}
