"""Firehose delivery streams.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

from collections.abc import Iterator

from template_checks.core.delivery_streams import (
    STREAM,
    converts,
    destination_name,
    destinations_of,
    expressions_of,
    lacks,
    parameters_of,
    partitions,
    processors_of,
    s3_of,
    sign_in_of,
)
from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, at_least, between, matching, one_of, only_one, required, within
from template_checks.limits import firehose as limits
from template_checks.rules.roles import role_must_allow

_API = "https://docs.aws.amazon.com/firehose/latest/APIReference"
_GUIDE = "https://docs.aws.amazon.com/firehose/latest/dev"
_MIB = 1024 * 1024
_READ_STREAM = ("kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards")
_WRITE_TABLE = ("glue:GetDatabase", "glue:GetTable", "glue:UpdateTable", "s3:GetObject", "s3:PutObject")
_SIZES = {
    "AmazonOpenSearchServerless": limits.BUFFER_SIZE_OPENSEARCH,
    "Amazonopensearchservice": limits.BUFFER_SIZE_OPENSEARCH,
    "Elasticsearch": limits.BUFFER_SIZE_OPENSEARCH,
    "HttpEndpoint": limits.BUFFER_SIZE_HTTP,
    "Splunk": limits.BUFFER_SIZE_SPLUNK,
}
_PROCESSORS = (
    "AppendDelimiterToRecord",
    "CloudWatchLogProcessing",
    "Decompression",
    "Lambda",
    "MetadataExtraction",
    "RecordDeAggregation",
)


@rule(
    "LAKE-FIREHOSE-001",
    STREAM,
    title="Buffers are as large as what the stream does with records needs",
    fix="change SizeInMBs, or leave BufferingHints out: the default is 128 MiB with conversion",
    source=f"{_API}/API_BufferingHints.html",
)
def buffer_size(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses buffers above what the destination takes, and below 64 MiB to convert or partition records."""
    for destination in destinations_of(stream):
        rearranged = converts(destination) or partitions(destination)
        because = " with format conversion or dynamic partitioning" if rearranged else ""
        for hints in destination.every("BufferingHints"):
            size, own = hints.at("SizeInMBs"), _is_of(destination, hints)
            limit = _SIZES.get(destination_name(destination), limits.BUFFER_SIZE) if own else limits.BUFFER_SIZE
            if own and rearranged:
                limit = limits.BUFFER_SIZE_REARRANGED
            for fault in within(size, limit):
                yield Violation(at=size, allowed=fault.allowed + (because if own else ""))


