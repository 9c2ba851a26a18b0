"""Prints the licences of all crates that are in packages of this workspace, each text once, with the crates that have it.

licences.py TARGET PACKAGE…
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from crates import Id, crates_of

HERE = Path(__file__).parent
LINE = "=" * 80


def main() -> int:
    """Prints them in the order of the crates, or names the crate that has none."""
    target, packages = sys.argv[1], sys.argv[2:]
    crates = crates_of(target, packages).items()
    shipped = {key for key, crate in crates if not crate.builds and not crate.is_ours}
    users: dict[tuple[str, str], set[Id]] = defaultdict(set)
    for licence in licences(target):
        having = {(each["crate"]["name"], each["crate"]["version"]) for each in licence["used_by"]}
        if having & shipped:
            users[licence["name"], licence["text"].strip()] |= having & shipped
    if without := shipped.difference(*users.values()):
        print(f"Error: no licence was found of {sorted(without)}.", file=sys.stderr)
        return 1
    for (name, text), having in sorted(users.items(), key=lambda entry: (sorted(entry[1]), entry[0])):
        print(LINE, name, *(f"  {crate} {version}" for crate, version in sorted(having)), LINE, "", text, "", sep="\n")
    return 0


def licences(target: str) -> list[dict]:
    """What `cargo about` finds of the whole workspace, once: it reads each crate's files, which takes a minute."""
    command = ["cargo", "about", "generate", "--workspace", "--locked", "--fail", "--format", "json"]
    command += ["--target", target, "--config", HERE / "about.toml"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["licenses"]


if __name__ == "__main__":
    sys.exit(main())
