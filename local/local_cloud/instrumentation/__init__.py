"""Instrumentation."""
