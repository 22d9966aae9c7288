"""Errors that are neither our fault nor lasting, as Step Functions names those of the services.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

# Most operations do not declare that they throttle. Errors that they do not declare have the name of all exceptions of
# the service: of Glue, AWSGlueException by the optimised integration and GlueException by `aws-sdk`.
ATHENA_BUSY = ("Athena.TooManyRequestsException", "Athena.AmazonAthenaException")
ATHENA = ("Athena.InternalServerException", "Athena.SdkClientException")
# Its operations declare no throttling.
DATASYNC_BUSY = ("DataSync.DataSyncException",)
DATASYNC = ("DataSync.InternalException", "DataSync.SdkClientException")
# Its operations declare no throttling; a replication that is about to stop is in no state to be started.
DMS_BUSY = ("DatabaseMigration.InvalidResourceStateException", "DatabaseMigration.DatabaseMigrationException")
DMS = ("DatabaseMigration.SdkClientException",)
# Its operations declare no throttling; an application that is about to change is in use.
FLINK_BUSY = ("KinesisAnalyticsV2.ResourceInUseException", "KinesisAnalyticsV2.KinesisAnalyticsV2Exception")
FLINK = ("KinesisAnalyticsV2.SdkClientException",)
GLUE_THROTTLED = ("Glue.ThrottlingException", "Glue.AWSGlueException", "Glue.GlueException")
GLUE = ("Glue.OperationTimeoutException", "Glue.InternalServiceException", "Glue.SdkClientException")
# Of the service, of a function that was killed, and of one that could not begin.
LAMBDA = (
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "Runtime.ExitError",
    "States.Timeout",
)
# It declares neither throttling nor too many exports at a time.
RDS_BUSY = ("Rds.RdsException",)
RDS = ("Rds.SdkClientException",)
REDSHIFT_BUSY = (
    "RedshiftData.ThrottlingException",
    "RedshiftData.RedshiftDataException",
    "RedshiftData.ActiveStatementsExceededException",
    "RedshiftData.ActiveSessionsExceededException",
    "RedshiftData.ActiveWaitingRequestsExceededException",
)
REDSHIFT = ("RedshiftData.InternalServerException", "RedshiftData.SdkClientException")
REDSHIFT_SERVERLESS_BUSY = ("RedshiftServerless.ThrottlingException", "RedshiftServerless.RedshiftServerlessException")
REDSHIFT_SERVERLESS = ("RedshiftServerless.InternalServerException", "RedshiftServerless.SdkClientException")
SAGEMAKER = (
    "SageMaker.ThrottlingException",
    "SageMaker.AmazonSageMakerException",
    "SageMaker.SageMakerException",
    "SageMaker.SdkClientException",
)
# In capitals by the integration that publishes, unlike `aws-sdk:sns`.
SNS = ("SNS.ThrottledException", "SNS.InternalErrorException", "SNS.KMSThrottlingException", "SNS.SdkClientException")
STEP_FUNCTIONS = ("Sfn.ThrottlingException", "Sfn.SfnException", "Sfn.SdkClientException")
