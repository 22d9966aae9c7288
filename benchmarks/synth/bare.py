"""The floor: what any CDK app costs before it defines anything."""

from aws_cdk import App, Stack

app = App(builtin_cloud_formation_validation=False)
Stack(app, "Bare")
app.synth()
