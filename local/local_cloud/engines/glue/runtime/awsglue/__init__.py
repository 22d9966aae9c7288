"""Stand-in for the `awsglue` package that AWS Glue gives a job: its ordinary calls, on plain Spark.

Put in front of the deployed script by the local cloud; never deployed. What it does not have raises
NotImplementedError with its name, so that a run never passes by leaving something out.
"""
