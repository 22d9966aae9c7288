"""Errors that are neither our fault nor lasting, as Step Functions names those of the services.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

ATHENA = ("Athena.TooManyRequestsException", "Athena.InternalServerException", "Athena.SdkClientException")
GLUE = (
    "Glue.ThrottlingException",
    "Glue.OperationTimeoutException",
    "Glue.InternalServiceException",
    "Glue.SdkClientException",
)
REDSHIFT = (
    "RedshiftData.ThrottlingException",
    "RedshiftData.ActiveStatementsExceededException",
    "RedshiftData.ActiveSessionsExceededException",
    "RedshiftData.ActiveWaitingRequestsExceededException",
    "RedshiftData.InternalServerException",
    "RedshiftData.SdkClientException",
)
SAGEMAKER = (
    "SageMaker.ThrottlingException",
    "SageMaker.AmazonSageMakerException",
    "SageMaker.SageMakerException",
    "SageMaker.SdkClientException",
)
# In capitals by the integration that publishes, unlike `aws-sdk:sns`.
SNS = ("SNS.ThrottledException", "SNS.InternalErrorException", "SNS.KMSThrottlingException", "SNS.SdkClientException")
STEP_FUNCTIONS = ("Sfn.ThrottlingException", "Sfn.SfnException", "Sfn.SdkClientException")
