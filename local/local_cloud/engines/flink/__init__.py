"""Managed Service for Apache Flink, over a real Flink."""
