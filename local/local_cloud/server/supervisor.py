"""Run a program until standard input closes, then end it and all its children.

A script of its own, not a module of the package: it must start fast. Its standard input is a pipe from the local cloud,
which the operating system closes however the local cloud ends.
"""

import os
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 5


def main() -> None:
    """Run `supervisor.py PROGRAM ARGUMENT...` in a process group of which it is the leader."""
    program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)

    def end_with_the_pipe() -> None:
        sys.stdin.buffer.read()
        program.terminate()
        try:
            program.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"killed: did not end within {GRACE_SECONDS} seconds", file=sys.stderr, flush=True)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=end_with_the_pipe, daemon=True).start()
    program.wait()
    # Children that it has left behind.
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
