"""A run described, tagged, canceled, repaired and thrown away as a person does it."""

import base64
import os
import re
import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests import corpora
from tests.conftest import ROOT

PASTE = """([selector, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "loss curve.png", { type }));
  const area = document.querySelector(selector);
  area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
}"""


def png():
    out = BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


@pytest.fixture
def run(api):
    return api.run(display_name="described one", heartbeat=False)


def test_a_description_with_a_pasted_image_and_its_preview(open_page, run):
    page = open_page(f"/w/default/runs/{run['id']}/")
    page.get_by_role("link", name="Edit the description").click()
    area = page.get_by_label("Description, in Markdown")
    area.fill(f"# Why\n\n- [x] tried run:{run['id']}\n\n")
    page.evaluate(PASTE, ["textarea[name=description]", "image/png", png()])
    expect(area).to_have_value(re.compile(r"!\[loss curve\]\(image:[0-9a-f]{64}\)"))
    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_role("img", name="loss curve")).to_be_visible()
    expect(preview.get_by_role("link", name="described one · run")).to_be_visible()
    drawn = preview.inner_html().strip()
    area.press("Control+Enter")
    expect(page.get_by_label("Description, in Markdown")).to_have_count(0)
    shown = page.locator("#description .md")
    expect(shown.get_by_role("img", name="loss curve")).to_be_visible()
    assert shown.inner_html().strip() == drawn
    assert shown.locator("img").evaluate("image => [image.naturalWidth, image.naturalHeight]") == [60, 40]
    kept = page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('studio draft'))")
    assert kept == []


def test_what_is_no_image_is_refused_in_words_and_the_text_stays(open_page, run):
    page = open_page(f"/w/default/runs/{run['id']}/description/")
    area = page.get_by_label("Description, in Markdown")
    area.fill("precious words\n")
    script = base64.b64encode(b"<svg onload=alert(1)>").decode()
    page.evaluate(PASTE, ["textarea[name=description]", "image/svg+xml", script])
    expect(page.get_by_text("is no PNG, JPEG, GIF or WebP image")).to_be_visible()
    expect(area).to_have_value("precious words\n")


def test_a_draft_survives_a_reload(open_page, run):
    page = open_page(f"/w/default/runs/{run['id']}/")
    page.get_by_role("link", name="Edit the description").click()
    page.get_by_label("Description, in Markdown").fill("half a thought")
    page.wait_for_timeout(1500)  # the preview's answer has come
    page.reload()
    expect(page.get_by_label("Description, in Markdown")).to_have_value("half a thought")
    expect(page.get_by_text("This is your text from before the page was left")).to_be_visible()
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_label("Description, in Markdown")).to_have_value("")
    page.wait_for_timeout(1500)  # the preview's answer has come
    page.reload()
    expect(page.get_by_role("link", name="Edit the description")).to_be_visible()
    expect(page.get_by_label("Description, in Markdown")).to_have_count(0)


def test_two_editors_choose_and_nothing_is_lost(open_page, api, run):
    page = open_page(f"/w/default/runs/{run['id']}/", expect_error=True)
    page.get_by_role("link", name="Edit the description").click()
    page.get_by_label("Description, in Markdown").fill("mine")
    api("PATCH", f"runs/{run['id']}/", {"description": "theirs"})
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else changed this description")
    expect(page.get_by_label("Theirs")).to_contain_text("theirs")
    expect(page.get_by_label("Yours")).to_have_value("mine")
    page.get_by_role("button", name="Put theirs above mine").click()
    expect(page.get_by_label("Description, in Markdown")).to_have_value("theirs\n\nmine")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#description .md")).to_contain_text("mine")
    page.get_by_title("Earlier versions").click()
    expect(page.get_by_role("navigation", name="Versions").get_by_role("link")).to_have_count(2)
    page.get_by_role("link", name="Version 1").click()
    page.get_by_role("button", name="Restore this version").click()
    expect(page.locator("#description .md")).to_have_text("theirs")


def test_a_tag_is_changed_removed_and_brought_back(open_page, api):
    run = api.run(display_name="tagged one", heartbeat=False, tags={"team": "vision"})
    page = open_page(f"/w/default/runs/{run['id']}/")
    page.get_by_role("link", name="Change the tag team").click()
    page.get_by_label("Its value").fill("audio")
    page.get_by_label("Its value").press("Enter")
    expect(page.locator("#tags .tag")).to_have_text("teamaudio")
    page.get_by_role("button", name="Remove the tag team").click()
    expect(page.locator("#tags .tag")).to_have_count(0)
    expect(page.locator("#said")).to_contain_text("The tag “team” is removed.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#tags .tag")).to_have_text("teamaudio")


