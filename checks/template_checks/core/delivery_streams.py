"""Delivery streams as rules see them: destination, source and format."""

from __future__ import annotations

import re
from collections.abc import Iterator

from template_checks.core.template import Node, Resource

STREAM = "AWS::KinesisFirehose::DeliveryStream"
_TABLE = "AWS::Glue::Table"
_DESTINATION = re.compile(r"Properties\.(\w+)DestinationConfiguration")
# Of destinations that must have some, those beside a secret.
CREDENTIALS = {
    "Redshift": ("Username", "Password"),
    "Snowflake": ("User", "PrivateKey"),
    "Splunk": ("HECToken",),
}
_ACTIONS = {
    "AmazonOpenSearchServerless": ("aoss:APIAccessAll",),
    "Amazonopensearchservice": ("es:DescribeDomain", "es:ESHttpPost", "es:ESHttpPut"),
}
_EXPRESSION = re.compile(r"!\{([^}]*)\}")


def destinations_of(stream: Resource) -> Iterator[Node]:
    """Yield the destinations of a stream; there should be one."""
    return (node for node in stream.properties.children() if _DESTINATION.fullmatch(node.path))


def destination_name(destination: Node) -> str:
    """Return the kind of a destination: HttpEndpoint."""
    found = _DESTINATION.match(destination.path)
    return found[1] if found else ""


def sign_in_of(destination: Node) -> Iterator[tuple[Node, str]]:
    """Yield the roles by which records reach a destination outside S3, each with an action that it needs."""
    secret = destination.at("SecretsManagerConfiguration")
    if secret.at("Enabled").flag:
        role = secret.at("RoleARN")
        yield role if role.present else destination.at("RoleARN"), "secretsmanager:GetSecretValue"
    for action in _ACTIONS.get(destination_name(destination), ()):
        yield destination.at("RoleARN"), action


def s3_of(destination: Node) -> Iterator[Node]:
    """Yield what has a prefix in a destination: itself, its staging or its backup."""
    if "S3DestinationConfiguration" in destination.path:
        yield destination
    for name in ("S3Configuration", "S3BackupConfiguration"):
        if destination.at(name).known:
            yield destination.at(name)


def s3_places(stream: Resource) -> Iterator[Node]:
    """Yield what has a prefix that Firehose evaluates: it does not for the staging of Redshift."""
    for destination in destinations_of(stream):
        if "RedshiftDestination" not in destination.path:
            yield from s3_of(destination)


def converts(destination: Node) -> bool:
    """Whether records are converted to a columnar format; a conversion is enabled unless it says otherwise."""
    configuration = destination.at("DataFormatConversionConfiguration")
    enabled = configuration.at("Enabled")
    return configuration.known and (enabled.flag is True or not enabled.present)


def partitions(destination: Node) -> bool:
    """Whether records are partitioned by what is in them."""
    return destination.at("DynamicPartitioningConfiguration.Enabled").flag is True


def expressions_of(prefix: Node) -> list[str]:
    """Return what stands in the `!{...}` of a prefix."""
    return _EXPRESSION.findall(prefix.rendered)


def processors_of(destination: Node) -> list[Node]:
    """Return the processors of a destination, none if processing is disabled."""
    configuration = destination.at("ProcessingConfiguration")
    return [] if configuration.at("Enabled").flag is False else configuration.at("Processors").items()


def lacks(processor: Node, name: str) -> bool:
    """Whether a processor has no parameter of a name, whatever is known only to CloudFormation."""
    names = [item.at("ParameterName") for item in processor.at("Parameters").items()]
    return not any(one.unknown or one.text == name for one in names)


def parameters_of(processor: Node) -> dict[str, Node]:
    """Return the parameters of a processor by name."""
    items = processor.at("Parameters").items()
    return {item.at("ParameterName").rendered: item.at("ParameterValue") for item in items}


def table_of(name: Node, database: Node) -> Resource | None:
    """Return the Glue table of the app that a stream refers to or names, None if it is not known."""
    if name.target is not None:
        return name.target if name.target.kind == _TABLE else None
    same = [
        one
        for one in name.resource.template.everywhere_of_type(_TABLE)
        if name.text is not None
        and name.text in (one.at("TableInput.Name").text, one.at("Name").text)
        and one.at("DatabaseName").rendered == database.rendered
    ]
    # By address, since the app has the template of the stream itself once more.
    return same[0] if len({one.address for one in same}) == 1 else None
