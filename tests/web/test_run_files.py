"""Outputs + logs: what a person sees of a run's files, and what the page's script is answered."""

import re
from urllib.parse import urlencode

import pytest
from django.test import Client

from runs.actions.files import append_log, put_file
from runs.actions.run import complete_run
from runs.log_address import log_address
from runs.models import Artifact
from runs.web import log_wait


@pytest.fixture
def browser(client_of, contributor):
    return client_of(contributor)


def html_of(answer, status=200):
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def shown_in(html: str) -> list[str]:
    """The text of each line."""
    items = re.findall(r'<li id="L\d+"[^>]*><a[^>]*>\d+</a>(?:<time.*?</time>)?<span>(.*?)</span></li>', html)
    return [re.sub(r"<[^>]+>", "", item) for item in items]


def numbers_in(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'<li id="L(\d+)"', html)]


def test_the_log_opens_at_its_end_with_line_numbers(browser, place, run):
    append_log(run, "user_logs/std_log.txt", 16, b"50%\r100%")
    html = html_of(browser.get(place("logs/")))
    assert shown_in(html) == ["epoch 1", "epoch 2", "100%"] and numbers_in(html) == [1, 2, 3]
    assert "data-open data-active" in html and 'data-size="24"' in html


def test_a_script_is_answered_lines_from_a_number_on(browser, place, run):
    path = place("logs/lines/?file=user_logs/std_log.txt")
    first = browser.get(f"{path}&from=2").json()
    assert [line["n"] for line in first["lines"]] == [2] and first["lines"][0]["p"] == [["", "epoch 2"]]
    assert first["is_active"] and not first["is_open"] and first["total"] == 2
    append_log(run, "user_logs/std_log.txt", 16, b"epoch 3")
    assert browser.get(f"{path}&from=3").json()["is_open"]
    assert [line["n"] for line in browser.get(f"{path}&to=1").json()["lines"]] == [1]
    assert browser.get(f"{path}&from=99").json()["lines"] == []


@pytest.fixture
def big(run):
    append_log(run, "big.txt", 0, b"".join(b"line %d\n" % number for number in range(1, 5001)))
    return "?file=big.txt"


def test_a_long_log_is_read_by_windows_without_a_script(browser, place, big):
    html = html_of(browser.get(place(f"logs/{big}")))
    assert numbers_in(html) == list(range(4001, 5001)) and "Later lines" not in html
    earlier = re.search(r'href="([^"]+)" data-log-earlier', html)[1].replace("&amp;", "&")
    html = html_of(browser.get(earlier))
    assert numbers_in(html) == list(range(3001, 4001))
    later = re.search(r'href="([^"]+)" data-log-later', html)[1].replace("&amp;", "&")
    assert numbers_in(html_of(browser.get(later)))[0] == 4001
    assert numbers_in(html_of(browser.get(place(f"logs/{big}&from=1"))))[0] == 1


def test_the_address_of_a_line_opens_its_window_and_marks_it(browser, run, big):
    address = log_address(run.workspace.name, run.public_id, "big.txt", 2500)
    assert address.endswith("/logs/?file=big.txt&line=2500#L2500")
    html = html_of(browser.get(address))
    assert 2500 in numbers_in(html) and '<li id="L2500" class="target">' in html
    assert 'href="?file=big.txt&amp;line=2500#L2500"' in html


def test_a_line_that_is_not_there_is_told(browser, place, big):
    html = html_of(browser.get(place(f"logs/{big}&line=6000")))
    assert "There is no line 6,000: this file has 5,000." in html and 5000 in numbers_in(html)


@pytest.mark.parametrize(
    "query", ["from=x", "from=-1", "line=1e9", f"to={10**30}", "line=²", "size=x&wait=1"]
)
def test_a_place_that_is_no_number_is_refused(browser, place, query):
    answer = browser.get(place(f"logs/lines/?file=user_logs/std_log.txt&{query}"))
    assert answer.status_code == 400
    if "wait" not in query:
        assert "must be the number of a line" in html_of(browser.get(place(f"logs/?{query}")), 400)


