"""Processing: curation with Glue and Spark."""

from template_checks.core.node import require_node

require_node()
