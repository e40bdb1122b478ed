"""Outputs + logs in a real Chromium: a log that grows, one of a gigabyte, several files, hostile ones, no script."""

import json
import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests import corpora
from tests.browser.axe import violations
from tests.browser.test_everybody import EXTRA

TALKER = """
import sys, time
from studio import Experiment, Workspace
run = Experiment(Workspace.from_config(), "talker").start_logging()
print(run.id, flush=True)
sys.stdin.readline()
for number in range(6):
    print(f"said {time.time() * 1000:.0f}", file=sys.stderr if number == 3 else sys.stdout)
    time.sleep(0.7)
print("\\x1b[32mdone\\x1b[0m")
run.complete()
"""
SEEN = """() => {
  window.seen = {};
  new MutationObserver(() => {
    for (const item of document.querySelectorAll(".log li"))
      if (/said \\d+/.test(item.textContent)) window.seen[item.textContent.match(/said (\\d+)/)[1]] ??= Date.now();
  }).observe(document.querySelector(".log"), { childList: true, subtree: true });
}"""


def test_a_script_s_lines_appear_as_it_prints_them(open_page, live_studio, tmp_path):
    environment = {
        **os.environ,
        "STUDIO_URL": live_studio.url,
        "STUDIO_TOKEN": live_studio.token,
        "XDG_STATE_HOME": str(tmp_path),
        "STUDIO_WORKSPACE": live_studio.workspace,
        "PYTHONPATH": live_studio.environment["PYTHONPATH"],
    }
    script = subprocess.Popen(
        [sys.executable, "-c", TALKER],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        run_id = next(line.strip() for line in script.stdout if " " not in line.strip())
        page = open_page(f"/w/default/runs/{run_id}/logs/")  # it may open before there is a log
        expect(page.locator("[data-log-state]")).to_have_text("Live", timeout=30_000)
        page.evaluate(SEEN)
        script.stdin.write("go\n")
        script.stdin.flush()
        expect(page.locator(".log li", has_text="done")).to_be_visible(timeout=30_000)
        expect(page.locator("[data-log-state]")).to_have_text("Complete", timeout=40_000)
        seen = {int(said): at for said, at in page.evaluate("window.seen").items()}
        print("milliseconds from print to page:", sorted(at - said for said, at in seen.items()))
        assert len(seen) == 6 and seen[min(seen)] < max(
            seen
        )  # the first was there before the last was printed
        expect(page.locator(".log li.err")).to_have_count(1)
        expect(page.locator(".log i.ink-2")).to_have_text("done")
    finally:
        script.kill()
        script.communicate()


def test_the_first_log_opens_by_itself(open_page, api):
    run = api.run(display_name="silent one")
    for path in ("outputs/model.bin", None):  # with a file that is no log, with none
        page = open_page(f"/w/default/runs/{run['id']}/logs/")
        expect(page.get_by_role("heading", name="No files yet" if path else "Choose a file")).to_be_visible()
        if path:
            api("PUT", f"runs/{run['id']}/files/{path}", b"\x00")
        else:
            api("POST", f"runs/{run['id']}/logs/user_logs/std_log.txt?offset=0", b"hello\n")
            expect(page.locator("[data-log-state]")).to_have_text("Live", timeout=20_000)


def test_a_lost_connection_is_told_and_made_good(open_page, api):
    run = api.run(display_name="cut one")
    path = f"runs/{run['id']}/logs/user_logs/std_log.txt?offset="
    api("POST", f"{path}0", b"before\n")
    page = open_page(f"/w/default/runs/{run['id']}/logs/", expect_error=True)
    state = page.locator("[data-log-state]")
    expect(state).to_have_text("Live")
    page.context.set_offline(True)
    api("POST", f"{path}7", b"meanwhile\n")
    expect(state).to_contain_text("Connection lost", timeout=40_000)
    page.context.set_offline(False)
    expect(page.locator(".log li")).to_have_count(2, timeout=20_000)
    expect(state).to_have_text("Connected again")


def test_who_scrolls_up_is_left_in_peace_and_can_come_back(open_page, api):
    run = api.run(display_name="scrolled one")
    path = f"runs/{run['id']}/logs/a.txt?offset="
    text = b"".join(b"line %05d\n" % number for number in range(1, 3001))
    api("POST", f"{path}0", text)
    page = open_page(f"/w/default/runs/{run['id']}/logs/?file=a.txt")
    follow = page.get_by_label("Follow")
    expect(follow).to_be_checked()
    page.locator(".log").hover()
    page.mouse.wheel(0, -3000)
    expect(follow).not_to_be_checked()
    top = page.locator(".log").evaluate("log => log.scrollTop")
    api("POST", f"{path}{len(text)}", b"the newest\n")
    expect(page.locator(".log li", has_text="the newest")).to_have_count(1, timeout=30_000)
    assert page.locator(".log").evaluate("log => log.scrollTop") == top
    page.locator(".log").evaluate("log => { log.scrollTop = 0 }")
    expect(page.locator("#L1001")).to_have_count(1, timeout=30_000)
    follow.check()
    expect(page.locator(".log li", has_text="the newest")).to_be_in_viewport()


HUGE = """
import os
from django.utils import timezone
from runs import line_index, storage
from runs.models import Artifact, Run
run = Run.objects.get(public_id={run!r})
key = storage.new_key()
path = storage.path_of(key)
path.parent.mkdir(parents=True)
line = b"epoch 001 of the training: loss 0.12345 and so on, a line of a hundred characters for a large log"
block = b"".join(b"%s %06d\\n" % (line, n) for n in range(40_000))
handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
size = 0
while size < 1_000_000_000:
    size += os.write(handle, block)
size += os.write(handle, b"RuntimeError: the needle\\nlast line\\n")
os.close(handle)
now = timezone.now()
Artifact.objects.create(run=run, path="huge.txt", key=key, size=size, content_type="text/plain", is_log=True,
                        created_at=now, updated_at=now)
line_index.extend(key, size)
print(size)
"""


@pytest.mark.slow
def test_a_log_of_a_gigabyte_opens_by_its_end_is_searched_and_linked(open_page, api, live_studio):
    run = api.run(display_name="huge one", heartbeat=False)
    made = live_studio.command("shell", "--verbosity", "0", "-c", HUGE.format(run=run["id"]))
    size = int(made.stdout.split()[-1])
    assert size > 1_000_000_000
    base = f"/w/default/runs/{run['id']}/logs/?file=huge.txt"
    page = open_page(base)
    expect(page.locator(".log li").last).to_contain_text("last line")
    total = int(page.locator(".log").get_attribute("data-total"))
    assert total > 9_000_000
    page.locator(".log").evaluate("log => { log.scrollTop = 0 }")  # upwards by windows
    expect(page.locator(f"#L{total - 1500}")).to_have_count(1, timeout=30_000)
    page.get_by_label("Line number").fill("5000000")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.locator("#L5000000.target")).to_be_in_viewport(timeout=30_000)
    page.get_by_label("Regular expression").fill("needle$")
    page.get_by_role("button", name="Find").click()
    found, further = (
        page.locator(".log li.is-found"),
        page.get_by_role("link", name=re.compile("Go on from line")),
    )
    for _ in range(60):  # however slow the machine is: it says how far it came, and goes on
        expect(found.or_(further).first).to_be_visible(timeout=20_000)
        if found.count():
            break
        came = further.text_content()
        further.click()
        expect(further.filter(has_text=came)).to_have_count(0, timeout=20_000)
    page.locator(".log li.is-found > a").click()
    page.wait_for_url(re.compile(f"line={total - 1}#L{total - 1}$"))
    linked = open_page(page.url.replace("grep=needle%24&", ""))
    expect(linked.locator(f"#L{total - 1}")).to_be_in_viewport()
    linked.get_by_role("link", name="Top").click()
    expect(linked.locator("#L1")).to_be_in_viewport()


