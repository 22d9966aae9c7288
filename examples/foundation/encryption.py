"""One key for a lake, with a topic that alarms can publish to and the salt of masked columns."""

import aws_cdk as cdk
from aws_cdk import aws_sns as sns

from lake_blueprints.foundation.encryption import GlueSecurityConfiguration, HashSalt, LakeKey

app = cdk.App()
stack = cdk.Stack(app, "Encryption")
key = LakeKey(stack, "Key", cloudwatch_alarms=True, eventbridge=True).key
sns.Topic(stack, "Alarms", master_key=key, enforce_ssl=True)
GlueSecurityConfiguration(stack, "Security", encryption_key=key)
HashSalt(stack, "Salt", encryption_key=key)
app.synth()
