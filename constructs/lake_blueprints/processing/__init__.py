"""Processing: curation with Glue and Spark."""
