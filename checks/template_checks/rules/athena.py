"""Athena: workgroups, capacity, catalogs and queries."""

from __future__ import annotations

from collections.abc import Iterator

from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import absent, at_least, matching, one_of, required

WORKGROUP = "AWS::Athena::WorkGroup"
_API = "https://docs.aws.amazon.com/athena/latest/APIReference"
_ENGINES = ("AUTO", "Athena engine version 3", "PySpark engine version 3")
_SETTINGS = ("WorkGroupConfiguration", "WorkGroupConfigurationUpdates")


@rule(
    "LAKE-ATHENA-001",
    WORKGROUP,
    title="A workgroup runs on an engine that Athena has",
    fix="set SelectedEngineVersion to 'AUTO' or 'Athena engine version 3'",
    source=f"{_API}/API_EngineVersion.html",
)
def engine(workgroup: Resource) -> Iterator[Violation]:
    """Athena refuses other names of engines; version 2 is retired."""
    for settings in _SETTINGS:
        yield from one_of(workgroup.at(f"{settings}.EngineVersion.SelectedEngineVersion"), _ENGINES)


@rule(
    "LAKE-ATHENA-002",
    WORKGROUP,
    title="The limit of scanned bytes is 10 MB or more",
    fix="set BytesScannedCutoffPerQuery to 10000000 or more",
    source=f"{_API}/API_WorkGroupConfiguration.html",
)
def cutoff(workgroup: Resource) -> Iterator[Violation]:
    """Athena refuses lower limits."""
    for settings in _SETTINGS:
        yield from at_least(workgroup.at(f"{settings}.BytesScannedCutoffPerQuery"), 10_000_000, "bytes")


@rule(
    "LAKE-ATHENA-003",
    WORKGROUP,
    title="Results are kept either by Athena or in a bucket",
    fix="remove ResultConfiguration, or set ManagedQueryResultsConfiguration.Enabled to false",
    source=f"{_API}/API_ManagedQueryResultsConfiguration.html",
)
def results(workgroup: Resource) -> Iterator[Violation]:
    """Athena refuses a location of results beside managed ones."""
    for settings in _SETTINGS:
        configuration = workgroup.at(settings)
        if configuration.at("ManagedQueryResultsConfiguration.Enabled").flag:
            yield from absent(configuration.at("ResultConfiguration.OutputLocation"), "with managed query results")


@rule(
    "LAKE-ATHENA-004",
    WORKGROUP,
    title="Locations of results are in S3",
    fix="write s3://bucket/prefix/",
    source=f"{_API}/API_ResultConfiguration.html",
)
def location(workgroup: Resource) -> Iterator[Violation]:
    """Athena refuses other locations, and a key for encryption is needed with the modes that use one."""
    for configuration in workgroup.properties.every("ResultConfiguration"):
        place = configuration.at("OutputLocation")
        if place.rendered and not place.rendered.startswith(("s3://", "${")):
            yield Violation(at=place, allowed="s3://bucket/prefix/")
        if configuration.at("EncryptionConfiguration.EncryptionOption").text in {"SSE_KMS", "CSE_KMS"}:
            yield from required(configuration.at("EncryptionConfiguration.KmsKey"), "a key for this option")


@rule(
    "LAKE-ATHENA-005",
    WORKGROUP,
    "AWS::Athena::CapacityReservation",
    "AWS::Athena::PreparedStatement",
    title="Names are ones that Athena takes",
    fix="use 1 to 128 letters, digits, '.', '_' and '-'; only '_' in prepared statements",
    source=f"{_API}/API_CreateWorkGroup.html",
)
def names(resource: Resource) -> Iterator[Violation]:
    """Athena refuses other names."""
    yield from matching(resource.at("Name"), r"[a-zA-Z0-9._-]{1,128}", "1 to 128 of a-z, A-Z, 0-9, . _ -")
    allowed = "a letter or _, then 1 to 255 letters, digits and _"
    yield from matching(resource.at("StatementName"), r"[a-zA-Z_][a-zA-Z0-9_@:]{0,255}", allowed)


