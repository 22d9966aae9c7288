"""S3: objects and their versions, which several threads use."""
