"""Prints the licences of all crates that are in packages of this workspace, each text once, with the crates that have it.

licences.py TARGET PACKAGE…
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
LINE = "=" * 80

Id = tuple[str, str]


def main() -> int:
    """Prints them in the order of the crates."""
    target, packages = sys.argv[1], sys.argv[2:]
    users: dict[tuple[str, str], set[Id]] = defaultdict(set)
    for package in packages:
        for licence in licences_of(target, package):
            crates = {(each["crate"]["name"], each["crate"]["version"]) for each in licence["used_by"]}
            users[licence["name"], licence["text"].strip()] |= crates
    for (name, text), crates in sorted(users.items(), key=lambda entry: (sorted(entry[1]), entry[0])):
        print(LINE, name, *(f"  {crate} {version}" for crate, version in sorted(crates)), LINE, "", text, "", sep="\n")
    return 0


def licences_of(target: str, package: str) -> list[dict]:
    """What `cargo about` finds of one package."""
    manifest = Path("cli" if package == "cli" else f"functions/{package}") / "Cargo.toml"
    command = ["cargo", "about", "generate", "--format", "json", "--locked", "--fail", "--target", target]
    command += ["--config", HERE / "about.toml", "--manifest-path", manifest]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["licenses"]


if __name__ == "__main__":
    sys.exit(main())
