"""The local cloud as Python sees it.

Above 200 lines: half of it is the documentation of the one class that tests use.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from local_cloud.client import cdk, executions
from local_cloud.errors import LocalCloudError
from local_cloud.instrumentation.faults import Fault
from local_cloud.instrumentation.recording import RecordedCall
from local_cloud.server.access_keys import AccessKey
from local_cloud.server.clients import client
from local_cloud.server.receivers import Receivers
from local_cloud.server.server import LocalServer

DEFAULT_REGION = "us-east-1"

OnEvent = Callable[[str], None]


def _ignore(_: str) -> None:
    pass


class LocalCloud:
    """An AWS on this machine, into which the real CDK CLI deploys any app.

    Parameters
    ----------
    workdir: Path
        Folder for logs and state; made if it does not exist. If `stop` has kept data in it, the cloud begins with that.
    port: int
        Port on localhost; 0, the default, takes that of the data that was kept, or any free one.
    region: str
        Region of the clients and of the deployment, by default us-east-1.
    longest_wait: int, optional
        Whole seconds, at least 1, after which a Wait state ends early, times how often an execution has come to it:
        state machines look every few minutes after work that takes hours in AWS and seconds here. By default it
        waits as long as it says.
    any_credentials: bool
        Whether requests may be signed with any access key. By default only the key that the cloud draws at its start,
        and those that its IAM and STS issue, are taken; see SECURITY.md for what the option gives up.
    receivers: mapping of str to int, optional
        Ports of this machine that stand for hosts to which services send requests, such as Firehose to HTTP endpoints:
        `{"collector.example.com": 8443}`. They speak TLS. By default none: no other machine is ever asked.
    receiver_authority: Path, optional
        PEM file of the certificates that sign those of the receivers, which name their hosts. By default the public
        authorities.

    Raises
    ------
    LocalCloudError
        If `longest_wait` is below 1; from `start`, if the port is in use or kept data cannot be read.

    Example
    -------
        >>> with LocalCloud(workdir=Path(".lake")) as cloud:
        ...     outputs = cloud.deploy(directory=Path("."), app="python app.py")
        ...     cloud.execute(outputs["Orchestration"]["StateMachineArn"])
    """

    def __init__(
        self,
        *,
        workdir: Path,
        port: int = 0,
        region: str = DEFAULT_REGION,
        longest_wait: int | None = None,
        any_credentials: bool = False,
        receivers: Mapping[str, int] | None = None,
        receiver_authority: Path | None = None,
    ) -> None:
        if longest_wait is not None and longest_wait < 1:
            raise LocalCloudError(f"longest_wait must be at least 1 second, got {longest_wait}")
        self._longest_wait = longest_wait
        self._any_credentials = any_credentials
        self._receivers = Receivers(ports=dict(receivers or {}), authority=receiver_authority)
        self._workdir = workdir
        self._port = port
        self._region = region
        self._server: LocalServer | None = None

    def __enter__(self) -> LocalCloud:
        self.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """URL at which every AWS API is served."""
        return self._running.runtime.endpoint

    @property
    def console(self) -> str:
        """URL that opens the console in a browser; it holds the token that gives access."""
        return self._running.console.address

    @property
    def account(self) -> str:
        """The one account that there is."""
        return self._running.runtime.account

    @property
    def access_key(self) -> AccessKey:
        """The access key that this cloud has drawn; `client` and `environment` use it already."""
        return self._running.runtime.keys.own

    @property
    def authority(self) -> Path:
        """PEM file of the certificates by which clients verify its databases, caches and search domains."""
        return self._running.runtime.authority.certificate

    def start(self) -> None:
        """Start the server in this process."""
        server = LocalServer(
            workdir=self._workdir,
            port=self._port,
            longest_wait=self._longest_wait,
            any_credentials=self._any_credentials,
            receivers=self._receivers,
        )
        try:
            server.start()
        except BaseException:
            server.stop()
            raise
        self._server = server

    def stop(self, *, keep: bool = False, force: bool = False) -> None:
        """Stop the server; nothing keeps running. Stopping twice is fine.

        Parameters
        ----------
        keep: bool
            Whether what the cloud holds is written into the work folder, where the next start finds it. By default it
            is lost; what an earlier stop has kept stays as it is.
        force: bool
            Whether work that runs is ended before it is kept, as by `StopExecution` and its like. By default `keep`
            fails then.

        Raises
        ------
        LocalCloudError
            If work is running, or something cannot be kept; with its names. The cloud then goes on.
        """
        if keep and self._server:
            if force:
                self._server.abort()
            self._server.keep()
        server, self._server = self._server, None
        if server:
            server.stop()

    def reset(self) -> None:
        """Stop, and remove everything that the cloud wrote, except what it caches."""
        self.stop()
        shutil.rmtree(self._workdir, ignore_errors=True)

    @property
    def calls(self) -> list[RecordedCall]:
        """The calls that were made under roles, each once: by jobs, functions, crawlers and state machines."""
        return self._running.runtime.recording.calls

    def client(self, service: str) -> Any:
        """Return a boto3 client of this cloud."""
        runtime = self._running.runtime
        # Of its own: callers may register handlers with it.
        return client(runtime.endpoint, runtime.keys.own, service, self._region)

    def environment(self) -> dict[str, str]:
        """Return the environment of a child process that talks to this cloud, and to no other."""
        return self._running.runtime.environment(self._region)

    def drain(self) -> None:
        """Have buffered work, such as Firehose's, finished now."""
        self._running.drain()

    def inject(self, service: str, operation: str, error: str, *, times: int = 1, after: bool = False) -> Fault:
        """Have the next calls of an operation fail; whatever their caller is.

        Parameters
        ----------
        service: str
            boto3's name of the service, such as glue.
        operation: str
            Name of the operation in the API, such as StartJobRun.
        error: str
            Code of the error, such as ThrottlingException.
        times: int
            How many calls fail, at least 1. Callers often try again by themselves: boto3 makes 5 attempts.
        after: bool
            Whether a call fails once it is carried out, as if its answer were lost. By default it is not carried out.

        Returns
        -------
        Fault
            Says in `struck` how many calls have failed; as a context manager, it ends with the block.

        Raises
        ------
        LocalCloudError
            If there is no such service or operation.

        Example
        -------
            >>> with cloud.inject("glue", "StartJobRun", "ThrottlingException", times=2) as fault:
            ...     cloud.execute(state_machine_arn)
            >>> assert fault.struck == 2
        """
        return self._running.runtime.faults.add(service, operation, error, times=times, after=after)

    def bootstrap(self, *, on_event: OnEvent | None = None) -> None:
        """Bootstrap the cloud's region for the CDK; `deploy` does so itself where it must.

        Parameters
        ----------
        on_event: OnEvent | None
            Called with every line that the CLI writes.

        Raises
        ------
        LocalCloudError
            If Node or the CLI is missing, or the CLI fails; with its own words.
        """
        cdk.bootstrap(
            account=self.account,
            region=self._region,
            environment=self.environment(),
            workdir=self._running.runtime.workdir,
            on_line=on_event or _ignore,
        )

    def deploy(
        self,
        *,
        directory: Path,
        app: str | None = None,
        context: Mapping[str, str] | None = None,
        on_event: OnEvent | None = None,
    ) -> dict[str, dict[str, str]]:
        """Deploy every stack of an app with the unmodified CDK CLI, bootstrapping first if need be.

        Parameters
        ----------
        directory: Path
            Folder of the app.
        app: str | None
            Command that runs the app; by default the one in the folder's cdk.json.
        context: Mapping[str, str] | None
            Context values, as `--context` gives them.
        on_event: OnEvent | None
            Called with every line that the CLI writes.

        Returns
        -------
        dict[str, dict[str, str]]
            Outputs by stack and name.

        Raises
        ------
        LocalCloudError
            If Node or the CLI is missing, or the deployment fails; with the CLI's own words.
        """
        runtime = self._running.runtime
        return cdk.deploy(
            cdk=cdk.Cdk.find(directory),
            directory=directory,
            app=app,
            context=context or {},
            environment=self.environment(),
            account=self.account,
            client=lambda region: runtime.client("cloudformation", region),
            workdir=runtime.workdir,
            on_line=on_event or _ignore,
        )

    def execute(
        self,
        state_machine_arn: str,
        input: Any = None,
        on_event: OnEvent | None = None,
    ) -> Any:
        """Run a state machine to its end and return its output.

        Raises
        ------
        LocalCloudError
            If it does not succeed, with the state that failed and why.
        """
        client = self.client("stepfunctions")
        return executions.execute(client, state_machine_arn, input or {}, on_event).output

    @property
    def _running(self) -> LocalServer:
        if self._server is None:
            raise RuntimeError("the local cloud is not running; use it as a context manager, or call start()")
        return self._server
