"""Settings of a replication to S3: Parquet with the envelope, and nothing that deletes from a zone or skips a row."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_dms as dms
from aws_cdk import aws_iam as iam

from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine
from lake_blueprints.ingestion.dms.tables import COMMITTED
from lake_blueprints.storage.s3 import Zone

ENGINES = {
    DatabaseEngine.POSTGRESQL: "postgres",
    DatabaseEngine.MYSQL: "mysql",
    DatabaseEngine.MARIADB: "mariadb",
    DatabaseEngine.ORACLE: "oracle",
    DatabaseEngine.SQL_SERVER: "sqlserver",
}
# Those that encrypt without a certificate of the server's authority:
# https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Security.SSL.html
_WITHOUT_CERTIFICATE = (DatabaseEngine.POSTGRESQL, DatabaseEngine.SQL_SERVER)


def replication_settings(lob_max_kb: int) -> dict[str, Any]:
    """Return the settings of the replication; what is left out has DMS's default.

    Notes
    -----
    https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TaskSettings.html
    """
    return {
        "FullLoadSettings": {"TargetTablePrepMode": "DO_NOTHING"},
        "TargetMetadata": {
            "SupportLobs": True,
            "FullLobMode": False,
            "LimitedSizeLobMode": True,
            "LobMaxSize": lob_max_kb,
            "BatchApplyEnabled": False,
        },
        "ChangeProcessingDdlHandlingPolicy": {
            "HandleSourceTableDropped": False,
            "HandleSourceTableTruncated": False,
            "HandleSourceTableAltered": True,
        },
        # By default DMS logs a row that it cannot write, suspends a table, and goes on.
        "ErrorBehavior": {
            "DataErrorPolicy": "STOP_TASK",
            "DataTruncationErrorPolicy": "STOP_TASK",
            "TableErrorPolicy": "STOP_TASK",
            "FailOnNoTablesCaptured": True,
        },
        "Logging": {"EnableLogging": True},
    }


def target_settings(zone: Zone, prefix: str, role: iam.IRole, every: Duration) -> dms.CfnEndpoint.S3SettingsProperty:
    """Return the settings of the target.

    Notes
    -----
    https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html
    """
    return dms.CfnEndpoint.S3SettingsProperty(
        bucket_name=zone.bucket.bucket_name,
        bucket_folder=prefix.removesuffix("/"),
        service_access_role_arn=role.role_arn,
        expected_bucket_owner=Aws.ACCOUNT_ID,
        data_format="parquet",
        parquet_version="parquet-2-0",
        parquet_timestamp_in_millisecond=False,
        compression_type="gzip",
        encryption_mode="sse-kms",
        server_side_encryption_kms_key_id=zone.key.key_arn,
        include_op_for_full_load=True,
        timestamp_column_name=COMMITTED,
        # Else a row would be as new as its transfer, and newer than a change that was committed before it.
        use_task_start_time_for_full_load_timestamp=True,
        cdc_max_batch_interval=int(every.to_seconds()),
        preserve_transactions=False,
        date_partition_enabled=False,
    )


def source_settings(
    source: DatabaseEndpoint, role: iam.IRole, *, certificate_arn: str | None, heartbeat: bool
) -> dict[str, Any]:
    """Return the properties of the source endpoint that depend on its engine.

    Raises
    ------
    ValueError
        If the engine is none that DMS reads from, or encrypts only with a certificate and there is none.
    """
    engine = source.engine
    if engine not in ENGINES:
        raise ValueError(f"'source' must be of an engine that DMS reads, {', '.join(ENGINES)}, got {engine.value}")
    if not certificate_arn and engine not in _WITHOUT_CERTIFICATE:
        raise ValueError(
            f"'certificate_arn' is missing: {engine.value} encrypts the connection only with the certificate of the "
            "server's authority; import it as an AWS::DMS::Certificate"
        )
    signed_in: dict[str, Any] = {
        "secrets_manager_access_role_arn": role.role_arn,
        "secrets_manager_secret_id": source.secret.secret_full_arn or source.secret.secret_arn,
    }
    encrypted = {
        "ssl_mode": ("verify-ca" if engine is DatabaseEngine.ORACLE else "verify-full")
        if certificate_arn
        else "require",
        "certificate_arn": certificate_arn,
    }
    # MySQL has no databases beside its schemas.
    databases = {} if engine in (DatabaseEngine.MYSQL, DatabaseEngine.MARIADB) else {"database_name": source.database}
    endpoint = dms.CfnEndpoint
    settings: dict[DatabaseEngine, dict[str, Any]] = {
        DatabaseEngine.POSTGRESQL: {
            "postgre_sql_settings": endpoint.PostgreSqlSettingsProperty(
                **signed_in,
                capture_ddls=False,
                fail_tasks_on_lob_truncation=True,
                heartbeat_enable=heartbeat,
                map_boolean_as_boolean=True,
            )
        },
        DatabaseEngine.ORACLE: {"oracle_settings": endpoint.OracleSettingsProperty(**signed_in)},
        DatabaseEngine.SQL_SERVER: {
            "microsoft_sql_server_settings": endpoint.MicrosoftSqlServerSettingsProperty(**signed_in)
        },
    }
    of_mysql = {"my_sql_settings": endpoint.MySqlSettingsProperty(**signed_in)}
    return {"engine_name": ENGINES[engine], **encrypted, **databases, **settings.get(engine, of_mysql)}


def regional_principal(stack: Stack) -> str:
    """Return the service that reads secrets, which has the Region in its name.

    Notes
    -----
    https://docs.aws.amazon.com/dms/latest/userguide/security_iam_secretsmanager.html
    """
    return f"dms.{stack.region}.amazonaws.com"
