"""The SQL of a model that Redshift trains by SageMaker Autopilot, and what may be learned from which columns.

Pure text, as in `statements`: it knows nothing of CDK, and names may be tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from lake_blueprints.contracts import Dataset
from lake_blueprints.databases.redshift.statements import literal, names, qualified, quoted, role_clause
from template_checks.limits import redshift as limits

_NUMBERS = ("smallint", "integer", "bigint", "real", "double precision")
# https://docs.aws.amazon.com/redshift/latest/dg/r_create_model_usage_notes.html
_TARGETS = (*_NUMBERS, "boolean", "varchar")
_FEATURES = (*_TARGETS, "decimal", "date", "timestamp")


class ModelProblem(StrEnum):
    """The kinds of problems that SageMaker Autopilot solves for Redshift."""

    REGRESSION = "REGRESSION"
    BINARY_CLASSIFICATION = "BINARY_CLASSIFICATION"
    MULTICLASS_CLASSIFICATION = "MULTICLASS_CLASSIFICATION"

    @property
    def objectives(self) -> tuple[ModelObjective, ...]:
        """The objectives of this problem, the default one first.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AutoMLJobObjective.html
        """
        return _OBJECTIVES[self]


class ModelObjective(StrEnum):
    """The metrics that training optimises; macro F1 is left out, which AWS's pages spell in two ways."""

    MSE = "MSE"
    F1 = "F1"
    AUC = "AUC"
    ACCURACY = "Accuracy"


_OBJECTIVES = {
    ModelProblem.REGRESSION: (ModelObjective.MSE,),
    ModelProblem.BINARY_CLASSIFICATION: (ModelObjective.F1, ModelObjective.ACCURACY, ModelObjective.AUC),
    ModelProblem.MULTICLASS_CLASSIFICATION: (ModelObjective.ACCURACY,),
}


def check_columns(
    dataset: Dataset, *, target: str, features: Sequence[str], problem: ModelProblem, restricted: bool
) -> None:
    """Refuse columns that Redshift could not learn from, or predict.

    Raises
    ------
    ValueError
        With the column, and the columns or types that are allowed.
    """
    if not 1 <= len(features) <= limits.MODEL_FEATURES:
        raise ValueError(f"'features' must be 1 to {limits.MODEL_FEATURES} columns, got {len(features)}")
    if twice := [name for position, name in enumerate(features) if name in (target, *features[:position])]:
        raise ValueError(f"'features' has '{twice[0]}' twice, or as the target; name each column once")
    answers = _NUMBERS if problem is ModelProblem.REGRESSION else _TARGETS
    for option, chosen, types in (("target", [target], answers), ("features", features, _FEATURES)):
        for name in chosen:
            _check(option, name, dataset, types)
            if dataset.column(name).restricted and not restricted:
                raise ValueError(
                    f"'{option}' has the restricted column '{name}', which the model would learn; leave it out, or say "
                    "restricted=True"
                )


def create_model(
    *,
    model: str,
    source: str,
    target: str,
    features: Iterable[str],
    function: str,
    role_arn: str,
    problem: ModelProblem,
    objective: ModelObjective,
    bucket: str,
    key_arn: str,
    max_cells: int,
    max_seconds: int,
) -> str:
    """Return the statement that exports the rows of a table whose target is known, and begins to train a model.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_MODEL.html
    """
    return (
        f"CREATE MODEL {qualified(model)}\n"
        f"FROM (SELECT {names([*features, target])} FROM {source} WHERE {quoted(target)} IS NOT NULL)\n"
        f"TARGET {quoted(target)}\nFUNCTION {quoted(function)}\n{role_clause(role_arn)}\n"
        f"PROBLEM_TYPE {problem.value}\nOBJECTIVE {literal(objective.value)}\n"
        f"SETTINGS (S3_BUCKET {literal(bucket)}, KMS_KEY_ID {literal(key_arn)}, S3_GARBAGE_COLLECT ON, "
        f"MAX_CELLS {max_cells}, MAX_RUNTIME {max_seconds})"
    )


def drop_model(model: str) -> str:
    """Return the statement that drops a model, its function and its training; it commits at once.

    https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_MODEL.html
    """
    return f"DROP MODEL IF EXISTS {qualified(model)}"


def show_model(model: str) -> str:
    """Return the statement that tells the state of a model, and why it failed.

    https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_MODEL.html
    """
    return f"SHOW MODEL {qualified(model)}"


def grant_model(model: str, role: str) -> str:
    """Return the statement that lets a role of the warehouse predict.

    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
    """
    return f"GRANT EXECUTE ON MODEL {qualified(model)} TO ROLE {quoted(role)}"


def _check(option: str, name: str, dataset: Dataset, types: Sequence[str]) -> None:
    if name not in dataset.column_names:
        known = ", ".join(dataset.column_names)
        raise ValueError(f"'{option}' has '{name}', which is no column of '{dataset.name}'; its columns are {known}")
    kind = dataset.column(name).type.redshift.partition("(")[0]
    if kind not in types:
        raise ValueError(f"'{option}' has '{name}', which is {kind}; here Redshift learns {', '.join(types)}")
