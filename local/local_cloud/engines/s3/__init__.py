"""S3: what moto does to objects that several threads use."""
