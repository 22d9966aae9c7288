"""Checks of CloudFormation templates: rules, gates, a pytest plugin."""
