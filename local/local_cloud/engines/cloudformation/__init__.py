"""CloudFormation: templates deployed as AWS deploys them."""
