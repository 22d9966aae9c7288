"""Flights of one stream, put into another; runs inside Managed Service for Apache Flink."""

import json
import os
from pathlib import Path

from pyflink.table import EnvironmentSettings, TableEnvironment

OPTIONS = "'connector' = 'kinesis', 'aws.region' = '{region}', 'format' = 'json'"

file = Path(os.environ.get("APPLICATION_PROPERTIES_FILE", "/etc/flink/application_properties.json"))
groups = {group["PropertyGroupId"]: group["PropertyMap"] for group in json.loads(file.read_text())}
table = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
for statement in (
    f"CREATE TABLE came (flight STRING) WITH ({OPTIONS}, 'stream.arn' = '{{source}}', "
    "'source.init.position' = 'TRIM_HORIZON', 'json.ignore-parse-errors' = 'true')",
    f"CREATE TABLE went (flight STRING) WITH ({OPTIONS}, 'stream.arn' = '{{sink}}')",
    "INSERT INTO went SELECT flight FROM came",
):
    table.execute_sql(statement.format(**groups["flights"]))
