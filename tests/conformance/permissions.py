"""Proof of permissions that are declared: the one place where the suite meets tests/permissions."""

from __future__ import annotations

from lake_blueprints.foundation.access import PermissionSet
from tests.conformance.subject import Synthesis
from tests.permissions import authorization
from tests.permissions.proof import Proof
from tests.permissions.resolver import Deployment
from tests.permissions.simulator import Simulator


def proof_of(synthesis: Synthesis, simulator: Simulator) -> Proof:
    """Return what the policies of a synthesised app allow."""
    return Proof(simulator, Deployment({name: one.document for name, one in synthesis.templates.items()}))


def wrong(proof: Proof, permissions: PermissionSet) -> list[str]:
    """Return what a principal lacks, what it has without need, and what it must not do and may."""
    required = proof.requests(permissions)
    policies = proof.granted(proof.principal(permissions))
    return [
        *(f"lacks {found}" for found in proof.refused(required)),
        *(f"does not need {found}" for found in (proof.superfluous(required) if required else [])),
        *(f"must not do {found}" for found in proof.allowed(proof.denied(permissions))),
        *(f"never allows {found}" for found in authorization.powerless(policies)),
        *(f"needs as well {found}" for found in authorization.incomplete(policies)),
    ]
