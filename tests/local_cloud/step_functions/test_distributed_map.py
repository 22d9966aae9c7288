"""Distributed Map states: thresholds, readers, batches, the result writer, and Map Runs.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
https://docs.aws.amazon.com/step-functions/latest/dg/maprun-fail-threshold.html
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from tests.local_cloud.step_functions.conftest import Execute, jsonata, jsonpath

BUCKET = "items"
Put = Callable[[str, str | bytes], None]


@pytest.fixture
def put(cloud: LocalCloud) -> Put:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    return lambda key, body: s3.put_object(
        Bucket=BUCKET, Key=key, Body=body.encode() if isinstance(body, str) else body
    )


def processor(**more: Any) -> dict[str, Any]:
    """Return a processor of children of which those fail whose item is above 2."""
    fails = {
        "Choose": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericGreaterThan": 2, "Next": "Fails"}],
            "Default": "Passes",
        },
        "Fails": {"Type": "Fail", "Error": "Bad", "Cause": "above 2"},
        "Passes": {"Type": "Pass", "End": True},
    }
    return {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **jsonpath(**fails), **more}


def passing(**more: Any) -> dict[str, Any]:
    inner = jsonpath(Passes={"Type": "Pass", "End": True})
    return {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, **inner, **more}


def mapping(item_processor: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return jsonpath(M={"Type": "Map", "ItemProcessor": item_processor, "End": True, **fields})


def items(count: int, failing: int = 0) -> list[dict[str, int]]:
    return [{"n": 0}] * (count - failing) + [{"n": 3}] * failing


@pytest.mark.parametrize(
    ("tolerated", "failing", "succeeds"),
    [
        ({}, 0, True),
        ({}, 1, False),
        ({"ToleratedFailureCount": 0}, 1, False),
        ({"ToleratedFailureCount": 1}, 1, True),
        ({"ToleratedFailureCount": 1}, 2, False),
        ({"ToleratedFailurePercentage": 0}, 1, False),
        ({"ToleratedFailurePercentage": 50}, 2, True),
        ({"ToleratedFailurePercentage": 49.9}, 2, False),
        ({"ToleratedFailurePercentage": 100}, 4, True),
        ({"ToleratedFailureCount": 3, "ToleratedFailurePercentage": 25}, 2, False),
        ({"ToleratedFailureCount": 1, "ToleratedFailurePercentage": 100}, 2, False),
        ({"ToleratedFailureCountPath": "$.most"}, 2, True),
        ({"ToleratedFailurePercentagePath": "$.most"}, 1, False),
    ],
)
def test_items_may_fail_up_to_the_threshold(
    execute: Execute, tolerated: dict[str, Any], failing: int, *, succeeds: bool
) -> None:
    data = {"items": items(4, failing), "most": 2}
    ended = execute(mapping(processor(), ItemsPath="$.items", **tolerated), data)
    if succeeds:
        assert (ended.status, ended.output) == ("SUCCEEDED", items(4 - failing))
    else:
        cause = "The specified tolerated failure threshold was exceeded"
        assert (ended.status, ended.error, ended.cause) == (
            "FAILED",
            "States.ExceedToleratedFailureThreshold",
            cause,
        )
        assert ended.types[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


@pytest.mark.parametrize(
    ("fields", "data", "cause"),
    [
        ({"ToleratedFailureCountPath": "$.v"}, -1, "ToleratedFailureCount cannot be negative."),
        (
            {"ToleratedFailureCountPath": "$.v"},
            "NoNumber",
            'The ToleratedFailureCountPath field refers to value "NoNumber" which is not a valid integer: $.v',
        ),
        ({"ToleratedFailurePercentagePath": "$.v"}, 100.1, "ToleratedFailurePercentage must be between 0 and 100."),
        (
            {"ToleratedFailurePercentagePath": "$.v"},
            {},
            'The ToleratedFailurePercentagePath field refers to value "{}" which is not a valid float: $.v',
        ),
    ],
)
def test_a_threshold_that_is_no_number_fails(execute: Execute, fields: dict[str, Any], data: Any, cause: str) -> None:
    ended = execute(mapping(passing(), ItemsPath="$.items", **fields), {"items": [], "v": data})
    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")
    assert ended.cause is not None
    assert ended.cause.endswith(cause)


def test_a_threshold_can_be_caught(execute: Execute) -> None:
    catch = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Caught"}]
    definition = jsonpath(
        M={"Type": "Map", "ItemProcessor": processor(), "Catch": catch, "End": True}, Caught={"Type": "Succeed"}
    )
    assert execute(definition, items(1, 1)).output["Error"] == "States.ExceedToleratedFailureThreshold"


def test_the_history_has_the_run_and_nothing_of_its_children(execute: Execute) -> None:
    assert execute(mapping(passing()), [1, 2]).types == [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]


def test_a_child_is_an_execution_of_its_own(execute: Execute) -> None:
    inner = jsonpath(
        Show={"Type": "Pass", "Parameters": {"e.$": "$$.Execution", "m.$": "$$.StateMachine"}, "End": True}
    )
    state = mapping({**passing(), **inner}, Label="Children", ItemSelector={"v.$": "$$.Map.Item.Value"})
    (child,) = execute(state, [7]).output
    assert child["e"]["Id"].startswith("arn:aws:states:us-east-1:123456789012:execution:machine/Children:")
    assert child["e"]["Id"].endswith(child["e"]["Name"])
    assert child["e"]["Input"] == {"v": 7}
    assert child["m"]["Id"].endswith(":stateMachine:machine/Children")


@pytest.mark.parametrize(
    ("batcher", "wanted"),
    [
        ({"MaxItemsPerBatch": 2}, [{"Items": [1, 2]}, {"Items": [3]}]),
        ({"MaxItemsPerBatchPath": "$.size"}, [{"Items": [1, 2]}, {"Items": [3]}]),
        ({"MaxItemsPerBatch": 9, "BatchInput": {"s.$": "$.size"}}, [{"BatchInput": {"s": 2}, "Items": [1, 2, 3]}]),
        # {"Items":[1,2]} is 15 bytes.
        ({"MaxInputBytesPerBatch": 15}, [{"Items": [1, 2]}, {"Items": [3]}]),
        ({"MaxInputBytesPerBatch": 14}, [{"Items": [1]}, {"Items": [2]}, {"Items": [3]}]),
    ],
)
def test_items_go_to_the_children_in_batches(execute: Execute, batcher: dict[str, Any], wanted: Any) -> None:
    state = mapping(passing(), ItemsPath="$.items", ItemBatcher=batcher, MaxConcurrency=1)
    assert execute(state, {"items": [1, 2, 3], "size": 2}).output == wanted


def test_a_batch_that_fails_counts_with_all_of_its_items(execute: Execute) -> None:
    failing = {**passing(), **jsonpath(F={"Type": "Fail", "Error": "Bad"})}
    fields = {"ItemBatcher": {"MaxItemsPerBatch": 2}}
    assert execute(mapping(failing, ToleratedFailureCount=2, **fields), [1, 2]).status == "SUCCEEDED"
    assert execute(mapping(failing, ToleratedFailureCount=1, **fields), [1, 2]).status == "FAILED"


def test_an_item_too_large_for_a_batch_fails(execute: Execute) -> None:
    ended = execute(mapping(passing(), ItemBatcher={"MaxInputBytesPerBatch": 20}), ["x" * 20])
    assert (ended.status, ended.error) == ("FAILED", "States.DataLimitExceeded")


def reader(key: str, input_type: str = "JSON", **config: Any) -> dict[str, Any]:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": input_type, **config},
        "Parameters": {"Bucket": BUCKET, "Key": key},
    }


CSV = 'n,name\r\n1,"a, b"\r\n2,c\r\n'


@pytest.mark.parametrize(
    ("body", "config", "wanted"),
    [
        ('[{"n": 1}, 2]', {"input_type": "JSON"}, [{"n": 1}, 2]),
        ('{"a": {"b/c": [1, 2]}}', {"input_type": "JSON", "ItemsPointer": "/a/b~1c"}, [1, 2]),
        ('{"n": 1}\n\n{"n": 2}\n', {"input_type": "JSONL"}, [{"n": 1}, {"n": 2}]),
        (
            CSV,
            {"input_type": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            [{"n": "1", "name": "a, b"}, {"n": "2", "name": "c"}],
        ),
        (
            "1;2\n3\n",
            {
                "input_type": "CSV",
                "CSVHeaderLocation": "GIVEN",
                "CSVHeaders": ["a", "b"],
                "CSVDelimiter": "SEMICOLON",
            },
            [{"a": "1", "b": "2"}, {"a": "3", "b": ""}],
        ),
        ("[1, 2, 3]", {"input_type": "JSON", "MaxItems": 2}, [1, 2]),
        ("[1, 2, 3]", {"input_type": "JSON", "MaxItemsPath": "$.most"}, [1]),
        (CSV, {"input_type": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 1}, [{"n": "1", "name": "a, b"}]),
    ],
)
def test_items_are_read_from_an_object(run: Execute, put: Put, body: str, config: dict[str, Any], wanted: Any) -> None:
    put("object", body)
    ended = run(mapping(passing(), ItemReader=reader("object", **config), MaxConcurrency=1), {"most": 1})
    assert (ended.status, ended.output) == ("SUCCEEDED", wanted)


def test_items_are_the_objects_of_a_listing(run: Execute, put: Put) -> None:
    for key in ("listed/a", "listed/b", "other"):
        put(key, "x" * len(key))
    listing = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Parameters": {"Bucket": BUCKET, "Prefix": "listed/"},
    }
    found = run(mapping(passing(), ItemReader=listing, MaxConcurrency=1)).output
    assert [item["Key"] for item in found] == ["listed/a", "listed/b"]
    assert found[0].keys() == {"Etag", "Key", "LastModified", "Size", "StorageClass"}
    assert (found[0]["Size"], type(found[0]["LastModified"])) == (8, int)


def test_items_are_the_rows_of_an_inventory(run: Execute, put: Put) -> None:
    put("data/1.csv.gz", gzip.compress(b'"source","a+b%2Fc","1"\n"source","d","2"\n'))
    manifest = {
        "sourceBucket": "source",
        "destinationBucket": f"arn:aws:s3:::{BUCKET}",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "data/1.csv.gz", "size": 1, "MD5checksum": ""}],
    }
    put("manifest.json", json.dumps(manifest))
    found = run(mapping(passing(), ItemReader=reader("manifest.json", "MANIFEST"), MaxConcurrency=1)).output
    assert found == [{"Bucket": "source", "Key": "a b/c", "Size": "1"}, {"Bucket": "source", "Key": "d", "Size": "2"}]


@pytest.mark.parametrize(
    ("body", "config", "words"),
    [
        (None, {"input_type": "JSON"}, "The specified key does not exist"),
        ('{"a": 1}', {"input_type": "JSON"}, "Attempting to map over non-iterable node."),
        ("[1", {"input_type": "JSON"}, "The object cannot be read as JSON"),
        ("{}", {"input_type": "JSON", "ItemsPointer": "/a"}, "ItemsPointer '/a' leads to nothing"),
        ("{", {"input_type": "JSONL"}, "The object cannot be read as JSONL"),
        (b"\xff\xfe", {"input_type": "JSON"}, "The object cannot be read as JSON"),
        (
            "a,a\n1,2\n",
            {"input_type": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "CSV headers cannot contain duplicates.",
        ),
        ("[]", {"input_type": "JSON", "MaxItemsPath": "$.most"}, "field MaxItems must be positive"),
    ],
)
def test_what_cannot_be_read_is_an_error_of_the_item_reader(
    run: Execute, put: Put, body: str | bytes | None, config: dict[str, Any], words: str
) -> None:
    if body is not None:
        put("broken", body)
    item_reader = reader("broken" if body is not None else "none", **config)
    ended = run(mapping(passing(), ItemReader=item_reader), {"most": -1})
    assert (ended.status, ended.error) == ("FAILED", "States.ItemReaderFailed")
    assert ended.cause is not None
    assert words in ended.cause
    assert ended.types[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def writer(**more: Any) -> dict[str, Any]:
    return {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": BUCKET, "Prefix": "out/"},
        **more,
    }


def written(cloud: LocalCloud, key: str) -> bytes:
    body: bytes = cloud.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body


@pytest.mark.usefixtures("put")
def test_results_are_written_with_a_manifest(cloud: LocalCloud, run: Execute) -> None:
    state = mapping(processor(), ToleratedFailureCount=1, ResultWriter=writer(), Label="Work")
    output = run(state, items(3, 1)).output
    run_id = output["MapRunArn"].rpartition(":")[2]
    assert ":mapRun:" in output["MapRunArn"]
    assert "/Work:" in output["MapRunArn"]
    key = f"out/{run_id}/manifest.json"
    assert output["ResultWriterDetails"] == {"Bucket": BUCKET, "Key": key}
    manifest = json.loads(written(cloud, key))
    assert (manifest["DestinationBucket"], manifest["MapRunArn"]) == (BUCKET, output["MapRunArn"])
    files = manifest["ResultFiles"]
    assert {name: [file["Key"] for file in found] for name, found in files.items()} == {
        "FAILED": [f"out/{run_id}/FAILED_0.json"],
        "PENDING": [],
        "SUCCEEDED": [f"out/{run_id}/SUCCEEDED_0.json"],
    }
    body = written(cloud, f"out/{run_id}/SUCCEEDED_0.json")
    assert files["SUCCEEDED"][0]["Size"] == len(body)
    records = json.loads(body)
    assert [(record["Status"], record["Output"]) for record in records] == [("SUCCEEDED", '{"n":0}')] * 2
    (failed,) = json.loads(written(cloud, f"out/{run_id}/FAILED_0.json"))
    assert (failed["Status"], failed["Error"], failed["Cause"]) == ("FAILED", "Bad", "above 2")
    assert failed["Input"] == '{"n":3}'
    assert "Output" not in failed
    assert set(records[0]) >= {"ExecutionArn", "InputDetails", "Name", "StartDate", "StateMachineArn", "StopDate"}


@pytest.mark.parametrize(
    ("config", "name", "wanted"),
    [
        ({"Transformation": "COMPACT"}, "SUCCEEDED_0.json", b"[[1,2],[3]]"),
        ({"Transformation": "FLATTEN"}, "SUCCEEDED_0.json", b"[1,2,3]"),
        ({"Transformation": "FLATTEN", "OutputType": "JSONL"}, "SUCCEEDED_0.jsonl", b"1\n2\n3"),
    ],
)
@pytest.mark.usefixtures("put")
def test_results_are_written_as_the_writer_is_configured(
    cloud: LocalCloud, run: Execute, config: dict[str, Any], name: str, wanted: bytes
) -> None:
    output = run(mapping(passing(), ResultWriter=writer(WriterConfig=config)), [[1, 2], [3]]).output
    folder = output["ResultWriterDetails"]["Key"].removesuffix("manifest.json")
    assert written(cloud, f"{folder}{name}") == wanted


@pytest.mark.parametrize(("transformation", "wanted"), [("COMPACT", [[1, 2], [3]]), ("FLATTEN", [1, 2, 3])])
def test_a_writer_without_resource_forms_the_output(execute: Execute, transformation: str, wanted: Any) -> None:
    state = mapping(passing(), ResultWriter={"WriterConfig": {"Transformation": transformation}})
    assert execute(state, [[1, 2], [3]]).output == wanted


@pytest.mark.usefixtures("put")
def test_results_are_written_also_if_the_threshold_is_exceeded(cloud: LocalCloud, run: Execute) -> None:
    parameters = {"Bucket": BUCKET, "Prefix": "exceeded"}
    ended = run(mapping(processor(), ResultWriter=writer(Parameters=parameters)), items(1, 1))
    assert ended.error == "States.ExceedToleratedFailureThreshold"
    found = cloud.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="exceeded/")["Contents"]
    assert sorted(item["Key"].rpartition("/")[2] for item in found) == ["FAILED_0.json", "manifest.json"]


def test_a_bucket_that_is_not_there_is_an_error_of_the_result_writer(run: Execute) -> None:
    ended = run(mapping(passing(), ResultWriter=writer(Parameters={"Bucket": "no-such-bucket", "Prefix": "x"})), [1])
    assert (ended.status, ended.error) == ("FAILED", "States.ResultWriterFailed")


def test_a_map_of_jsonata_reads_selects_and_batches(run: Execute, put: Put) -> None:
    put("object", "[1, 2, 3]")
    state = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON", "MaxItems": "{% $states.input.most %}"},
            "Arguments": {"Bucket": BUCKET, "Key": "{% $states.input.key %}"},
        },
        "ItemSelector": {"v": "{% $states.context.Map.Item.Value * 10 %}"},
        "ItemBatcher": {"MaxItemsPerBatch": "{% 1 + 1 %}", "BatchInput": {"b": "{% $states.input.key %}"}},
        "MaxConcurrency": "{% 1 %}",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "P",
            "States": {"P": {"Type": "Pass", "Output": "{% $states.input %}", "End": True}},
        },
        "End": True,
    }
    ended = run(jsonata(M=state), {"key": "object", "most": 2})
    assert ended.output == [{"BatchInput": {"b": "object"}, "Items": [{"v": 10}, {"v": 20}]}]


def test_map_runs_and_their_executions_are_listed_and_described(cloud: LocalCloud, run: Execute) -> None:
    client = cloud.client("stepfunctions")
    state = mapping(processor(), ToleratedFailureCount=1, MaxConcurrency=5, ItemsPath="$.items")
    ended = run(state, {"items": items(3, 1)})
    arn = next(e for e in ended.events if e["type"] == "MapRunStarted")["mapRunStartedEventDetails"]["mapRunArn"]
    described = client.describe_map_run(mapRunArn=arn)
    assert (described["status"], described["maxConcurrency"], described["toleratedFailureCount"]) == ("SUCCEEDED", 5, 1)
    assert (described["itemCounts"]["succeeded"], described["itemCounts"]["failed"]) == (2, 1)
    assert described["executionCounts"]["total"] == 3
    listed = client.list_map_runs(executionArn=described["executionArn"])["mapRuns"]
    assert [each["mapRunArn"] for each in listed] == [arn]
    children = client.list_executions(mapRunArn=arn)["executions"]
    assert sorted(child["status"] for child in children) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    failed = client.list_executions(mapRunArn=arn, statusFilter="FAILED")["executions"]
    assert [child["status"] for child in failed] == ["FAILED"]
