"""An AWS on this machine, into which the CDK CLI deploys any app."""
