"""`studio doctor`: what is configured, reachable, which versions, and what to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from studio.client.cli import doctor
from tests.client.conftest import Cli
from tests.client.fake_server import TOKEN, FakeStudio


def findings(out: str) -> dict[str, Any]:
    return {one["check"]: one for one in json.loads(out)}


def test_everything_in_order_is_nought(fake_cli: Cli, studio: FakeStudio) -> None:
    code, out, err = fake_cli("doctor")
    assert (code, err) == (0, "")
    assert f"ok      address    {studio.url}, found in the environment" in out
    assert out.endswith("Everything is in order.\n")
    found = findings(fake_cli("doctor", "-o", "json")[1])
    assert found["workspace"]["found"] == "default, as owner" and found["user"]["found"] == "ada"
    assert found["versions"]["found"] == "studio 0.1.0, client 0.1.0"
    assert fake_cli("doctor", "--query", "[?state=='problem']")[1] == "[]\n"
    assert fake_cli("doctor", "-o", "table")[1].split("\n")[0].split() == [
        "check",
        "state",
        "found",
        "advice",
    ]


def test_with_a_real_server(live_cli: Cli) -> None:
    found = findings(live_cli("doctor", "-o", "json")[1])
    assert {"client", "python", "address", "studio", "clock", "versions", "user", "workspace"} <= set(found)
    assert not [one for one in found.values() if one["state"] == "problem"]


def test_nothing_configured_says_what_to_do(fake_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STUDIO_URL")
    code, out, _ = fake_cli("doctor")
    assert code == 1 and "start one on this machine with `studio up`" in out and "1 to put right." in out


def test_a_studio_that_is_away_is_three(fake_cli: Cli, studio: FakeStudio) -> None:
    studio.stop()
    code, out, _ = fake_cli("doctor", "-o", "json")
    assert code == 3 and findings(out)["studio"]["state"] == "problem"
    assert "nothing listens there" in findings(out)["studio"]["found"]


def test_a_wrong_token_and_a_wrong_workspace_are_one(fake_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = fake_cli("doctor", "-w", "nowhere", "-o", "json")
    assert code == 1 and findings(out)["workspace"]["advice"] == "choose one with -w: default"
    monkeypatch.setenv("STUDIO_TOKEN", "wrong")
    code, out, _ = fake_cli("doctor", "-o", "json")
    assert code == 1 and "This token is not known." in findings(out)["studio"]["found"] and TOKEN not in out


def test_offline_is_a_note(fake_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_MODE", "offline")
    code, out, _ = fake_cli("doctor")
    assert code == 0 and "unset it to send" in out


def test_what_is_missing_here_is_told(fake_cli: Cli, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda _name: None)
    monkeypatch.setattr(doctor, "journals", lambda: iter([Path("one"), Path("two")]))
    monkeypatch.setattr(doctor, "journals_of_other_machines", lambda: 1)
    found = findings(fake_cli("doctor", "-o", "json")[1])
    assert found["psutil"]["advice"].endswith("pip install psutil")
    assert found["journal"]["found"] == "1 journals of other machines"
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    code, out, _ = fake_cli("doctor")
    assert code == 1 and "set XDG_STATE_HOME" in out


def test_an_attached_folder_is_named(fake_cli: Cli, studio: FakeStudio, home: Path) -> None:
    (home / ".studio").mkdir()
    config = {"url": studio.url, "workspace": "default", "experiment": "digits"}
    (home / ".studio" / "config.json").write_text(json.dumps(config))
    assert (
        findings(fake_cli("doctor", "-o", "json")[1])["experiment"]["found"]
        == "digits, by the attached folder"
    )
    (home / ".studio" / "config.json").write_text("{")
    code, out, _ = fake_cli("doctor")
    assert code == 1 and "is not valid JSON" in out


@pytest.mark.parametrize(
    ("server", "state", "advice"),
    [
        ("0.1.7", "ok", ""),
        ("0.2.0", "note", "this client"),
        ("0.0.9", "note", "the studio"),
        ("x", "note", "studio"),
    ],
)
def test_versions_that_differ_say_which_to_update(server: str, state: str, advice: str) -> None:
    found = doctor._versions(server)
    assert found.state == state and advice in found.advice


@pytest.mark.parametrize(
    ("ahead_s", "words"), [(3600, "3600 s ahead of the studio's"), (-90, "90 s behind"), (5, "agrees")]
)
def test_a_wrong_clock_is_noted(ahead_s: float, words: str) -> None:
    (found,) = doctor._clock("Thu, 01 Jan 2026 00:00:00 GMT", lambda: 1767225600 + ahead_s)
    assert words in found.found
