"""Shared parts of all constructs: permissions, encryption, network, removal."""

from template_checks.core.node import require_node

require_node()
