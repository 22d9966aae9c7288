"""Functions of stream sinks, which run in AWS Lambda and import neither the CDK nor the library."""
