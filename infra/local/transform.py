"""The template as CloudFormation gets it: SAM's transform, with the parameters' defaults."""

from __future__ import annotations

import copy
import logging
import os
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

from emulator import REGION

Template = dict[str, Any]


def read_template(path: Path) -> Template:
    """A template, its short tags in their long form."""
    return yaml_parse(path.read_text())


def transformed(template: Template) -> Template:
    """What SAM makes of a template."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            # The transform takes only what is uploaded.
            resource["Properties"]["CodeUri"] = "s3://bucket/code"
    return transform(template, {}, _NoManagedPolicies())


def binaries(template: Template) -> list[str]:
    """The names of the Rust binaries that the functions run."""
    metadata = (resource.get("Metadata", {}) for resource in template["Resources"].values())
    return [each["BuildProperties"]["Binary"] for each in metadata if each.get("BuildMethod") == "rust-cargolambda"]


class _NoManagedPolicies:
    """The template names none by its short name, so nothing must be asked of AWS."""

    def load(self) -> dict[str, str]:
        return {}
