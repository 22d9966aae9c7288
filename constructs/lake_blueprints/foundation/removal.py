"""The removal guard: data is deleted only if two keys are turned."""

from __future__ import annotations

from aws_cdk import Annotations, CfnResource, RemovalPolicy, Resource
from aws_cdk import aws_kms as kms
from constructs import Construct

# The second key, turned by the app and not by the author of a construct.
DESTROY_CONTEXT = "lake-blueprints:destroy-data"


def guard_removal(
    resource: Resource | CfnResource, requested: RemovalPolicy, *, encryption_key: kms.IKey | None = None
) -> RemovalPolicy:
    """Apply a removal policy to something that holds data, and return the one that took effect.

    `DESTROY` takes effect only if the app's context has `lake-blueprints:destroy-data` set to true; otherwise
    the resource is retained and a synth warning says so. A resource that is retained, or leaves a snapshot, also
    retains its key, without which its data could never be read again.

    Parameters
    ----------
    resource: Resource or CfnResource
        What holds the data.
    requested: RemovalPolicy
        What the caller of the construct asked for.
    encryption_key: kms.IKey, optional
        The key that the data is encrypted with. By default none is retained along with it.
    """
    effective = requested
    if requested == RemovalPolicy.DESTROY and not _destruction_agreed(resource):
        effective = RemovalPolicy.RETAIN
        Annotations.of(resource).add_warning_v2(
            "lake-blueprints:retained",
            f"'{resource.node.path}' is retained although DESTROY was asked for; to delete its data with the stack, "
            f'set the context "{DESTROY_CONTEXT}": true as well',
        )
    if effective == RemovalPolicy.RETAIN:
        # A first deployment that fails may be tried again: what it made is empty, and deleting it frees its name.
        resource.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        _retain_key(encryption_key)
    else:
        resource.apply_removal_policy(effective)
        if effective == RemovalPolicy.SNAPSHOT:
            _retain_key(encryption_key)
    return effective


def _destruction_agreed(scope: Construct) -> bool:
    agreed = scope.node.try_get_context(DESTROY_CONTEXT)
    # On the command line (`-c key=true`) a context value is text.
    return agreed is True or agreed == "true"


def _retain_key(key: kms.IKey | None) -> None:
    # An imported key has no resource here, and is not ours to retain.
    if key is not None and isinstance(key.node.default_child, CfnResource):
        key.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
