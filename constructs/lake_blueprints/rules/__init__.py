"""What AWS would refuse at deploy or run time, found in the finished template."""

from lake_blueprints.rules import (  # noqa: F401 - each registers its rules
    athena,
    events,
    exposure,
    firehose,
    firehose_prefixes,
    glue,
    glue_catalog,
    glue_triggers,
    iam,
    kinesis,
    kms,
    lifecycle,
    ordering,
    redshift_serverless,
    retired,
    roles,
    s3,
    sagemaker,
    services,
    step_functions,
    step_history,
    step_tasks,
)
from lake_blueprints.rules.checking import check, check_app
from lake_blueprints.rules.rule import Finding, Rule, Severity, all_rules

__all__ = ["Finding", "Rule", "Severity", "all_rules", "check", "check_app"]
