"""The Firehose engine: delivery streams that really buffer, process, convert and deliver.

Above 200 lines: one class with the operations of one service, most of them a few lines.
"""

from __future__ import annotations

import threading
import traceback
import uuid
import warnings
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.firehose.exceptions import InvalidArgumentException, ResourceNotFoundException, ValidationException
from moto.firehose.models import DeliveryStream, FirehoseBackend, firehose_backends
from moto.firehose.responses import FirehoseResponse

from local_cloud.engines.engine import Buffered, Engine
from local_cloud.engines.firehose import topics
from local_cloud.engines.firehose.endpoints.settings import EndpointDestination
from local_cloud.engines.firehose.iceberg.settings import IcebergDestination
from local_cloud.engines.firehose.indexes import streams
from local_cloud.engines.firehose.indexes.settings import KINDS, IndexDestination
from local_cloud.engines.firehose.pipeline import Pipeline
from local_cloud.engines.firehose.settings import Destination
from local_cloud.engines.firehose.validation import refuse_invalid
from local_cloud.errors import LocalCloudError, without_values
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_POLL_SECONDS = 0.1
_RETRY_SECONDS = 5.0
# https://docs.aws.amazon.com/firehose/latest/APIReference/API_Record.html
_LARGEST_RECORD = 1_024_000
_DESTINATIONS = ("ExtendedS3", "HttpEndpoint", "Iceberg", "S3", "Splunk", *KINDS)

_create_stream = DeliveryStream.__init__
_describe = FirehoseBackend.describe_delivery_stream
_put_record_batch = FirehoseBackend.put_record_batch
_respond_to_create = FirehoseResponse.create_delivery_stream
_respond_to_update = FirehoseResponse.update_destination


