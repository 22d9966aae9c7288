"""The command line: each command, and one clear line for each mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import HTTPCookieProcessor, build_opener

import boto3
import psutil
import pytest

from tests.local_cloud.shell import LOCAL, Shell


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    shell = Shell(tmp_path_factory.mktemp("shell"))
    started = shell("start", "--port", "0")
    assert started.returncode == 0, started.stderr
    assert "the local cloud runs at http://localhost:" in started.stdout
    yield shell
    shell("reset")
    assert not (shell.folder / "work").exists()


def state(shell: Shell) -> dict[str, str]:
    found: dict[str, str] = json.loads((shell.folder / "work" / "server.json").read_text())
    return found


def endpoint(shell: Shell) -> str:
    return state(shell)["endpoint"]


def assert_one_line(done: subprocess.CompletedProcess[str], text: str) -> None:
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [done.stderr.strip()]
    assert done.stderr.startswith("error: ")
    assert text in done.stderr


def test_serves_in_the_background_until_stopped(shell: Shell) -> None:
    assert json.loads(shell("status").stdout)["endpoint"] == endpoint(shell)
    assert shell("drain").returncode == 0


VARIABLES = {
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
}


def in_a_shell(shell: Shell, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script of bash in which `local-cloud` is the command, with no variable of AWS but those given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = f'local-cloud() {{ "{sys.executable}" -m local_cloud --workdir work "$@"; }}\n'
    return subprocess.run(
        ["bash", "-c", command + script],
        cwd=shell.folder,
        env={**inherited, "PYTHONPATH": str(LOCAL), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("evaluation", ['eval "$(local-cloud env)"', "eval $(local-cloud env)"])
def test_a_shell_that_evaluates_the_variables_reaches_the_cloud_with_every_tool(shell: Shell, evaluation: str) -> None:
    # botocore, on which boto3, the AWS CLI and awswrangler are built, reads the Region of AWS_DEFAULT_REGION only.
    ask = (
        "import boto3, os; print(boto3.client('athena').list_work_groups()['WorkGroups'][0]['Name']); "
        "print(sorted(name for name in os.environ if name.startswith('AWS_')))"
    )
    done = in_a_shell(
        shell, f'{evaluation}\n"{sys.executable}" -c "{ask}"', AWS_SESSION_TOKEN="of another", AWS_PROFILE="other"
    )
    assert done.stdout.splitlines() == ["primary", str(sorted(VARIABLES))], done.stderr


def test_what_a_shell_would_read_as_its_own_is_quoted(shell: Shell) -> None:
    path = shell.folder / "work" / "server.json"
    before = path.read_text()
    path.write_text(json.dumps({**state(shell), "AWS_SECRET_ACCESS_KEY": "a b'$(c)"}))
    try:
        # The cloud that is asked for its status refuses the key, so that the text is made without it.
        code = (
            "import json; from pathlib import Path; from local_cloud.cli.session import Session; "
            "from local_cloud.cli.server import exports; "
            "print(exports(Session(workdir=Path('work'), state=json.loads(Path('work/server.json').read_text()))))"
        )
        done = in_a_shell(shell, f'eval "$("{sys.executable}" -c "{code}")"\nprintf %s "$AWS_SECRET_ACCESS_KEY"')
    finally:
        path.write_text(before)
    assert done.stdout == "a b'$(c)", done.stderr


def test_a_reader_that_closes_its_pipe_is_no_error(shell: Shell) -> None:
    done = in_a_shell(shell, "set -o pipefail\nlocal-cloud status | true\nsleep 0.1\nlocal-cloud env | head -1")
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_prints_the_address_that_opens_the_console(shell: Shell) -> None:
    address = shell("console").stdout.strip()
    assert address == json.loads(shell("status").stdout)["console"]
    assert address.startswith(f"{endpoint(shell)}/_local/console?token=")
    with build_opener(HTTPCookieProcessor()).open(address) as page:
        assert b"<h1>Stacks</h1>" in page.read()


def test_nobody_else_can_read_the_key(shell: Shell) -> None:
    assert (shell.folder / "work").stat().st_mode & 0o777 == 0o700
    assert (shell.folder / "work" / "server.json").stat().st_mode & 0o777 == 0o600
    secret = state(shell)["AWS_SECRET_ACCESS_KEY"]
    arguments = [argument for process in psutil.process_iter(["cmdline"]) for argument in process.info["cmdline"] or []]
    assert not any(secret in argument for argument in arguments)


def test_takes_any_key_if_started_so(shell: Shell) -> None:
    assert shell("start", "--port", "0", "--any-credentials", workdir="open").returncode == 0
    try:
        found = json.loads((shell.folder / "open" / "server.json").read_text())
        s3 = boto3.client(
            "s3",
            endpoint_url=found["endpoint"],
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )
        assert s3.list_buckets()["Buckets"] == []
    finally:
        shell("reset", workdir="open")


def test_a_second_start_is_refused(shell: Shell) -> None:
    assert_one_line(shell("start"), f"the local cloud runs already, at {endpoint(shell)}; stop it first")


def test_a_busy_port_is_one_line(shell: Shell) -> None:
    port = endpoint(shell).rsplit(":", 1)[1]
    assert_one_line(shell("start", "--port", port, workdir="other"), f"port {port} is in use on localhost")


def test_the_longest_wait_reaches_the_cloud_and_is_checked_there(shell: Shell) -> None:
    refused = shell("start", "--port", "0", "--longest-wait", "0", workdir="other")
    assert_one_line(refused, "longest_wait must be at least 1 second, got 0")


@pytest.mark.parametrize("receiver", ["collector", "=8443", "collector=https"])
def test_a_receiver_is_a_host_and_a_port(shell: Shell, receiver: str) -> None:
    refused = shell("start", "--port", "0", "--receiver", receiver, workdir="other")
    assert_one_line(refused, f"--receiver takes HOST=PORT, got '{receiver}'")


def test_receivers_reach_the_cloud(shell: Shell) -> None:
    authority = shell.folder / "none.pem"
    refused = shell(
        "start", "--port", "0", "--receiver", "c.example.com=1", "--receiver-authority", str(authority), workdir="other"
    )
    assert_one_line(refused, f"there is no file of certificates {authority}")


def test_a_failed_deployment_is_one_line(shell: Shell) -> None:
    (shell.folder / "app.py").write_text("raise ValueError('no such environment: moon')")
    done = shell("deploy", "--app", f"{sys.executable} app.py", "--directory", str(shell.folder))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no such environment: moon" in done.stderr or "the CDK CLI is missing" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("run", "nobody"), "there is no state machine nobody; there are: none"),
        (("run",), "name the state machine; there are: none"),
        (("run", "nobody", "--input", "{"), "--input must be JSON"),
        (("rows", "nothing"), "there is no table nothing; there are: none"),
        (("rows", "nothing", "--limit", "0"), "--limit must be at least 1, got 0"),
        (("query", " "), "SQL must be one statement, such as 'select 1', got ' '"),
        (("query", "select 1"), "no workgroup of Athena says where results go"),
        (("logs", "nobody"), "there is no log of 'nobody'; see all with: local-cloud logs"),
        (("deploy", "-c", "novalue"), "--context takes KEY=VALUE, got 'novalue'"),
        (("deploy", "--directory", "nowhere"), "there is no folder nowhere"),
    ],
)
def test_a_mistake_is_one_line(shell: Shell, arguments: tuple[str, ...], text: str) -> None:
    assert_one_line(shell(*arguments), text)


def test_says_that_there_was_nothing(shell: Shell) -> None:
    assert shell("drain").stdout == "nothing was buffered\n"
    assert shell("account").stdout == "no run of a Glue job has reported records\n"


@pytest.mark.parametrize(
    "command", [("run", "m"), ("deploy",), ("drain",), ("console",), ("rows", "t"), ("query", "q"), ("env",)]
)
def test_says_that_it_does_not_run(shell: Shell, command: tuple[str, ...]) -> None:
    assert_one_line(shell(*command, workdir="none"), "the local cloud does not run; start it with")


def test_stopping_what_does_not_run_is_no_mistake(shell: Shell) -> None:
    done = shell("stop", workdir="none")
    assert (done.returncode, done.stdout) == (0, "not running\n")
