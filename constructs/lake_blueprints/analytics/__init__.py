"""Analytics: Athena and Glue Data Quality."""

from template_checks.core.node import require_node

require_node()
