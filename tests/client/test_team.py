"""`studio workspace`, `studio member` and `studio token` against a real server."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from studio.client.cli import main

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(live_studio: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command as the first user and returns (exit code, stdout, stderr)."""

    def run(*arguments: str, token: str = "") -> tuple[int, str, str]:
        monkeypatch.setenv("STUDIO_URL", live_studio.url)
        monkeypatch.setenv("STUDIO_TOKEN", token or live_studio.token)
        capsys.readouterr()
        code = main(arguments)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_a_workspace_is_made_described_and_listed(cli: Cli) -> None:
    code, out, _ = cli("workspace", "create", "from-cli", "--description", "by hand")
    assert code == 0 and json.loads(out)["role"] == "owner"
    assert cli("workspace", "create", "from-cli")[0] == 1
    assert cli("workspace", "update", "-w", "from-cli", "--description", "new words")[0] == 0
    assert json.loads(cli("workspace", "show", "-w", "from-cli")[1])["description"] == "new words"
    assert "from-cli" in cli("workspace", "list", "--query", "[].name", "-o", "tsv")[1].split()


def test_a_wrong_name_is_a_sentence(cli: Cli) -> None:
    code, _, err = cli("workspace", "create", "No Good")
    assert code == 1 and "lower-case letters" in err and "Traceback" not in err


def test_members_are_invited_and_invitations_revoked(cli: Cli) -> None:
    code, out, _ = cli("member", "invite", "--role", "reader", "--email", "cli@example.org")
    made = json.loads(out)
    assert code == 0 and "/invite/" in made["url"]
    listed = json.loads(cli("member", "invitations")[1])
    assert made["id"] in [one["id"] for one in listed] and made["url"] not in json.dumps(listed)
    assert cli("member", "revoke-invitation", str(made["id"])) == (0, "", "")
    assert made["id"] not in [one["id"] for one in json.loads(cli("member", "invitations")[1])]


MAKE_CLIFF = (
    "from runs.actions.members import set_member; from runs.actions.workspace import *; "
    "ada = User.objects.get(username='ada'); "
    "set_member(create_workspace('cliffs', by=ada), create_user('cliff'), 'reader', by=ada)"
)


def test_who_shares_a_workspace_is_added_given_a_role_and_removed(cli: Cli, live_studio: Any) -> None:
    live_studio.command("shell", "--verbosity", "0", "-c", MAKE_CLIFF)
    assert json.loads(cli("member", "add", "cliff", "--role", "reader")[1])["role"] == "reader"
    assert json.loads(cli("member", "set-role", "cliff", "--role", "owner")[1])["role"] == "owner"
    assert cli("member", "remove", "cliff") == (0, "", "")
    assert "cliff" not in cli("member", "list", "--query", "[].username", "-o", "tsv")[1].split()


def test_the_last_owner_stays(cli: Cli) -> None:
    assert "ada" in cli("member", "list", "-o", "table")[1]
    # In a workspace of her own: other tests make other people owners of the first one.
    assert cli("workspace", "create", "of-one-owner-alone")[0] == 0
    inside = ("--workspace-name", "of-one-owner-alone")
    code, _, err = cli("member", "set-role", "ada", "--role", "reader", *inside)
    assert code == 1 and "last owner" in err
    assert cli("member", "remove", "nobody")[0] == 1


def test_a_token_is_made_used_and_revoked(cli: Cli) -> None:
    text = cli(
        "token", "create", "narrow", "--for", "default", "--scope", "read", "--query", "token", "-o", "tsv"
    )[1]
    made = text.strip()
    assert made.startswith("studio_")
    assert json.loads(cli("whoami", token=made)[1])["user"] == "ada"
    assert cli("token", "create", "wider", token=made)[0] == 1
    assert cli("member", "invite", "--role", "owner", token=made)[0] == 1
    listed = json.loads(cli("token", "list")[1])
    number = next(one["id"] for one in listed if one["name"] == "narrow")
    assert made not in json.dumps(listed)
    assert cli("token", "revoke", str(number)) == (0, "", "")
    assert cli("whoami", token=made)[0] == 1


def test_a_token_is_revoked_by_its_name_where_one_has_it(cli: Cli) -> None:
    numbers = [json.loads(cli("token", "create", "twin")[1])["id"] for _ in range(2)]
    code, _, err = cli("token", "revoke", "twin")
    assert code == 1 and "2 of your tokens are named 'twin'" in err and f"{numbers[0]}" in err
    assert cli("token", "revoke", str(numbers[0])) == (0, "", "")
    assert cli("token", "revoke", "twin") == (0, "", "")
    code, _, err = cli("token", "revoke", "twin")
    assert (code, err) == (
        1,
        "studio: No live token of yours is named 'twin'; `studio token list` has them.\n",
    )


def test_an_invitation_is_renewed_and_joined(cli: Cli, live_studio: Any) -> None:
    made = json.loads(cli("member", "invite", "--role", "reader")[1])
    renewed = json.loads(cli("member", "renew-invitation", str(made["id"]))[1])
    assert renewed["url"] not in (None, made["url"])
    token = live_studio.command("shell", "--verbosity", "0", "-c", MAKE_JOIN).stdout.split()[-1]
    assert cli("member", "join", made["url"], token=token)[0] == 1
    joined = json.loads(cli("member", "join", renewed["url"], token=token)[1])
    assert (joined["name"], joined["role"]) == ("default", "reader")
    assert "invited" in cli("member", "events", "--query", "[].kind", "-o", "tsv")[1]
    assert "/login/reset/" in json.loads(cli("member", "password-link", "joan")[1])["url"]
    assert cli("member", "remove", "joan")[0] == 0


MAKE_JOIN = (
    "from runs.actions.workspace import *; joan = create_user('joan', password='correct horse battery staple'); "
    "create_workspace('joans', by=joan); print(create_token(joan, name='t', workspace=None)[1])"
)


def test_the_profile_is_shown_and_changed(
    cli: Cli, live_studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = MAKE_JOIN.replace("joan", "petra")
    token = live_studio.command("shell", "--verbosity", "0", "-c", code).stdout.split()[-1]
    out = cli("profile", "update", "--full-name", "Petra P.", "--time-zone", "Europe/Berlin", token=token)[1]
    assert json.loads(out)["full_name"] == "Petra P."
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong\n"))
    code, _, err = cli("profile", "update", "--email", "p@example.org", token=token)
    assert code == 1 and "password is wrong" in err
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery staple\n"))
    changed = json.loads(cli("profile", "update", "--email", "p@example.org", token=token)[1])
    assert (changed["email"], changed["waiting_email"]) == ("", "p@example.org")
    assert "sends no mail" in cli("profile", "mail-link", token=token)[2]
    assert cli("profile", "keep-email", token=token) == (0, "", "")
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery staple\na wholly different one\n"))
    assert cli("profile", "password", token=token) == (0, "", "")
    assert cli("profile", "sign-out", token=token) == (0, "", "")
    shown = json.loads(cli("profile", "show", token=token)[1])
    assert (shown["username"], shown["time_zone"], shown["waiting_email"]) == ("petra", "Europe/Berlin", "")
    assert "Name what to change" in cli("profile", "update", token=token)[2]
