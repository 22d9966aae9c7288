"""Table of operations: by service where each was looked at, and a rule by verb for all others.

Names are botocore's; `*` stands for any part of a name. What an engine answers itself (`Engine.services`, handlers that
it puts into a response class of moto) is real without being listed. Where nothing is listed for an operation, the rule
decides: what only describes configuration is stored, and whatever claims that something ran, or returns what nothing
has made, is refused. `docs/local-operations.md` is written from it.

Above 200 lines: a table, by service.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Operations of a service by their answers, as patterns between blanks.

    Parameters
    ----------
    real: str
        A real engine, or moto's own store of what it is given, stands behind them.
    stored: str
        Configuration that is kept and returned, and acted on by nothing.
    refused: str
        moto answers as if it had worked.
    only: bool
        Whether what is not listed is refused, since the handlers do not have the names of operations.
    """

    real: str = ""
    stored: str = ""
    refused: str = ""
    only: bool = False


_ALL_REFUSED = Entry(refused="*")

SERVICES = {
    "acm": Entry(stored="ImportCertificate"),
    "athena": Entry(
        real="*QueryExecution* GetQueryResults *WorkGroup*",
        stored="*NamedQuer*",
        # Databases of its own, and numbers that no query has.
        refused="*Database* GetQueryRuntimeStatistics",
    ),
    "apigateway": Entry(stored="ImportRestApi CreateDeployment"),
    "apigatewaymanagementapi": _ALL_REFUSED,
    "autoscaling": Entry(refused="Set* AttachInstances DetachInstances"),
    "bedrock-runtime": _ALL_REFUSED,
    "budgets": Entry(stored="*"),
    "ce": _ALL_REFUSED,
    "cloudformation": Entry(
        real="*Stack *Stacks *StackResource* *StackEvents *ChangeSet* GetTemplate* ValidateTemplate ListExports",
        refused="*StackSet* *StackInstance*",
    ),
    "cloudtrail": Entry(stored="StartLogging StopLogging"),
    "cloudwatch": Entry(
        real="PutMetricData GetMetricData GetMetricStatistics ListMetrics",
        stored="*Alarm* *Dashboard* *InsightRule* *Tag*",
        refused="SetAlarmState",
    ),
    # Its classifiers and recognizers are trained, its jobs completed, and a text that says "I hate it" is neutral.
    "comprehend": _ALL_REFUSED,
    "config": Entry(refused="Start* Stop* Select* *Status* *Evaluations *ResourceConfig* *DiscoveredResources"),
    "connectcampaigns": Entry(stored="CreateCampaign"),
    "databrew": Entry(stored="CreateProfileJob CreateRecipeJob PublishRecipe"),
    "datasync": Entry(refused="CancelTaskExecution UpdateTaskExecution *Agent*"),
    # Of tasks and serverless replications, which run; nothing else of moto's does what it says.
    "dms": Entry(stored="*ReplicationSubnetGroup* *ReplicationInstance*", only=True),
    "dynamodb": Entry(
        real=(
            "*Item *Items BatchGetItem BatchWriteItem Query Scan *Table DescribeEndpoints DescribeLimits ListTables "
            "*TimeToLive *TagsOfResource TagResource UntagResource DescribeContinuousBackups UpdateContinuousBackups"
        ),
        stored="*ResourcePolicy",
        # A restored table ignores the time and has no settings, an import writes what no stream and no export sees, and
        # PartiQL ignores limits, conditions and paging.
        refused=(
            "*Statement ExecuteTransaction *Backup ListBackups RestoreTable* *Import* *GlobalTable* *AutoScaling "
            "*ContributorInsights *Bulk* SearchVectors"
        ),
    ),
    "dynamodbstreams": Entry(real="*"),
    "ec2": Entry(
        stored="ImportKeyPair ModifyInstanceAttribute ModifyInstanceMetadataOptions",
        refused=(
            "CreateFleet CreateSpotDatafeedSubscription GetInstanceUefiData GetPasswordData GetLaunchTemplateData "
            "AssociateIamInstanceProfile AttachVolume DetachVolume"
        ),
    ),
    "ecr": Entry(
        real="*Layer* *Image *Images *Repositor* GetAuthorizationToken",
        refused="StartImageScan",
    ),
    "elb": Entry(stored="ConfigureHealthCheck ApplySecurityGroupsToLoadBalancer"),
    "emr": Entry(refused="AddJobFlowSteps AddInstanceGroups"),
    "events": Entry(
        real="TestEventPattern PutEvents",
        refused="PutPartnerEvents *Replay*",
    ),
    "firehose": Entry(
        real="*DeliveryStream *DeliveryStreams *Destination PutRecord PutRecordBatch",
        stored="*Encryption",
    ),
    "forecast": _ALL_REFUSED,
    "glacier": Entry(refused="UploadArchive GetJobOutput"),
    "glue": Entry(
        real=(
            "*Database *Databases *Table *Tables *TableVersion* *Partition *Partitions *JobRun *JobRuns *Crawler "
            "*Crawlers *DataQuality* CreateJob DeleteJob GetJob GetJobs ListJobs BatchGetJobs ListCrawls"
        ),
        stored=(
            "*Connection* *Workflow *Workflows *Trigger *Triggers *Schema* *Registr* *SecurityConfiguration* "
            "*ResourcePolicy *PartitionIndexes *DataCatalogEncryptionSettings *Tag*"
        ),
        refused=(
            "StartTrigger StopTrigger *WorkflowRun* *Session *Sessions *DevEndpoint* *MLTransform* "
            "PutWorkflowRunProperties"
        ),
    ),
    "iam": Entry(stored="Upload* GenerateCredentialReport GetCredentialReport DeactivateMFADevice"),
    "iot": Entry(real="*TopicRule *TopicRules", refused="*JobExecution* SearchIndex"),
    "kinesis": Entry(
        real=(
            "*Stream *Streams *StreamSummary *Record *Records *Shard *Shards *ShardIterator *ShardCount "
            "*TagsToStream *TagsFromStream *TagsForStream"
        ),
        stored="*Consumer* *EnhancedMonitoring *RetentionPeriod *StreamEncryption *StreamMode *ResourcePolicy *Limits",
    ),
    "kinesis-video-archived-media": _ALL_REFUSED,
    "kms": Entry(
        real="*Encrypt* Decrypt Generate* Sign Verify* *Key *Keys *Alias* *PublicKey",
        stored="*Grant* *KeyPolic* *KeyRotation* *KeyDescription *KeyDeletion *Tag*",
        refused="RotateKeyOnDemand",
    ),
    "lakeformation": Entry(stored="*"),
    "lambda": Entry(
        real=(
            "Invoke InvokeAsync *Function *Functions *FunctionCode *FunctionConfiguration *Alias *Aliases *Version "
            "*VersionsByFunction *LayerVersion *LayerVersions *Layers *EventSourceMapping *EventSourceMappings"
        ),
        stored="*Permission* *Policy *Concurrency *FunctionUrlConfig* *EventInvokeConfig* *CodeSigningConfig *Tag*",
    ),
    "logs": Entry(
        real="*LogGroup *LogGroups *LogStream *LogStreams *LogEvents *SubscriptionFilter *SubscriptionFilters",
        stored="*Retention* *MetricFilter* *Deliver* *Destination* *ResourcePolic* *Tag*",
        refused="StartQuery GetQueryResults DescribeQueries StartLiveTail *ExportTask*",
    ),
    "meteringmarketplace": _ALL_REFUSED,
    "osis": Entry(refused="CreatePipeline"),
    "personalize": _ALL_REFUSED,
    # Its pipes are RUNNING and move nothing.
    "pipes": Entry(refused="CreatePipe UpdatePipe"),
    "polly": _ALL_REFUSED,
    "rds": Entry(
        # Each has a server of PostgreSQL.
        real=(
            "*DBCluster *DBClusters *DBInstance *DBInstances DescribeDBClusterParameters DescribeDBParameters "
            "ModifyDBClusterParameterGroup ModifyDBParameterGroup StartExportTask DescribeExportTasks"
        ),
        # No snapshot has rows, and no server reads from another.
        refused=(
            "*Snapshot* Restore* *ReadReplica* CancelExportTask *DBProx* *BlueGreen* *GlobalCluster* Failover* "
            "*ShardGroup* *LogFile* Switchover*"
        ),
    ),
    "rds-data": _ALL_REFUSED,
    "redshift": Entry(
        real="CreateCluster DeleteCluster DescribeClusters ModifyCluster PauseCluster ResumeCluster",
        # No time of a schedule comes, and nothing is counted against a limit.
        stored="*ScheduledAction *ScheduledActions *UsageLimit *UsageLimits *ClusterParameterGroup",
    ),
    "redshift-data": Entry(real="*"),
    "redshift-serverless": Entry(
        stored=(
            "CreateNamespace GetNamespace ListNamespaces UpdateNamespace DeleteNamespace CreateWorkgroup GetWorkgroup "
            # Nothing is counted against a limit.
            "ListWorkgroups UpdateWorkgroup DeleteWorkgroup GetCredentials *UsageLimit ListUsageLimits"
        ),
        only=True,
    ),
    "rekognition": _ALL_REFUSED,
    "resourcegroupstaggingapi": Entry(real="*"),
    "route53": Entry(refused="GetDNSSEC"),
    "route53domains": _ALL_REFUSED,
    "s3": Entry(
        real=(
            "AbortMultipartUpload CompleteMultipartUpload CopyObject CreateBucket CreateMultipartUpload "
            "DeleteBucket DeleteObject DeleteObjects GetObject GetObjectAttributes HeadBucket HeadObject "
            "ListBuckets ListMultipartUploads ListObjects ListObjectsV2 ListObjectVersions ListParts PostObject "
            "PutObject UploadPart UploadPartCopy DeleteObjectTagging GetObjectTagging PutObjectTagging "
            "DeleteBucketTagging GetBucketTagging PutBucketTagging GetBucketLocation GetBucketVersioning "
            "PutBucketVersioning DeleteBucketCors GetBucketCors PutBucketCors GetBucketNotification "
            "GetBucketNotificationConfiguration PutBucketNotification PutBucketNotificationConfiguration "
            "GetObjectLockConfiguration PutObjectLockConfiguration GetObjectLegalHold PutObjectLegalHold "
            "GetObjectRetention PutObjectRetention PutBucketInventoryConfiguration "
        ),
        stored=(
            "GetBucketAcl PutBucketAcl GetObjectAcl PutObjectAcl GetBucketPolicy PutBucketPolicy "
            "DeleteBucketPolicy GetBucketPolicyStatus GetBucketEncryption PutBucketEncryption "
            "DeleteBucketEncryption GetBucketLifecycle GetBucketLifecycleConfiguration PutBucketLifecycle "
            "PutBucketLifecycleConfiguration DeleteBucketLifecycle GetBucketLogging PutBucketLogging "
            "GetBucketWebsite PutBucketWebsite DeleteBucketWebsite GetBucketReplication PutBucketReplication "
            "DeleteBucketReplication GetBucketAccelerateConfiguration PutBucketAccelerateConfiguration "
            "GetBucketOwnershipControls PutBucketOwnershipControls DeleteBucketOwnershipControls "
            "GetPublicAccessBlock PutPublicAccessBlock DeletePublicAccessBlock GetBucketInventoryConfiguration "
            "ListBucketInventoryConfigurations "
        ),
        only=True,
    ),
    # moto keeps neither encryption nor policies of table buckets, and maintains no table.
    "s3tables": Entry(
        real=(
            "CreateTableBucket DeleteTableBucket GetTableBucket ListTableBuckets *Namespace *Namespaces CreateTable "
            "DeleteTable GetTable ListTables RenameTable *TableMetadataLocation"
        ),
        only=True,
    ),
    "sagemaker": Entry(
        real="*TrainingJob ListTrainingJobs",
        refused=(
            "*TransformJob* *ProcessingJob* *AutoMLJob* *CompilationJob* *HyperParameterTuningJob* *PipelineExecution* "
            "*ForExecution *Cluster* UpdateEndpointWeightsAndCapacities"
        ),
        stored="CreateExperiment Search",
    ),
    "sagemaker-metrics": _ALL_REFUSED,
    "sagemaker-runtime": _ALL_REFUSED,
    "scheduler": Entry(stored="*"),
    "secretsmanager": Entry(real="*", stored="*ResourcePolicy"),
    "securityhub": Entry(refused="GetFindings BatchImportFindings"),
    "service-quotas": _ALL_REFUSED,
    "sns": Entry(
        real="*Topic *Topics *TopicAttributes Publish PublishBatch Subscribe Unsubscribe *Subscription* *Tag*",
        refused="*PhoneNumber* *PlatformEndpoint *EndpointAttributes *Endpoint *EndpointsBy*",
    ),
    "sqs": Entry(real="*"),
    "ssm": Entry(real="*Parameter *Parameters *ParametersByPath *ParameterHistory *ParameterVersion *Tag*"),
    "stepfunctions": Entry(real="*"),
    "sts": Entry(real="*"),
    "support": _ALL_REFUSED,
    "textract": _ALL_REFUSED,
    "transcribe": Entry(refused="*Job *Jobs"),
    "xray": _ALL_REFUSED,
}

