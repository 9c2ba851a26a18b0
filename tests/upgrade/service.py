"""The service as its operator has it: a checkout, the stacks that are deployed from it, and the functions on no route."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deployment import ROOT, STACK, Stack, client, deploy, give_gateway_responses
from emulator import Emulator
from progress import Failure

# Of 0.1.0: the last commit of its day.
RELEASE = "096c3b87140271fe428e52e10dee78281f4b13af"
STATE = ROOT / ".local" / "upgrade"
CHECKOUT = STATE / "checkout"
ATTACHED_STACK = "sample-api"
IMPORT = "!ImportValue api-keys-AuthorizerArn"


def git(*arguments: str, folder: Path = CHECKOUT) -> str:
    """Runs git in the operator's checkout, and gives what it prints."""
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def check_out_release() -> None:
    """A checkout of 0.1.0, as an operator has it."""
    if not CHECKOUT.exists():
        subprocess.run(["git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(CHECKOUT)], check=True)
    git("checkout", "--quiet", "--force", RELEASE)


# The commit that this test is of.
PRESENT = git("rev-parse", "HEAD", folder=ROOT)


class Service:
    """What the operator deploys and invokes."""

    def __init__(self, emulator: Emulator, before: Path, after: Path) -> None:
        self.emulator = emulator
        self.stack = Stack(emulator, STACK)
        self._templates = {RELEASE: before, PRESENT: after}
        self._lambda = client("lambda", emulator)
        self._cloudformation = client("cloudformation", emulator)
        self._names: dict[str, str] = {}
        self._attached = (CHECKOUT / "tests" / "sample-api" / "template.yaml").read_text()

    def deploy(self, parameters: dict[str, str]) -> None:
        """Deploys what is checked out over what is there."""
        imported = self._imported()
        deploy(STACK, self._templates[git("rev-parse", "HEAD")], STATE, parameters)
        for name, value in imported.items():
            # The emulator changes it.
            if self.exports().get(name) != value:
                raise Failure(f"CloudFormation refuses to change the export {name}, which a stack imports")
        give_gateway_responses(self.emulator, self.stack)

    def deploy_attached(self, authorizer: str) -> None:
        """Deploys 0.1.0's sample of an API that attaches the authorizer, by the import or by a value."""
        before, by_import, after = self._attached.partition('Fn::ImportValue: !Sub "${ApiKeysStack}-AuthorizerArn"')
        assert by_import
        template = STATE / "attached.yaml"
        template.write_text(f"{before.rstrip()} {authorizer}{after}")
        deploy(ATTACHED_STACK, template, STATE, {})

    def exports(self) -> dict[str, str]:
        """What stacks export."""
        return {each["Name"]: each["Value"] for each in self._cloudformation.list_exports()["Exports"]}

    def invoke(self, function: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Invokes a function on no route."""
        logical_id = "".join(word.capitalize() for word in function.split("-")) + "Function"
        if logical_id not in self._names:
            self._names[logical_id] = self.stack.physical_id(logical_id)
        answer = self._lambda.invoke(FunctionName=self._names[logical_id], Payload=json.dumps(payload))
        return {"functionError": answer.get("FunctionError"), "payload": json.loads(answer["Payload"].read())}

    def _imported(self) -> dict[str, str]:
        """What stacks export and others import."""
        imported = {}
        for name, value in self.exports().items():
            # An export that no stack imports is an error.
            with suppress(ClientError):
                self._cloudformation.list_imports(ExportName=name)
                imported[name] = value
        return imported
