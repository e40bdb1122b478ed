"""Where `studio up` may listen, and what it is called there."""

import socket

import pytest

from studio import serve_address
from studio.serve_address import Address, Refusal


def test_loopback_is_told_from_the_rest() -> None:
    assert Address("localhost", "127.0.0.1", 8080).is_loopback
    assert Address("::1", "::1", 8080, socket.AF_INET6).is_loopback
    assert not Address("0.0.0.0", "0.0.0.0", 8080).is_loopback
    assert not Address("192.0.2.7", "192.0.2.7", 8080).is_loopback


def test_programs_of_this_machine_get_an_address_that_leads_here() -> None:
    assert Address("127.0.0.1", "127.0.0.1", 9).local_url == "http://127.0.0.1:9"
    assert Address("0.0.0.0", "0.0.0.0", 9).local_url == "http://127.0.0.1:9"
    assert Address("::", "::", 9, socket.AF_INET6).local_url == "http://[::1]:9"
    assert Address("::1", "::1", 9, socket.AF_INET6).local_url == "http://[::1]:9"


def test_listening_everywhere_people_get_the_name_of_the_machine() -> None:
    everywhere = Address("0.0.0.0", "0.0.0.0", 9)
    assert everywhere.public_url == f"http://{socket.gethostname()}:9"
    assert socket.gethostname() in everywhere.allowed_hosts()
    assert "0.0.0.0" not in everywhere.allowed_hosts()


def test_port_zero_takes_a_free_one() -> None:
    assert serve_address.choose("127.0.0.1", 0).port > 0


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(Refusal, match="--host 127"):
        serve_address.choose(host, 0)
