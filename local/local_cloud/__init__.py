"""A local cloud that runs anybody's CDK app: moto's AWS APIs, with real engines behind the stubs."""
