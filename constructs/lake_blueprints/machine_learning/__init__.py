"""Machine learning: SageMaker training."""

from template_checks.core.node import require_node

require_node()