SCRIPT = """
import time
from studio import Experiment, Workspace
with Experiment(Workspace.from_config(), "digits").start_logging(display_name="a real process") as run:
    print(run.id, flush=True)
    try:
        time.sleep(120)
    except KeyboardInterrupt:
        time.sleep(12)  # it saves its model
        raise
"""


def test_a_real_process_is_canceled_and_every_step_is_seen(open_page, live_studio, tmp_path):
    environment = {
        **os.environ,
        "STUDIO_URL": live_studio.url,
        "STUDIO_TOKEN": live_studio.token,
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        run_id = next(word for line in process.stdout if (word := line.strip()) and " " not in word)
        page = open_page(f"/w/default/runs/{run_id}/")
        page.get_by_role("link", name="Cancel").click()
        page.get_by_label("Reason").fill("loss explodes")
        page.get_by_role("button", name="Cancel the run").click()
        steps = page.get_by_role("list", name="Steps of the cancel")
        expect(steps).to_contain_text("by ada: loss explodes")
        expect(steps.locator("[aria-current=step]")).to_contain_text("Stopping", timeout=30_000)
        expect(steps).to_contain_text("its script has heard it")
        expect(steps.locator("li.done")).to_have_count(4, timeout=40_000)
        expect(page.locator("#head")).to_contain_text("Canceled")
        assert process.wait(20) != 0
    finally:
        process.kill()
        process.communicate()


def test_a_stuck_run_is_repaired_thrown_away_and_restored(open_page, api):
    run = api.run(display_name="stuck one", heartbeat=False)
    page = open_page(f"/w/default/runs/{run['id']}/", expect_error=True)
    page.get_by_label("More about this run").click()
    page.get_by_role("link", name="Mark as ended…").click()
    page.get_by_role("radio", name="Failed").check()
    page.get_by_label("Reason, which stays in the activity").fill("the machine was switched off")
    page.get_by_role("button", name="Mark the run").click()
    expect(page.locator("#head")).to_contain_text("the machine was switched off")
    page.get_by_label("More about this run").click()
    page.get_by_role("button", name="Move to the trash").click()
    expect(page.locator("#said")).to_contain_text("stuck one is in the trash")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#head")).to_contain_text("stuck one")
    page.get_by_role("link", name="Activity").click()
    for words in ("marked it by hand as failed", "moved it to the trash", "restored it from the trash"):
        expect(page.locator("#events")).to_contain_text(words)


WATCH = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => { window.ran.push(name); };
document.addEventListener("securitypolicyviolation", (event) => {
  window.ran.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


def holding_every_payload(api):
    """A run with each payload in each of its places."""
    payloads = [text for text in corpora.xss() if "\x00" not in text]
    keys = [text[:250].strip() for text in payloads if text.isprintable() and text[:250].strip()]
    pairs = {key: payloads[n % len(payloads)] for n, key in enumerate(keys)}
    run = api.run(
        display_name=keys[0],
        tags=pairs,
        params=pairs,
        properties=pairs,
        description="\n\n".join(payloads)[:60_000],
    )
    for start in range(0, len(keys), 100):
        api.log(run, **{key: [1.0, 2.0] for key in keys[start : start + 100]})
    api.log(run, note=payloads[:200])
    api("POST", f"runs/{run['id']}/logs/user_logs/std_log.txt?offset=0", "\n".join(payloads).encode())
    for key in keys[:30]:
        api.run(display_name=key, parent=run["id"], heartbeat=False)
    api(
        "POST",
        f"runs/{run['id']}/fail/",
        {"message": payloads[0], "code": keys[1], "details": {"t": "\n".join(payloads)}},
    )
    return run


def test_nothing_that_people_write_runs(open_page, api):
    """One run that holds every payload, opened at each of its places: a script that ran, or that the browser's policy
    had to stop, would be noticed."""
    run = holding_every_payload(api)
    base = f"/w/default/runs/{run['id']}/"
    page = open_page("/w/default/")
    page.add_init_script(WATCH)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    places = [
        "",
        "description/",
        "tags/",
        "metrics/",
        "children/",
        "logs/",
        "activity/",
        "description/versions/",
    ]
    wide = f"/w/default/runs/?filter=run_id%20%3D%20'{run['id']}'&include_children=true&columns=name,tags,description"
    compare = f"/w/default/compare/?run={run['id']}"
    root = page.url.split("/w/")[0]
    for place in [
        *(base + below for below in places),
        wide,
        compare,
        "/w/default/",
        "/w/default/experiments/digits/",
    ]:
        page.goto(root + place)
        page.wait_for_timeout(600)
        page.mouse.move(300, 300)
        assert page.evaluate("window.ran") == [], place
