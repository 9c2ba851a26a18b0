"""Prints what is in packages of this workspace, as CycloneDX 1.6 in JSON.

    sbom.py TARGET PACKAGE…

Each crate has its version, its licence, its package URL, and the SHA-256 that Cargo.lock has of it. Rust's standard library is in
each binary too, in no list of cargo's.
"""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path

from crates import Crate, crates_of
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL


def main() -> int:
    """Prints the document, or names the rule of the schema that it breaks."""
    target, packages = sys.argv[1], sys.argv[2:]
    text = document(target, packages)
    if broken := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        print(f"Error: {broken}.", file=sys.stderr)
        return 1
    print(text)
    return 0


def document(target: str, packages: list[str]) -> str:
    """The same text for the same crates."""
    crates = crates_of(target, packages)
    checksums = read_checksums(Path("Cargo.lock").read_text())
    components = {key: component(crate, checksums.get(key)) for key, crate in crates.items()}
    std = standard_library()
    ours = [component for key, component in components.items() if key[0] in packages]
    whole = Component(
        name="api-keys-service", version=ours[0].version, type=ComponentType.APPLICATION, bom_ref="api-keys-service"
    )
    identity = uuid.uuid5(
        uuid.NAMESPACE_URL, "\n".join([target, *(str(each.bom_ref) for each in [std, *components.values()])])
    )
    bom = Bom(components=[std, *components.values()], metadata=BomMetaData(component=whole), serial_number=identity)
    # The moment of a build would make each another.
    bom.metadata.timestamp = None
    bom.register_dependency(whole, [std, *ours])
    bom.register_dependency(std)
    for key, crate in crates.items():
        bom.register_dependency(components[key], [components[need] for need in sorted(crate.needs)])
    return JsonV1Dot6(bom).output_as_string(indent=2)


def component(crate: Crate, checksum: str | None) -> Component:
    """One crate."""
    url = None if crate.is_ours else PackageURL("cargo", None, crate.name, crate.version)
    # An older way to write OR.
    licence = crate.licence.replace("/", " OR ")
    return Component(
        name=crate.name,
        version=crate.version,
        type=ComponentType.APPLICATION if crate.is_ours and crate.name != "api-keys" else ComponentType.LIBRARY,
        bom_ref=f"{crate.name}@{crate.version}",
        purl=url,
        scope=ComponentScope.EXCLUDED if crate.builds else ComponentScope.REQUIRED,
        licenses=[LicenseFactory().make_from_string(licence)] if licence else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
    )


def standard_library() -> Component:
    """That of the compiler's version."""
    command = ["rustc", "--version"]
    version = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()[1]
    return Component(
        name="rust-std",
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=f"rust-std@{version}",
        purl=PackageURL("generic", None, "rust-std", version),
        scope=ComponentScope.REQUIRED,
        licenses=[LicenseFactory().make_from_string("MIT OR Apache-2.0")],
    )


def read_checksums(lock: str) -> dict[tuple[str, str], str]:
    """What Cargo.lock has of each crate of a registry."""
    checksums = {}
    for entry in lock.split("[[package]]\n")[1:]:
        fields = dict(
            line.split(" = ", 1) for line in entry.splitlines() if line.startswith(("name", "version", "checksum"))
        )
        if "checksum" in fields:
            name, version, checksum = (fields[each].strip('"') for each in ("name", "version", "checksum"))
            checksums[name, version] = checksum
    return checksums


if __name__ == "__main__":
    sys.exit(main())
