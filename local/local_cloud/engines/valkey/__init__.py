"""ElastiCache: serverless caches, each a Valkey behind TLS."""
