"""Errors that are neither our fault nor lasting, as Step Functions names those of the services.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

# Most operations do not declare that they throttle. Errors that they do not declare have the name of all exceptions of
# the service.
ATHENA_BUSY = ("Athena.TooManyRequestsException", "Athena.AmazonAthenaException")
ATHENA = ("Athena.InternalServerException", "Athena.SdkClientException")
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
