"""A plan for the records of a stream, as Flink SQL and in plain Python."""
