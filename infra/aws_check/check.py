"""Asks AWS what only AWS can show, in an account of yours: deploys, asks, reports, and removes everything.

    check.py [--name NAME] [--yes] [--keep] [--alarms] [--template FILE] [--report FILE] [--patience SECONDS]
    check.py --remove NAME      what a check has left
    check.py --list             the questions

docs/developing/aws-check.md lists its questions and its cost. Run it by the Python of the pinned SAM CLI. Where AWS_ENDPOINT_URL names an
emulator, the answers are the emulator's.
"""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

sys.dont_write_bytecode = True

from botocore.exceptions import BotoCoreError, ClientError

import routes
import service
import tables
from answers import BROKEN, UNKNOWN, Answered, Question, answer, report
from place import Failure, Place
from stacks import ARCHITECTURE, ROOT, Stacks
from world import World

FOLDER = ROOT / ".local" / "aws-check"
PARAMETERS = {"VerifyUrl": "enabled", "LogRetentionDays": "1"}


def main() -> int:
    """Checks, or removes; an expected failure is a sentence."""
    arguments = parse_arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    if arguments.list:
        print(*(question.text for question in [*all_questions(), *service.alarm_questions()]), sep="\n")
        return 0
    try:
        place = Place()
        identity = place.client("sts").get_caller_identity()
        stacks = Stacks(place, arguments.remove or arguments.name, identity["Account"])
        if arguments.remove:
            return remove(stacks)[0]
        stacks.refuse_if_there()
        if not (arguments.yes or agreed(place, stacks, identity)):
            print("Nothing was deployed.")
            return 1
        return check(arguments, place, stacks)
    except KeyboardInterrupt:
        return 130
    except (Failure, BotoCoreError, ClientError, OSError, subprocess.CalledProcessError) as error:
        print(f"Error: {error}.", file=sys.stderr)
        return 1


def agreed(place: Place, stacks: Stacks, identity: dict[str, str]) -> bool:
    """Shows what will be done where, and asks."""
    print(
        f"This deploys {stacks.name} and {stacks.probe} into the account {identity['Account']}, region {place.region}, as "
        f"{identity['Arn']},\nasks them for up to an hour, and removes them. It costs some cents, and less than a dollar."
    )
    try:
        return input(f"Type the region, {place.region}, to go on: ").strip() == place.region
    except EOFError:
        return False


def check(arguments: argparse.Namespace, place: Place, stacks: Stacks) -> int:
    """Deploys, asks, and removes all, also after a failure."""
    answers: list[Answered] = []
    status = 1
    try:
        template = arguments.template or build()
        outputs = stacks.deploy_service(template, PARAMETERS | dict(arguments.parameters))
        world = World(place, stacks.name, stacks.owner, outputs, stacks.deploy_probe(), arguments.patience)
        world.begin()
        ask(all_questions(), world, answers)
        if arguments.alarms:
            stacks.deploy_alarms(world.probe["TopicArn"])
            ask(service.alarm_questions(), world, answers)
        status = status_of(answers, place)
    finally:
        # Once is enough: nothing may interrupt the removal.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if arguments.keep:
            print(f"Kept. To remove it: make aws-check REMOVE={stacks.name}")
        else:
            removed, back = remove(stacks)
            status = status or removed
            late = "How many log groups did late lines bring back after the removal?"
            answers += [Answered(late, f"{back}", "removed too")] if answers else []
        if answers:
            write(arguments.report, answers, place)
    return status


def all_questions() -> list[Question]:
    """All but those of alarms, in the order in which they are asked."""
    return [*routes.questions(), *tables.questions(), *service.questions()]


def ask(questions: list[Question], world: World, answers: list[Answered]) -> None:
    """Asks each, and shows its answer in a line."""
    for question in questions:
        answered = answer(question, world)
        if world.place.is_emulator and answered.verdict == BROKEN:
            answered = Answered(answered.question, answered.answer, "an emulator answers otherwise")
        answers.append(answered)
        print(answered.line(), flush=True)


def status_of(answers: list[Answered], place: Place) -> int:
    """0 where each is as the code relies on; of an emulator, where each was answered."""
    bad = {UNKNOWN} if place.is_emulator else {UNKNOWN, BROKEN}
    return int(any(each.verdict in bad for each in answers))


def remove(stacks: Stacks) -> tuple[int, int]:
    """Removes all, and lists what is left; also gives how many log groups had come back."""
    try:
        left, back = stacks.remove(lambda text: print(text, file=sys.stderr, flush=True))
    except (Failure, BotoCoreError, ClientError) as error:
        left, back = [f"{stacks.name}, {stacks.probe} and bucket {stacks.bucket} ({error})"], 0
    for each in left:
        print(f"LEFT: {each}. Remove it by hand, or try `make aws-check REMOVE={stacks.name}`.", file=sys.stderr)
    if not left:
        print("Everything was removed.")
    return int(bool(left)), back


def write(file: Path | None, answers: list[Answered], place: Place) -> None:
    """Writes the report."""
    now = datetime.now(timezone.utc)
    file = file or FOLDER / f"report-{now:%Y%m%d-%H%M}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    where = "an emulator" if place.is_emulator else f"AWS in {place.region}"
    file.write_text(report(answers, f"{where} on {now:%Y-%m-%d}"))
    print(f"The report is {file}.")


def build() -> Path:
    """Builds the functions, and gives the template with their code."""
    folder = FOLDER / "build"
    command = [Path(sys.executable).with_name("sam"), "build", "--template-file", ROOT / "template.yaml"]
    command += ["--build-dir", folder, "--parameter-overrides", f"Architecture={ARCHITECTURE}"]
    subprocess.run(command, check=True, cwd=ROOT, stdout=sys.stderr)
    return folder / "template.yaml"


def interrupt(*_: object) -> None:
    """Ctrl-C and its like go on with the removal."""
    raise KeyboardInterrupt


def parse_arguments() -> argparse.Namespace:
    """The command line."""

    def name(text: str) -> str:
        # It is part of a bucket's name, with an account and a region.
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,25}[a-z0-9]", text):
            raise argparse.ArgumentTypeError(
                "a name has 2 to 27 small letters, digits and hyphens, and begins with a letter"
            )
        return text

    def parameter(text: str) -> tuple[str, str]:
        key, _, value = text.partition("=")
        return key, value

    parser = argparse.ArgumentParser(description="Asks AWS what only AWS can show, and removes everything.")
    parser.add_argument(
        "--name", type=name, default="api-keys-check", help="of the stack; another has -probe behind it"
    )
    parser.add_argument("--list", action="store_true", help="prints the questions, and does nothing")
    parser.add_argument("--yes", action="store_true", help="does not ask before it deploys")
    parser.add_argument("--keep", action="store_true", help="removes nothing")
    parser.add_argument("--remove", type=name, metavar="NAME", help="removes what a check has left, and checks nothing")
    parser.add_argument(
        "--alarms", action="store_true", help="sees an alarm ring too, which takes up to half an hour more"
    )
    parser.add_argument("--template", type=Path, metavar="FILE", help="a template that is built, such as a package's")
    parser.add_argument("--report", type=Path, metavar="FILE")
    parser.add_argument(
        "--patience", type=int, default=600, metavar="SECONDS", help="for each metric and line that comes late"
    )
    parser.add_argument(
        "parameters", nargs="*", type=parameter, metavar="NAME=VALUE", help="parameters of the template"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
