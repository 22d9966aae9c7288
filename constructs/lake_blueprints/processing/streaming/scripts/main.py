"""Entry of the application in Managed Service for Apache Flink."""

from lake_stream.job import run

run()
