"""The core lake of the peer library, data-solutions-framework, in its own defaults."""

from aws_cdk import App, RemovalPolicy, Stack
from cdklabs import aws_data_solutions_framework as dsf

app = App(builtin_cloud_formation_validation=False)
stack = Stack(app, "Peer")
storage = dsf.storage.DataLakeStorage(stack, "Storage")
dsf.governance.DataLakeCatalog(stack, "Catalog", data_lake_storage=storage)
dsf.consumption.AthenaWorkGroup(
    stack, "Queries", name="queries", result_location_prefix="results/", removal_policy=RemovalPolicy.RETAIN
)
namespace = dsf.consumption.RedshiftServerlessNamespace(stack, "Namespace", db_name="lake", name="lake")
dsf.consumption.RedshiftServerlessWorkgroup(stack, "Warehouse", name="lake", namespace=namespace)
app.synth()
