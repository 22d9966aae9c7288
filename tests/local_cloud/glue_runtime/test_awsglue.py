from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_cloud.engines.glue import execution as glue_execution
from local_cloud.engines.glue.spark import QUICK_JVM, spark_configuration, spark_environment

PACKAGES = Path(glue_execution.__file__).parent / "runtime"

# One session for all: each starts a JVM.
SCRIPT = """
import json
import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.transforms import *
from pyspark.context import SparkContext

glue = GlueContext(SparkContext.getOrCreate())
spark = glue.spark_session
job = Job(glue)
job.init("job", {})

glue.get_logger().info("read")
frame = glue.create_dynamic_frame.from_options(
    "s3", connection_options={"paths": ["s3://raw/orders/"]}, format="json", transformation_ctx="orders"
)
mapped = ApplyMapping.apply(
    frame, [("id", "long", "number", "int"), ("item.sku", "string", "sku", "string"), ("gone", "int", "gone", "int")]
)


def rows(frame):
    return sorted(tuple(row.asDict().values()) for row in frame.toDF().collect())


def refusal(action):
    try:
        action()
    except NotImplementedError as error:
        return str(error)
    return "accepted"


other = DynamicFrame.fromDF(spark.createDataFrame([(1, "x"), (3, "y")], ["number", "note"]), glue, "other")
answer = {
    "mapped": rows(mapped),
    "filtered": rows(Filter.apply(mapped, lambda row: row["number"] > 1)),
    "selected": rows(SelectFields.apply(mapped, ["sku"])),
    "renamed": RenameField.apply(mapped, "sku", "code").toDF().columns,
    "dropped": DropFields.apply(frame, ["empty", "item.qty"]).toDF().select("item.*").columns,
    "resolved": str(ResolveChoice.apply(mapped, [("number", "cast:long")]).schema()["number"].dataType),
    "without nulls": sorted(DropNullFields.apply(frame).toDF().columns),
    "joined": rows(Join.apply(mapped, other, ["number"], ["number"])),
    "joined columns": Join.apply(mapped, other, ["number"], ["number"]).toDF().columns,
    "united": mapped.union(mapped).count(),
    "mapped rows": rows(Map.apply(mapped, lambda row: {"n": row["number"] * 10})),
}
glue.write_dynamic_frame.from_options(
    mapped,
    connection_type="s3",
    connection_options={"path": "s3://curated/orders", "partitionKeys": ["sku"]},
    format="glueparquet",
    format_options={"compression": "gzip"},
)
job.commit()
answer["written"] = sorted(row[0] for row in spark.read.parquet("s3://curated/orders").select("sku").collect())
answer["refused"] = [
    refusal(lambda: mapped.relationalize("root", "s3://tmp")),
    refusal(lambda: mapped.toDF(["x"])),
    refusal(lambda: mapped.resolveChoice(choice="make_struct")),
    refusal(lambda: glue.purge_table("a", "b")),
    refusal(lambda: glue.create_dynamic_frame.from_rdd(None)),
    refusal(lambda: glue.create_data_frame.from_options("kinesis", format="json")),
    refusal(lambda: glue.create_data_frame.from_options("s3", connection_options={"groupFiles": 1}, format="json")),
    refusal(lambda: glue.create_data_frame.from_options("s3", format="avro")),
    refusal(lambda: Job(glue).init("job", {"job_bookmark_option": "job-bookmark-enable"})),
]
try:
    from awsglue.transforms import FindMatches
except NotImplementedError as error:
    answer["refused"].append(str(error))
print(json.dumps(answer))
"""


