"""The template as CloudFormation gets it: SAM's transform."""

from __future__ import annotations

import copy
import logging
import os
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_dump, yaml_parse
from samtranslator.translator.transform import transform

from emulator import REGION

Template = dict[str, Any]


def read_template(path: Path) -> Template:
    """A template, its short tags in their long form."""
    return yaml_parse(path.read_text())


def transformed(template: Template, parameters: dict[str, str] | None = None) -> Template:
    """What SAM makes of a template with these values of its parameters; the others have their defaults."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            # The transform takes only what is uploaded.
            resource["Properties"]["CodeUri"] = "s3://bucket/code"
    return transform(template, dict(parameters or {}), _NoManagedPolicies())


def binaries(template: Template) -> dict[str, str]:
    """The names of the Rust binaries that the functions run, by the functions' logical ids."""
    metadata = {name: resource.get("Metadata", {}) for name, resource in template["Resources"].items()}
    return {
        name: each["BuildProperties"]["Binary"]
        for name, each in metadata.items()
        if each.get("BuildMethod") == "rust-cargolambda"
    }


def with_code(template: Template, folders: dict[str, Path]) -> str:
    """The template's text with the folders that hold its functions' code, as `sam build` leaves it."""
    template = copy.deepcopy(template)
    for name, folder in folders.items():
        template["Resources"][name]["Properties"]["CodeUri"] = str(folder)
    return yaml_dump(template)


class _NoManagedPolicies:
    """The template names none by its short name, so nothing must be asked of AWS."""

    def load(self) -> dict[str, str]:
        return {}
