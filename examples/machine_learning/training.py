"""A model of arrival delays, trained on spot capacity and registered for approval."""

import aws_cdk as cdk
from aws_cdk import Duration

from lake_blueprints import Column, Database, Dataset, Zone
from lake_blueprints.machine_learning.training import Compute, InputChannel, Spot, TrainingJob

app = cdk.App()
stack = cdk.Stack(app, "Training")
flights = Dataset(
    name="flights",
    columns=[
        Column(name="arr_delay", type="double"),
        Column(name="carrier", type="string"),
        Column(name="time_hour", type="timestamp"),
    ],
)
curated = Zone(stack, "Curated")
models = Zone(stack, "Models", encryption_key=curated.key, access_logs=curated.access_logs)
TrainingJob(
    stack,
    "Delays",
    channels={"train": InputChannel(table=Database(stack, "Database", zone=curated).add_table(flights))},
    output=models,
    hyperparameters={"target": "arr_delay", "features": "carrier", "time_column": "time_hour"},
    compute=Compute(spot=Spot(max_wait=Duration.hours(2))),
)
app.synth()
