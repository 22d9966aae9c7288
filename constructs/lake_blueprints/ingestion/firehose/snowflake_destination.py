"""Delivery of JSON records into a table of Snowflake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration, Token
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import DurationInSeconds
from lake_blueprints.ingestion.firehose import permissions
from lake_blueprints.ingestion.firehose.backed_up_destination import BackedUpDestination
from lake_blueprints.ingestion.firehose.buffering import BufferingHints
from lake_blueprints.ingestion.firehose.destination import DestinationBindOptions
from lake_blueprints.ingestion.firehose.secrets import secret_configuration
from lake_blueprints.storage.s3 import Zone

_FIREHOSE = firehose.CfnDeliveryStream
_ACCOUNT = re.compile(r"https://[^/\s]+\.snowflakecomputing\.com")


@checked
class SnowflakeDestination(BackedUpDestination):
    """Rows of a Snowflake table, from JSON records whose members are its columns.

    Parameters
    ----------
    account_url: str
        Address of the account: "https://<account>.snowflakecomputing.com"; with `private_link_id`, its private one.
    secret: secretsmanager.ISecret
        Secret `{"user": "...", "private_key": "...", "key_passphrase": "..."}` of a user with a key pair, the last only
        for an encrypted key.
    database, schema: str
        Database and schema of the table.
    table: str, optional
        Name of the table, which exists already. By default the dataset's name in upper case.
    role: str, optional
        Role of Snowflake that inserts. By default the user's own.
    private_link_id: str, optional
        Id of the account's PrivateLink service, as `SYSTEM$GET_PRIVATELINK_CONFIG` gives it, to reach it inside the
        network of AWS. By default it is reached over the internet.
    zone: Zone
        Zone of the records that cannot be delivered, below `errors/<dataset>/`.
    dataset: Dataset
        Contract of the records.
    retry: Duration, optional
        Time in which Firehose tries again before it gives records up, 0 to 7200 seconds. By default 60 seconds.
    backup_all: bool
        Whether the zone also receives every record as it came, below `backup/<dataset>/`. By default only what fails.
    restricted: bool
        Whether records with restricted columns leave the lake. By default a dataset that has some is refused.

    Raises
    ------
    ValueError
        If the records are not JSON, Firehose refuses the address or the retry, or restricted columns would leave.

    Notes
    -----
    https://docs.aws.amazon.com/firehose/latest/APIReference/API_SnowflakeDestinationConfiguration.html

    Example
    -------
        >>> keys = secretsmanager.Secret(self, "Keys", encryption_key=raw.key)
        >>> table = {"account_url": "https://lake-one.snowflakecomputing.com", "database": "LAKE", "schema": "RAW"}
        >>> SnowflakeDestination(**table, secret=keys, zone=raw, dataset=contract["flights"])
    """

    receiver = "Snowflake"
    metric = "DeliveryToSnowflake"
    default_buffer = BufferingHints(megabytes=128, seconds=0)

    def __init__(
        self,
        *,
        account_url: str,
        secret: secretsmanager.ISecret,
        database: str,
        schema: str,
        zone: Zone,
        dataset: Dataset,
        table: str | None = None,
        role: str | None = None,
        private_link_id: str | None = None,
        retry: DurationInSeconds | None = None,
        backup_all: bool = False,
        restricted: bool = False,
    ) -> None:
        super().__init__(
            zone=zone,
            dataset=dataset,
            retry=retry or Duration.seconds(60),
            backup_all=backup_all,
            restricted=restricted,
        )
        if dataset.format is not DatasetFormat.JSON:
            raise ValueError(f"Firehose makes rows of JSON records, but dataset '{dataset.name}' is {dataset.format}")
        if not Token.is_unresolved(account_url) and not _ACCOUNT.fullmatch(account_url):
            raise ValueError(f"'account_url' must be https://<account>.snowflakecomputing.com, got '{account_url}'")
        self.account_url, self.secret = account_url, secret
        self.database, self.schema, self.table = database, schema, table or dataset.name.upper()
        self.role, self.private_link_id = role, private_link_id

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return (*super().permissions, *permissions.read_secret(self.secret))

    def bind(self, scope: Construct, options: DestinationBindOptions) -> Mapping[str, Any]:
        configuration = _FIREHOSE.SnowflakeDestinationConfigurationProperty(
            **self.common(options),
            role_arn=options.role.role_arn,
            account_url=self.account_url,
            database=self.database,
            schema=self.schema,
            table=self.table,
            data_loading_option="JSON_MAPPING",
            secrets_manager_configuration=secret_configuration(self.secret, options.role),
            snowflake_role_configuration=_FIREHOSE.SnowflakeRoleConfigurationProperty(
                enabled=True, snowflake_role=self.role
            )
            if self.role
            else None,
            snowflake_vpc_configuration=_FIREHOSE.SnowflakeVpcConfigurationProperty(
                private_link_vpce_id=self.private_link_id
            )
            if self.private_link_id
            else None,
        )
        return {"snowflake_destination_configuration": configuration}
