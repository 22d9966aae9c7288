"""Destinations outside S3 that are reached by HTTPS: HTTP endpoints and Splunk."""
