"""Instances of InfluxDB in Amazon Timestream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import matching, within
from template_checks.limits import influxdb as limits

_API: Final = "https://docs.aws.amazon.com/ts-influxdb/latest/ts-influxdb-api/API_CreateDbInstance.html"
_RESERVED: Final = ((2375, 2376), (7788, 7799), (8090, 8090), (51678, 51680))


@rule(
    "LAKE-DATABASES-022",
    "AWS::Timestream::InfluxDBInstance",
    title="An instance of InfluxDB has storage, a port and subnets that it takes, and no password in the template",
    fix="set 20 to 15360 GiB, a port that the service does not use, two subnets for a standby, a dynamic reference",
    source=_API,
)
def instance(resource: Resource) -> Iterator[Violation]:
    """Timestream refuses others; a password in a template is read by all who read the stack."""
    yield from within(resource.at("AllocatedStorage"), limits.STORAGE_GIB)
    port = resource.at("Port")
    if port.number is not None and any(first <= port.number <= last for first, last in _RESERVED):
        yield Violation(at=port, allowed="none of 2375-2376, 7788-7799, 8090 and 51678-51680")
    yield from matching(
        resource.at("Password"), r"\{\{resolve:.*\}\}", "a dynamic reference: {{resolve:secretsmanager:…}}"
    )
    subnets = resource.at("VpcSubnetIds")
    standby = resource.at("DeploymentType").text == "WITH_MULTIAZ_STANDBY"
    if standby and isinstance(subnets.value, list) and len(subnets.value) == 1:
        yield Violation(at=subnets, found="1 subnet", allowed="2 or more, in different zones")