@pytest.mark.parametrize("file", ["missing", "../../etc/passwd", "%00", "user_logs", "/etc/passwd"])
def test_a_file_that_is_not_there_is_not_found(browser, place, file):
    for path in ("logs/?file=", "logs/lines/?file=", "logs/image/?file=", "logs/part/?start=0&end=1&file="):
        assert browser.get(place(path + file)).status_code == 404


@pytest.mark.parametrize("person", ["owner", "contributor", "reader"])
def test_everybody_of_the_workspace_reads_and_nobody_finds_a_control_to_change(
    client_of, place, person, request
):
    client: Client = client_of(request.getfixturevalue(person))
    html = html_of(client.get(place("logs/")))
    viewer = html.split('<div class="cols-left">')[1].split("</main>")[0]
    assert 'method="post"' not in viewer and "epoch 1" in viewer


@pytest.mark.parametrize(
    "path",
    [
        "logs/",
        "logs/?file=outputs/plot.png",
        "logs/lines/?file=user_logs/std_log.txt&wait=1&size=16",
        "logs/part/?file=user_logs/std_log.txt&start=0&end=4",
        "logs/?grep=epoch&step=next&line=0",
    ],
)
def test_a_stranger_learns_nothing(client_of, stranger, place, path):
    answer = client_of(stranger).get(place(path))
    assert answer.status_code == 404 and b"epoch" not in answer.content and b"std_log" not in answer.content


# Search


def test_what_is_found_is_shown_with_the_lines_around_it(browser, place, big):
    html = html_of(browser.get(place(f"logs/{big}&grep=^line 25[0]0$")))
    assert "1 line found in all " in html and numbers_in(html) == [2498, 2499, 2500, 2501, 2502]
    assert '<i class="hit">line 2500</i>' in html
    html = html_of(browser.get(place(f"logs/{big}&grep=^line 25[0]0$&context=0")))
    assert numbers_in(html) == [2500]


def test_a_search_goes_on_where_its_page_ends(browser, place, big):
    html = html_of(browser.get(place(f"logs/{big}&grep=0$&context=0")))
    assert "100 lines found in the first" in html and numbers_in(html)[-1] == 1000
    on = re.search(r'href="([^"]+)">Go on from line 1,001', html)[1].replace("&amp;", "&")
    assert numbers_in(html_of(browser.get(on)))[0] == 1010


def test_next_and_previous_match_lead_to_lines(browser, place, big):
    answer = browser.get(place(f"logs/{big}&grep=00$&step=next&line=250"))
    assert answer.status_code == 302 and answer["Location"].endswith("&line=300#L300")
    answer = browser.get(place(f"logs/{big}&grep=00$&step=previous&line=250"))
    assert answer["Location"].endswith("&line=200#L200")
    html = html_of(browser.get(answer["Location"]))
    assert "Next match" in html and "Previous match" in html and '<i class="hit">00</i>' in html
    html = html_of(browser.get(place(f"logs/{big}&grep=00$&step=next&line=5000")))
    assert "No match below line 5,000." in html


def test_the_first_error_is_looked_for_and_said_how(browser, place, run):
    append_log(run, "bad.txt", 0, b"fine\n0 errors\nTraceback (most recent call last):\nValueError: x\n")
    html = html_of(browser.get(place("logs/?file=bad.txt")))
    assert "The first line with Traceback" in html
    address = re.search(r'href="([^"]+)" title="The first line with', html)[1].replace("&amp;", "&")
    answer = browser.get(address)
    assert answer["Location"].endswith("&line=3#L3")
    assert "Traceback \\(most recent" in html_of(browser.get(answer["Location"]))
    append_log(run, "good.txt", 0, b"fine\n")
    html = html_of(browser.get(address.replace("bad.txt", "good.txt")))
    assert "Nothing found in all 5 B." in html


def test_case_is_a_switch(browser, place):
    assert "Nothing found" in html_of(browser.get(place("logs/?grep=EPOCH&case=1")))
    assert "2 lines found" in html_of(browser.get(place("logs/?grep=EPOCH")))


