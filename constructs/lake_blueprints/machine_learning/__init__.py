"""Machine learning: SageMaker training."""
