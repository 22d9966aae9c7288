"""Clients of the local cloud: the CDK CLI and state machine executions."""