@pytest.fixture(scope="module")
def files(api):
    """A run with a file of each kind, and a log of many windows."""
    return make_files(api, 2500)


@pytest.fixture(scope="module")
def few_lines(api):
    """The same with a short log: axe looks at each line."""
    return make_files(api, 50)


def make_files(api, line_count):
    run = api.run(display_name="kinds", heartbeat=False)
    log = b"".join(b"epoch %d\n" % n for n in range(1, line_count))
    log += b"\x1b[41mback\x1b[0m \x1b[91mred\x1b[0m \x1b[2mdim\x1b[0m\nValueError: broken\n10%\r99%"
    api("POST", f"runs/{run['id']}/logs/user_logs/std_log.txt?offset=0", log)
    for path, content in (
        ("outputs/table.csv", b"epoch,loss\n1,0.5\n2,0.25\n"),
        ("outputs/settings.json", b'{"rate": 0.1, "names": ["a", null]}'),
        ("outputs/notes.md", b"# Notes\n\n**bold**\n"),
        ("outputs/train.py", b"import os  # here\n\nprint('x')\n"),
        ("outputs/latin.txt", b"gr\xfcn\n" * 30),
        ("outputs/page.html", b"<script>document.title = 'ran'</script>"),
        ("model.bin", b"\x00\x01" * 100),
    ):
        api("PUT", f"runs/{run['id']}/files/{path}", content)
    return run


def test_several_files_are_open_found_and_closed(open_page, files):
    page = open_page(f"/w/default/runs/{files['id']}/logs/")
    tree = page.get_by_role("navigation", name="Files", exact=True)
    tree.get_by_role("link", name="table.csv").click()
    expect(page.get_by_role("cell", name="0.25")).to_be_visible()
    tree.get_by_role("link", name="settings.json").click()
    expect(page.locator(".log i.hl-nt").first).to_have_text('"rate"')
    tabs = page.get_by_role("navigation", name="Opened files")
    expect(tabs.locator("[title]")).to_have_count(3)
    again = open_page(page.url)
    expect(again.get_by_role("navigation", name="Opened files").locator("[title]")).to_have_count(3)
    tabs.get_by_role("link", name="Close table.csv").click()
    expect(tabs.locator("[title]")).to_have_count(2)
    tree.get_by_role("link", name="outputs", exact=False).first.click()
    expect(tree.get_by_role("link", name="notes.md")).to_have_count(0)
    page.get_by_label("Search files").fill("notes")
    page.get_by_label("Search files").press("Enter")
    tree.get_by_role("link", name="outputs/notes.md").click()
    expect(page.locator(".md strong")).to_have_text("bold")


