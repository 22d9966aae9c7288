"""Rules about what AWS would refuse at deployment or run time, a module per service."""
