"""Lambda: handlers run unchanged, each invocation in a process of its own.

A handler sees its deployed code and layers, its environment variables and timeout, and finds every AWS API at
the local cloud. It runs under this interpreter (or Node) whatever version its runtime names, without memory
limit, and never warm.

Above 200 lines: one class with the operations of one service, most of them a few lines.
"""

from __future__ import annotations

import base64
import io
import json
import sys
import tempfile
import threading
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends

from local_cloud.engines.engine import Engine
from local_cloud.engines.lambda_functions.mappings import Mappings, check_mapping
from local_cloud.engines.lambda_functions.queues import patch_queues
from local_cloud.errors import LocalCloudError
from local_cloud.server.node import find_node
from local_cloud.server.patching import Patches
from local_cloud.server.processes import ProcessGroup, Stopped, TimedOut
from local_cloud.server.runtime import Runtime

_RUNTIMES = Path(__file__).parent / "runtime"
_INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "SSL_CERT_FILE", "SYSTEMROOT", "TMPDIR")
_LOG_TAIL_BYTES = 4096

_create_function = LambdaBackend.create_function
_update_configuration = LambdaFunction.update_configuration
_get_configuration = LambdaFunction.get_configuration
_create_mapping = LambdaBackend.create_event_source_mapping
_update_mapping = LambdaBackend.update_event_source_mapping


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """End of an invocation: `payload` is JSON, the handler's answer or its error."""

    payload: str
    failed: bool
    log: str


class LambdaError(LocalCloudError):
    """The handler failed.

    Attributes
    ----------
    payload: dict[str, Any]
        What Lambda answers: errorType, errorMessage, stackTrace.
    """

    def __init__(self, function: str, payload: dict[str, Any]) -> None:
        self.payload = payload
        super().__init__(f"the function {function} failed: {payload.get('errorType')}: {payload.get('errorMessage')}")


