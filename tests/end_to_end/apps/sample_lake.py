"""The lake whose permissions are proven, with every role that the library makes."""

import sys
from pathlib import Path

import aws_cdk as cdk

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.permissions.lakes import SampleLake

app = cdk.App(builtin_cloud_formation_validation=False)
SampleLake(app, "Ours", recorded=True)
app.synth()
