"""Glue Data Quality rulesets."""

from lake_blueprints.analytics.quality.ruleset import QualityRuleset, define_promised
from lake_blueprints.analytics.quality.step import Evaluate

__all__ = (
    "Evaluate",
    "QualityRuleset",
    "define_promised",
)
