"""Flights per carrier and minute, counted in Flink SQL; runs inside Managed Service for Apache Flink."""

import json
import os
from pathlib import Path

from pyflink.table import EnvironmentSettings, TableEnvironment

SOURCE = """
    CREATE TABLE flights (
        carrier STRING, departed TIMESTAMP(3), WATERMARK FOR departed AS departed - INTERVAL '5' SECOND
    )
    WITH ('connector' = 'kinesis', 'stream.arn' = '{source}', 'aws.region' = '{region}', 'format' = 'json',
          'source.init.position' = 'TRIM_HORIZON', 'json.ignore-parse-errors' = 'true',
          'json.timestamp-format.standard' = 'ISO-8601')
"""
SINK = """
    CREATE TABLE counts (carrier STRING, began TIMESTAMP(3), flights BIGINT) PARTITIONED BY (carrier)
    WITH ('connector' = 'kinesis', 'stream.arn' = '{sink}', 'aws.region' = '{region}', 'format' = 'json')
"""
QUERY = """
    INSERT INTO counts SELECT carrier, window_start, COUNT(*)
    FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(departed), INTERVAL '1' MINUTE))
    GROUP BY carrier, window_start, window_end
"""

file = Path(os.environ.get("APPLICATION_PROPERTIES_FILE", "/etc/flink/application_properties.json"))
groups = {group["PropertyGroupId"]: group["PropertyMap"] for group in json.loads(file.read_text())}
table = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
for statement in (SOURCE, SINK, QUERY):
    table.execute_sql(statement.format(**groups["flights"]))
