"""A table bucket of S3 Tables, which holds Iceberg tables and maintains them."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3tables as s3tables
from constructs import Construct

from lake_blueprints.catalog.s3_tables.maintenance import UnreferencedFileRemoval
from lake_blueprints.catalog.s3_tables.names import check_name, derived_bucket_name
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.encryption.lake_key import admit_table_maintenance
from lake_blueprints.foundation.removal import guard_removal

_REMOVAL = UnreferencedFileRemoval()
_DISABLED = s3tables.CfnTableBucket.UnreferencedFileRemovalProperty(status="Disabled")


@checked
class TableZone(Construct):
    """Define a zone whose data are Iceberg tables in a table bucket of S3 Tables; S3 compacts and cleans them.

    Grants are those of its tables. S3 serves table buckets by HTTPS alone and takes no public policy.

    Parameters
    ----------
    encryption_key: kms.IKey, optional
        Key for the tables; the maintenance of S3 Tables is let in by its policy, which an imported key must do already.
        By default a new `LakeKey` is defined.
    unreferenced_file_removal: UnreferencedFileRemoval, optional
        Removal of files that no snapshot names. By default after 3 days, and for good 10 days later; None turns it off.
    intelligent_tiering: bool
        Whether files that nobody reads become cheaper, after 30 and 90 days, without a restore. By default they stay
        in S3 Standard. Existing tables keep their class.
    catalog_integration: bool
        Whether the account has integrated S3 Tables with the Glue Data Catalog, by which Athena, Redshift and EMR find
        the tables: grants then cover their entries in `s3tablescatalog`. By default it has not.
    removal_policy: RemovalPolicy
        What happens to the table bucket when it leaves the stack, subject to the removal guard. By default it is
        retained; S3 deletes none that has tables.

    Defines
    -------
    One table bucket, named `table_bucket_name`; namespaces as tables ask for them; a key, as `key`, unless it is given.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-buckets.html

    Example
    -------
        >>> tables = TableZone(self, "Tables", encryption_key=key)
        >>> flights = S3Table(self, "Flights", zone=tables, dataset=contract["flights"])
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        encryption_key: kms.IKey | None = None,
        unreferenced_file_removal: UnreferencedFileRemoval | None = _REMOVAL,
        intelligent_tiering: bool = False,
        catalog_integration: bool = False,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        admit_table_maintenance(self.key)
        self.catalog_integration = catalog_integration
        # S3 demands a name. A plain string, so that the catalog's ARNs can be written in any stack.
        self.table_bucket_name = derived_bucket_name(self)
        storage = "INTELLIGENT_TIERING" if intelligent_tiering else "STANDARD"
        self.resource = s3tables.CfnTableBucket(
            self,
            "TableBucket",
            table_bucket_name=self.table_bucket_name,
            encryption_configuration=s3tables.CfnTableBucket.EncryptionConfigurationProperty(
                sse_algorithm="aws:kms", kms_key_arn=self.key.key_arn
            ),
            storage_class_configuration=s3tables.CfnTableBucket.StorageClassConfigurationProperty(
                storage_class=storage
            ),
            unreferenced_file_removal=(
                unreferenced_file_removal.configuration if unreferenced_file_removal else _DISABLED
            ),
        )
        self._removal_policy = guard_removal(self.resource, removal_policy, encryption_key=self.key)
        self.table_bucket_arn: str = self.resource.attr_table_bucket_arn
        self._namespaces: dict[str, s3tables.CfnNamespace] = {}
        self._tables: set[tuple[str, str]] = set()

    def claim(self, namespace: str, table_name: str) -> None:
        """Take a name for a table.

        Raises
        ------
        ValueError
            If S3 does not take the name, or another table of the namespace has it.
        """
        check_name("a namespace", namespace)
        check_name("a table name", table_name)
        if (namespace, table_name) in self._tables:
            raise ValueError(
                f"namespace '{namespace}' of zone '{self.node.path}' already has a table '{table_name}'; give another "
                "'table_name' or 'namespace'"
            )
        self._tables.add((namespace, table_name))

    def define_namespace(self, namespace: str) -> s3tables.CfnNamespace:
        """Return a namespace, which the first of its tables defines."""
        if namespace not in self._namespaces:
            found = s3tables.CfnNamespace(
                self, f"Namespace-{namespace}", namespace=namespace, table_bucket_arn=self.table_bucket_arn
            )
            # S3 deletes none that has tables.
            found.apply_removal_policy(self._kept)
            self._namespaces[namespace] = found
        return self._namespaces[namespace]

    @property
    def _kept(self) -> RemovalPolicy:
        retained = self._removal_policy == RemovalPolicy.RETAIN
        return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if retained else self._removal_policy
