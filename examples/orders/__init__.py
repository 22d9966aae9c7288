"""Orders: a shop's PostgreSQL, and the lake that follows it."""
