"""OpenSearch: domains and serverless collections, each with a server of its own."""
