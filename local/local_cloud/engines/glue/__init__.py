"""Glue: jobs, crawlers, data quality."""
