"""Video of a camera for a week: one role sends, another watches."""

import aws_cdk as cdk
from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.ingestion.kinesisvideo import VideoStream

app = cdk.App()
stack = cdk.Stack(app, "Cameras")
gate = VideoStream(stack, "Gate", retention=Duration.days(7))
camera = ServiceRole(stack, "Camera", services=["iot.amazonaws.com"], description="Sends video")
model = ServiceRole(stack, "Model", services=["sagemaker.amazonaws.com"], description="Watches video")
gate.grant_write(camera)
gate.grant_read(model)
app.synth()