def test_dynamic_frames_do_the_ordinary_and_name_what_they_lack(
    tmp_path: Path, cache: Path, java_options: list[str]
) -> None:
    orders = tmp_path / "s3" / "raw" / "orders"
    orders.mkdir(parents=True)
    (tmp_path / "s3" / "curated").mkdir()
    (orders / "1.json").write_text(
        '{"id": 1, "item": {"sku": "a", "qty": 1}, "empty": null}\n'
        '{"id": 2, "item": {"sku": "b", "qty": 2}, "empty": null}\n'
    )
    buckets = {name: tmp_path / "s3" / name for name in ("raw", "curated")}
    properties = tmp_path / "spark.properties"
    settings = spark_configuration(buckets, workdir=tmp_path, java_options=[*java_options, *QUICK_JVM])
    properties.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)

    done = subprocess.run(
        [sys.executable, script],
        env={
            **os.environ,
            **spark_environment(cache),
            "PYTHONPATH": str(PACKAGES),
            "PYSPARK_SUBMIT_ARGS": f"--properties-file {properties} pyspark-shell",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer.pop("refused") == [
        "DynamicFrame.relationalize does not exist in the local cloud",
        "DynamicFrame.toDF(options=...) does not exist in the local cloud",
        "resolveChoice(choice='make_struct') does not exist in the local cloud",
        "GlueContext.purge_table does not exist in the local cloud",
        "DynamicFrameReader.from_rdd does not exist in the local cloud",
        "connection_type 'kinesis' does not exist in the local cloud: it has s3 and postgresql",
        "connection_options ['groupFiles'] do not exist in the local cloud",
        "format 'avro' does not exist in the local cloud: it has ['csv', 'glueparquet', 'json', 'orc', 'parquet']",
        "job bookmarks do not exist in the local cloud: run with job-bookmark-disable",
        "awsglue.transforms.FindMatches does not exist in the local cloud",
    ]
    assert answer == {
        "mapped": [[1, "a"], [2, "b"]],
        "filtered": [[2, "b"]],
        "selected": [["a"], ["b"]],
        "renamed": ["number", "code"],
        "dropped": ["sku"],
        "resolved": "LongType()",
        "without nulls": ["id", "item"],
        "joined": [[1, "a", 1, "x"]],
        "joined columns": ["number", "sku", ".number", "note"],
        "united": 4,
        "mapped rows": [[10], [20]],
        "written": ["a", "b"],
    }


def resolve(arguments: list[str], names: list[str], glue_version: str = "5.1") -> str:
    """Return what `getResolvedOptions` answers, or the last line of its error."""
    code = f"""
from awsglue.utils import getResolvedOptions
found = getResolvedOptions(["script.py", *{arguments!r}], {names!r})
print({{name: value for name, value in sorted(found.items()) if value is not None}})
"""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGES), "GLUE_VERSION": glue_version}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "names", "answer"),
    [
        (
            ["--JOB_NAME", "j", "--JOB_RUN_ID", "jr_1", "--a-b", "1", "--other", "2"],
            ["JOB_NAME", "a-b"],
            "{'JOB_NAME': 'j', 'JOB_RUN_ID': 'jr_1', 'a_b': '1', 'job_bookmark_option': 'job-bookmark-disable'}",
        ),
        (
            ["--TempDir", "s3://t"],
            ["TempDir"],
            "{'RedshiftTempDir': 's3://t', 'TempDir': 's3://t', 'job_bookmark_option': 'job-bookmark-disable'}",
        ),
        (["--a", "1"], ["a", "b"], "awsglue.utils.GlueArgumentError: the following arguments are required: --b"),
        (["--a"], ["a"], "awsglue.utils.GlueArgumentError: argument --a: expected one argument"),
        ([], ["JOB_RUN_ID"], "RuntimeError: Using reserved arguments --JOB_RUN_ID"),
    ],
)
def test_options_are_resolved_as_in_glue(arguments: list[str], names: list[str], answer: str) -> None:
    assert resolve(arguments, names) == answer


def test_names_may_be_abbreviated_until_glue_6() -> None:
    assert "'source': '1'" in resolve(["--sou", "1"], ["source"])
    assert resolve(["--sou", "1"], ["source"], "6.0").endswith("the following arguments are required: --source")
