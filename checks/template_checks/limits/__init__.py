"""Limits of AWS services, a module per service; rules and constructs read the same data."""
