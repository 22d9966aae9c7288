"""IAM: the start of moto's, shortened."""