@rule(
    "LAKE-ATHENA-006",
    "AWS::Athena::CapacityReservation",
    title="A reservation is a multiple of 4 DPUs",
    fix="set TargetDpus to 4, 8, 12 or so",
    source=f"{_API}/API_CreateCapacityReservation.html",
)
def capacity(reservation: Resource) -> Iterator[Violation]:
    """Athena refuses smaller ones, and numbers between the steps."""
    units = reservation.at("TargetDpus")
    if units.number is not None and (units.number < 4 or units.number % 4):
        yield Violation(at=units, allowed="4 or more, in steps of 4")


@rule(
    "LAKE-ATHENA-007",
    WORKGROUP,
    title="Users cannot override a workgroup's settings",
    fix="remove EnforceWorkGroupConfiguration or set it to true",
    source="https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html",
    severity=Severity.WARNING,
)
def enforced(workgroup: Resource) -> Iterator[Violation]:
    """A client can then write unencrypted results to any bucket, without a limit."""
    for settings in _SETTINGS:
        node = workgroup.at(f"{settings}.EnforceWorkGroupConfiguration")
        if node.flag is False:
            yield Violation(at=node, allowed="true")


@rule(
    "LAKE-ATHENA-008",
    "AWS::Athena::NamedQuery",
    "AWS::Athena::PreparedStatement",
    title="A query is made after its workgroup",
    fix="refer to the workgroup by Ref, or add a DependsOn",
    source="https://docs.aws.amazon.com/athena/latest/ug/workgroups.html",
)
def query_order(query: Resource) -> Iterator[Violation]:
    """Athena refuses a query in a workgroup that is not there yet."""
    node = query.at("WorkGroup")
    for workgroup in query.template.of_type(WORKGROUP):
        same = node.present and node.rendered == workgroup.at("Name").rendered
        if same and workgroup.logical_id not in query.template.reachable(query.logical_id):
            yield Violation(at=node, allowed=f"a Ref to {workgroup.logical_id}")


@rule(
    "LAKE-ATHENA-009",
    "AWS::Athena::DataCatalog",
    title="A catalog has the parameters of its type",
    fix="give function, or both halves of it, for LAMBDA, catalog-id for GLUE, metadata-function for HIVE",
    source=f"{_API}/API_CreateDataCatalog.html",
)
def catalog(catalog: Resource) -> Iterator[Violation]:
    """Athena refuses a catalog that does not say where its metadata is."""
    parameters = catalog.at("Parameters")
    needed = {"LAMBDA": ("function", "metadata-function"), "GLUE": ("catalog-id",), "HIVE": ("metadata-function",)}
    names = needed.get(catalog.at("Type").text or "", ())
    if names and (parameters.known or not parameters.present) and not any(parameters.at(n).present for n in names):
        yield Violation(at=parameters, allowed=f"{' or '.join(names)} for this type")
    halves = [parameters.at(name).present for name in ("metadata-function", "record-function")]
    if catalog.at("Type").text == "LAMBDA" and parameters.known:
        if any(halves) and not all(halves):
            yield Violation(at=parameters, allowed="both metadata-function and record-function, or function alone")
        elif any(halves) and parameters.at("function").present:
            yield Violation(at=parameters.at("function"), allowed="nothing beside metadata-function")


@rule(
    "LAKE-ATHENA-010",
    WORKGROUP,
    title="Only Spark and identity centre run queries with a role of the workgroup",
    fix="remove ExecutionRole, or set the engine to PySpark engine version 3",
    source=f"{_API}/API_WorkGroupConfiguration.html",
)
def execution_role(workgroup: Resource) -> Iterator[Violation]:
    """Athena refuses a role, and encryption of customer content, for SQL: queries run as who asks."""
    for settings in _SETTINGS:
        configuration = workgroup.at(settings)
        engine = configuration.at("EngineVersion.SelectedEngineVersion")
        spark = engine.text is not None and engine.text.startswith("PySpark")
        unknown = engine.present and not engine.known
        if not spark and not unknown and not configuration.at("IdentityCenterConfiguration").present:
            for name in ("ExecutionRole", "CustomerContentEncryptionConfiguration"):
                yield from absent(configuration.at(name), "for an engine of SQL")