class FirehoseEngine(Engine):
    """Delivers the records of every stream to S3, Iceberg tables, OpenSearch, or programs that stand for endpoints."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._pipelines: dict[str, Pipeline] = {}
        self._lock = threading.Lock()
        self._apart: dict[str, threading.Thread] = {}

    def patches(self) -> Patches:
        patches = Patches()
        engine = self

        @patches.replace("moto.firehose.responses", "FirehoseResponse.create_delivery_stream")
        def create_delivery_stream(self: Any) -> ActionResult:
            refuse_invalid(self.params)
            streams.put_in_place(self.params)
            topics.put_in_place(self.params)
            answer: ActionResult = _respond_to_create(self)
            return answer

        @patches.replace("moto.firehose.responses", "FirehoseResponse.update_destination")
        def update_destination(self: Any) -> ActionResult:
            stream = self.firehose_backend.delivery_streams.get(self._get_param("DeliveryStreamName"))
            if stream:
                for kind in ("ExtendedS3", "HttpEndpoint", "Iceberg", "Splunk", *KINDS):
                    if update := self._get_param(f"{kind}DestinationUpdate"):
                        _check_update(stream, kind, update, self.current_account)
                if streams.update(stream, self.params):
                    return EmptyResult()
            answer: ActionResult = _respond_to_update(self)
            return answer

        @patches.replace("moto.firehose.models", "DeliveryStream.__init__")
        def create(
            self: Any,
            *,
            account_id: Any,
            region: Any,
            delivery_stream_name: Any,
            delivery_stream_type: Any,
            encryption: Any,
            kinesis_stream_source_configuration: Any,
            destination_name: Any,
            destination_config: Any,
        ) -> None:
            destination_name = streams.kind_of(destination_name, destination_config)
            topic = topics.source_of(destination_config)
            _create_stream(
                self,
                account_id=account_id,
                region=region,
                delivery_stream_name=delivery_stream_name,
                delivery_stream_type=delivery_stream_type,
                encryption=encryption,
                kinesis_stream_source_configuration=topic or kinesis_stream_source_configuration,
                destination_name=destination_name,
                destination_config=destination_config,
            )
            engine._open(self, account_id, region, destination_name)

        @patches.replace("moto.firehose.models", "FirehoseBackend.describe_delivery_stream")
        def describe_delivery_stream(self: Any, delivery_stream_name: str) -> dict[str, Any]:
            answer: dict[str, Any] = _describe(self, delivery_stream_name)
            described = answer["DeliveryStreamDescription"]
            source = described.get("Source", {}).get("KinesisStreamSourceDescription")
            if topics.is_topic(source):
                described["Source"] = {"MSKSourceDescription": source}
            return answer

        @patches.replace("moto.firehose.models", "FirehoseBackend.put_record_batch")
        def put_record_batch(self: Any, delivery_stream_name: str, records: list[dict[str, Any]]) -> dict[str, Any]:
            stream = self.delivery_streams.get(delivery_stream_name)
            if stream is None:
                message = f"Firehose {delivery_stream_name} under account {self.account_id} not found."
                raise ResourceNotFoundException(message)
            pipeline = engine._pipelines.get(stream.delivery_stream_arn)
            if pipeline is None:
                answer: dict[str, Any] = _put_record_batch(self, delivery_stream_name, records)
                return answer
            if stream.source:
                kind = stream.delivery_stream_type
                raise InvalidArgumentException(f"This operation is not permitted on {kind} streams.")
            return engine._put(pipeline, [record["Data"] for record in records])

        @patches.replace("moto.firehose.models", "FirehoseBackend.put_s3_records")
        def put_s3_records(
            self: Any, delivery_stream_name: str, version_id: str, s3_destination: Any, records: list[dict[str, Any]]
        ) -> list[dict[str, str]]:
            # Where subscriptions of CloudWatch Logs arrive.
            stream = self.delivery_streams[delivery_stream_name]
            pipeline = engine._pipelines[stream.delivery_stream_arn]
            responses: list[dict[str, str]] = engine._put(pipeline, [r["Data"] for r in records])["RequestResponses"]
            return responses

        return patches

    def state(self) -> dict[str, Pipeline]:
        return self._pipelines

    def restore(self, state: dict[str, Pipeline] | None) -> None:
        self._pipelines.update(state or {})

    def start(self) -> None:
        # moto stores a destination that it does not deliver to; here it is.
        warnings.filterwarnings("ignore", message="A Splunk destination delivery stream is not yet implemented")
        self.runtime.background(self._run, name="firehose", lasting=True)

    def drain(self) -> None:
        """Deliver everything that has arrived, in the delivery streams and in the data streams that they read."""
        for pipeline in self._open_pipelines():
            while pipeline.pump():
                continue
            try:
                pipeline.deliver()
            except Exception as error:
                name = pipeline.stream.delivery_stream_name
                # Not from the error, whose message may quote records.
                raise LocalCloudError(f"delivery stream {name} cannot deliver: {without_values(error)}") from None

    def buffered(self) -> list[Buffered]:
        return [pipeline.buffered for pipeline in self._open_pipelines()]

    def _open(self, stream: Any, account: str, region: str, destination_name: str) -> None:
        if destination_name not in _DESTINATIONS:
            raise InvalidArgumentException(_not_run(destination_name))
        pipeline = Pipeline(self.runtime, stream, region=region, account=account)
        try:
            pipeline.check()
        except LocalCloudError as error:
            raise InvalidArgumentException(str(error)) from None
        with self._lock:
            self._pipelines[stream.delivery_stream_arn] = pipeline

    @staticmethod
    def _put(pipeline: Pipeline, contents: list[bytes]) -> dict[str, Any]:
        if any(len(content) > _LARGEST_RECORD for content in contents):
            constraint = f"Member must have length less than or equal to {_LARGEST_RECORD}"
            message = f"1 validation error detected: Value at 'data' failed to satisfy constraint: {constraint}"
            raise ValidationException(message)
        pipeline.put(contents)
        responses = [{"RecordId": uuid.uuid4().hex} for _ in contents]
        return {"FailedPutCount": 0, "Encrypted": False, "RequestResponses": responses}

    def _open_pipelines(self) -> list[Pipeline]:
        """Return the streams that exist, and forget those that were deleted."""
        with self._lock:
            for arn, pipeline in list(self._pipelines.items()):
                stream = pipeline.stream
                streams = firehose_backends[pipeline.account][pipeline.region].delivery_streams
                listed = streams.get(stream.delivery_stream_name) is stream
                # A new stream is not listed yet; one that was and is no more has been deleted.
                if pipeline.listed and not listed:
                    del self._pipelines[arn]
                pipeline.listed = listed
            return list(self._pipelines.values())

    def _run(self) -> None:
        wait = _POLL_SECONDS
        while not self.runtime.pausing.wait(wait):
            wait = _POLL_SECONDS
            for pipeline in self._open_pipelines():
                try:
                    pipeline.pump()
                    if pipeline.due():
                        self._deliver(pipeline)
                except Exception as error:  # one stream that cannot deliver must not hold up the others
                    self._log(pipeline, error)
                    wait = _RETRY_SECONDS

    def _deliver(self, pipeline: Pipeline) -> None:
        if not pipeline.is_remote:
            pipeline.deliver()
            return
        # An endpoint that is slow, or takes nothing for a while, must not hold up the other streams.
        arn = pipeline.stream.delivery_stream_arn
        thread = self._apart.get(arn)
        if thread is None or not thread.is_alive():
            name = f"firehose {pipeline.stream.delivery_stream_name}"
            self._apart[arn] = self.runtime.background(lambda: self._deliver_apart(pipeline), name=name, lasting=True)

    def _deliver_apart(self, pipeline: Pipeline) -> None:
        try:
            pipeline.deliver()
        except Exception as error:  # a backup that cannot be written: tried again later, like everything else
            self._log(pipeline, error)
            self.runtime.pausing.wait(_RETRY_SECONDS)

    @staticmethod
    def _log(pipeline: Pipeline, error: Exception) -> None:
        pipeline.log("".join((*traceback.format_tb(error.__traceback__), without_values(error))))


def _not_run(destination: str) -> str:
    run = "S3, Iceberg tables, OpenSearch, HTTP endpoints and Splunk"
    return f"destination {destination} is not run by the local cloud, only {run}"


def _check_update(stream: DeliveryStream, kind: str, update: dict[str, Any], account: str) -> None:
    """Refuse an update after which the destination would be none that Firehose, or the local cloud, takes."""
    deployed = dict(stream.destinations[0].get(kind, {}))
    if kind != "ExtendedS3" and (backup := deployed.pop("S3DestinationDescription", None)):
        deployed["S3Configuration"] = {**backup, **update.get("S3Update", {})}
    destination = {**deployed, **update}
    configuration: dict[str, Any] = {f"{kind}DestinationConfiguration": destination}
    if stream.source:
        kind = "MSKSource" if topics.is_topic(stream.source) else "KinesisStreamSource"
        configuration[f"{kind}Configuration"] = stream.source
        configuration["DeliveryStreamType"] = stream.delivery_stream_type
    refuse_invalid(configuration)
    try:
        if kind == "Iceberg":
            IcebergDestination.of_iceberg(destination, account=account)
        elif kind == "ExtendedS3":
            Destination.of(destination)
        elif kind in KINDS:
            IndexDestination.of_index(kind, destination)
        else:
            EndpointDestination.of_endpoint(kind, destination)
    except LocalCloudError as error:
        raise InvalidArgumentException(str(error)) from None
