"""An Aurora cluster and an instance of RDS, whose tables a contract's servers name."""

import aws_cdk as cdk

from lake_blueprints.databases.aurora import AuroraCluster
from lake_blueprints.databases.rds import RdsInstance
from lake_blueprints.foundation.network import LakeNetwork

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Databases")
network = LakeNetwork(stack, "Network")
for name, database in (
    ("Aurora", AuroraCluster(stack, "Aurora", database="shop", network=network, encryption_key=network.key)),
    ("Rds", RdsInstance(stack, "Rds", database="shop", network=network, encryption_key=network.key, replication=True)),
):
    cdk.CfnOutput(stack, f"{name}Host", value=database.endpoint.host)
    cdk.CfnOutput(stack, f"{name}Port", value=cdk.Token.as_string(database.endpoint.port))
    cdk.CfnOutput(stack, f"{name}Secret", value=database.secret.secret_arn)
app.synth()