@pytest.mark.parametrize("pattern", ["x(", "[z-a]", "a**", "(?=x)", "x" * 2000])
def test_a_bad_pattern_is_told_beside_its_field_and_the_lines_stay(browser, place, pattern):
    html = html_of(browser.get(place(f"logs/?{urlencode({'grep': pattern})}")))
    assert 'id="grep-mistake"' in html and 'aria-invalid="true"' in html and "epoch 1" in html
    answer = browser.get(place(f"logs/?{urlencode({'grep': pattern, 'step': 'next'})}"))
    assert answer.status_code == 400
    lines = browser.get(place(f"logs/lines/?{urlencode({'grep': pattern, 'file': 'user_logs/std_log.txt'})}"))
    assert lines.status_code == 400


# Looks: colours, streams, times


def test_stderr_is_marked_and_times_are_shown_when_asked_for(browser, place, run):
    append_log(run, "err.txt", 0, b"out\nbad\n", marks="o4@1700000000000 e4@1700000005000")
    html = html_of(browser.get(place("logs/?file=err.txt")))
    assert '<li id="L2" class="err" title="stderr">' in html and '<b class="unseen">stderr: </b>bad' in html
    assert '<time datetime="2023-11-14T22:13:20' not in html
    html = html_of(browser.get(place("logs/?file=err.txt&times=1")))
    assert '<time datetime="2023-11-14T22:13:25+00:00" data-exact>22:13:25 UTC</time>' in html
    line = browser.get(place("logs/lines/?file=err.txt&times=1")).json()["lines"][1]
    assert line["e"] == 1 and line["t"] == ["2023-11-14T22:13:25+00:00", "22:13:25 UTC"]


def test_stderr_can_be_read_alone(browser, place, run):
    append_log(run, "err.txt", 0, b"out\nbad\nout\nworse\n", marks="o4@1000 e4@5000 o4@9000 e6@20000")
    page = html_of(browser.get(place("logs/?file=err.txt")))
    assert 'aria-pressed="false" title="Only the lines that came by stderr"' in page
    alone = html_of(browser.get(place("logs/?file=err.txt&stderr=1")))
    assert shown_in(alone) == ["stderr: bad", "stderr: worse"] and "2 lines of stderr in all 18 B." in alone
    assert re.search(r'href="[^"]*stderr=1[^"]*&amp;line=4#L4"', alone)
    assert shown_in(html_of(browser.get(place("logs/?file=err.txt&stderr=1&grep=wor")))) == ["stderr: worse"]
    step = browser.get(place("logs/?file=err.txt&stderr=1&line=2&step=next"))
    assert step.status_code == 302 and step.headers["Location"].endswith("line=4#L4")
    none = html_of(browser.get(place("logs/?file=user_logs/std_log.txt&stderr=1")))
    assert "No line came by stderr in all" in none


def test_colours_are_classes_and_nothing_sets_a_style(browser, place, run):
    append_log(
        run,
        "c.txt",
        0,
        b"\x1b[1;31mred\x1b[0m \x1b[44mblue\x1b[0m <b>\x1b]8;;javascript:1\x07x\x1b]8;;\x07\n",
    )
    html = html_of(browser.get(place("logs/?file=c.txt")))
    assert '<i class="ink-1 bold">red</i> <i class="on-4">blue</i> &lt;b&gt;x' in html
    assert "style=" not in html.split('class="log')[1].split("</ol>")[0] and "javascript:" not in html


