"""Long steps: shown while they move, ended with the process that started them, one sentence when they fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

GRACE_SECONDS = 5


class Failure(Exception):
    """Why this cannot go on, as one sentence for a person, and the log with the details."""

    def __init__(self, sentence: str, log: Path | None = None) -> None:
        super().__init__(sentence)
        self.log = log


def report(text: str) -> None:
    """Prints for a person; standard output is for results."""
    print(text, file=sys.stderr, flush=True)


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log, indented."""
    with suppress(OSError):
        text = log.read_text(errors="replace").replace("\r", "\n")
        return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
    return ""


@contextmanager
def timed(title: str) -> Iterator[None]:
    """Notes how long this takes, as `infra/local/timed` does and for the same table."""
    started = time.monotonic()
    yield
    if "STEPS" in os.environ:
        with Path(os.environ["STEPS"]).open("a") as steps:
            steps.write(f"{time.monotonic() - started:.0f} {os.environ.get('WITHIN_STEP', '')}{title}\n")


def show_steps() -> None:
    """Shows the table, if `make` has begun one."""
    if "STEPS" in os.environ:
        subprocess.run([Path(__file__).parent / "timed"], check=True)


def run_step(title: str, command: list[str], environment: dict[str, str], log: Path, cwd: Path) -> None:
    """Runs a command whose output goes to a log, with a clock for who waits."""
    with meanwhile(title, command, environment, log, cwd) as wait:
        wait()


@contextmanager
def meanwhile(
    title: str, command: list[str], environment: dict[str, str], log: Path, cwd: Path
) -> Iterator[Callable[[], None]]:
    """Runs a command beside the `with` block, which is given how to wait for it."""
    with log.open("w") as output:
        process = start(command, environment, cwd, output)

    def wait() -> None:
        with timed(title):
            status = _watch(process, title)
        if status != 0:
            raise Failure(f"{title} failed", log)

    try:
        yield wait
    finally:
        end_group(process)


def stream_step(title: str, command: list[str], environment: dict[str, str], cwd: Path) -> None:
    """Runs a command that shows by itself how far it is."""
    report(f"{title}:")
    with timed(title):
        process = start(command, environment, cwd, sys.stderr)
        try:
            status = process.wait()
        finally:
            end_group(process)
    if status != 0:
        raise Failure(f"{title} failed; its messages are above")


def start(command: list[str], environment: dict[str, str], cwd: Path, output: IO[Any]) -> subprocess.Popen[bytes]:
    """Starts a command as the head of a group of its own, so that all it starts can be ended with it."""
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends a process and everything in its group, by force after some seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline:
            process.poll()
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)


def _watch(process: subprocess.Popen[bytes], title: str) -> int:
    started = time.monotonic()
    terminal = sys.stderr.isatty()
    shown = -1.0
    try:
        while process.poll() is None:
            elapsed = time.monotonic() - started
            if terminal:
                print(f"\r{title} … {elapsed:.0f} s", end="", file=sys.stderr, flush=True)
            elif shown < 0 or elapsed - shown >= 15:
                shown = elapsed
                report(f"{title} … {elapsed:.0f} s")
            time.sleep(0.2)
    finally:
        end_group(process)
        if terminal:
            report("")
    return process.returncode
