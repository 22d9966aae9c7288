"""What moto's CloudFormation lacks for a data lake: resource types, intrinsic functions, rollback and retention."""