def test_a_huge_line_is_folded_with_its_bytes_to_download(browser, place, run, owner):
    put_file(run, "huge.txt", [b"first\n" + b"a" * 10_000_000 + b"\nlast\n"], by=owner)
    html = html_of(browser.get(place("logs/?file=huge.txt")))
    assert shown_in(html)[-1] == "last" and len(html) < 60_000
    html = html_of(browser.get(place("logs/?file=huge.txt&line=2")))
    assert "9,996,000 more bytes" in html and len(html) < 60_000
    address = re.search(r'href="([^"]+)" download>Download this line', html)[1].replace("&amp;", "&")
    answer = browser.get(address)
    assert b"".join(answer.streaming_content) == b"a" * 10_000_000
    assert "attachment" in answer["Content-Disposition"] and "sandbox" in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    "query", ["start=5&end=5", "start=9&end=3", "end=17", "start=0&end=99999", "start=x&end=2"]
)
def test_a_part_outside_of_the_file_is_refused(browser, place, query):
    assert browser.get(place(f"logs/part/?file=user_logs/std_log.txt&{query}")).status_code == 400


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 300,
        "\ufeffgrün\nü\n".encode("utf-16-le"),
        b"gr\xfcn\n" * 100,
        b"\x00" * 5000,
        b"\xff\xfe",
        b"\xf0\x9f\x98" * 100000,
        b"\r" * 100000,
        b"\x1b[" * 50000,
        b"",
        "\u202eevil\n".encode(),
    ],
)
def test_any_bytes_open_as_text_and_download_as_they_are(browser, place, run, owner, content):
    put_file(run, "any.log", [content], by=owner)
    html = html_of(browser.get(place("logs/?file=any.log&as=text")))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069]", html)
    assert html_of(browser.get(place("logs/?file=any.log&as=text&grep=.&context=0")))
    whole = browser.get(f"/api/v1/runs/{run.public_id}/files/any.log")
    assert b"".join(whole.streaming_content) == content


def test_latin_1_can_be_read_as_such(browser, place, run):
    append_log(run, "l.txt", 0, b"gr\xfcn\n")
    html = html_of(browser.get(place("logs/?file=l.txt")))
    assert "gr\ufffdn" in html and "Read it as Latin-1" in html
    assert "grün" in html_of(browser.get(place("logs/?file=l.txt&text=latin-1")))


# Waiting


def test_an_answer_is_held_until_the_log_grows(browser, place, run, monkeypatch):
    row = Artifact.objects.get(run=run, is_log=True)
    grown = []

    def grow(_seconds):
        if not grown:
            grown.append(append_log(run, row.path, 16, b"epoch 3\n"))

    monkeypatch.setattr(log_wait.time, "sleep", grow)
    path = place(f"logs/lines/?file={row.path}&from=3&size=16&wait=1")
    answer = browser.get(path).json()
    assert [line["n"] for line in answer["lines"]] == [3] and answer["size"] == 24 and answer["retry_ms"] == 0


def test_an_answer_is_not_held_when_there_is_something_new_or_nothing_to_come(
    browser, place, run, owner, monkeypatch
):
    monkeypatch.setattr(log_wait.time, "sleep", lambda _s: pytest.fail("It waited."))
    path = place("logs/lines/?file=user_logs/std_log.txt&from=2&wait=1&size=")
    assert browser.get(f"{path}8").json()["size"] == 16
    complete_run(run, by=owner)
    answer = browser.get(f"{path}16").json()
    assert not answer["is_active"]


def test_when_too_many_wait_the_next_is_answered_at_once_and_told_when_to_ask(
    browser, place, run, monkeypatch
):
    room = log_wait.threading.BoundedSemaphore(1)
    monkeypatch.setattr(log_wait, "_room", room)
    room.acquire()
    monkeypatch.setattr(log_wait.time, "sleep", lambda _s: pytest.fail("It waited."))
    path = place("logs/lines/?file=user_logs/std_log.txt&from=3&wait=1&size=16")
    assert browser.get(path).json()["retry_ms"] == log_wait.RETRY_MS


def test_waiting_gives_its_room_back_whatever_happens(run, monkeypatch):
    room = log_wait.threading.BoundedSemaphore(1)
    monkeypatch.setattr(log_wait, "_room", room)
    row = Artifact.objects.get(run=run, is_log=True)

    def fail(_seconds):
        raise OSError("gone")

    monkeypatch.setattr(log_wait.time, "sleep", fail)
    with pytest.raises(OSError):
        log_wait.wait_for_growth(row, 16)
    assert room.acquire(blocking=False)
