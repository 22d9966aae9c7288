"""Reusable AWS CDK constructs that compile a data lake from data contracts."""
