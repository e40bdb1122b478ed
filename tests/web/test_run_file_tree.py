"""The files of a run as a tree whose folders open one by one, and several of them open as tabs."""

import re

import pytest

from runs.actions.files import append_log
from runs.models import Artifact
from tests.web.test_run_files import html_of


@pytest.fixture
def browser(client_of, contributor):
    return client_of(contributor)


def tree_in(html: str) -> str:
    return html.split('id="file-list"')[1].split("</nav>")[0]


def test_folders_are_read_when_they_are_opened(browser, place, run):
    for n in range(60):
        append_log(run, f"deep/step-{n:02d}/state.txt", 0, b"x")
    html = tree_in(html_of(browser.get(place("logs/"))))
    assert ">deep</bdi>" in html and "step-00" not in html and "std_log.txt" in html
    opened = re.search(r'href="([^"]+)"[^>]*aria-expanded="false"', html)[1].replace("&amp;", "&")
    html = tree_in(html_of(browser.get(opened)))
    assert "step-59" in html and "state.txt" not in html and "std_log.txt" in html


def test_ten_thousand_files_stay_usable(browser, place, run, owner, reads):
    rows = []
    model = Artifact.objects.filter(run=run).first()
    for n in range(10_000):
        path = f"many/{n:05d}.bin" if n < 5000 else f"d{n % 50:02d}/e{n % 7}/f{n:05d}.txt"
        rows.append(
            Artifact(
                run=run,
                path=path,
                key="0" * 32,
                size=1000,
                content_type="text/plain",
                created_at=model.created_at,
                updated_at=model.updated_at,
            )
        )
    Artifact.objects.bulk_create(rows)
    folders = "&".join(f"dir=d{n:02d}" for n in range(50))
    for query, most in (("", 30), ("?dir=many", 20), (f"?dir=many&{folders}", 75), ("?find=f0", 20)):
        with reads(at_most=most):
            html = html_of(browser.get(place(f"logs/{query}")))
        assert len(html) < 450_000, query
    html = tree_in(html_of(browser.get(place("logs/?dir=many"))))
    assert "4,800 more files" in html and html.count(".bin</bdi>") == 200
    on = re.search(r'href="([^"]+)"[^>]*>4,800 more', html)[1].replace("&amp;", "&")
    html = tree_in(html_of(browser.get(on)))
    assert ">00200.bin<" in html and ">00199.bin<" not in html and "The first files again" in html


def test_files_are_searched_by_any_part_of_their_path(browser, place, run):
    append_log(run, "Größe/Übersicht.txt", 0, b"x")
    html = tree_in(html_of(browser.get(place("logs/?find=PLOT"))))
    assert "plot.png" in html and "model.bin" not in html and "1 found" in html
    assert "Größe/Übersicht.txt" in tree_in(html_of(browser.get(place("logs/?find=größe/ü"))))
    assert "No file of that name" in html_of(browser.get(place("logs/?find=zzz")))
    assert "No file of that name" in html_of(browser.get(place("logs/?find=%00")))
    assert "No file of that name" in html_of(browser.get(place("logs/?find=100%25")))


def test_several_files_are_open_as_tabs_of_the_address(browser, place):
    html = html_of(browser.get(place("logs/?file=user_logs/std_log.txt")))
    assert 'class="opened"' not in html
    link = re.search(r'href="([^"]+file=outputs%2Fpage\.html[^"]*)"', html)[1].replace("&amp;", "&")
    html = html_of(browser.get(link))
    tabs = html.split('class="opened"')[1].split("</nav>")[0]
    assert re.findall(r'title="([^"]+)"', tabs) == ["user_logs/std_log.txt", "outputs/page.html"]
    shut = re.findall(r'class="shut" href="([^"]+)"', tabs)
    html = html_of(browser.get(shut[1].replace("&amp;", "&")))
    assert 'class="opened"' not in html and "epoch 1" in html


def test_no_more_tabs_than_can_be_seen(browser, place):
    tabs = "&".join(f"tab=f{n}" for n in range(500))
    html = html_of(browser.get(place(f"logs/?file=user_logs/std_log.txt&{tabs}")))
    assert html.count('class="shut"') == 12


@pytest.mark.parametrize(
    "query", ["?dir=%00", "?after=%00", "?tab=%00", "?dir=../..&after=//&context=x&as=zzz&text=q"]
)
def test_nonsense_in_the_address_is_harmless(browser, place, query):
    html_of(browser.get(place(f"logs/{query}")))


def test_a_refresh_asks_for_the_tree_alone(browser, place):
    html = html_of(browser.get(place("logs/"), headers={"X-Live": "1"}))
    assert 'id="file-list"' in html and "std_log.txt" in html and "epoch 1" not in html
