"""Storage: S3."""
