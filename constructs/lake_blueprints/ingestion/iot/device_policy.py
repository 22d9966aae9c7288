"""A policy of devices, each of which publishes under its own name."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iot as iot
from constructs import Construct

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.iot.device_ingest import DeviceIngest
from lake_blueprints.ingestion.iot.permissions import THING, of_device


@checked
class DevicePolicy(Construct):
    """Define a policy by which a thing connects under its own name, and publishes to its own topics.

    It is attached to the certificates of things; the client id of a connection is the name of the thing. A thing may
    not subscribe: what is sent to devices is no business of a lake.

    Parameters
    ----------
    ingests: sequence of DeviceIngest
        The rules whose messages the things send. The one + of a topic filter is the thing's name.
    basic_ingest: bool
        Whether they send messages to the rules alone, by Basic Ingest, which costs no messaging; nobody else can
        subscribe to them. By default to the broker.

    Defines
    -------
    One policy of IoT Core, named `policy_name`.

    Raises
    ------
    ValueError
        If there is no rule, or a topic filter has not exactly one + and no #.

    Notes
    -----
    https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html

    Example
    -------
        >>> to_stream = StreamAction(stream=Stream(self, "Stream"), partition_key="${topic(2)}")
        >>> flights, at = contract["flights"], "dt/+/flights"
        >>> ingest = DeviceIngest(self, "Ingest", topic_filter=at, dataset=flights, actions=[to_stream], errors=raw)
        >>> DevicePolicy(self, "Sensors", ingests=[ingest], basic_ingest=True)
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, ingests: Sequence[DeviceIngest], basic_ingest: bool = False
    ) -> None:
        super().__init__(scope, construct_id)
        if not ingests:
            raise ValueError("'ingests' is empty; give the rules whose messages the things send")
        topics = [_topic(ingest, basic_ingest) for ingest in ingests]
        document = {"Version": "2012-10-17", "Statement": of_device(Stack.of(self), topics)}
        policy = iot.CfnPolicy(self, "Policy", policy_document=document)
        self.policy_name: str = policy.ref
        self.policy_arn: str = policy.attr_arn


def _topic(ingest: DeviceIngest, basic_ingest: bool) -> str:
    levels = ingest.topic_filter.split("/")
    if levels.count("+") != 1 or "#" in levels:
        raise ValueError(
            f"the topic filter '{ingest.topic_filter}' must have one +, which is the name of the thing, and no #, so "
            "that a thing publishes as itself alone; name the other levels"
        )
    own = "/".join(THING if level == "+" else level for level in levels)
    return f"{ingest.basic_ingest_prefix}{own}" if basic_ingest else own
