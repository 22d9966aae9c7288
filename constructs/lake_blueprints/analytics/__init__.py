"""Analytics: Athena and Glue Data Quality."""
