"""Destinations that index documents: domains of OpenSearch Service and collections of OpenSearch Serverless."""
