"""Runs one invocation of a Python handler, as the Lambda runtime does: `python_runtime.py RESULT_FILE < EVENT`."""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any


class Context:
    """Context object of an invocation."""

    def __init__(self) -> None:
        environ = os.environ
        self.function_name = environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn = environ["LOCAL_FUNCTION_ARN"]
        self.memory_limit_in_mb = environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.aws_request_id = environ["LOCAL_REQUEST_ID"]
        self.log_group_name = environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + float(environ["LOCAL_TIMEOUT_SECONDS"])

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class RuntimeFailure(Exception):
    """A failure of the runtime, not of the handler; it has no stack trace."""

    def __init__(self, error_type: str, message: str) -> None:
        self.error_type = error_type
        super().__init__(message)


def load(handler: str) -> Callable[[Any, Context], Any]:
    module_name, _, function_name = handler.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise RuntimeFailure("Runtime.ImportModuleError", message) from None
    try:
        found: Callable[[Any, Context], Any] = getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise RuntimeFailure("Runtime.HandlerNotFound", message) from None
    return found


def invoke() -> str:
    returned = load(os.environ["_HANDLER"])(json.load(sys.stdin), Context())
    try:
        return json.dumps(returned)
    except TypeError as error:
        raise RuntimeFailure("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def main(result_file: str) -> None:
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    try:
        result: dict[str, Any] = {"payload": invoke()}
    except RuntimeFailure as error:
        result = {"error": {"errorMessage": str(error), "errorType": error.error_type, "stackTrace": []}}
    except Exception as error:
        traceback.print_exc()
        # The first frames are this file's own.
        stack = traceback.format_tb(error.__traceback__)[2:]
        result = {"error": {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": stack}}
    pathlib.Path(result_file).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
