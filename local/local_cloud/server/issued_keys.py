"""Access keys that IAM and STS of the local cloud have issued."""

from __future__ import annotations

from moto.iam.models import iam_backends


def issued_secret(key_id: str) -> str | None:
    """Return the secret of an active key of an IAM user or an assumed role; None if there is no such key."""
    # moto keeps the keys of a role in the role's account, so the clouds of every account are looked at.
    for account in list(iam_backends.values()):
        for backend in list(account.values()):
            key = backend.access_keys.get(key_id)
            if key is not None and key.status == "Active":
                return str(key.secret_access_key)
    return None
