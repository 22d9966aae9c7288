"""Hyperparameters derived from the tags of a dataset's columns."""

from __future__ import annotations

from lake_blueprints.contracts import ContractError, Dataset
from lake_blueprints.foundation.arguments import checked_function

TARGET, FEATURE, EVENT_TIME = "target", "feature", "event-time"


@checked_function
def hyperparameters_from_tags(dataset: Dataset) -> dict[str, str] | None:
    """Return the hyperparameters of the shipped script for a dataset, or None if it has no column to predict.

    In the contract, the column to predict has the tag `target`, those to predict it from have the tag `feature`, and
    the one by which the newest rows are held out has the tag `event-time`.

    Parameters
    ----------
    dataset: Dataset
        The curated dataset, so that columns of joined ones count as well.

    Raises
    ------
    ContractError
        If several columns are targets, none is a feature, or not exactly one is the time.

    Example
    -------
        >>> learned = hyperparameters_from_tags(contract["flights"])
        >>> TrainingJob(self, "Delays", channels=channels, output=analytics, hyperparameters=learned)
    """
    targets, features, times = (
        [column.name for column in dataset.columns if tag in column.tags] for tag in (TARGET, FEATURE, EVENT_TIME)
    )
    if not targets:
        return None
    if not features:
        raise ContractError(f"dataset '{dataset.name}' has a column tagged '{TARGET}' but none tagged '{FEATURE}'")
    for tag, found in ((TARGET, targets), (EVENT_TIME, times)):
        if len(found) != 1:
            raise ContractError(
                f"a model needs one column tagged '{tag}'; dataset '{dataset.name}' has {', '.join(found) or 'none'}"
            )
    return {"target": targets[0], "features": ",".join(features), "time_column": times[0]}