SIGNED_AS = {
    "amp": "aps",
    "apigatewaymanagementapi": "execute-api",
    "apigatewayv2": "apigateway",
    "bedrock-agent": "bedrock",
    "bedrock-agentcore-control": "bedrock-agentcore",
    "bedrock-runtime": "bedrock",
    "cloudhsmv2": "cloudhsm",
    "cloudwatch": "monitoring",
    "connectcampaigns": "connect-campaigns",
    "devops-agent": "aidevops",
    "dynamodbstreams": "dynamodb",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "iot-data": "iotdata",
    "kinesis-video-archived-media": "kinesisvideo",
    "kinesisanalyticsv2": "kinesisanalytics",
    "lexv2-models": "lex",
    "mediastore-data": "mediastore",
    "meteringmarketplace": "aws-marketplace",
    "opensearch": "es",
    "opensearchserverless": "aoss",
    "pinpoint": "mobiletargeting",
    "resourcegroupstaggingapi": "tagging",
    "s3control": "s3",
    "sagemaker-metrics": "sagemaker",
    "sagemaker-runtime": "sagemaker",
    "service-quotas": "servicequotas",
    "servicecatalog-appregistry": "servicecatalog",
    "sesv2": "ses",
    "sso-admin": "sso",
    "stepfunctions": "states",
    "timestream-write": "timestream",
}
"""Names for which requests are signed, where they are not the service's own."""

