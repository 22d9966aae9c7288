"""EFS and FSx file systems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, at_least, between, only_one, required

EFS: Final = "AWS::EFS::FileSystem"
FSX: Final = "AWS::FSx::FileSystem"
_EFS: Final = "https://docs.aws.amazon.com/efs/latest/ug"
_FSX: Final = "https://docs.aws.amazon.com/fsx/latest/APIReference"
# Throughput in MB/s for each TiB, by deployment and storage.
_LUSTRE_THROUGHPUT: Final = {
    ("PERSISTENT_1", "SSD"): (50, 100, 200),
    ("PERSISTENT_1", "HDD"): (12, 40),
    ("PERSISTENT_2", "SSD"): (125, 250, 500, 1000),
}
_CONFIGURATIONS: Final = {
    "LUSTRE": "LustreConfiguration",
    "ONTAP": "OntapConfiguration",
    "OPENZFS": "OpenZFSConfiguration",
    "WINDOWS": "WindowsConfiguration",
}


@rule(
    "LAKE-FILES-001",
    EFS,
    title="Throughput of EFS is a number where it is provisioned, and none elsewhere",
    fix="set ProvisionedThroughputInMibps with ThroughputMode provisioned only",
    source=f"{_EFS}/API_CreateFileSystem.html",
)
def throughput(system: Resource) -> Iterator[Violation]:
    """EFS refuses the one without the other, a mode of performance that does not go with it, and keys of no use."""
    mode, provisioned = system.at("ThroughputMode"), system.at("ProvisionedThroughputInMibps")
    if mode.text == "provisioned":
        yield from required(provisioned, "MiB per second with ThroughputMode provisioned")
    elif mode.known or not mode.present:
        yield from absent(provisioned, f"with ThroughputMode {mode.text or 'bursting'}")
    yield from between(provisioned, 1, 3414, "MiB per second")
    if mode.text == "elastic" and system.at("PerformanceMode").text == "maxIO":
        yield Violation(at=system.at("PerformanceMode"), allowed="generalPurpose with ThroughputMode elastic")
    if system.at("AvailabilityZoneName").present and system.at("PerformanceMode").text == "maxIO":
        yield Violation(at=system.at("PerformanceMode"), allowed="generalPurpose in one zone")
    if system.at("KmsKeyId").present and system.at("Encrypted").flag is False:
        yield Violation(at=system.at("Encrypted"), allowed="true with KmsKeyId")
    policies = system.at("LifecyclePolicies")
    names = [child.path.rpartition(".")[2] for item in policies.items() for child in item.children()]
    if len(names) != len(set(names)):
        yield Violation(at=policies, found=", ".join(names), allowed="each transition once")
    for item in policies.items():
        if len(list(item.children())) > 1:
            yield Violation(at=item, found="several transitions", allowed="one transition in each element")


@rule(
    "LAKE-FILES-002",
    FSX,
    title="A Lustre file system has what its deployment needs",
    fix="set PerUnitStorageThroughput for PERSISTENT deployments, and a capacity in their steps",
    source=f"{_FSX}/API_CreateFileSystemLustreConfiguration.html",
)
def lustre(system: Resource) -> Iterator[Violation]:
    """FSx refuses others."""
    if system.at("FileSystemType").text != "LUSTRE":
        return
    configuration, capacity = system.at("LustreConfiguration"), system.at("StorageCapacity")
    deployment, storage = configuration.at("DeploymentType"), system.at("StorageType")
    unit, kind = configuration.at("PerUnitStorageThroughput"), deployment.text or ""
    tiering = storage.text == "INTELLIGENT_TIERING"
    if kind in {"PERSISTENT_1", "PERSISTENT_2"} and not tiering:
        yield from required(unit, f"MB/s for each TiB with {kind}")
    elif kind.startswith("SCRATCH") or (configuration.known and not deployment.present):
        yield from absent(unit, "for scratch file systems")
        yield from absent(configuration.at("AutomaticBackupRetentionDays"), "for scratch file systems")
    allowed = _LUSTRE_THROUGHPUT.get((kind, storage.text or "SSD"))
    if allowed and unit.number is not None and unit.number not in allowed and (storage.known or not storage.present):
        yield Violation(at=unit, allowed=", ".join(map(str, allowed)))
    if kind.startswith("SCRATCH") and storage.text == "HDD":
        yield Violation(at=storage, allowed="SSD for scratch file systems")
    if kind == "PERSISTENT_2":
        for name in ("ImportPath", "ExportPath", "AutoImportPolicy", "ImportedFileChunkSize"):
            yield from absent(configuration.at(name), "for PERSISTENT_2, which has data repository associations")
    if configuration.at("ExportPath").given or configuration.at("AutoImportPolicy").given:
        yield from required(configuration.at("ImportPath"), "the bucket that is imported")
    if capacity.number is not None and storage.text in {None, "SSD"} and (storage.known or not storage.present):
        step = 3600 if kind == "SCRATCH_1" else 2400
        if capacity.number != 1200 and capacity.number % step:
            yield Violation(at=capacity, allowed=f"1200 or a multiple of {step} GiB")


@rule(
    "LAKE-FILES-003",
    FSX,
    title="A file system of FSx has the configuration of its type",
    fix="give the configuration of the type, with DeploymentType and ThroughputCapacity where it has them",
    source=f"{_FSX}/API_CreateFileSystem.html",
)
def configuration(system: Resource) -> Iterator[Violation]:
    """FSx refuses the configuration of another type, and storage that is too small."""
    kind = system.at("FileSystemType").text or ""
    own = _CONFIGURATIONS.get(kind)
    if own is None:
        return
    for name in _CONFIGURATIONS.values():
        if name != own:
            yield from absent(system.at(name), f"for {kind}")
    configuration, subnets = system.at(own), system.at("SubnetIds")
    if kind != "LUSTRE":
        yield from required(configuration, f"the configuration of {kind}")
    if kind in {"WINDOWS", "OPENZFS"} and configuration.known:
        yield from required(configuration.at("ThroughputCapacity"), "MB per second")
    if kind in {"ONTAP", "OPENZFS"} and configuration.known:
        yield from required(configuration.at("DeploymentType"), "SINGLE_AZ_1, MULTI_AZ_1 and the like")
    if kind == "WINDOWS":
        yield from at_least(system.at("StorageCapacity"), 2000 if system.at("StorageType").text == "HDD" else 32, "GiB")
        if configuration.known and not configuration.at("SelfManagedActiveDirectoryConfiguration").present:
            yield from required(configuration.at("ActiveDirectoryId"), "an Active Directory")
        directory = configuration.at("SelfManagedActiveDirectoryConfiguration")
        yield from only_one(configuration.at("ActiveDirectoryId"), directory)
    deployment = configuration.at("DeploymentType").text or ""
    if deployment.startswith("MULTI_AZ"):
        yield from required(configuration.at("PreferredSubnetId"), f"one of the subnets with {deployment}")
        if isinstance(subnets.value, list) and len(subnets.value) != 2:
            yield Violation(at=subnets, found=f"{len(subnets.value)} subnets", allowed=f"2 with {deployment}")
    elif deployment.startswith("SINGLE_AZ") and isinstance(subnets.value, list) and len(subnets.value) != 1:
        yield Violation(at=subnets, found=f"{len(subnets.value)} subnets", allowed=f"1 with {deployment}")
    yield from _backups(configuration)


def _backups(configuration: Node) -> Iterator[Violation]:
    days = configuration.at("AutomaticBackupRetentionDays")
    yield from between(days, 0, 90, "days")
    if days.number == 0:
        yield from absent(configuration.at("DailyAutomaticBackupStartTime"), "without automatic backups")
