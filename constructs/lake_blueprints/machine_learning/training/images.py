"""The container images that training jobs run in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import jsii
from aws_cdk import Aws, CfnMapping, IResolveContext, IStringProducer, Lazy, Stack, Token
from aws_cdk import aws_ecr as ecr
from constructs import Construct

from lake_blueprints.foundation.arguments import checked

_REPOSITORY = "sagemaker-scikit-learn"
_TABLE = "TrainingImageAccounts"
_VERSIONS = ("1.2-1", "1.4-2")
# AWS publishes the image from another account in each Region; the table is that of the SageMaker Python SDK 2.257.7
# (image_uri_config/sklearn.json), and the same for both versions.
_ACCOUNTS = {
    "af-south-1": "510948584623",
    "ap-east-1": "651117190479",
    "ap-northeast-1": "354813040037",
    "ap-northeast-2": "366743142698",
    "ap-northeast-3": "867004704886",
    "ap-south-1": "720646828776",
    "ap-south-2": "628508329040",
    "ap-southeast-1": "121021644041",
    "ap-southeast-2": "783357654285",
    "ap-southeast-3": "951798379941",
    "ap-southeast-4": "106583098589",
    "ca-central-1": "341280168497",
    "ca-west-1": "190319476487",
    "cn-north-1": "450853457545",
    "cn-northwest-1": "451049120500",
    "eu-central-1": "492215442770",
    "eu-central-2": "680994064768",
    "eu-north-1": "662702820516",
    "eu-south-1": "978288397137",
    "eu-south-2": "104374241257",
    "eu-west-1": "141502667606",
    "eu-west-2": "764974769150",
    "eu-west-3": "659782779980",
    "il-central-1": "898809789911",
    "me-central-1": "272398656194",
    "me-south-1": "801668240914",
    "sa-east-1": "737474898029",
    "us-east-1": "683313688378",
    "us-east-2": "257758044811",
    "us-gov-east-1": "237065988967",
    "us-gov-west-1": "414596584902",
    "us-iso-east-1": "833128469047",
    "us-isob-east-1": "281123927165",
    "us-isof-east-1": "108575199400",
    "us-isof-south-1": "124985052026",
    "us-west-1": "746614075791",
    "us-west-2": "246618743249",
}


@checked
@dataclass(frozen=True, kw_only=True)
class TrainingImage:
    """A container image, and the repository that the training role pulls it from.

    Parameters
    ----------
    uri: str
        The image as SageMaker wants it: `<account>.dkr.ecr.<region>.<suffix>/<repository>:<tag>`.
    repository_arn: str
        ARN of its repository.

    Example
    -------
        >>> TrainingImage.from_repository(repository, tag="2026-11")
    """

    uri: str
    repository_arn: str

    @classmethod
    def scikit_learn(cls, scope: Construct, *, version: str = "1.4-2") -> TrainingImage:
        """Return AWS's scikit-learn image of the stack's Region.

        Parameters
        ----------
        scope: Construct
            Anything in the stack. Its Region need not be known before it is deployed.
        version: str
            Version of the image, 1.2-1 (Python 3.9) or 1.4-2 (Python 3.10). By default 1.4-2.

        Raises
        ------
        ValueError
            If there is no such version, or none in the stack's Region.
        """
        if version not in _VERSIONS:
            raise ValueError(f"'version' must be {' or '.join(_VERSIONS)}, got '{version}'")
        stack = Stack.of(scope)
        account = _account(stack.region)
        arn = stack.format_arn(service="ecr", account=account, resource="repository", resource_name=_REPOSITORY)
        registry = f"{account}.dkr.ecr.{stack.region}.{Aws.URL_SUFFIX}"
        return cls(uri=f"{registry}/{_REPOSITORY}:{version}-cpu-py3", repository_arn=arn)

    @classmethod
    def from_repository(cls, repository: ecr.IRepository, *, tag: str) -> TrainingImage:
        """Return an image of one's own, for instance one that extends AWS's."""
        return cls(uri=repository.repository_uri_for_tag(tag), repository_arn=repository.repository_arn)


def _account(region: str) -> str:
    if Token.is_unresolved(region):
        return Lazy.uncached_string(_AccountOfRegion())
    if region not in _ACCOUNTS:
        raise ValueError(
            f"AWS publishes no scikit-learn image in '{region}'; pass an 'image' of your own, "
            f"or deploy to one of: {', '.join(_ACCOUNTS)}"
        )
    return _ACCOUNTS[region]


@jsii.implements(IStringProducer)
class _AccountOfRegion:
    """Looks the account up in a table of whichever stack asks; stacks cannot share one."""

    def produce(self, context: IResolveContext) -> str:
        stack = Stack.of(context.scope)
        table = stack.node.try_find_child(_TABLE) or CfnMapping(
            stack, _TABLE, mapping={region: {"account": account} for region, account in _ACCOUNTS.items()}, lazy=True
        )
        return cast(CfnMapping, table).find_in_map(Aws.REGION, "account")
