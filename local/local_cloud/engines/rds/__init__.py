"""RDS and Aurora: real PostgreSQL behind clusters and instances."""