CONFIGURES = (
    *("Accept", "Add", "Allocate", "Assign", "Associate", "Attach", "Authorize", "BatchDelete", "BatchGet"),
    *("BatchPut", "Cancel", "Change", "Create", "Delete", "Deregister", "Describe", "Detach", "Disable"),
    *("Disassociate", "Enable", "Get", "Grant", "Head", "List", "Modify", "Put", "Register", "Reject", "Release"),
    *("Remove", "Replace", "Reset", "Revoke", "Set", "Stop", "Tag", "Terminate", "Unassign", "Untag", "Update"),
)
"""Verbs of operations that are stored: they describe what shall be, or end it."""

CLAIMS = (
    *("Job", "JobV2", "Run", "Execution", "Query", "Assessment", "Backup", "Snapshot", "Snapshots", "Build"),
    *("Invalidation", "Session", "Image", "Export", "ExportTask", "Ingestion", "Deployment"),
)
"""Ends of names that make such an operation one that claims work, if its verb is Create or Put."""

MADE_UP = (
    *("Result", "Results", "Statistics", "Recommendations", "Findings", "Health", "HealthStatus", "InstanceStatus"),
    *("VolumeStatus", "HealthCheckStatus", "PriceHistory", "ImageScanFindings"),
)
"""Ends of names that make it one that returns what nothing has made, if its verb is Get, Describe or List."""

PRETENDED_TYPES = frozenset(
    {
        *("AWS::EC2::Instance", "AWS::EC2::SpotFleet", "AWS::EMR::Cluster", "AWS::EMR::InstanceGroupConfig"),
        "AWS::DataPipeline::Pipeline",
    }
)
"""Resource types that moto has, and whose creation claims work that is refused as an operation."""
