"""AWS DMS: tables of a real PostgreSQL, copied and followed into S3."""