@rule(
    "LAKE-FIREHOSE-002",
    STREAM,
    title="Buffers are delivered after 15 minutes at the latest",
    fix="set IntervalInSeconds to 900 or less",
    source=f"{_API}/API_BufferingHints.html",
)
def buffer_interval(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses longer intervals, to Splunk above 60 seconds, and below 60 with dynamic partitioning."""
    for destination in destinations_of(stream):
        for hints in destination.every("BufferingHints"):
            limit = limits.BUFFER_INTERVAL
            if _is_of(destination, hints) and partitions(destination):
                limit = limits.BUFFER_INTERVAL_PARTITIONED
            elif _is_of(destination, hints) and destination_name(destination) == "Splunk":
                limit = limits.BUFFER_INTERVAL_SPLUNK
            yield from within(hints.at("IntervalInSeconds"), limit)


@rule(
    "LAKE-FIREHOSE-003",
    STREAM,
    title="Buffering hints give both size and interval",
    fix="set both SizeInMBs and IntervalInSeconds, or neither",
    source=f"{_API}/API_BufferingHints.html",
)
def both_hints(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses one without the other."""
    for hints in stream.properties.every("BufferingHints"):
        size, interval = hints.at("SizeInMBs"), hints.at("IntervalInSeconds")
        if hints.known and size.present != interval.present:
            yield Violation(at=interval if size.present else size, allowed="a number beside the other hint")


@rule(
    "LAKE-FIREHOSE-004",
    STREAM,
    title="A stream has exactly one destination",
    fix="define one delivery stream per destination",
    source=f"{_API}/API_CreateDeliveryStream.html",
)
def one_destination(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses a stream with two, or with none."""
    destinations = list(destinations_of(stream))
    yield from only_one(*destinations)
    if not destinations and stream.properties.known:
        yield Violation(at=stream.properties, found="no destination", allowed="one destination configuration")


@rule(
    "LAKE-FIREHOSE-005",
    STREAM,
    title="Converted files are not compressed a second time",
    fix="set CompressionFormat to UNCOMPRESSED and choose the compression in the serializer",
    source=f"{_GUIDE}/record-format-conversion.html",
)
def compression(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses it: Parquet and ORC compress their own pages."""
    for destination in destinations_of(stream):
        if converts(destination):
            yield from one_of(destination.at("CompressionFormat"), ["UNCOMPRESSED"])


@rule(
    "LAKE-FIREHOSE-006",
    STREAM,
    title="Format conversion has an input, an output and a schema",
    fix="set InputFormatConfiguration, OutputFormatConfiguration and SchemaConfiguration, or Enabled to false",
    source=f"{_API}/API_DataFormatConversionConfiguration.html",
)
def conversion(stream: Resource) -> Iterator[Violation]:
    """Firehose needs all three to convert; a conversion is enabled unless it says otherwise."""
    for configuration in stream.properties.every("DataFormatConversionConfiguration"):
        if not configuration.known or configuration.at("Enabled").flag is False:
            continue
        for part in ("InputFormatConfiguration", "OutputFormatConfiguration", "SchemaConfiguration"):
            yield from required(configuration.at(part), "a configuration while the conversion is enabled")
        schema = configuration.at("SchemaConfiguration")
        if schema.known:
            for part in ("DatabaseName", "TableName", "RoleARN"):
                yield from required(schema.at(part), "what names the Glue table that is the schema")
        yield from _exactly_one(configuration.at("InputFormatConfiguration.Deserializer"))
        yield from _exactly_one(configuration.at("OutputFormatConfiguration.Serializer"))


@rule(
    "LAKE-FIREHOSE-007",
    STREAM,
    title="Blocks and pages of columnar files are large enough",
    fix="set BlockSizeBytes to 67108864 or more and PageSizeBytes to 65536 or more",
    source=f"{_API}/API_ParquetSerDe.html",
)
def block_sizes(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses blocks below 64 MiB and pages below 64 KiB."""
    for serializer in stream.properties.every("Serializer"):
        for name in ("ParquetSerDe", "OrcSerDe"):
            yield from at_least(serializer.at(f"{name}.BlockSizeBytes"), 64 * _MIB)
        yield from at_least(serializer.at("ParquetSerDe.PageSizeBytes"), 64 * 1024)
        yield from between(serializer.at("OrcSerDe.PaddingTolerance"), 0, 1)
        yield from between(serializer.at("OrcSerDe.BloomFilterFalsePositiveProbability"), 0, 1)
        yield from between(serializer.at("OrcSerDe.DictionaryKeyThreshold"), 0, 1)


@rule(
    "LAKE-FIREHOSE-013",
    STREAM,
    title="A transforming function gets what it can answer",
    fix="set BufferSizeInMBs to 0.2 to 3, BufferIntervalInSeconds to 900 or less, NumberOfRetries to 300 or less",
    source=f"{_GUIDE}/data-transformation.html",
)
def lambda_processor(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses other sizes: the answer of a function is 6 MB at most."""
    for destination in destinations_of(stream):
        for processor in processors_of(destination):
            if processor.at("Type").text != "Lambda" or not processor.at("Parameters").known:
                continue
            parameters = parameters_of(processor)
            if lacks(processor, "LambdaArn"):
                yield Violation(at=processor.at("Parameters"), allowed="a LambdaArn among them")
            for name, limit in (
                ("BufferSizeInMBs", limits.TRANSFORM_BUFFER_SIZE),
                ("BufferIntervalInSeconds", limits.TRANSFORM_BUFFER_INTERVAL),
                ("NumberOfRetries", limits.TRANSFORM_RETRIES),
            ):
                if name in parameters:
                    yield from within(parameters[name], limit)
            yield from _function_timeout(parameters.get("LambdaArn"))


@rule(
    "LAKE-FIREHOSE-014",
    STREAM,
    title="A stream that reads from another one is encrypted there",
    fix="remove DeliveryStreamEncryptionConfigurationInput and encrypt the source",
    source=f"{_API}/API_StartDeliveryStreamEncryption.html",
)
def source_encryption(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses encryption of its own with a Kinesis or MSK source."""
    for source in ("KinesisStreamSourceConfiguration", "MSKSourceConfiguration"):
        if stream.at(source).present:
            yield from absent(stream.at("DeliveryStreamEncryptionConfigurationInput"), f"with {source}")


@rule(
    "LAKE-FIREHOSE-015",
    STREAM,
    title="Encryption at a destination is one thing",
    fix="remove either KMSEncryptionConfig or NoEncryptionConfig",
    source=f"{_API}/API_EncryptionConfiguration.html",
)
def one_encryption(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses both a key and no encryption."""
    for encryption in stream.properties.every("EncryptionConfiguration"):
        yield from only_one(encryption.at("KMSEncryptionConfig"), encryption.at("NoEncryptionConfig"))


@rule(
    "LAKE-FIREHOSE-016",
    STREAM,
    title="The type of a stream agrees with its source",
    fix="set DeliveryStreamType to KinesisStreamAsSource or MSKAsSource for a source, DirectPut for none",
    source=f"{_API}/API_CreateDeliveryStream.html",
)
def stream_type(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses a source that its type does not name, and a type without its source."""
    sources = {
        "KinesisStreamAsSource": stream.at("KinesisStreamSourceConfiguration"),
        "MSKAsSource": stream.at("MSKSourceConfiguration"),
        "DatabaseAsSource": stream.at("DatabaseSourceConfiguration"),
    }
    kind = stream.at("DeliveryStreamType")
    for name, source in sources.items():
        if source.present and (kind.text or ("DirectPut" if not kind.present else name)) != name:
            yield Violation(at=kind, allowed=f"{name} for this source")
        if kind.text == name and not source.present:
            yield Violation(at=source, allowed=f"a source for type {name}")


@rule(
    "LAKE-FIREHOSE-017",
    STREAM,
    title="Names of streams and file extensions are those that Firehose takes",
    fix="use letters, digits, '_', '.' and '-' in names, and '.' with lower case in extensions",
    source=f"{_API}/API_CreateDeliveryStream.html",
)
def names(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses other names."""
    yield from matching(stream.at("DeliveryStreamName"), r"[a-zA-Z0-9_.-]{1,64}", "1 to 64 of a-z, A-Z, 0-9, _ . -")
    for extension in stream.properties.every("FileExtension"):
        yield from matching(extension, r"|\.[0-9a-z!\-_.*'()]+", "a dot, then lower case letters and digits")


@rule(
    "LAKE-FIREHOSE-018",
    STREAM,
    title="Logging names both a group and a stream",
    fix="define a log group and a log stream and name both",
    source=f"{_GUIDE}/controlling-access.html",
)
def logging(stream: Resource) -> Iterator[Violation]:
    """Firehose creates neither: without them its errors are written nowhere."""
    for options in stream.properties.every("CloudWatchLoggingOptions"):
        if options.at("Enabled").flag:
            yield from required(options.at("LogGroupName"), "a log group while logging is enabled")
            yield from required(options.at("LogStreamName"), "a log stream while logging is enabled")


@rule(
    "LAKE-FIREHOSE-019",
    STREAM,
    title="A Redshift destination stages files plainly",
    fix="use GZIP or UNCOMPRESSED, a prefix without expressions, and no ErrorOutputPrefix",
    source=f"{_API}/API_RedshiftDestinationConfiguration.html",
)
def redshift_staging(stream: Resource) -> Iterator[Violation]:
    """COPY cannot read SNAPPY or ZIP, and Firehose does not evaluate prefixes of the staging bucket."""
    staging = stream.at("RedshiftDestinationConfiguration.S3Configuration")
    yield from one_of(staging.at("CompressionFormat"), ["UNCOMPRESSED", "GZIP"])
    yield from absent(staging.at("ErrorOutputPrefix"), "for a Redshift destination")
    if expressions_of(staging.at("Prefix")):
        yield Violation(at=staging.at("Prefix"), allowed="a prefix without expressions")


@rule(
    "LAKE-FIREHOSE-020",
    STREAM,
    title="A backup has a place to go",
    fix="add S3BackupConfiguration, or set S3BackupMode to Disabled",
    source=f"{_API}/API_ExtendedS3DestinationConfiguration.html",
)
def backup(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses a backup mode without a bucket."""
    for name in ("ExtendedS3DestinationConfiguration", "RedshiftDestinationConfiguration"):
        destination = stream.at(name)
        if destination.at("S3BackupMode").text == "Enabled":
            yield from required(destination.at("S3BackupConfiguration"), "a bucket while S3BackupMode is Enabled")


@rule(
    "LAKE-FIREHOSE-021",
    STREAM,
    title="Endpoints are reached by HTTPS",
    fix="give a URL that starts with https://",
    source=f"{_API}/API_HttpEndpointConfiguration.html",
)
def endpoints(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses anything else."""
    urls = [stream.at("HttpEndpointDestinationConfiguration.EndpointConfiguration.Url")]
    urls.append(stream.at("SplunkDestinationConfiguration.HECEndpoint"))
    urls.append(stream.at("SnowflakeDestinationConfiguration.AccountUrl"))
    for url in urls:
        if url.present and url.rendered and not url.rendered.startswith(("https://", "${")):
            host_only = "Snowflake" in url.path or "Splunk" in url.path
            if not host_only or url.rendered.startswith("http://"):
                yield Violation(at=url, allowed="an https:// URL")


@rule(
    "LAKE-FIREHOSE-022",
    STREAM,
    title="Iceberg tables get records that Firehose can keep on failure",
    fix="set S3BackupMode to FailedDataOnly and give S3Configuration",
    source=f"{_API}/API_IcebergDestinationConfiguration.html",
)
def iceberg(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses other backup modes and needs a bucket for what it cannot write."""
    destination = stream.at("IcebergDestinationConfiguration")
    if destination.known:
        # CloudFormation spells it in its own way.
        for name in ("S3BackupMode", "s3BackupMode"):
            yield from one_of(destination.at(name), ["FailedDataOnly"])
        yield from required(destination.at("S3Configuration"), "a bucket for records that cannot be written")


@rule(
    "LAKE-FIREHOSE-023",
    STREAM,
    title="Retries end within two hours",
    fix="set DurationInSeconds to 7200 or less",
    source=f"{_API}/API_RetryOptions.html",
)
def retries(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses longer ones, and other waits for the acknowledgment of Splunk."""
    for duration in stream.properties.every("DurationInSeconds"):
        yield from within(duration, limits.RETRY)
    for wait in stream.properties.every("HECAcknowledgmentTimeoutInSeconds"):
        yield from within(wait, limits.ACKNOWLEDGMENT)


@rule(
    "LAKE-FIREHOSE-024",
    STREAM,
    title="Processors are ones that Firehose has, each once",
    fix="correct Type, and keep one processor of a kind",
    source=f"{_API}/API_Processor.html",
)
def processors(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses others, and two functions in a row."""
    for destination in destinations_of(stream):
        seen: set[str] = set()
        for processor in processors_of(destination):
            kind = processor.at("Type")
            yield from one_of(kind, _PROCESSORS)
            if kind.text and kind.text in seen:
                yield Violation(at=kind, allowed=f"one processor of type {kind.text}")
            seen |= {kind.text} if kind.text else set()


@rule(
    "LAKE-FIREHOSE-025",
    STREAM,
    title="The role of a delivery may read, convert and write",
    fix="allow the actions in a policy of the role",
    source=f"{_GUIDE}/controlling-access.html",
)
def role_actions(stream: Resource) -> Iterator[Violation]:
    """Records are neither read nor written, and are gone when the source's retention ends."""
    source = stream.at("KinesisStreamSourceConfiguration")
    needed = [(source.at("RoleARN"), action) for action in _READ_STREAM if source.present]
    for destination in destinations_of(stream):
        for place in s3_of(destination):
            needed.append((place.at("RoleARN"), "s3:PutObject"))
        if "IcebergDestination" in destination.path:
            needed += [(destination.at("RoleARN"), action) for action in _WRITE_TABLE]
        if converts(destination):
            role = destination.at("DataFormatConversionConfiguration.SchemaConfiguration.RoleARN")
            needed.append((role, "glue:GetTableVersions"))
        if any(processor.at("Type").text == "Lambda" for processor in processors_of(destination)):
            needed.append((destination.at("RoleARN"), "lambda:InvokeFunction"))
        needed += sign_in_of(destination)
        if destination.at("CloudWatchLoggingOptions.Enabled").flag:
            needed.append((destination.at("RoleARN"), "logs:PutLogEvents"))
    for node, action in needed:
        yield from role_must_allow(node, action)


def _is_of(destination: Node, hints: Node) -> bool:
    """Whether hints are the destination's own, and not those of its backup."""
    return hints.path == f"{destination.path}.BufferingHints"


def _exactly_one(choice: Node) -> Iterator[Violation]:
    if choice.known and isinstance(choice.value, dict):
        given = list(choice.children())
        if len(given) != 1:
            yield Violation(at=choice, found=f"{len(given)} formats", allowed="exactly one format")


def _function_timeout(arn: Node | None) -> Iterator[Violation]:
    function = arn.target if arn else None
    if function is not None and function.kind == "AWS::Lambda::Function":
        timeout = function.at("Timeout")
        if timeout.number is not None and timeout.number > 300:
            yield Violation(at=timeout, allowed="300 seconds or less for a function that transforms records")
