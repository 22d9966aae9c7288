"""The API of Managed Service for Apache Flink over a Flink that really runs.

Above 200 lines: one class with the operations of one service, most of them a few lines.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from moto.utilities.utils import get_partition

from local_cloud.engines.engine import Engine
from local_cloud.engines.flink import configuration
from local_cloud.engines.flink.applications import Application
from local_cloud.engines.flink.cluster import LIBRARIES
from local_cloud.engines.flink.errors import JobError
from local_cloud.engines.flink.job import RUN_OPTIONS
from local_cloud.engines.flink.operations import START, STOP
from local_cloud.engines.flink.runs import Runs, read_code
from local_cloud.errors import LocalCloudError
from local_cloud.server.runtime import Runtime
from local_cloud.server.services import Service, ServiceCall, ServiceError

_RUNTIME = "FLINK-2_2"
_ACTIVE = ("STARTING", "RUNNING", "UPDATING", "STOPPING", "FORCE_STOPPING")
_OPERATIONS = frozenset(
    {
        *(f"{verb}Application" for verb in ("Create", "Update", "Delete", "Describe", "Start", "Stop")),
        *(f"{verb}ApplicationSnapshot" for verb in ("Create", "Describe", "Delete")),
        *(f"{verb}ApplicationCloudWatchLoggingOption" for verb in ("Add", "Delete")),
        *("ListApplications", "ListApplicationSnapshots", "TagResource", "UntagResource", "ListTagsForResource"),
        "DescribeApplicationOperation",
    }
)
_MOST_SNAPSHOTS = 1000
_PAGE = 50


class FlinkEngine(Engine):
    """Applications of every Region."""

    # Firehose buffers what applications write.
    drain_order = 1

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._lock = threading.RLock()
        self._applications: dict[str, Application] = {}
        self._runs = Runs(runtime)

    def state(self) -> dict[str, Application]:
        return self._applications

    def restore(self, state: dict[str, Application] | None) -> None:
        self._applications.update(state or {})

    def start(self) -> None:
        """Go on with what ran when the cloud was stopped, from its last checkpoint."""
        for application in self._applications.values():
            if application.status in _ACTIVE:
                application.status = "STARTING"
                self._runs.begin(application, resumes=True)

    def drain(self) -> None:
        """Let every job take what is in its streams, and write what it has of it."""
        self._runs.drain()

    def services(self) -> Iterable[Service]:
        return (Service(name="kinesisanalyticsv2", handle=self._handle, operations=_OPERATIONS),)

    def process_of(self, name: str) -> int | None:
        """Return the process id of the JVM in which an application runs."""
        application = next(one for one in self._applications.values() if one.name == name)
        return self._runs.of(application).pid

    def _handle(self, call: ServiceCall) -> dict[str, Any]:
        served: dict[str, Callable[[ServiceCall], dict[str, Any]]] = {
            "CreateApplication": self._create,
            "UpdateApplication": self._update,
            "DeleteApplication": self._delete,
            "DescribeApplication": lambda call: {"ApplicationDetail": self._found(call).described()},
            "ListApplications": self._list,
            "StartApplication": self._start,
            "StopApplication": self._stop,
            "DescribeApplicationOperation": self._operation,
            "AddApplicationCloudWatchLoggingOption": self._log_to,
            "DeleteApplicationCloudWatchLoggingOption": self._log_no_more,
            "CreateApplicationSnapshot": self._snapshot,
            "ListApplicationSnapshots": self._snapshots,
            "DescribeApplicationSnapshot": lambda call: {
                "SnapshotDetails": self._found(call).snapshot(call.request["SnapshotName"]).described()
            },
            "DeleteApplicationSnapshot": self._forget_snapshot,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._tags,
        }
        if call.operation == "CreateApplicationSnapshot":
            # It waits for the job, which others may describe in the meantime.
            return self._snapshot(call)
        with self._lock:
            return served[call.operation](call)

    def _create(self, call: ServiceCall) -> dict[str, Any]:
        request = call.request
        name, region = request["ApplicationName"], call.region
        if self._key(region, name) in self._applications:
            raise ServiceError("ResourceInUseException", f"Application already exists: {name}")
        settings = request.get("ApplicationConfiguration") or {}
        _check(request["RuntimeEnvironment"], request.get("ApplicationMode", "STREAMING"), settings)
        content = self._code(request["ServiceExecutionRole"], region, settings)
        arn = f"arn:{get_partition(region)}:kinesisanalytics:{region}:{self.runtime.account}:application/{name}"
        application = Application(
            name=name,
            region=region,
            arn=arn,
            runtime=request["RuntimeEnvironment"],
            role=request["ServiceExecutionRole"],
            description=request.get("ApplicationDescription", ""),
            configuration=settings,
            tags=_by_key(request.get("Tags")),
            code_size=len(content),
            code_hash=_hash(content),
        )
        for option in request.get("CloudWatchLoggingOptions") or ():
            application.log_to(option["LogStreamARN"])
        self._applications[self._key(region, name)] = application
        return {"ApplicationDetail": application.described()}

    def _update(self, call: ServiceCall) -> dict[str, Any]:
        application, request = self._found(call), call.request
        application.check_version(request)
        if application.status not in ("READY", "RUNNING"):
            raise _in_use(application)
        changed = configuration.updated(application.configuration, request.get("ApplicationConfigurationUpdate") or {})
        runtime = request.get("RuntimeEnvironmentUpdate", application.runtime)
        role = request.get("ServiceExecutionRoleUpdate", application.role)
        _check(runtime, "STREAMING", changed)
        content = self._code(role, application.region, changed)
        logging = {
            one["CloudWatchLoggingOptionId"]: one["LogStreamARNUpdate"]
            for one in request.get("CloudWatchLoggingOptionUpdates") or ()
            if "LogStreamARNUpdate" in one
        }
        if unknown := logging.keys() - application.logging.keys():
            raise ServiceError("InvalidArgumentException", f"there is no logging option {min(unknown)}")
        run = request.get("RunConfigurationUpdate") or {}
        if name := (run.get("ApplicationRestoreConfiguration") or {}).get("SnapshotName"):
            application.snapshot(name)

        def change() -> None:
            application.runtime, application.role, application.configuration = runtime, role, changed
            application.code_size, application.code_hash = len(content), _hash(content)
            application.logging.update(logging)
            application.changed()

        if application.status == "READY":
            change()
        else:
            _check_start(changed)
            application.status = "UPDATING"

            def change_and_choose() -> None:
                change()
                application.choose(run)

            self._runs.of(application).restart(change_and_choose)
        return {"ApplicationDetail": application.described()}

    def _delete(self, call: ServiceCall) -> dict[str, Any]:
        application = self._found(call)
        if abs(float(call.request["CreateTimestamp"]) - application.created) >= 1:
            raise ServiceError("InvalidArgumentException", "CreateTimestamp is not that of the application")
        if application.status not in ("READY", "RUNNING"):
            raise _in_use(application)
        self._runs.forget(application)
        del self._applications[self._key(application.region, application.name)]
        return {}

    def _list(self, call: ServiceCall) -> dict[str, Any]:
        names = sorted(one.name for one in self._applications.values() if one.region == call.region)
        rest = [name for name in names if name > call.request.get("NextToken", "")]
        page = rest[: call.request.get("Limit", _PAGE)]
        found = [self._applications[self._key(call.region, name)].summary() for name in page]
        return {"ApplicationSummaries": found, **({"NextToken": page[-1]} if len(page) < len(rest) else {})}

    def _start(self, call: ServiceCall) -> dict[str, Any]:
        application = self._found(call)
        if application.status != "READY":
            raise _in_use(application)
        _check_start(application.configuration)
        application.choose(call.request.get("RunConfiguration") or {})
        operation = application.begin(START, "STARTING")
        self._runs.begin(application)
        return {"OperationId": operation}

    def _stop(self, call: ServiceCall) -> dict[str, Any]:
        application, force = self._found(call), bool(call.request.get("Force"))
        if application.status not in (("STARTING", "RUNNING", "UPDATING", "STOPPING") if force else ("RUNNING",)):
            raise _in_use(application)
        operation = application.begin(STOP, "FORCE_STOPPING" if force else "STOPPING")
        self._runs.of(application).stop(force=force)
        return {"OperationId": operation}

    def _operation(self, call: ServiceCall) -> dict[str, Any]:
        wanted = call.request["OperationId"]
        for operation in self._found(call).operations:
            if operation.id == wanted:
                return {"ApplicationOperationInfoDetails": operation.described()}
        raise ServiceError("ResourceNotFoundException", f"Operation not found: {wanted}")

    def _log_to(self, call: ServiceCall) -> dict[str, Any]:
        application = self._changing(call)
        if application.logging:
            raise ServiceError("InvalidArgumentException", "an application has at most one CloudWatch logging option")
        application.log_to(call.request["CloudWatchLoggingOption"]["LogStreamARN"])
        return self._logged(application)

    def _log_no_more(self, call: ServiceCall) -> dict[str, Any]:
        application = self._changing(call)
        number = call.request["CloudWatchLoggingOptionId"]
        if number not in application.logging:
            raise ServiceError("ResourceNotFoundException", f"there is no logging option {number}")
        del application.logging[number]
        return self._logged(application)

    def _logged(self, application: Application) -> dict[str, Any]:
        application.changed()
        return {
            "ApplicationARN": application.arn,
            "ApplicationVersionId": application.version,
            "CloudWatchLoggingOptionDescriptions": application.logging_options(),
        }

    def _changing(self, call: ServiceCall) -> Application:
        application = self._found(call)
        application.check_version(call.request)
        if application.status not in ("READY", "RUNNING"):
            raise _in_use(application)
        return application

    def _snapshot(self, call: ServiceCall) -> dict[str, Any]:
        name = call.request["SnapshotName"]
        with self._lock:
            application = self._found(call)
            if any(one.name == name for one in application.snapshots):
                raise ServiceError("ResourceInUseException", f"Snapshot already exists: {name}")
            if len(application.snapshots) >= _MOST_SNAPSHOTS:
                raise ServiceError("LimitExceededException", f"an application has at most {_MOST_SNAPSHOTS} snapshots")
            if application.status != "RUNNING":
                raise ServiceError("InvalidRequestException", f"Application {application.name} is {application.status}")
            if not configuration.takes_snapshots(application.configuration):
                raise ServiceError("InvalidApplicationConfigurationException", "snapshots are not enabled")
            run = self._runs.of(application)
        try:
            run.snapshot(name)
        except JobError as error:
            raise ServiceError("InvalidRequestException", f"the snapshot failed: {error}") from error
        return {}

    def _snapshots(self, call: ServiceCall) -> dict[str, Any]:
        found = list(reversed(self._found(call).snapshots))
        first = int(call.request.get("NextToken", 0))
        page = found[first : first + call.request.get("Limit", _PAGE)]
        answer: dict[str, Any] = {"SnapshotSummaries": [one.described() for one in page]}
        return {**answer, "NextToken": str(first + len(page))} if first + len(page) < len(found) else answer

    def _forget_snapshot(self, call: ServiceCall) -> dict[str, Any]:
        application = self._found(call)
        found = application.snapshot(call.request["SnapshotName"])
        if abs(float(call.request["SnapshotCreationTimestamp"]) - found.created) >= 1:
            raise ServiceError("InvalidArgumentException", "SnapshotCreationTimestamp is not that of the snapshot")
        application.snapshots.remove(found)
        return {}

    def _tag(self, call: ServiceCall) -> dict[str, Any]:
        self._tagged(call).tags |= _by_key(call.request["Tags"])
        return {}

    def _untag(self, call: ServiceCall) -> dict[str, Any]:
        for key in call.request["TagKeys"]:
            self._tagged(call).tags.pop(key, None)
        return {}

    def _tags(self, call: ServiceCall) -> dict[str, Any]:
        return {"Tags": [{"Key": key, "Value": value} for key, value in self._tagged(call).tags.items()]}

    def _tagged(self, call: ServiceCall) -> Application:
        for application in self._applications.values():
            if application.arn == call.request["ResourceARN"]:
                return application
        raise ServiceError("ResourceNotFoundException", f"{call.request['ResourceARN']} does not exist")

    def _found(self, call: ServiceCall) -> Application:
        name = call.request["ApplicationName"]
        found = self._applications.get(self._key(call.region, name))
        if found is None:
            raise ServiceError("ResourceNotFoundException", f"Application {name} does not exist")
        return found

    def _code(self, role: str, region: str, settings: Mapping[str, Any]) -> bytes:
        """Return the code, which must be there under the role.

        https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_CreateApplication.html
        """
        place = configuration.code(settings)
        try:
            return read_code(self.runtime, role, region, place)
        except ClientError:
            bucket = str(place["BucketARN"]).rpartition(":")[2]
            raise ServiceError(
                "InvalidArgumentException",
                "Please check the role provided or validity of S3 location you provided. We are unable to get the "
                f"specified fileKey: {place['FileKey']} in the specified bucket: {bucket}",
            ) from None

    @staticmethod
    def _key(region: str, name: str) -> str:
        return f"{region}/{name}"


def _check(runtime: str, mode: str, settings: Mapping[str, Any]) -> None:
    """Refuse an application that nothing here could run."""
    if runtime != _RUNTIME:
        raise ServiceError("UnsupportedOperationException", f"the local cloud runs {_RUNTIME}, and not {runtime}")
    if mode != "STREAMING":
        raise ServiceError("UnsupportedOperationException", f"the local cloud has no applications of mode {mode}")
    if names := configuration.unserved(settings):
        raise ServiceError("UnsupportedOperationException", f"the local cloud does not follow {', '.join(names)}")
    if configuration.code_type(settings) != "ZIPFILE" or not configuration.code(settings):
        raise ServiceError("InvalidArgumentException", "code for Flink is a ZIPFILE at an S3ContentLocation")
    if not configuration.flink(settings)["CheckpointConfiguration"]["CheckpointingEnabled"]:
        raise ServiceError(
            "UnsupportedOperationException",
            "the local cloud runs applications with checkpoints alone, since its sinks write with them",
        )


def _check_start(settings: Mapping[str, Any]) -> None:
    """Refuse a start of code that is no main.py, or without Flink."""
    groups = {group["PropertyGroupId"]: group["PropertyMap"] for group in configuration.properties(settings)}
    if "python" not in groups.get(RUN_OPTIONS, {}):
        raise ServiceError(
            "InvalidApplicationConfigurationException",
            f"the local cloud runs Flink SQL in Python: the property group {RUN_OPTIONS} must have python, and no jar "
            "of the user's own is run",
        )
    try:
        LIBRARIES.require("an application of Managed Service for Apache Flink")
    except LocalCloudError as error:
        raise ServiceError("InvalidApplicationConfigurationException", str(error)) from None


def _in_use(application: Application) -> ServiceError:
    return ServiceError(
        "ResourceInUseException",
        f"Application {application.name} is {application.status}, and not available for this operation",
    )


def _hash(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _by_key(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags or ()}
