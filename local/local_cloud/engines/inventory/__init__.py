"""S3 inventories, written when the cloud is drained."""
