"""Destinations of delivery streams outside S3: their addresses and credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.delivery_streams import CREDENTIALS, STREAM, destination_name, destinations_of
from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import matching, only_one, required

_API: Final = "https://docs.aws.amazon.com/firehose/latest/APIReference"
_GUIDE: Final = "https://docs.aws.amazon.com/firehose/latest/dev"
_JDBC: Final = (
    r"jdbc:(redshift|postgresql)://((?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)+redshift(-serverless)?\.[a-zA-Z0-9.-]+:\d{1,5}"
    r"/[a-zA-Z0-9_$-]+"
)
_OTHER_PORT: Final = re.compile(r"https://[^/?#:]+:(?!443(?:[/?#]|$))\d+.*")


@rule(
    "LAKE-FIREHOSE-032",
    STREAM,
    title="Credentials of a destination are complete",
    fix="set SecretsManagerConfiguration with Enabled, SecretARN and RoleARN",
    source=f"{_API}/API_SecretsManagerConfiguration.html",
)
def credentials(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses a secret without its ARN, to Splunk one without a role, and neither a secret nor credentials."""
    for destination in destinations_of(stream):
        name, secret = destination_name(destination), destination.at("SecretsManagerConfiguration")
        if not destination.known or secret.at("Enabled").unknown:
            continue
        if secret.at("Enabled").flag:
            yield from required(secret.at("SecretARN"), "the secret while SecretsManagerConfiguration is enabled")
            if name == "Splunk":
                yield from required(secret.at("RoleARN"), "the role that reads the secret of Splunk")
        else:
            for member in CREDENTIALS.get(name, ()):
                yield from required(destination.at(member), "the credential, or a secret that is enabled")


@rule(
    "LAKE-FIREHOSE-033",
    STREAM,
    title="An OpenSearch destination has one address",
    fix="set either DomainARN or ClusterEndpoint, and CollectionEndpoint for OpenSearch Serverless",
    source=f"{_API}/API_AmazonopensearchserviceDestinationConfiguration.html",
)
def opensearch_address(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses two addresses of a domain, and none."""
    for destination in destinations_of(stream):
        if not destination.known:
            continue
        if destination_name(destination) in ("Amazonopensearchservice", "Elasticsearch"):
            domain, endpoint = destination.at("DomainARN"), destination.at("ClusterEndpoint")
            yield from only_one(domain, endpoint)
            if not endpoint.present:
                yield from required(domain, "a domain, or its ClusterEndpoint")
        if destination_name(destination) == "AmazonOpenSearchServerless":
            yield from required(destination.at("CollectionEndpoint"), "the endpoint of a collection")


@rule(
    "LAKE-FIREHOSE-034",
    STREAM,
    title="An HTTP endpoint listens at port 443",
    fix="let the endpoint listen at port 443, and leave the port out of the URL",
    source=f"{_GUIDE}/httpdeliveryrequestresponse.html",
)
def http_port(stream: Resource) -> Iterator[Violation]:
    """Firehose delivers to no other port: every record goes to the backup."""
    url = stream.at("HttpEndpointDestinationConfiguration.EndpointConfiguration.Url")
    if url.text is not None and _OTHER_PORT.fullmatch(url.text):
        yield Violation(at=url, allowed="port 443")


@rule(
    "LAKE-FIREHOSE-035",
    STREAM,
    title="A Redshift destination is addressed by JDBC",
    fix="give jdbc:redshift://<endpoint>:<port>/<database> of a cluster or workgroup",
    source=f"{_API}/API_RedshiftDestinationConfiguration.html",
)
def jdbc_url(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses other addresses."""
    url: Node = stream.at("RedshiftDestinationConfiguration.ClusterJDBCURL")
    yield from matching(url, _JDBC, "jdbc:redshift://<endpoint>:<port>/<database>")
