"""Follows docs/guides/upgrade-from-0.1.md step by step on the emulated AWS, from 0.1.0 to this version and back.

    upgrade.py [--seed SEED]        the order in which stacks are updated

Clients send requests all the time. None may fail but those that the guide names, and the same keys are let through until the end.
docs/developing/README.md has what the emulator cannot show. Run it by the Python of the pinned SAM CLI.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "infra" / "local"))

from botocore.exceptions import BotoCoreError, ClientError

from clients import ATTACHED, OWN, Client, Manager, World, holders
from deployment import ROOT, Stack, architecture, build, build_program, check_tools, ministack
from emulator import Emulator, choose_port, isolate_from_aws
from guide import OPERATIONS, Guide
from keys import Keys
from operators import operator
from page import exemptions, steps
from progress import Failure, report, tail, timed
from service import ATTACHED_STACK, CHECKOUT, IMPORT, STATE, Service, check_out_release

PAGE = ROOT / "docs" / "guides" / "upgrade-from-0.1.md"


def main() -> int:
    """Follows the guide; a failure is a sentence."""
    parser = argparse.ArgumentParser(description="Follows the guide to upgrading on the emulated AWS.")
    parser.add_argument("--seed", default=secrets.token_hex(4))
    seed = parser.parse_args().seed
    try:
        follow(seed)
    except KeyboardInterrupt:
        return 130
    except Failure as failure:
        report(f"Error: {failure}.\nThe seed was {seed}.")
        if failure.log:
            report(f"The end of {failure.log}:\n{tail(failure.log)}")
        return 1
    except (AssertionError, BotoCoreError, ClientError, OSError, subprocess.CalledProcessError) as error:
        report(f"Error: {error}.\nThe seed was {seed}.")
        return 1
    return 0


def follow(seed: str) -> None:
    """Builds both versions, and upgrades from one to the other and back."""
    check_tools("sam", "ministack")
    STATE.mkdir(parents=True, exist_ok=True)
    check_out_release()
    before, after = build(STATE / "before", CHECKOUT), build(STATE / "after")
    programs = build_program().parent
    port = choose_port(0)
    isolate_from_aws(port)
    try:
        with Emulator(ministack(), port, STATE, seed) as emulator, timed("Upgrading from 0.1.0 and going back"):
            world = upgrade(Service(emulator, before, after), programs)
    finally:
        for scratch in (before.parent, after.parent, STATE / "tmp"):
            shutil.rmtree(scratch, ignore_errors=True)
    report(f"Of {world.sent} requests {len(world.surprises)} failed, each as the guide describes. The seed was {seed}.")


def upgrade(service: Service, programs: Path) -> World:
    """Deploys 0.1.0 with keys in every state, and does each step while clients send requests."""
    service.deploy({"Operations": OPERATIONS, "AcceptImportedKeys": "true", "Architecture": architecture()})
    service.deploy_attached(IMPORT)
    urls = {OWN: service.stack.api_url(), ATTACHED: Stack(service.emulator, ATTACHED_STACK).api_url()}
    world = World(urls, service.invoke)
    keys = Keys(world)
    requests, manager = keys.requests(), Manager(world, keys.account.first)
    clients = [
        Client("the holders", holders(world, requests[::2])),
        Client("the other holders", holders(world, requests[1::2])),
        Client("the manager", manager.round),
        Client("the operator", operator(world)),
    ]
    guide = Guide(service, world, keys, programs)
    for client in clients:
        client.start()
    try:
        pass_rounds(service.emulator, clients)
        for step in steps(PAGE):
            report(f"{step.section}: {step.title}")
            sent, failed = world.sent, len(world.surprises)
            world.step = step.anchor
            guide.carry_out(step)
            world.step = ""
            pass_rounds(service.emulator, clients)
            check(world, manager)
            report(
                f"    of {world.sent - sent} requests {len(world.surprises) - failed} failed, as the guide describes"
            )
        guide.finish()
    finally:
        for client in clients:
            client.end()
        for client in clients:
            client.join()
        guide.shell.close()
    return world


def pass_rounds(emulator: Emulator, clients: list[Client]) -> None:
    """Waits until each client has done a round that it began after this."""
    until = {client: client.rounds + 2 for client in clients}
    while any(client.rounds < rounds for client, rounds in until.items()):
        emulator.check()
        for client in clients:
            if client.failure:
                raise Failure(f"{client.name} had {type(client.failure).__name__}: {client.failure}")
        time.sleep(0.05)


def check(world: World, manager: Manager) -> None:
    """Fails by a request that the guide does not name, and by what could not be sent again."""
    named = exemptions(PAGE)
    for surprise in world.surprises:
        if not any(row.names(surprise) for row in named):
            raise Failure(f"the guide does not name this failed request: {surprise}")
    if manager.left:
        raise Failure(f"these keys cannot be deleted after the step: {manager.left}")


if __name__ == "__main__":
    sys.exit(main())
