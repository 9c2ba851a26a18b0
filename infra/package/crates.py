"""Which crates are in packages of this workspace, as cargo builds them for a target."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from typing import Any

Id = tuple[str, str]


@dataclass
class Crate:
    """A crate of a registry, or one of this workspace."""

    name: str
    version: str
    licence: str
    is_ours: bool
    # Only those that are in the same packages.
    needs: set[Id] = field(default_factory=set)
    # It runs while the packages are built, and is in none of them.
    builds: bool = True


def crates_of(target: str, packages: list[str]) -> dict[Id, Crate]:
    """All crates in those packages, by name and version."""
    metadata = _metadata(target)
    described = {each["id"]: each for each in metadata["packages"]}
    built = _tree(target, packages, "normal,build")
    shipped = _tree(target, packages, "normal")
    crates = {}
    for each in described.values():
        key = (each["name"], each["version"])
        if key in built:
            crates[key] = Crate(*key, each["license"] or "", each["source"] is None, builds=key not in shipped)
    for node in metadata["resolve"]["nodes"]:
        each = described[node["id"]]
        if crate := crates.get((each["name"], each["version"])):
            used = [dep for dep in node["deps"] if any(kind["kind"] != "dev" for kind in dep["dep_kinds"])]
            needs = {(described[dep["pkg"]]["name"], described[dep["pkg"]]["version"]) for dep in used}
            crate.needs = needs & crates.keys()
    return dict(sorted(crates.items()))


def _metadata(target: str) -> dict[str, Any]:
    return json.loads(_cargo("metadata", "--format-version", "1", "--filter-platform", target))


def _tree(target: str, packages: list[str], edges: str) -> set[Id]:
    command = ["tree", "--target", target, "--edges", edges, "--prefix", "none", "--format", "{p}"]
    lines = _cargo(*command, *(f"--package={package}" for package in packages)).splitlines()
    # `name v1.2.3 (proc-macro)`
    return {(line.split()[0], line.split()[1].removeprefix("v")) for line in lines if line}


def _cargo(*arguments: str) -> str:
    command = ["cargo", *arguments, "--locked"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
