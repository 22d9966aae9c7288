"""Calls declared for the roles of the sample lake that a local run cannot show, by the reason."""

from __future__ import annotations

from tests.permissions.recorded import Deed

# On each line the kind of role, what the calls are for, and the actions.
_REASONS = {
    "Lake Formation is not run here": """
        Zone/LakeFormation/Role | lends access to the registered location | kms:Decrypt kms:GenerateDataKey
        Zone/LakeFormation/Role | lends access to the registered location | s3:AbortMultipartUpload s3:DeleteObject
        Zone/LakeFormation/Role | lends access to the registered location | s3:GetBucketLocation s3:GetObject
        Zone/LakeFormation/Role | lends access to the registered location | s3:ListBucket
        Zone/LakeFormation/Role | lends access to the registered location | s3:ListBucketMultipartUploads
        Zone/LakeFormation/Role | lends access to the registered location | s3:ListMultipartUploadParts s3:PutObject
    """,
    "SageMaker registers a model here without looking at it": """
        Pipeline | looks at the model | s3:GetObject
    """,
    "Step Functions follows nested work without EventBridge here": """
        Pipeline | is notified of the execution's end | events:DescribeRule events:PutRule events:PutTargets
        Pipeline | is notified of the job's end | events:DescribeRule events:PutRule events:PutTargets
    """,
    "crawlers, deliveries, evaluations and table optimizers write no log here": """
        Crawler | writes encrypted logs | logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents
        DeliveryStream | logs what fails | logs:PutLogEvents
        IcebergTable | writes logs | logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents
        QualityRuleset | writes logs | logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents
    """,
    "evaluations run in the process that has the rules and keeps the results": """
        QualityRuleset | follows itself and publishes its result | glue:GetDataQualityResult
        QualityRuleset | follows itself and publishes its result | glue:GetDataQualityRulesetEvaluationRun
        QualityRuleset | follows itself and publishes its result | glue:PublishDataQuality
        QualityRuleset | loads Glue's program | s3:GetObject
        QualityRuleset | reads the rules | glue:GetDataQualityRuleset
    """,
    "files are too small here to be uploaded in parts": """
        CurationJob | sets bad records aside | s3:AbortMultipartUpload s3:ListBucketMultipartUploads
        CurationJob | writes the masked copy, and expires what it held | s3:AbortMultipartUpload
        CurationJob | writes the masked copy, and expires what it held | s3:ListBucketMultipartUploads
        CurationJob | writes the masked copy, and expires what it held | s3:ListMultipartUploadParts
        CurationJob | writes the table | s3:AbortMultipartUpload s3:ListBucketMultipartUploads
        CurationJob | writes the table | s3:ListMultipartUploadParts
        DeliveryStream | finds the bucket and its unfinished uploads | s3:ListBucketMultipartUploads
        DeliveryStream | writes objects, and what fails | s3:AbortMultipartUpload
        DeliveryStream | writes rows | s3:AbortMultipartUpload s3:ListBucketMultipartUploads
        Pipeline | runs the query 'Repair' | s3:AbortMultipartUpload s3:ListBucketMultipartUploads
        Pipeline | runs the query 'Repair' | s3:ListMultipartUploadParts
        Pipeline | exports rows | s3:AbortMultipartUpload s3:ListBucketMultipartUploads s3:ListMultipartUploadParts
        Pipeline | exports table 'trips' | s3:AbortMultipartUpload s3:ListBucketMultipartUploads
        Pipeline | exports table 'trips' | s3:ListMultipartUploadParts
        TrainingJob | writes the model | s3:AbortMultipartUpload
    """,
    "logs of executions, traces and metrics are not delivered here": """
        Crawler | writes metrics | cloudwatch:PutMetricData
        CurationJob | writes metrics | cloudwatch:PutMetricData
        IndexLoadJob | writes metrics | cloudwatch:PutMetricData
        ItemLoadJob | writes metrics | cloudwatch:PutMetricData
        QualityRuleset | writes metrics | cloudwatch:PutMetricData
        Pipeline | delivers its log | logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeLogGroups
        Pipeline | delivers its log | logs:DescribeResourcePolicies logs:GetLogDelivery logs:ListLogDeliveries
        Pipeline | delivers its log | logs:PutResourcePolicy logs:UpdateLogDelivery
        Pipeline | traces executions | xray:GetSamplingRules xray:GetSamplingTargets xray:PutTelemetryRecords
        Pipeline | traces executions | xray:PutTraceSegments
        TrainingJob | writes metrics | cloudwatch:PutMetricData
    """,
    "files of Iceberg tables are found by their metadata here, not by listing": """
        CurationJob | writes the masked copy, and expires what it held | s3:ListBucket
        CurationJob | writes the table | s3:ListBucket
        Pipeline | exports table 'trips' | s3:ListBucket
    """,
    "networks carry nothing here": """
        NewestRecords | runs in the network | ec2:AssignPrivateIpAddresses ec2:CreateNetworkInterface
        NewestRecords | runs in the network | ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces
        NewestRecords | runs in the network | ec2:DescribeSubnets ec2:UnassignPrivateIpAddresses
        StreamProcessor | runs in the network | ec2:CreateNetworkInterface ec2:CreateNetworkInterfacePermission
        StreamProcessor | runs in the network | ec2:DeleteNetworkInterface ec2:DescribeDhcpOptions
        StreamProcessor | runs in the network | ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups
        StreamProcessor | runs in the network | ec2:DescribeSubnets ec2:DescribeVpcs
        LakeNetwork | writes flow logs | logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents
    """,
    "no database is replicated in this run, but in test_replication.py": """
        Pipeline | looks at the replication | dms:DescribeReplications
        Pipeline | starts the replication | dms:StartReplication
        Pipeline | stops the replication | dms:StopReplication
        Replication | finds the bucket and its own files | s3:GetBucketLocation s3:ListBucket
        Replication | writes the files of tables | kms:Decrypt kms:GenerateDataKey
        Replication | writes the files of tables | s3:DeleteObject s3:PutObject s3:PutObjectTagging
        Replication/SecretRole | signs in to the source | kms:Decrypt
        Replication/SecretRole | signs in to the source | secretsmanager:DescribeSecret secretsmanager:GetSecretValue
    """,
    "no database is integrated or exported in this run, but in test_zero_etl.py": """
        ClusterExport | finds the bucket and its own files | s3:GetBucketLocation s3:ListBucket
        ClusterExport | writes the files of an export | kms:Decrypt kms:GenerateDataKey
        ClusterExport | writes the files of an export | s3:DeleteObject s3:GetObject s3:GetObjectTagging
        ClusterExport | writes the files of an export | s3:PutObject s3:PutObjectTagging
        Pipeline | exports the cluster | iam:PassRole kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt
        Pipeline | exports the cluster | kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom
        Pipeline | exports the cluster | kms:ReEncryptTo kms:RetireGrant rds:DescribeExportTasks rds:StartExportTask
        Pipeline | makes the database of a zero-ETL integration | kms:Decrypt redshift-data:DescribeStatement
        Pipeline | makes the database of a zero-ETL integration | redshift-data:ExecuteStatement
        Pipeline | makes the database of a zero-ETL integration | secretsmanager:GetSecretValue
    """,
    "an application runs beside Flink's connectors here, which ask for more": """
        StreamProcessor | loads the code | s3:GetObjectVersion
        StreamProcessor | reads records | kinesis:DescribeStream
        StreamProcessor | writes records | kinesis:PutRecord
        StreamProcessor | writes the log | logs:DescribeLogGroups logs:DescribeLogStreams
    """,
    "the state of an application is not encrypted here, and it starts": """
        Pipeline | starts and stops what the key encrypts | kms:CreateGrant kms:Decrypt kms:DescribeKey
        Pipeline | starts and stops what the key encrypts | kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext
        Pipeline | starts the application | kinesisanalytics:DescribeApplicationOperation
    """,
    "no usage limit is set in this run, but in test_usage_limit_step.py": """
        Pipeline | sets usage limits | redshift-serverless:CreateUsageLimit redshift-serverless:ListUsageLimits
        Pipeline | sets usage limits | redshift-serverless:UpdateUsageLimit
    """,
    "no file is transferred in this run, but in test_transfers.py": """
        FileTransfer | copies files into the zone | kms:Decrypt kms:GenerateDataKey
        FileTransfer | copies files into the zone | s3:AbortMultipartUpload s3:DeleteObject s3:GetBucketLocation
        FileTransfer | copies files into the zone | s3:GetObject s3:GetObjectTagging s3:ListBucket
        FileTransfer | copies files into the zone | s3:ListBucketMultipartUploads s3:ListMultipartUploadParts
        FileTransfer | copies files into the zone | s3:PutObject s3:PutObjectTagging
        FileTransfer | writes reports | kms:Decrypt kms:GenerateDataKey
        FileTransfer | writes reports | s3:AbortMultipartUpload s3:DeleteObject s3:GetBucketLocation
        FileTransfer | writes reports | s3:GetObject s3:GetObjectTagging s3:ListBucket
        FileTransfer | writes reports | s3:ListBucketMultipartUploads s3:ListMultipartUploadParts
        FileTransfer | writes reports | s3:PutObject s3:PutObjectTagging
        FileTransfer/SourceRole | reads the objects of the source | kms:Decrypt s3:GetBucketLocation s3:GetObject
        FileTransfer/SourceRole | reads the objects of the source | s3:GetObjectTagging s3:ListBucket
        FileTransfer/SourceRole | reads the objects of the source | s3:ListBucketMultipartUploads
        Pipeline | looks at the transfer | datasync:DescribeTaskExecution
        Pipeline | starts the transfer | datasync:StartTaskExecution
    """,
    "no record comes by Kafka in this run, but in test_clusters.py": """
        DeliveryStream | takes records from the topic | kafka:DescribeCluster kafka:DescribeClusterV2
        DeliveryStream | takes records from the topic | kafka-cluster:DescribeGroup kafka-cluster:DescribeTopic
        DeliveryStream | takes records from the topic | kafka-cluster:DescribeTopicDynamicConfiguration
        DeliveryStream | takes records from the topic | kafka-cluster:ReadData
    """,
    "no instance is started here, with an image, a volume and a network": """
        Pipeline | looks at the image | ecr:BatchGetImage ecr:DescribeImages
        TrainingJob | encrypts volumes | kms:CreateGrant kms:DescribeKey kms:GenerateDataKeyWithoutPlaintext
        TrainingJob | joins the network | ec2:CreateNetworkInterface ec2:CreateNetworkInterfacePermission
        TrainingJob | joins the network | ec2:DeleteNetworkInterface ec2:DeleteNetworkInterfacePermission
        TrainingJob | joins the network | ec2:DescribeDhcpOptions ec2:DescribeNetworkInterfaces
        TrainingJob | joins the network | ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs
        TrainingJob | pulls the image | ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetAuthorizationToken
        TrainingJob | pulls the image | ecr:GetDownloadUrlForLayer
    """,
    "no spot instance is taken away here": """
        TrainingJob | goes on from a checkpoint when spot capacity comes back | kms:Decrypt s3:GetObject s3:ListBucket
    """,
    "no table has enough files, or old ones, to be optimized in this run": """
        IcebergTable | optimizes the table | glue:UpdateTable kms:GenerateDataKey s3:DeleteObject s3:PutObject
    """,
    "nothing is left over by a killed run, and staged files are no objects here": """
        CurationJob | sets bad records aside | s3:DeleteObject
    """,
    "nothing is stopped in this run, as Step Functions stops what it waits for": """
        Pipeline | runs another pipeline | states:StopExecution
        Pipeline | runs the job | glue:BatchStopJobRun glue:GetJobRuns
        Pipeline | runs the query 'Repair' | athena:StopQueryExecution
        Pipeline | exports table 'trips' | athena:StopQueryExecution
        Pipeline | trains the model | sagemaker:StopTrainingJob
    """,
    "only an object store's file system asks whether a folder is an object": """
        CurationJob | asks whether a folder is a file | s3:GetObject s3:ListBucket
        IndexLoadJob | asks whether a folder is a file | s3:GetObject s3:ListBucket
        ItemLoadJob | asks whether a folder is a file | s3:GetObject s3:ListBucket
    """,
    "schedules start nothing here: the test does": """
        Pipeline/Starter | starts an execution | states:StartExecution
        WarehouseCluster/SchedulerRole | pauses and resumes the cluster | redshift:PauseCluster redshift:ResumeCluster
    """,
    "the engine reads the same of the catalog by other calls of the documented set": """
        Crawler | keeps tables and partitions | glue:BatchGetPartition glue:BatchUpdatePartition
        Crawler | keeps tables and partitions | glue:CreatePartition glue:GetDatabases glue:GetPartition
        Crawler | keeps tables and partitions | glue:UpdatePartition
        Crawler | removes what is gone | glue:BatchDeletePartition glue:DeletePartition
        CurationJob | writes the masked copy, and expires what it held | glue:GetDatabases
        CurationJob | writes the masked copy, and expires what it held | glue:GetTables
        CurationJob | writes the table | glue:GetDatabases glue:GetTables
        QualityRuleset | reads the table | glue:BatchGetPartition glue:GetDatabases glue:GetPartition
        QualityRuleset | reads the table | glue:GetPartitions glue:GetTables
        Pipeline | runs the query 'Repair' | glue:BatchGetPartition glue:CreatePartition glue:GetDatabases
        Pipeline | runs the query 'Repair' | glue:GetPartition glue:GetTables glue:UpdatePartition
        Pipeline | exports table 'trips' | glue:GetDatabase glue:GetDatabases glue:GetTables
        Warehouse | loads the tables of the lake | glue:BatchGetPartition glue:GetDatabases glue:GetPartition
        Warehouse | loads the tables of the lake | glue:GetPartitions glue:GetTables
        WarehouseCluster | loads the tables of the lake | glue:BatchGetPartition glue:GetDatabases glue:GetPartition
        WarehouseCluster | loads the tables of the lake | glue:GetPartitions glue:GetTables
    """,
    "tables of DynamoDB are not encrypted here": """
        DeviceIngest | puts items | kms:Decrypt kms:Encrypt
        ItemLoadJob | puts and deletes items | kms:Encrypt kms:GenerateDataKey
        NewestRecords | puts items | kms:Decrypt kms:Encrypt kms:GenerateDataKey
        StreamAlerts | remembers what it did | kms:Decrypt kms:Encrypt kms:GenerateDataKey
    """,
    "no batch of these fails here but one, and its zone is not listed": """
        NewestRecords | keeps batches that the function failed to take | kms:GenerateDataKey s3:ListBucket
        NewestRecords | keeps batches that the function failed to take | s3:PutObject
        StreamAlerts | keeps batches that the function failed to take | kms:GenerateDataKey s3:ListBucket
        StreamAlerts | keeps batches that the function failed to take | s3:PutObject
        StreamMetrics | keeps batches that the function failed to take | kms:GenerateDataKey s3:ListBucket
        StreamMetrics | keeps batches that the function failed to take | s3:PutObject
        StreamFunction | keeps batches that the function failed to take | kms:GenerateDataKey s3:ListBucket
        StreamFunction | keeps batches that the function failed to take | s3:PutObject
    """,
    "records come to functions here without Lambda's pollers, and the engine writes their logs": """
        NewestRecords | polls the stream for the function | kinesis:DescribeStream kinesis:DescribeStreamSummary
        NewestRecords | polls the stream for the function | kinesis:GetRecords kinesis:GetShardIterator
        NewestRecords | polls the stream for the function | kinesis:ListShards kms:Decrypt
        NewestRecords | writes logs | logs:CreateLogStream logs:PutLogEvents
        StreamAlerts | polls the stream for the function | kinesis:DescribeStream kinesis:DescribeStreamSummary
        StreamAlerts | polls the stream for the function | kinesis:GetRecords kinesis:GetShardIterator
        StreamAlerts | polls the stream for the function | kinesis:ListShards kms:Decrypt
        StreamAlerts | writes logs | logs:CreateLogStream logs:PutLogEvents
        StreamMetrics | polls the stream for the function | kinesis:DescribeStream kinesis:DescribeStreamSummary
        StreamMetrics | polls the stream for the function | kinesis:GetRecords kinesis:GetShardIterator
        StreamMetrics | polls the stream for the function | kinesis:ListShards kms:Decrypt
        StreamMetrics | writes logs | logs:CreateLogStream logs:PutLogEvents
        StreamFunction | polls the stream for the function | kinesis:DescribeStream kinesis:DescribeStreamSummary
        StreamFunction | polls the stream for the function | kinesis:GetRecords kinesis:GetShardIterator
        StreamFunction | polls the stream for the function | kinesis:ListShards kms:Decrypt
        StreamFunction | writes logs | logs:CreateLogStream logs:PutLogEvents
        StreamReplay | writes logs | logs:CreateLogStream logs:PutLogEvents
    """,
    "no record comes to this plan here: tests/unit/processing/streaming follows it": """
        StreamFunction | keeps its state | kms:Decrypt kms:GenerateDataKey s3:GetObject s3:PutObject
        StreamFunction | writes records | kinesis:PutRecord kinesis:PutRecords kms:GenerateDataKey
        StreamMetrics | puts metrics | cloudwatch:PutMetricData
    """,
    "queues of SQS are not encrypted here": """
        DeviceIngest | sends messages | kms:Decrypt
    """,
    "a table of files has no snapshot that could be noted": """
        ItemLoadJob | notes what the table holds | dynamodb:TagResource dynamodb:UntagResource
    """,
    "the evaluation before it has made the database": """
        Pipeline | runs the query 'Repair' | glue:CreateDatabase
        Pipeline | exports table 'trips' | glue:CreateDatabase
    """,
    "the service checks or asks this by itself, behind an API that does without here": """
        Crawler | learns how to encrypt | glue:GetSecurityConfiguration
        Crawler | writes encrypted logs | logs:AssociateKmsKey
        CurationJob | encrypts what the security configuration says | kms:Encrypt
        CurationJob | learns how to encrypt | glue:GetSecurityConfiguration
        CurationJob | writes encrypted logs | logs:AssociateKmsKey
        DeliveryStream | has records transformed | lambda:GetFunctionConfiguration
        IndexLoadJob | encrypts what the security configuration says | kms:Encrypt kms:GenerateDataKey
        ItemLoadJob | encrypts what the security configuration says | kms:Encrypt kms:GenerateDataKey
        IndexLoadJob | learns how to encrypt | glue:GetSecurityConfiguration
        ItemLoadJob | learns how to encrypt | glue:GetSecurityConfiguration
        IndexLoadJob | writes encrypted logs | logs:AssociateKmsKey
        ItemLoadJob | writes encrypted logs | logs:AssociateKmsKey
        DeliveryStream | takes records from the stream | kinesis:DescribeStream
        Pipeline | evaluates the ruleset | iam:PassRole
        Pipeline | runs the query 'Repair' | athena:GetDataCatalog
        Pipeline | exports table 'trips' | athena:GetDataCatalog
        Pipeline | loads tables | kms:Decrypt secretsmanager:GetSecretValue
        Pipeline | trains the model | iam:PassRole sagemaker:AddTags sagemaker:ListTags
        TrainingJob | writes logs | logs:DescribeLogStreams
    """,
    "the statement reads no data, and its result is not read by Athena": """
        Pipeline | runs the query 'Repair' | kms:Decrypt s3:GetObject
    """,
    "there is one Region here, so that nobody asks for a bucket's": """
        Crawler | reads samples of objects | s3:GetBucketLocation
        CurationJob | sets bad records aside | s3:GetBucketLocation
        CurationJob | writes the masked copy, and expires what it held | s3:GetBucketLocation
        CurationJob | writes the table | s3:GetBucketLocation
        DeliveryStream | finds the bucket and its unfinished uploads | s3:GetBucketLocation
        DeliveryStream | writes rows | s3:GetBucketLocation
        QualityRuleset | reads the table | s3:GetBucketLocation
        Pipeline | runs the query 'Repair' | s3:GetBucketLocation
        Pipeline | exports rows | s3:GetBucketLocation
        Pipeline | exports table 'trips' | s3:GetBucketLocation
        Warehouse | loads the tables of the lake | s3:GetBucketLocation
        WarehouseCluster | loads the tables of the lake | s3:GetBucketLocation
    """,
    "persons are erased from a lake of their own, in test_erasure.py": """
        Erasure | encrypts what the security configuration says | kms:Decrypt kms:Encrypt kms:GenerateDataKey
        Erasure | erases persons from iceberg | glue:GetDatabase glue:GetDatabases glue:GetTable glue:GetTables
        Erasure | erases persons from iceberg | glue:UpdateTable kms:Decrypt kms:GenerateDataKey
        Erasure | erases persons from iceberg | s3:AbortMultipartUpload s3:DeleteObject s3:DeleteObjectVersion
        Erasure | erases persons from iceberg | s3:GetBucketLocation s3:GetObject s3:ListBucket
        Erasure | erases persons from iceberg | s3:ListBucketMultipartUploads s3:ListBucketVersions
        Erasure | erases persons from iceberg | s3:ListMultipartUploadParts s3:PutObject
        Erasure | erases persons from objects | kms:Decrypt s3:DeleteObjectVersion s3:GetObjectVersion
        Erasure | erases persons from objects | s3:GetObjectTagging s3:GetObjectVersionTagging s3:ListBucketVersions
        Erasure | erases persons from parquet | kms:Decrypt kms:GenerateDataKey s3:DeleteObjectVersion
        Erasure | erases persons from parquet | s3:GetObject s3:GetObjectTagging s3:GetObjectVersion
        Erasure | erases persons from parquet | s3:GetObjectVersionTagging s3:ListBucketVersions s3:PutObject
        Erasure | erases persons from quarantine | kms:Decrypt kms:GenerateDataKey s3:DeleteObjectVersion
        Erasure | erases persons from quarantine | s3:GetObject s3:GetObjectTagging s3:GetObjectVersion
        Erasure | erases persons from quarantine | s3:GetObjectVersionTagging s3:ListBucketVersions s3:PutObject
        Erasure | erases persons from records | kms:Decrypt kms:GenerateDataKey s3:DeleteObjectVersion
        Erasure | erases persons from records | s3:GetObject s3:GetObjectTagging s3:GetObjectVersion
        Erasure | erases persons from records | s3:GetObjectVersionTagging s3:ListBucketVersions s3:PutObject
        Erasure | finds hashed keys | kms:Decrypt secretsmanager:GetSecretValue
        Erasure | keeps its state | kms:Decrypt kms:GenerateDataKey s3:GetObject s3:ListBucket s3:PutObject
        Erasure | learns how to encrypt | glue:GetSecurityConfiguration
        Erasure | loads script, package and plan | s3:GetObject
        Erasure | looks for runs of curation jobs | glue:GetJobRuns
        Erasure | notes rewritten objects in the ledger | kms:Decrypt kms:GenerateDataKey s3:GetObject s3:ListBucket
        Erasure | notes rewritten objects in the ledger | s3:PutObject
        Erasure | reads requests, and removes them | kms:Decrypt s3:DeleteObjectVersion s3:GetObjectVersion
        Erasure | reads requests, and removes them | s3:ListBucketVersions
        Erasure | writes encrypted logs | logs:AssociateKmsKey logs:CreateLogGroup logs:CreateLogStream
        Erasure | writes encrypted logs | logs:PutLogEvents
        Erasure | writes metrics | cloudwatch:PutMetricData
        Erasure | writes reports | kms:Decrypt kms:GenerateDataKey s3:PutObject
    """,
    "what delivers here knows its bucket and the newest version of a table without asking": """
        DeliveryStream | converts records by the columns of the table | glue:GetTableVersion glue:GetTableVersions
        DeliveryStream | finds the bucket and its unfinished uploads | s3:ListBucket
        DeliveryStream | writes objects, and what fails | s3:GetObject
        DeliveryStream | writes rows | s3:DeleteObject s3:ListBucket
    """,
}
NOT_DONE = {
    Deed(name, because, action)
    for lines in _REASONS.values()
    for line in lines.strip().splitlines()
    for name, because, actions in [line.strip().split(" | ")]
    for action in actions.split()
}
