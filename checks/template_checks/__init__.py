"""Template checks."""
