"""The shell that an operator types the guide's commands into."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from progress import Failure

AWS = Path(__file__).resolve().parents[1] / "tests" / "end_to_end" / "aws.py"
END = "end of block"
# `make` and `sam` only note that they were asked to deploy: building for AWS would take an hour, and the test of `make deploy` has the rest.
START = """set -euo pipefail
aws() { "$PYTHON" "$AWS" "$@"; }
make() { echo "make $*" >>"$DEPLOYED"; }
sam() { echo "sam $*" >>"$DEPLOYED"; }
"""


class Shell:
    """One shell in a checkout of the service, from the first block to the last."""

    def __init__(self, checkout: Path, programs: Path, log: Path, variables: Mapping[str, str]) -> None:
        self._deployed = log.with_name("deployed")
        self._log = log
        environment = (
            os.environ
            | variables
            | {
                "AWS": str(AWS),
                "DEPLOYED": str(self._deployed),
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                "PYTHON": sys.executable,
            }
        )
        self._output = log.open("w")
        self._process = subprocess.Popen(
            ["bash"],
            cwd=checkout,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            text=True,
        )
        self._write(START)

    def run(self, block: str) -> str:
        """Types a block, and gives what it prints."""
        self._write(f"{block}\nprintf '\\n%s\\n' '{END}'\n")
        printed = ""
        for line in self._process.stdout or ():
            if line.rstrip() == END:
                return printed.strip()
            printed += line
        raise Failure(f"this block of the guide failed:\n{block}", self._log)

    def deploys(self, block: str) -> None:
        """Types a block that has to ask for a deployment."""
        self._deployed.unlink(missing_ok=True)
        self.run(block)
        if not self._deployed.exists():
            raise Failure(f"this block of the guide deploys nothing:\n{block}")

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.communicate()
        self._output.close()

    def _write(self, text: str) -> None:
        if self._process.stdin is None or self._process.poll() is not None:
            raise Failure("the shell has ended", self._log)
        self._process.stdin.write(text)
        self._process.stdin.flush()