def test_a_line_is_linked_errors_are_found_and_long_lines_folded(open_page, files):
    page = open_page(f"/w/default/runs/{files['id']}/logs/")
    expect(page.locator(".log li").last).to_contain_text("99%")
    page.locator("#L2400 > a").click()
    expect(page).to_have_url(re.compile(r"line=2400#L2400$"))
    other = open_page(page.url)
    expect(other.locator("#L2400.target")).to_be_in_viewport()
    only_hash = open_page(f"/w/default/runs/{files['id']}/logs/?file=user_logs/std_log.txt#L7")
    expect(only_hash.locator("#L7")).to_be_in_viewport()
    page.get_by_role("link", name="First error").click()
    expect(page.locator("#L2501.target")).to_contain_text("ValueError: broken")
    expect(page.locator(".log i.hit").first).to_be_visible()
    page.get_by_role("button", name="Wrap").click()
    expect(page).to_have_url(re.compile("wrap=1"))
    page.get_by_role("button", name="Times").click()
    expect(page.locator("#L2501 time")).to_be_visible()


PLACES = [
    "",
    "?times=1&wrap=1&line=50",
    "?grep=epoch 1&file=user_logs/std_log.txt",
    "?grep=(&file=user_logs/std_log.txt",
    *(
        f"?file=outputs/{name}"
        for name in ("table.csv", "settings.json", "notes.md", "train.py", "page.html")
    ),
    "?file=outputs/latin.txt&as=text&tab=model.bin&tab=outputs/latin.txt",
    "?file=model.bin",
    "?find=out",
    "?find=zzz",
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_a_phone_is_wide_enough(open_page, few_lines, theme, live_studio):
    base = f"{live_studio.url}/w/default/runs/{few_lines['id']}/logs/"
    page, found = open_page(base, theme=theme), {}
    for place in PLACES:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(base + place)
        for violation in violations(page):
            found[place, violation["id"]] = [node["html"][:200] for node in violation["nodes"][:3]]
        page.set_viewport_size({"width": 360, "height": 800})
        if (extra := page.evaluate(EXTRA)) > 0:
            found[place, "width"] = extra
    assert not found, json.dumps([[*key, value] for key, value in found.items()], indent=1)


def test_a_log_is_read_by_windows_without_a_script(open_page, files):
    page = open_page(f"/w/default/runs/{files['id']}/logs/", java_script_enabled=False)
    expect(page.locator("#L2502")).to_have_count(1)
    page.get_by_role("link", name="Earlier lines").click()
    expect(page.locator("#L600")).to_have_count(1)
    page.get_by_role("link", name="Later lines").click()
    expect(page.locator("#L2502")).to_have_count(1)
    page.get_by_label("Regular expression").fill("epoch 77$")
    page.get_by_role("button", name="Find").click()
    page.locator("li.is-found > a").click()
    expect(page.locator("#L77.target")).to_contain_text("epoch 77")
    page.get_by_role("navigation", name="Files", exact=True).get_by_role("link", name="notes.md").click()
    expect(page.locator(".md strong")).to_have_text("bold")


def corpus(name: str) -> list[str]:
    return [entry.get("payload", entry.get("s")) for entry in json.loads(corpora.whole(name).read_text())]


def test_nothing_in_a_hostile_file_ever_runs(open_page, api, live_studio):
    run = api.run(display_name="hostile one", heartbeat=False)
    text = "\n".join(text.encode("utf-8", "replace").decode() for text in corpus("xss.json")).encode()
    for path in ("evil.txt", "evil.html", "evil.svg", "evil.md", "evil.csv", "evil.json", "evil.js"):
        api("PUT", f"runs/{run['id']}/files/{path}", text[:60_000])
    api("POST", f"runs/{run['id']}/logs/evil.log?offset=0", text[: 1 << 20])
    page = open_page(f"/w/default/runs/{run['id']}/logs/")
    page.on("dialog", lambda dialog: pytest.fail(f"It ran: {dialog.message}"))
    for path in (
        "evil.log",
        "evil.txt",
        "evil.html",
        "evil.svg",
        "evil.md",
        "evil.csv",
        "evil.json",
        "evil.js",
    ):
        for more in ("", "&as=text", "&grep=script&context=5"):
            page.goto(f"{live_studio.url}/w/default/runs/{run['id']}/logs/?file={path}{more}")
            assert (
                page.locator(
                    ".viewer :is(script, iframe, object, embed, svg image, [onload], [onerror])"
                ).count()
                == 0
            )
            assert page.locator(".viewer [style]").count() == 0
