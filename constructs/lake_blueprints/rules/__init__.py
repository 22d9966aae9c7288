"""What AWS would refuse at deploy or run time, found in the finished template."""
