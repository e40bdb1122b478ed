"""The choice of columns knows what differs among the runs of the list."""

import html
import re

import pytest

from tests import make

AT = "/w/vision/columns/?at=/w/vision/runs/"


@pytest.fixture
def runs(workspace):
    for n in range(3):
        make.run(workspace, params={"a_seed": "1", "rate": str(n)}, metrics={"loss": n / 3})
    make.run(workspace, experiment="other", params={"a_seed": "2"})


def see(client, text=""):
    answer = client.get(AT + text)
    assert answer.status_code == 200
    return answer.content.decode()


def offered(page):
    return re.findall(r'name="columns" value="([^"]+)"><span>', page)


def shown(page):
    return re.findall(r'name="columns" value="([^"]+)" checked', page)


def test_what_differs_comes_first_and_what_does_not_is_pale(runs, client_of, reader):
    page = see(client_of(reader), "&columns=name&experiment=digits")
    names = offered(page)
    assert names.index("params.rate") < names.index("params.a_seed")
    assert names.index("status") > names.index("created")
    assert 'a_seed<span class="unseen">, the same in all runs' in page
    assert "What differs among the 3 runs of this list comes first" in html.unescape(page)


def test_constant_columns_are_hidden_on_the_server_too(runs, client_of, reader):
    asked = "&columns=name&columns=status&columns=params.a_seed&columns=params.rate&hide=constant"
    assert shown(see(client_of(reader), asked + "&experiment=digits")) == ["name", "params.rate"]
    assert shown(see(client_of(reader), asked)) == ["name", "params.a_seed", "params.rate"]


def test_a_mistake_in_the_filter_leaves_the_choice_as_it_was(runs, client_of, reader, stranger):
    page = see(client_of(reader), "&filter=status = =&columns=name,status&hide=constant")
    assert shown(page) == ["name", "status"] and "What differs" not in page
    assert client_of(stranger).get(AT).status_code == 404
