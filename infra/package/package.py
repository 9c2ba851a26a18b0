"""Makes an archive that `sam deploy --guided` takes, on a machine without Rust.

    package.py [--architecture x86_64|arm64] [--output DIR]

It has the template and a zip for each function, the stacks beside it, the API's document, the operators' program, a list of what is
in all of it (SBOM), the licences of third parties and of Rust's standard library, and checksums. Two builds of one commit are the same, bit by bit, in any
folder, home and hour. Run it by the Python of the pinned SAM CLI.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_dump, yaml_parse

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".local" / "tools"
HERE = Path(__file__).parent
TARGETS = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
PROGRAM = ("cli", "api-keys")
# What goes into the archive as it is.
FILES = {"LICENSE": "LICENSE", "samconfig.yaml": "samconfig.yaml", "infra/openapi.yaml": "openapi.yaml"}
# What the compiler brings along of std and of what std is made of, by the Rust project itself.
NOTICES = ("share/doc/rust/COPYRIGHT-library.html", "THIRD-PARTY-RUST.html")
# The stacks beside the service's own.
STACKS = ("alarms", "dashboard", "domain", "web-acl")
# A moment that zip can hold, and that no build changes.
THEN = (1980, 1, 1, 0, 0, 0)

Template = dict[str, Any]


def main() -> int:
    """Makes the archive, and prints its path."""
    arguments = _parse_arguments()
    os.chdir(ROOT)
    template = yaml_parse(Path("template.yaml").read_text())
    name = f"api-keys-{version()}-{arguments.architecture}"
    arguments.output.mkdir(parents=True, exist_ok=True)
    folder = arguments.output / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    binaries = build(template, arguments.architecture)
    fill(folder, template, binaries, arguments.architecture)
    archive = arguments.output / f"{name}.tar.gz"
    pack(folder, archive)
    print(archive)
    return 0


def version() -> str:
    """The workspace's version."""
    manifest = Path("Cargo.toml").read_text()
    return manifest.split('\nversion = "', 1)[1].split('"', 1)[0]


def functions_of(template: Template) -> dict[str, str]:
    """The packages of the functions, by their logical ids."""
    resources = template["Resources"].items()
    return {
        name: each["Metadata"]["BuildProperties"]["Binary"]
        for name, each in resources
        if each.get("Metadata", {}).get("BuildMethod") == "rust-cargolambda"
    }


def build(template: Template, architecture: str) -> dict[str, Path]:
    """Builds all functions and the program, each with the features that it has alone, and gives their files."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target" / "package"))
    environment = dict(os.environ)
    for flags in ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"):
        environment.pop(flags, None)
    environment |= {
        "CARGO_TARGET_DIR": str(target),
        "RUSTC_WRAPPER": str(HERE / "rustc"),
        "PATH": f"{TOOLS / 'cargo-lambda' / 'bin'}{os.pathsep}{environment['PATH']}",
    }
    packages = [(package, package) for package in functions_of(template).values()] + [PROGRAM]
    for package, binary in packages:
        print(f"Building {binary} for {architecture}", file=sys.stderr)
        # Not by the target: Cargo.toml chooses a processor for SAM, and cargo-lambda refuses both.
        command = ["cargo", "lambda", "build", "--release", "--locked", f"--{architecture.replace('_', '-')}"]
        subprocess.run([*command, "--package", package, "--bin", binary], env=environment, check=True)
    return {binary: target / "lambda" / binary / "bootstrap" for _, binary in packages}


def fill(folder: Path, template: Template, binaries: dict[str, Path], architecture: str) -> None:
    """Puts into the folder what the archive has."""
    (folder / "functions").mkdir()
    for package in functions_of(template).values():
        zip_function(binaries[package], folder / "functions" / f"{package}.zip")
    (folder / "bin").mkdir()
    shutil.copy(binaries[PROGRAM[1]], folder / "bin" / PROGRAM[1])
    (folder / "template.yaml").write_text(packaged(template, architecture))
    for source, name in FILES.items():
        shutil.copy(source, folder / name)
    (folder / "infra").mkdir()
    for stack in STACKS:
        shutil.copy(f"infra/{stack}.yaml", folder / "infra")
    shutil.copy(HERE / "README.md", folder / "README.md")
    parts = [TARGETS[architecture], *functions_of(template).values(), PROGRAM[0]]
    run_tool("sbom", "sbom.py", *parts, output=folder / "sbom.cdx.json")
    (folder / "THIRD-PARTY.txt").write_text(licences(architecture, parts[1:]))
    shutil.copy(sysroot() / NOTICES[0], folder / NOTICES[1])
    write_checksums(folder)


def packaged(template: Template, architecture: str) -> str:
    """The template with the functions' zips, for the processor that they were built for and no other."""
    for name, package in functions_of(template).items():
        resource = template["Resources"][name]
        del resource["Metadata"]
        resource["Properties"]["CodeUri"] = f"functions/{package}.zip"
    template["Parameters"]["Architecture"] |= {"AllowedValues": [architecture], "Default": architecture}
    return yaml_dump(template)


def zip_function(binary: Path, archive: Path) -> None:
    """One function's code as Lambda takes it."""
    entry = zipfile.ZipInfo("bootstrap", THEN)
    entry.external_attr = 0o100755 << 16
    entry.create_system = 3
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        zipped.writestr(entry, binary.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def licences(architecture: str, packages: list[str]) -> str:
    """The licences of all crates that are in any of these, each text once."""
    return subprocess.run(
        [sys.executable, HERE / "licences.py", TARGETS[architecture], *packages],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def sysroot() -> Path:
    """Where the compiler is installed."""
    command = ["rustc", "--print", "sysroot"]
    return Path(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip())


def run_tool(tool: str, script: str, *arguments: str, output: Path) -> None:
    """Runs a script in the environment that its tool has."""
    with output.open("wb") as file:
        subprocess.run([TOOLS / tool / "bin" / "python", HERE / script, *arguments], stdout=file, check=True)


def write_checksums(folder: Path) -> None:
    """Of each file, as `sha256sum --check` reads them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(sums))


def pack(folder: Path, archive: Path) -> None:
    """A tar of the folder in which nothing is of this machine or this hour."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in [folder, *sorted(folder.rglob("*"))]:
            entry = tar.gettarinfo(path, str(path.relative_to(folder.parent)))
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mtime = 315532800
            runs = path.is_dir() or path.parent.name == "bin"
            entry.mode = 0o755 if runs else 0o644
            if path.is_file():
                with path.open("rb") as file:
                    tar.addfile(entry, file)
            else:
                tar.addfile(entry)
    with archive.open("wb") as file, gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as zipped:
        zipped.write(packed.getvalue())


def _parse_arguments() -> argparse.Namespace:
    own = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    parser = argparse.ArgumentParser(description="Makes an archive that `sam deploy --guided` takes without Rust.")
    parser.add_argument("--architecture", choices=list(TARGETS), default=own)
    parser.add_argument("--output", type=Path, default=ROOT / ".local" / "package", metavar="DIR")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
