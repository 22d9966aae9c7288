"""Glue Data Quality: rulesets in DQDL, evaluated on the tables of the catalog."""
