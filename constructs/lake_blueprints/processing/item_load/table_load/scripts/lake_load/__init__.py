"""Loads of a table into DynamoDB or OpenSearch, as Glue runs them."""
