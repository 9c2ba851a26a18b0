"""What the operator does at each step of the guide, and what holds after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import ATTACHED, OWN, Key, World
from keys import Account, Keys
from page import Step
from progress import Failure
from service import ATTACHED_STACK, CHECKOUT, IMPORT, PRESENT, RELEASE, STATE, Service, git
from shell import Shell

# 0.1.0 had no operation of this name, so a company could have one of its own.
WITHOUT_IT = "SMS,RCS,WHATSAPP"
OPERATIONS = f"{WITHOUT_IT},AUTHENTICATION_READ"
CONFIGURATION = CHECKOUT / "samconfig.toml"


class Guide:
    """The operator, who follows it."""

    def __init__(self, service: Service, world: World, keys: Keys, programs: Path) -> None:
        self._service = service
        self._world = world
        self._keys = keys
        self._accounts = (keys.account, keys.other)
        variables = {
            "API_URL": service.stack.api_url(),
            "IMPORT_FUNCTION": service.stack.physical_id("ImportKeysFunction"),
        }
        self.shell = Shell(CHECKOUT, programs, STATE / "shell.log", variables)
        self._authorizer = ""
        self._dead: list[Key] = []
        self._steps: dict[tuple[str, str], Callable[..., None]] = {
            ("Before the deployment", "Rename AUTHENTICATION_READ"): self._rename,
            ("Before the deployment", "Give cached verdicts their sources"): self._find_caches,
            ("Before the deployment", "Take the import of the authorizer out"): self._take_import_out,
            ("Before the deployment", "Set the stage variable"): self.shell.run,
            ("Before the deployment", "Keep samconfig.toml"): self._keep_configuration,
            ("The deployment", "Deploy"): self._deploy,
            ("After the deployment", "List the accounts"): self._list_accounts,
            ("After the deployment", "Import the authorizer again"): self._import_again,
            ("After the deployment", "Begin with what is new"): self._begin_with_what_is_new,
            ("After the deployment", "Look for texts in another form"): self._look_for_texts,
            ("Going back to 0.1.0", "Disable the keys that would work again"): self._disable_dead,
            ("Going back to 0.1.0", "Take the import of the authorizer out"): self._take_alias_out,
            ("Going back to 0.1.0", "Deploy 0.1.0"): self._go_back,
            ("Going back to 0.1.0", "Import the authorizer again"): self._import_again,
        }

    def carry_out(self, step: Step) -> None:
        """Does a step, with what it has to type."""
        do = self._steps.pop((step.section, step.title), None)
        if do is None:
            raise Failure(f"this test does not know the step {step.title!r} under {step.section!r}")
        do(*step.blocks)

    def finish(self) -> None:
        """Fails if a step is no longer in the guide."""
        if self._steps:
            raise Failure(f"the guide has no longer the steps {sorted(title for _, title in self._steps)}")

    def _rename(self, import_key: str, give_new_name: str, delete_key: str) -> None:
        self._service.deploy({"Operations": f"{OPERATIONS},REPORTS_READ"})
        own = {}
        for account in self._accounts:
            self.shell.run(f"export account={account.id}")
            self.shell.run(import_key)
            printed = self.shell.run(give_new_name).split()
            assert printed, "no key of that account has the old name"
            assert set(printed) == {"200"}, printed
            own[account] = self.shell.run('echo "export API_KEY=$API_KEY OWN=$OWN"')
        self._service.deploy({"Operations": f"{WITHOUT_IT},REPORTS_READ"})
        for account, its_own in own.items():
            self.shell.run(its_own)
            assert not self.shell.run(give_new_name), "a key has the old name again"
            assert self.shell.run(delete_key) == "204"
            for key in account.ask(200, "GET", "/authentication")["apiKeys"]:
                assert "AUTHENTICATION_READ" not in key["operations"], key
        shown = self._keys.account.ask(200, "GET", f"/authentication/{self._keys.reports.id}")
        assert shown["operations"] == ["SMS", "REPORTS_READ"], shown

    def _find_caches(self, find: str) -> None:
        # On the emulator an API with a cache would refuse everything: it takes no address for a source.
        assert not self.shell.run(find)

    def _take_import_out(self, find: str) -> None:
        printed = self.shell.run(find)
        assert ATTACHED_STACK in printed, printed
        self._authorizer = printed.splitlines()[-1]
        self._service.deploy_attached(self._authorizer)

    def _keep_configuration(self, keep: str) -> None:
        CONFIGURATION.write_text(f"{CONFIGURATION.read_text()}# ours\n")
        self.shell.run(keep)

    def _deploy(self, deploy: str) -> None:
        git("checkout", "--quiet", PRESENT)
        self.shell.deploys(deploy)
        assert CONFIGURATION.read_text().endswith("# ours\n")
        # Nothing asks GitHub: no server listens there.
        self._service.deploy({"GithubKeysUrl": "https://127.0.0.1:9/"})

    def _list_accounts(self, upgrade: str) -> None:
        self.shell.run(upgrade)
        listed = self.shell.run("api-keys --stack api-keys accounts list")
        for account in self._accounts:
            assert account.id in listed, listed

    def _import_again(self) -> None:
        self._service.deploy_attached(IMPORT)

    def _begin_with_what_is_new(self) -> None:
        account, other, plain = self._keys.account, self._keys.other, self._keys.plain
        path = f"/authentication/{plain.id}"
        self._world.limited.add(plain.id)
        limits = [{"requests": 900_000, "per": "DAY"}]
        account.ask(200, "PATCH", path, {"limits": limits, "tags": {"team": "blue"}})
        assert "day" in self._context(plain)["rateLimit"]
        reader = account.create(operations=["AUTHENTICATION_READ"])
        events = account.ask(200, "GET", f"/authentication/events?keyId={plain.id}", key=reader)["events"]
        assert [(each["type"], each["previousEvent"]) for each in events] == [("key.changed", None)], events
        update = f"api-keys --stack api-keys accounts update {other.id}"
        self.shell.run(f"{update} --external-id customer-7 --account-limit 900000/DAY")
        context = self._context(other.first)
        assert context["externalId"] == "customer-7", context
        assert "account-day" in context["rateLimit"], context

    def _look_for_texts(self, look: str) -> None:
        printed = self.shell.run(f"export account={self._keys.account.id}\n{look}")
        assert [line.split()[:2] for line in printed.splitlines()] == [[self._keys.decomposed.id, "userId"]], printed
        self._keys.account.ask(200, "PATCH", f"/authentication/{self._keys.decomposed.id}", {"userId": "Jose\u0301"})
        assert not self.shell.run(look)

    def _disable_dead(self, disable: str) -> None:
        suspended, exposed = Account(self._world, "Suspended"), self._keys.account.create()
        self.shell.run(f"api-keys --stack api-keys --yes accounts suspend {suspended.id}")
        self._keys.account.ask(202, "POST", "/leaks", [{"token": exposed.value}])
        self._dead = [suspended.first, exposed]
        self._see_dead()
        self.shell.run(f'api-keys() {{ command api-keys --yes "$@"; }}\n{disable}')

    def _take_alias_out(self, find_version: str) -> None:
        alias = self._service.exports()["api-keys-AuthorizerArn"]
        assert alias == f"{self._authorizer}:live", alias
        self._service.deploy_attached(f"{self._authorizer}:{self.shell.run(find_version)}")

    def _go_back(self, deploy: str) -> None:
        CONFIGURATION.unlink()
        git("checkout", "--quiet", RELEASE)
        self.shell.deploys(deploy)
        self._service.deploy({})
        self._see_dead()

    def _see_dead(self) -> None:
        for key in self._dead:
            for api, path in ((ATTACHED, "/sms"), (OWN, "/authentication/self")):
                status, _ = self._world.send("GET", api, path, key)
                assert status == 401, f"GET {path} with a key that is dead was a {status}"

    def _context(self, key: Key) -> dict[str, Any]:
        """What a backend gets to know of a key."""
        status, context = self._world.send("GET", ATTACHED, "/sms", key)
        assert status == 200, status
        return context
