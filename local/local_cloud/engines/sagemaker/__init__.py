"""SageMaker: training jobs."""
