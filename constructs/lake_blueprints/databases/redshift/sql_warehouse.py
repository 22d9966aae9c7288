"""The tables of a Redshift warehouse and the SQL that loads them, whatever computes it.

Above 200 lines: one class, whose methods are a line or two and their documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.catalog import Table
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.contracts.evolution import Consumer
from lake_blueprints.databases.redshift import statements
from lake_blueprints.databases.redshift.checks import check_loadable
from lake_blueprints.databases.redshift.merge import merge
from lake_blueprints.databases.redshift.permissions import SPECTRUM, AdminSecret, run_statements
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.connections import DatabaseEndpoint
from lake_blueprints.foundation.network.working import work_in


class SqlWarehouse(Construct):
    """Tables of the lake in a warehouse that runs SQL by the Redshift Data API.

    A subclass sets the attributes, and says what the Data API takes.

    With temporary credentials an IAM role is the database user `IAMR:<role>`, who may do what PUBLIC may: create
    tables in `public`, but no external schema (https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_Privileges.html). Nobody but the admin could grant it more.
    So statements run as the admin, by the managed secret: a principal that may run them may do everything in the
    warehouse, and people get rights of their own by GRANT statements that run this way.
    """

    database: str
    key: kms.IKey
    role: ServiceRole
    connections: ec2.Connections
    endpoint: DatabaseEndpoint

    def __init__(self, scope: Construct, construct_id: str, *, names_role: bool = False) -> None:
        super().__init__(scope, construct_id)
        self._tables: dict[str, Table | IcebergTable] = {}
        self._models: set[str] = set()
        # Where it reaches other services through its network; else nowhere.
        self._subnets: Sequence[ec2.ISubnet] = ()
        self._names_role = names_role

    @property
    def tables(self) -> tuple[Table | IcebergTable, ...]:
        """The tables that are loaded, in the order in which they were added."""
        return tuple(self._tables.values())

    @property
    def connection(self) -> dict[str, str]:
        """The parameters by which a call of the Redshift Data API reaches the database as its admin."""
        raise NotImplementedError

    def add_dataset(self, table: Table | IcebergTable, *, restricted: bool = False) -> None:
        """Make a table of the lake a table of the warehouse, and let the warehouse read it.

        The role has room for about 100 tables, fewer if their names are long.

        Parameters
        ----------
        table: Table or IcebergTable
            Parquet, either in folders of the dataset's partition keys, registered in the catalog, or in none; or an
            Iceberg table without nested columns, of which changed and deleted rows arrive as well.
        restricted: bool
            Whether restricted columns are loaded, which every user of the warehouse may then see. By default a table
            that has some is refused: add the one of its masked copy.

        Raises
        ------
        ValueError
            If Redshift could not hold or read the table, the warehouse already has one of that name, the table has
            restricted columns that may not be loaded, or the role has no room for another one.
        """
        check_loadable(table)
        table.require_unmasked_access(restricted)
        if table.table_name in self._tables:
            raise ValueError(f"warehouse '{self.node.path}' already has a table '{table.table_name}'")
        self._tables[table.table_name] = table
        with self.role.used_for("loads the tables of the lake", SPECTRUM):
            table.grant_read(self.role, restricted=restricted)

    @property
    def routed(self) -> bool:
        """Whether it reaches other services through its own network."""
        return bool(self._subnets)

    def add_model(self, model: str, function: str, role: ServiceRole) -> None:
        """Associate the role of a model, whose name and function no other model of the warehouse has.

        Raises
        ------
        ValueError
            If another one has the name or the function.
        """
        for kind, name in (("model", model), ("function", function)):
            if f"{kind} {name}" in self._models:
                raise ValueError(f"warehouse '{self.node.path}' already has a {kind} '{name}'; give this one another")
            self._models.add(f"{kind} {name}")
        if self._subnets:
            work_in(self._subnets, role)
        self._associate(role)

    def setup_statements(self) -> list[str]:
        """Return the statements that define external schemas and tables; they may run again.

        One call of BatchExecuteStatement takes at most 40.
        """
        databases = dict.fromkeys(table.database.database_name for table in self.tables)
        return [
            *(statements.create_external_schema(database, role_arn=self._role_arn) for database in databases),
            *(statements.create_table(table.dataset, table.table_name) for table in self.tables),
            *statements.prepare_shapes(self._tables),
        ]

    def load_statements(self, table: Table | IcebergTable) -> list[str]:
        """Return the statements that bring one table up to date, for one call of BatchExecuteStatement.

        The call runs them in one transaction. They may run again and add nothing twice, but not at the same time:
        Redshift enforces no primary key.
        """
        if isinstance(table, IcebergTable):
            return merge(table.dataset, table.table_name, database=table.database.database_name)
        return statements.load(
            table.dataset,
            table.table_name,
            database=table.database.database_name,
            uri=table.uri,
            in_folders=bool(table.layout.partition_columns(table.dataset)),
            role_arn=self._role_arn,
        )

    def verify_schema_statement(self, table: Table | IcebergTable) -> str:
        """Return a statement that fails, naming a `lake_shape_`, unless the table has its present columns."""
        return statements.check_shape(table.dataset, table.table_name)

    def recreate_statements(self, table: Table | IcebergTable) -> list[str]:
        """Return the statements that recreate one table, before it is loaded in the same transaction.

        Grants on the former one end with it; schema-wide ones, `GRANT SELECT FOR TABLES IN SCHEMA`, go on
        (https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html).
        """
        return statements.recreate(table.dataset, table.table_name)

    def grant_run_statements(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow running SQL as the database's admin through the Data API, and following it; see `connection`.

        A statement belongs to the role that ran it, and only that role can follow it.
        """
        return self._grant_statements(grantee)

    def grant_load(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow running batches of SQL as `grant_run_statements` does, and learning how they end; not their results."""
        return self._grant_statements(
            grantee, run=("redshift-data:BatchExecuteStatement",), follow=("redshift-data:DescribeStatement",)
        )

    def grant_query(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow running single statements as `grant_run_statements` does, and reading their results."""
        return self._grant_statements(
            grantee,
            run=("redshift-data:ExecuteStatement",),
            follow=("redshift-data:DescribeStatement", "redshift-data:GetStatementResult"),
        )

    def consumers(self) -> Iterator[Consumer]:
        """Return the tables that are loaded."""
        for table in self.tables:
            yield Consumer(f"warehouse {self.node.path}", table.dataset.name)

    def _admin(self) -> tuple[str, AdminSecret]:
        """Return the ARN by which the Data API knows the warehouse, and the secret of its admin."""
        raise NotImplementedError

    def _associate(self, role: ServiceRole) -> None:
        """Let statements name a further role."""
        raise NotImplementedError

    @property
    def _role_arn(self) -> str | None:
        """The role as statements name it; none where it is the warehouse's default."""
        return self.role.role_arn if self._names_role else None

    def _grant_statements(self, grantee: iam.IGrantable, **actions: tuple[str, ...]) -> iam.Grant:
        warehouse_arn, secret = self._admin()
        permissions = run_statements(warehouse_arn=warehouse_arn, secret=secret, encryption_key=self.key, **actions)
        return allow(grantee, *permissions)


def define_role(warehouse: SqlWarehouse, *services: str) -> ServiceRole:
    """Define the role for COPY and Spectrum."""
    # AWS does not document that Redshift sends `aws:SourceAccount` when it assumes a role.
    return ServiceRole(
        warehouse,
        "Role",
        services=services,
        description=f"COPY and Spectrum of {warehouse.node.path}",
        source_account=False,
        relief="load the datasets into several warehouses",
    )
