"""PostgreSQL behind RDS, Aurora and DMS: the real server, on this machine."""
