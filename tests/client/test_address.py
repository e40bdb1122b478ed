"""Where the studio is, and which token goes where."""

import json
from pathlib import Path

import pytest

from studio import Workspace
from studio.client.address import find_address, forget_login, save_login
from studio.client.errors import AuthenticationException, UserErrorException


def write(path: Path, **content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def test_without_any_studio_it_says_what_to_do() -> None:
    with pytest.raises(UserErrorException, match=r"studio up.*studio login"):
        Workspace.from_config()


def test_the_order_of_the_places(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home / "data/run-studio/server.json", url="http://local", token="t1", workspace="default")
    assert find_address().url == "http://local"
    save_login("http://login", "t2", "mine")
    assert (find_address().url, find_address().token, find_address().workspace) == (
        "http://login",
        "t2",
        "mine",
    )
    write(home / ".studio/config.json", url="http://project", token="t3", workspace="team")
    (home / "deep/down").mkdir(parents=True)
    monkeypatch.chdir(home / "deep/down")
    assert (find_address().url, find_address().workspace) == ("http://project", "team")
    monkeypatch.setenv("STUDIO_URL", "http://environment/")
    monkeypatch.setenv("STUDIO_TOKEN", "t4")
    assert (find_address().url, find_address().token) == ("http://environment", "t4")
    assert find_address("http://argument", "t5").token == "t5"
    assert find_address(workspace="other").workspace == "other"


def test_a_local_server_is_found_in_its_own_data_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home / "elsewhere/server.json", url="http://127.0.0.1:8080", token="t1", workspace="default")
    monkeypatch.setenv("STUDIO_DATA", str(home / "elsewhere"))
    assert find_address().source == "the local server"


def test_a_project_names_a_studio_and_the_login_has_its_token(home: Path) -> None:
    write(home / ".studio/config.json", url="http://second", workspace="team")
    save_login("http://second", "t2", "mine")
    save_login("http://first", "t1", "mine")
    address = find_address()
    assert (address.url, address.token, address.workspace) == ("http://second", "t2", "team")


def test_a_cloud_configuration_names_the_workspace(home: Path) -> None:
    save_login("http://login", "t1", "mine")
    write(home / ".studio/config.json", workspace_name="vision", subscription_id="x")
    assert find_address().workspace == "vision"


def test_a_strangers_project_does_not_get_our_token(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home / ".studio/config.json", url="http://evil")
    save_login("http://login", "t1", "mine")
    monkeypatch.setenv("STUDIO_TOKEN", "t2")
    with pytest.raises(AuthenticationException, match="studio login http://evil"):
        find_address()


def test_a_token_without_an_address_goes_to_a_studio_of_our_choice(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home / "data/run-studio/server.json", url="http://local", token="t1", workspace="default")
    monkeypatch.setenv("STUDIO_TOKEN", "t2")
    assert find_address().token == "t2"


def test_the_login_is_private_and_can_be_forgotten(home: Path) -> None:
    path = save_login("example.org:8080", "t1", "mine")
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    assert find_address().url == "http://example.org:8080"
    assert forget_login() == "http://example.org:8080"
    assert forget_login() is None
    with pytest.raises(UserErrorException):
        find_address()


def test_a_broken_configuration_is_named(home: Path) -> None:
    (home / ".studio").mkdir()
    (home / ".studio/config.json").write_text("{not json")
    with pytest.raises(UserErrorException, match=r"config\.json is not valid JSON"):
        find_address()


def test_a_token_is_not_in_what_people_print(home: Path) -> None:
    save_login("http://login", "secret-token", "mine")
    assert "secret-token" not in repr(find_address())
