"""Redshift: the Data API, COPY and UNLOAD, Redshift Serverless."""