class LambdaEngine(Engine):
    """Runs Lambda functions."""

    drain_order = 2

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._folder = runtime.workdir / "lambda"
        self._unpacking = threading.Lock()
        self._mappings = Mappings(runtime, self.invoke)

    def state(self) -> Any:
        return self._mappings.progress

    def restore(self, state: Any) -> None:
        self._mappings.progress.update(state or {})

    def start(self) -> None:
        self._mappings.start()

    def drain(self) -> None:
        self._mappings.drain()

    def patches(self) -> Patches:
        patches = Patches()
        patch_queues(patches)

        @patches.replace("moto.awslambda.models", "LambdaFunction.invoke")
        def invoke(self: LambdaFunction, body: str, request_headers: Any, response_headers: Any) -> str | bytes:
            event = json.loads(body) if body else {}
            if request_headers.get("x-amz-invocation-type", "RequestResponse") == "Event":

                def later() -> None:
                    engine.run(self, event)

                engine.runtime.background(later, name=f"function {self.function_name}")
                return b""
            done = engine.run(self, event)
            if done.failed:
                response_headers["x-amz-function-error"] = "Unhandled"
            tail = done.log.encode()[-_LOG_TAIL_BYTES:]
            response_headers["x-amz-log-result"] = base64.b64encode(tail).decode()
            return done.payload.encode()

        @patches.replace("moto.awslambda.models", "LambdaBackend.create_function")
        def create_function(self: Any, spec: dict[str, Any]) -> LambdaFunction:
            function = _create_function(self, spec)
            _log_to(function, spec)
            return function

        @patches.replace("moto.awslambda.models", "LambdaFunction.update_configuration")
        def update_configuration(self: LambdaFunction, config_updates: dict[str, Any]) -> Any:
            _log_to(self, config_updates)
            return _update_configuration(self, config_updates)

        @patches.replace("moto.awslambda.models", "LambdaFunction.get_configuration")
        def get_configuration(self: LambdaFunction, on_create: bool = False) -> dict[str, Any]:
            logging = {"LogFormat": "Text", "LogGroup": self.logs_group_name}
            return {**_get_configuration(self, on_create), "LoggingConfig": logging}

        @patches.replace("moto.awslambda.models", "LambdaBackend.create_event_source_mapping")
        def create_event_source_mapping(self: Any, spec: dict[str, Any]) -> Any:
            check_mapping(spec, spec, function=self.get_function(spec["FunctionName"]))
            mapping = _create_mapping(self, spec)
            engine._mappings.follow(mapping)
            return mapping

        @patches.replace("moto.awslambda.models", "LambdaBackend.update_event_source_mapping")
        def update_event_source_mapping(self: Any, uuid: str, spec: dict[str, Any]) -> Any:
            mapping = self.get_event_source_mapping(uuid)
            if mapping:
                check_mapping(spec, mapping.get_configuration())
            return _update_mapping(self, uuid, spec)

        engine = self
        return patches

    def invoke(self, function: str, event: Any, region: str) -> Any:
        """Invoke a function by name or ARN, with or without qualifier, and return what its handler returned.

        Raises
        ------
        LambdaError
            If the handler fails.
        """
        name, qualifier = _name_and_qualifier(function)
        found = lambda_backends[self.runtime.account][region].get_function(name, qualifier)
        done = self.run(found, event)
        payload = json.loads(done.payload)
        if done.failed:
            raise LambdaError(name, payload)
        return payload

    def run(self, function: LambdaFunction, event: Any) -> Invocation:
        """Run one invocation to its end."""
        request_id = str(uuid.uuid4())
        with tempfile.TemporaryDirectory(prefix="lambda-") as scratch:
            folder = Path(scratch)
            result = self._run_process(function, event, request_id, folder)
            output = (folder / "output").read_text(encoding="utf-8", errors="replace")
        log = f"START RequestId: {request_id} Version: {function.version}\n{output}END RequestId: {request_id}\n"
        function.logs_backend.ensure_log_group(function.logs_group_name)
        function.save_logs(log)
        if "error" in result:
            return Invocation(payload=json.dumps(result["error"]), failed=True, log=log)
        return Invocation(payload=result["payload"], failed=False, log=log)

    def _run_process(self, function: LambdaFunction, event: Any, request_id: str, folder: Path) -> dict[str, Any]:
        code = self._unpack(function.code_bytes, function.code_sha_256)
        layers = [self._unpack_layer(function, layer["Arn"]) for layer in function.layers]
        given, output, result = folder / "event.json", folder / "output", folder / "result.json"
        given.write_text(json.dumps(event), encoding="utf-8")
        group = ProcessGroup(
            [*_command(function.run_time), str(result)],
            folder=code,
            environment=self._environment(function, code, layers, request_id),
            input=given,
            output=output,
            errors=output,
        )
        try:
            exit_code = group.wait(timeout=int(function.timeout), stopping=[self.runtime.stopping])
        except TimedOut:
            message = f"RequestId: {request_id} Error: Task timed out after {function.timeout:.2f} seconds"
            return _failure("Sandbox.Timedout", message)
        except Stopped:
            return _failure("Sandbox.Failure", f"RequestId: {request_id} Error: the local cloud was stopped")
        finally:
            group.kill()
        return _read_result(result, request_id, exit_code)

    def _environment(self, function: LambdaFunction, code: Path, layers: list[Path], request_id: str) -> dict[str, str]:
        cloud = self.runtime.environment(function.region, role=function.role)
        return {
            **{name: value for name, value in cloud.items() if name in _INHERITED or name.startswith("AWS_")},
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
            "AWS_LAMBDA_LOG_STREAM_NAME": request_id,
            "LAMBDA_TASK_ROOT": str(code),
            "_HANDLER": function.handler,
            "PYTHONPATH": ":".join(str(layer / "python") for layer in layers),
            "PYTHONUNBUFFERED": "1",
            "NODE_PATH": ":".join(str(layer / "nodejs" / "node_modules") for layer in layers),
            "TZ": "UTC",
            "LOCAL_FUNCTION_ARN": function.function_arn,
            "LOCAL_REQUEST_ID": request_id,
            "LOCAL_TIMEOUT_SECONDS": str(function.timeout),
            **{name: str(value) for name, value in (function.environment_vars or {}).items()},
        }

    def _unpack_layer(self, function: LambdaFunction, arn: str) -> Path:
        layer = lambda_backends[function.account_id][function.region].layers_versions_by_arn(arn)
        return self._unpack(layer.code_bytes, layer.code_sha_256)

    def _unpack(self, archive: bytes, checksum: str) -> Path:
        folder = self._folder / base64.b64decode(checksum).hex()[:16]
        with self._unpacking:
            if not folder.exists():
                zipfile.ZipFile(io.BytesIO(archive)).extractall(folder)
        return folder


def _command(runtime: str) -> list[str]:
    if runtime.startswith("python"):
        return [sys.executable, str(_RUNTIMES / "python_runtime.py")]
    if runtime.startswith("nodejs"):
        return [str(find_node()), str(_RUNTIMES / "node_runtime.mjs")]
    raise LocalCloudError(f"the local cloud runs Python and Node.js functions, not {runtime}")


def _read_result(file: Path, request_id: str, code: int) -> dict[str, Any]:
    if not file.exists():
        message = f"RequestId: {request_id} Error: Runtime exited with error: exit status {code}"
        return _failure("Runtime.ExitError", message)
    result: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return result


def _failure(error_type: str, message: str) -> dict[str, Any]:
    return {"error": {"errorType": error_type, "errorMessage": message}}


def _log_to(function: LambdaFunction, given: Mapping[str, Any]) -> None:
    """Let a function write to the log group that it is given, of which moto knows nothing."""
    if group := (given.get("LoggingConfig") or {}).get("LogGroup"):
        function.logs_group_name = group


def _name_and_qualifier(function: str) -> tuple[str, str | None]:
    parts = function.split(":")
    if len(parts) >= 7:
        return parts[6], parts[7] if len(parts) > 7 else None
    return parts[0], parts[1] if len(parts) > 1 else None
