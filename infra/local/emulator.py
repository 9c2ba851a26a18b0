"""The emulated AWS: ministack on a loopback port, which enforces every role's policy."""

from __future__ import annotations

import os
import socket
import time
import urllib.request
from pathlib import Path
from types import TracebackType

from progress import Failure, end_group, start

REGION = "us-east-1"
STARTER = Path(__file__).with_name("start_emulator.py")

# The emulator's root user. They open nothing but it.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

# What a machine needs to reach package registries, and the functions' TLS to start.
PASSED_ON = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR")


def isolate_from_aws(port: int) -> None:
    """Points this process and its children at the emulator, away from the user's own account and any proxy."""
    for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_CA_BUNDLE"]:
        del os.environ[name]
    loopback = "127.0.0.1,localhost"
    bypass = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), loopback)))
    os.environ |= CREDENTIALS | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint_url(port),
        "AWS_REGION": REGION,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": bypass,
        # Of the state of a deployment; 5 s is meant for the real one.
        "SAM_CLI_POLL_DELAY": "0.5",
        "SAM_CLI_TELEMETRY": "0",
        "no_proxy": bypass,
    }


def endpoint_url(port: int) -> str:
    """Where the emulator on a port answers."""
    return f"http://127.0.0.1:{port}"


def choose_port(wanted: int) -> int:
    """The wanted port if it is free; any free one for 0."""
    with socket.socket() as probe:
        # What a stopped run leaves in TIME_WAIT does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            raise Failure(
                f"port {wanted} is in use; end what listens there or choose another, as in `make run PORT=4570`"
            ) from None
        return probe.getsockname()[1]


class Emulator:
    """A running ministack; leaving the `with` block ends it and the functions it runs.

    With a seed it updates stacks as CloudFormation does, in an order of that seed.
    """

    def __init__(self, python: Path, port: int, state: Path, seed: str | None = None) -> None:
        self.endpoint = endpoint_url(port)
        self.log = state / "ministack.log"
        temporary = state / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= CREDENTIALS | {
            "AUTH": "true",
            "AWS_DEFAULT_REGION": REGION,
            # The functions inherit it: their calls come back here.
            "AWS_ENDPOINT_URL": self.endpoint,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            # Below it stand the paths of requests, and a path may hold a key.
            "LOG_LEVEL": "WARNING",
            "MINISTACK_REGION": REGION,
            "S3_DATA_DIR": str(state / "s3"),
            "STATE_DIR": str(state / "persisted"),
            "TMPDIR": str(temporary),
        }
        if seed is not None:
            environment["UPDATE_SEED"] = seed
        with self.log.open("w") as output:
            self._process = start([str(python), str(STARTER)], environment, state, output)

    def __enter__(self) -> Emulator:
        try:
            self._wait_until_ready()
        except BaseException:
            end_group(self._process)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end_group(self._process)

    def check(self) -> None:
        """Fails when it has died."""
        if self._process.poll() is not None:
            raise Failure(f"the emulator ended by itself with status {self._process.returncode}", self.log)

    def _wait_until_ready(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() < deadline:
            self.check()
            try:
                direct.open(f"{self.endpoint}/_ministack/health", timeout=2).close()
                return
            except OSError:
                time.sleep(0.1)
        raise Failure(f"the emulator did not answer within {seconds:.0f} s", self.log)
