"""Sagemaker."""
