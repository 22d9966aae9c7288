"""Subscriptions of the people that contracts name for notifications."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints.contracts import Dataset

_ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+")


def subscribe_support(topic: sns.Topic, datasets: Iterable[Dataset]) -> None:
    """Send a topic's messages to the e-mail addresses that contracts name for notifications, once to each."""
    addresses = {
        address: None
        for dataset in datasets
        for channel in dataset.governance.support
        if (channel.scope or "").lower() == "notifications" and (channel.url or "").lower().startswith("mailto:")
        for address in _ADDRESS.findall((channel.url or "")[len("mailto:") :].partition("?")[0])
    }
    for address in addresses:
        topic.add_subscription(subscriptions.EmailSubscription(address))
