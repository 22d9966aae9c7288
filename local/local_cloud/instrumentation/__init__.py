"""Instrumentation: injected faults, recorded calls, bytes sent."""
