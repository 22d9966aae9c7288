"""Services whose operations a step calls and polls through Step Functions' AWS SDK integration.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lake_blueprints.orchestration.asl import ONE_CALL, State, busy, retry, task
from lake_blueprints.orchestration.poll import Poll


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service, with its errors that are worth another call.

    Parameters
    ----------
    name: str
        Name of the service in the integration.
    busy: sequence of str
        Errors of quotas and of states that pass, after which a call is repeated for 53 minutes.
    transient: sequence of str
        Errors after which a call is repeated soon; its answer may have been lost.
    """

    name: str
    busy: Sequence[str]
    transient: Sequence[str]

    @property
    def passing(self) -> Sequence[str]:
        """Errors that pass, of both kinds."""
        return (*self.busy, *self.transient)

    def call(
        self,
        name: str,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        busy_on: Sequence[str] | None = None,
        repeatable: bool = True,
        **options: Any,
    ) -> dict[str, State]:
        """Return the task of one call of an operation, as the API spells it, with other options as of `task`.

        The errors of `busy_on` take the place of the service's own; a call that is not `repeatable` is not made again
        after an answer that may have been lost.
        """
        retries = [busy(busy_on or self.busy), *([retry(self.transient)] if repeatable else [])]
        return task(name, self._action(operation), parameters, timeout=ONE_CALL, retries=retries, **options)

    def look(
        self,
        name: str,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        answer: Mapping[str, Any],
        choices: Sequence[State],
        default: str,
    ) -> dict[str, State]:
        """Return the states that ask how things are, before anything is done, and choose by `$.start.answer`."""
        looks, runs = f"{name} looks", f"{name} runs"
        asked = self.call(looks, operation, parameters, result={"answer": answer}, result_path="$.start", then=runs)
        return {**asked, runs: {"Type": "Choice", "Choices": list(choices), "Default": default}}

    def poll(self, operation: str, parameters: Mapping[str, Any], **conditions: Any) -> Poll:
        """Return the poll, with conditions as of `Poll`, that asks by an operation."""
        return Poll(action=self._action(operation), parameters=parameters, transient=self.passing, **conditions)

    def _action(self, operation: str) -> str:
        return f"aws-sdk:{self.name}:{operation[0].lower()}{operation[1:]}"


# Most operations do not declare that they throttle. Errors that they do not declare have the name of all exceptions of
# the service.
DATASYNC = Service(
    name="datasync",
    busy=["DataSync.DataSyncException"],
    transient=["DataSync.InternalException", "DataSync.SdkClientException"],
)
# A replication that is about to stop is in no state to be started.
DMS = Service(
    name="databasemigration",
    busy=["DatabaseMigration.InvalidResourceStateException", "DatabaseMigration.DatabaseMigrationException"],
    transient=["DatabaseMigration.SdkClientException"],
)
DYNAMODB = Service(
    name="dynamodb",
    busy=["DynamoDb.DynamoDbException", "DynamoDb.LimitExceededException", "DynamoDb.ThrottlingException"],
    transient=["DynamoDb.InternalServerErrorException", "DynamoDb.SdkClientException"],
)
# An application that is about to change is in use.
FLINK = Service(
    name="kinesisanalyticsv2",
    busy=["KinesisAnalyticsV2.ResourceInUseException", "KinesisAnalyticsV2.KinesisAnalyticsV2Exception"],
    transient=["KinesisAnalyticsV2.SdkClientException"],
)
# AWSGlueException is that of the optimised integration.
GLUE = Service(
    name="glue",
    busy=["Glue.ThrottlingException", "Glue.AWSGlueException", "Glue.GlueException"],
    transient=["Glue.OperationTimeoutException", "Glue.InternalServiceException", "Glue.SdkClientException"],
)
RDS = Service(name="rds", busy=["Rds.RdsException"], transient=["Rds.SdkClientException"])
