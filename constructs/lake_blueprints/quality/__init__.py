"""What a contract promises about its data, evaluated where the data lies."""

from lake_blueprints.quality.ruleset import QualityRuleset, define_promised

__all__ = ("QualityRuleset", "define_promised")
