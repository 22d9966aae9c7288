"""What a contract promises about its data, evaluated where the data lies."""

from lake_blueprints.analytics.quality.ruleset import QualityRuleset, define_promised
from lake_blueprints.analytics.quality.step import Evaluate

__all__ = (
    "Evaluate",
    "QualityRuleset",
    "define_promised",
)
