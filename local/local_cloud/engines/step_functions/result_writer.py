"""ResultWriter: the results of a distributed Map state, as its output or in files in S3.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_cloud.engines.step_functions.errors import RESULT_WRITER_FAILED, StateError
from local_cloud.engines.step_functions.flow import Flow
from local_cloud.engines.step_functions.json_text import compact
from local_cloud.engines.step_functions.map_runs import Child, MapRun
from local_cloud.engines.step_functions.scope import Scope

# The files of the results by the status of the child executions.
_FILES = {"SUCCEEDED": ("SUCCEEDED",), "FAILED": ("FAILED", "TIMED_OUT", "ABORTED"), "PENDING": ("PENDING", "RUNNING")}


def outputs_of(writer: dict[str, Any], map_run: MapRun) -> list[Any]:
    """Return the outputs of the child executions that succeeded, in order."""
    config = writer.get("WriterConfig", {})
    succeeded = [child for child in map_run.children if child.status == "SUCCEEDED"]
    return _transformed(succeeded, config.get("Transformation", "COMPACT"))


def write_results(writer: dict[str, Any], flow: Flow, scope: Scope, map_run: MapRun) -> dict[str, Any]:
    """Write the results and their manifest; return where that is.

    Raises
    ------
    StateError
        `States.ResultWriterFailed` if S3 refuses.
    """
    where = flow.arguments(writer)
    config = writer.get("WriterConfig", {})
    bucket, prefix = where["Bucket"], where.get("Prefix", "").strip("/")
    folder = f"{prefix}/{map_run.id}" if prefix else map_run.id
    s3 = scope.machine.client("s3")
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    try:
        for name, statuses in _FILES.items():
            children = [child for child in map_run.children if child.status in statuses]
            if not children:
                continue
            key, body = _file(f"{folder}/{name}_0", children, config, whole=name != "SUCCEEDED")
            s3.put_object(Bucket=bucket, Key=key, Body=body)
            files[name].append({"Key": key, "Size": len(body)})
        manifest = {"DestinationBucket": bucket, "MapRunArn": map_run.arn, "ResultFiles": files}
        s3.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=compact(manifest).encode())
    except (ClientError, BotoCoreError) as error:
        message = error.response["Error"]["Message"] if isinstance(error, ClientError) else str(error)
        raise StateError(RESULT_WRITER_FAILED, message) from None
    map_run.written = True
    details = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
    return {"MapRunArn": map_run.arn, "ResultWriterDetails": details}


def _file(stem: str, children: list[Child], config: dict[str, Any], *, whole: bool) -> tuple[str, bytes]:
    records = _transformed(children, "NONE" if whole else config.get("Transformation", "NONE"))
    if config.get("OutputType") == "JSONL":
        return f"{stem}.jsonl", "\n".join(compact(record) for record in records).encode()
    return f"{stem}.json", compact(records).encode()


def _transformed(children: list[Child], transformation: str) -> list[Any]:
    if transformation == "NONE":
        return [child.record for child in children]
    outputs = [child.output for child in children]
    if transformation == "FLATTEN":
        return list(chain.from_iterable(output if isinstance(output, list) else [output] for output in outputs))
    return outputs
