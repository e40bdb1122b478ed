"""The list of runs as a demanding person uses it: filters, groups, columns, many rows at once, files, live rows."""

import csv
import io
import json
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

AT = "/w/default/experiments/listed/"
MANY = "/w/default/experiments/many/"
TEAMS = ("vision", "vision", "vision", "text", "text", None)


@pytest.fixture(scope="module")
def runs(api):
    """Six runs of two teams and none; the first two have ended."""
    made = []
    for n, guild in enumerate(TEAMS):
        run = api.run(
            experiment="listed",
            display_name=f"listed {n}",
            tags={"guild": guild} if guild else {},
            params={"tempo": str(n / 10), "germ": "7"},
            heartbeat=False,
        )
        api.log(run, loss=[1.0, n / 10])
        if n < 2:
            api("POST", f"runs/{run['id']}/complete/")
        made.append(run)
    return made


@pytest.fixture(scope="module")
def many(api):
    """55 runs with a metric, the best of which has three children."""
    made = [api.run(experiment="many", display_name=f"many {n:02}", heartbeat=False) for n in range(55)]
    for n, run in enumerate(made):
        api.log(run, score=[float(n)])
    for n in range(3):
        api.run(experiment="many", display_name=f"part {n}", parent=made[54]["id"], heartbeat=False)
    return made


def names(page):
    """The names of the rows, from top to bottom."""
    return page.locator("[data-table] tr[data-id] a.go").all_inner_texts()


def row(page, name):
    return page.locator("tr[data-id]").filter(has=page.get_by_role("link", name=name, exact=True))


def box(page, name):
    return page.get_by_role("checkbox", name=f"Select {name}", exact=True)


def test_a_filter_is_picked_with_its_counts_edited_and_removed(open_page, runs):
    page = open_page(AT)
    dialog = page.locator("#dialog")
    page.get_by_role("link", name="Add filter").click()
    dialog.get_by_label("Search what to filter by").fill("guil")
    dialog.get_by_role("link", name="guild", exact=True).click()
    expect(dialog.get_by_role("link", name=re.compile(r"^vision 3$"))).to_be_visible()
    dialog.get_by_role("link", name=re.compile(r"^text 2$")).click()
    expect(page.locator("[data-table] tr[data-id]")).to_have_count(2)
    assert names(page) == ["listed 4", "listed 3"]
    page.get_by_role("link", name=re.compile("guild=?.*text")).and_(page.locator(".chip .edit")).click()
    dialog.get_by_label("Value").fill("vision")
    dialog.get_by_role("button", name="Change filter").click()
    expect(page.locator("[data-table] tr[data-id]")).to_have_count(3)
    expect(page.locator(".chip")).to_have_count(1)
    page.get_by_role("link", name=re.compile("^Remove tag")).click()
    expect(page.locator("[data-table] tr[data-id]")).to_have_count(6)


def test_a_click_on_a_cell_is_a_filter(open_page, runs):
    page = open_page(AT)
    row(page, "listed 0").get_by_role("button", name="guild").click()
    expect(page.locator("[data-table] tr[data-id]")).to_have_count(3)
    row(page, "listed 0").get_by_role("button", name="Completed").click()
    expect(page.locator("[data-table] tr[data-id]")).to_have_count(2)
    expect(page.locator(".chip")).to_have_count(2)


def test_filters_groups_and_columns_work_without_scripts(open_page, runs):
    page = open_page(AT, java_script_enabled=False)
    page.get_by_role("link", name="Add filter").click()
    page.get_by_role("link", name="guild", exact=True).click()
    page.get_by_role("link", name=re.compile("^vision")).click()
    assert len(names(page)) == 3
    page.get_by_role("link", name="Columns").click()
    page.get_by_role("checkbox", name="tempo").check()
    page.get_by_role("button", name="Hide constant").click()
    expect(page.get_by_role("checkbox", name="tempo")).to_be_checked()
    expect(page.get_by_role("checkbox", name=re.compile("^Submitted by"))).not_to_be_checked()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("columnheader", name="tempo")).to_be_visible()
    page.get_by_role("link", name="Group by").click()
    page.get_by_role("link", name="Status", exact=True).click()
    expect(page.locator("tr.group")).to_have_count(2)
    page.locator("tr.group").filter(has_text="Completed").get_by_label("Runs of this group").click()
    box(page, "listed 0").check()
    page.get_by_role("button", name="Star", exact=True).click()
    expect(page.locator("#report")).to_contain_text("Starred 1 run.")


def test_runs_are_ticked_and_changed_inside_groups(open_page, runs):
    page = open_page(AT)
    page.get_by_role("link", name="Group by").click()
    page.locator("#dialog").get_by_role("link", name="guild", exact=True).click()
    expect(page.locator("tr.group")).to_have_count(3)
    group = page.locator("tbody").filter(has_text="text")
    group.get_by_label("Runs of this group").click()
    expect(group.locator("tr[data-id]")).to_have_count(2)
    group.get_by_label("Select the runs shown of this group").check()
    expect(page.locator("[data-selected-count]")).to_have_text("2 selected")
    page.locator("#bulk summary", has_text="Tag").click()
    page.get_by_label("Tag", exact=True).fill("kept")
    page.get_by_role("button", name="Add tag").click()
    expect(page.locator("#report")).to_contain_text("Tagged 2 runs.")
    expect(group.get_by_text("kept")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(group.get_by_text("kept")).to_have_count(0)
    page.get_by_role("link", name=re.compile("Remove grouped by")).click()
    expect(page.locator("tr.group")).to_have_count(0)
    expect(box(page, "listed 4")).to_be_checked()


def test_columns_are_searched_moved_by_keys_and_by_hand_pinned_and_hidden(open_page, runs):
    page = open_page(f"{AT}?columns=name,status,metrics.loss")
    dialog = page.locator("#dialog")
    page.get_by_role("link", name="Columns").click()
    dialog.get_by_label("Search columns").fill("temp")
    dialog.get_by_role("checkbox", name="tempo").check()
    expect(dialog.get_by_role("checkbox", name="Description")).to_be_hidden()
    dialog.get_by_label("Search columns").fill("")
    loss = dialog.get_by_role("checkbox", name=re.compile("^loss"))
    loss.focus()
    loss.press("Alt+ArrowUp")
    expect(loss).to_be_focused()
    handles = dialog.locator("[data-drag]")
    start, end = handles.nth(2).bounding_box(), handles.nth(0).bounding_box()
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(end["x"] + 5, end["y"] + 20, steps=8)
    page.mouse.move(end["x"] + 5, end["y"] - 4, steps=4)
    page.mouse.up()
    dialog.get_by_label("Pinned").fill("2")
    dialog.get_by_role("button", name="Show these").click()
    expect(page).to_have_url(
        re.compile(
            r"columns=status,name,metrics.loss,params.tempo.*pin=2|pin=2.*columns=status,name,metrics.loss,params.tempo"
        )
    )
    pinned = page.locator("[data-table] tbody tr").first.locator("td").nth(3)
    assert pinned.evaluate("cell => getComputedStyle(cell).position") == "sticky"
    page.get_by_role("link", name="Columns").click()
    dialog.get_by_role("checkbox", name="germ").check()
    dialog.get_by_role("button", name="Show these").click()
    page.get_by_role("link", name="Columns").click()
    dialog.get_by_role("button", name="Hide constant").click()
    expect(dialog.get_by_role("checkbox", name="germ")).not_to_be_checked()
    expect(dialog.get_by_role("checkbox", name="tempo")).to_be_checked()


def test_widths_change_by_keys_also_where_a_column_cannot_be_sorted_by(open_page, runs):
    page = open_page(f"{AT}?columns=name,tags,description")
    for name in ("Tags", "Run"):
        head = page.get_by_role("columnheader", name=name)
        before = head.bounding_box()["width"]
        head.locator("a, span[tabindex]").first.focus()
        for _ in range(3):
            page.keyboard.press("Shift+ArrowRight")
        assert head.bounding_box()["width"] == pytest.approx(before + 48, abs=2)
    page.reload()
    assert page.get_by_role("columnheader", name="Run").bounding_box()["width"] == pytest.approx(
        before + 48, abs=2
    )


def test_a_range_is_ticked_and_all_that_match_are_changed_and_brought_back(open_page, many):
    page = open_page(MANY)
    box(page, "many 50").click()
    box(page, "many 46").click(modifiers=["Shift"])
    expect(page.locator("[data-selected-count]")).to_have_text("5 selected")
    page.get_by_label("Select all on this page").check()
    page.get_by_label("All 55 runs").check()
    expect(page.locator("[data-selected-count]")).to_have_text("All that match")
    page.locator("#bulk").get_by_role("button", name="Archive").click()
    expect(page.locator("#report")).to_contain_text("Archived 55 runs.")
    expect(page.get_by_role("heading", name=re.compile("No runs? "))).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-table] tr[data-id]")).to_have_count(50)


def test_what_was_refused_is_reported_with_its_reason(open_page, runs):
    page = open_page(AT)
    for name in ("listed 0", "listed 1"):
        box(page, name).check()
    page.locator("#bulk summary", has_text="Cancel").click()
    page.get_by_role("button", name="Cancel these runs").click()
    report = page.locator("#report")
    expect(report).to_contain_text("Nothing was changed.")
    expect(report).to_contain_text("2 left alone:")
    expect(report).to_contain_text("listed 0")
    expect(box(page, "listed 0")).to_be_checked()


def test_only_the_ticked_ones_are_shown_and_told_by_the_address(open_page, runs):
    page = open_page(AT)
    for name in ("listed 1", "listed 4"):
        box(page, name).check()
    page.get_by_role("switch", name="Show only selected").click()
    expect(page.locator("[data-table] tr[data-id]")).to_have_count(2)
    page.reload()
    assert names(page) == ["listed 4", "listed 1"]
    page.get_by_label("Select none").click()
    expect(page.locator("[data-table] tr[data-id]")).to_have_count(6)


def test_children_open_in_place_while_the_roots_stay_sorted_and_paged(open_page, many):
    page = open_page(f"{MANY}?sort=-metrics.score&columns=name,metrics.score")
    assert names(page)[:2] == ["many 54", "many 53"]
    page.get_by_role("link", name="Children of many 54").click()
    expect(page.locator("tr.nested")).to_have_count(3)
    shown = names(page)
    assert (
        shown[0] == "many 54" and set(shown[1:4]) == {"part 0", "part 1", "part 2"} and shown[4] == "many 53"
    )
    assert len(shown) == 53
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("tr[data-id]")).to_have_count(5)
    assert names(page) == [f"many {n:02}" for n in (4, 3, 2, 1, 0)]


def test_a_live_list_moves_nothing_under_the_pointer(open_page, api):
    api.run(experiment="moving", display_name="moving 0", heartbeat=False)
    page = open_page("/w/default/experiments/moving/")
    first = row(page, "moving 0")
    first.hover()
    place = first.bounding_box()["y"]
    made = api.run(experiment="moving", display_name="moving 1", heartbeat=False)
    pill = page.get_by_role("button", name="1 new run")
    expect(pill).to_be_visible(timeout=30_000)
    assert first.bounding_box()["y"] == place and names(page) == ["moving 0"]
    pill.click()
    expect(row(page, "moving 1")).to_be_visible()
    # A run that leaves a list of running ones stays until one looks away.
    page.goto(page.url + "?status=Running")
    row(page, "moving 0").hover()
    place = row(page, "moving 0").bounding_box()["y"]
    api("POST", f"runs/{made['id']}/complete/")
    expect(page.locator("tr.gone")).to_have_count(1, timeout=30_000)
    assert row(page, "moving 0").bounding_box()["y"] == place
    page.mouse.move(0, 0)
    expect(row(page, "moving 1")).to_have_count(0, timeout=30_000)


def test_a_live_list_leaves_focus_and_selected_text(open_page, api):
    run = api.run(experiment="still", display_name="still 0", heartbeat=False)
    page = open_page("/w/default/experiments/still/")
    link = page.get_by_role("link", name="still 0", exact=True)
    link.focus()
    api("POST", f"runs/{run['id']}/complete/")
    expect(row(page, "still 0")).to_contain_text("Completed", timeout=30_000)
    expect(link).to_be_focused()
    page.evaluate(
        "getSelection().selectAllChildren(document.querySelector('[data-table] tbody td.name a.go'))"
    )
    with page.expect_response(lambda answer: "experiments/still" in answer.url, timeout=30_000):
        api.run(experiment="still", display_name="still 1", heartbeat=False)
    assert page.evaluate("String(getSelection())") == "still 0"


def test_the_keys_walk_tick_compare_and_open(open_page, runs):
    page = open_page(AT)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("[data-selected-count]")).to_have_text("2 selected")
    page.keyboard.press("e")
    page.get_by_label("Description, in Markdown").fill("from **keys**")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    page.keyboard.press("c")
    page.wait_for_url("**/compare/**")
    expect(page.get_by_text("listed 5").first).to_be_visible()
    page.go_back()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/runs/[^/]+/$"))


def test_rows_are_lower_when_compact(open_page, runs):
    page = open_page(AT)
    before = row(page, "listed 0").bounding_box()["height"]
    prefer(page, "compact")
    assert row(page, "listed 0").bounding_box()["height"] < before
    page.reload()
    assert row(page, "listed 0").bounding_box()["height"] < before
    prefer(page, "comfortable")


def prefer(page, density):
    """Choose the density as the palette does."""
    detail = f"{{ detail: {{ name: 'density', value: '{density}' }} }}"
    with page.expect_response("**/preferences/"):
        page.evaluate(f"document.dispatchEvent(new CustomEvent('studio:prefer', {detail}))")


def test_what_is_on_screen_is_exported_in_three_kinds(open_page, runs):
    page = open_page(f"{AT}?columns=name,metrics.loss&sort=metrics.loss&tag=guild=vision")
    files = {}
    for kind in ("CSV", "JSON Lines", "Parquet"):
        page.locator("summary", has_text="Export").or_(page.get_by_label("Export")).first.click()
        with page.expect_download() as download:
            page.get_by_role("link", name=kind, exact=True).click()
        files[kind] = download.value.path().read_bytes()
        page.keyboard.press("Escape")
    lines = list(csv.DictReader(io.StringIO(files["CSV"].decode("utf-8-sig"))))
    assert [line["name"] for line in lines] == ["listed 0", "listed 1", "listed 2"], lines
    assert len(files["JSON Lines"].splitlines()) == 3 and json.loads(files["JSON Lines"].splitlines()[1])
    assert files["Parquet"][:4] == b"PAR1"


def test_the_query_is_copied_and_runs_as_it_is(open_page, runs, live_studio):
    page = open_page(
        f"{AT}?tag=guild=vision&status=Completed", permissions=["clipboard-read", "clipboard-write"]
    )
    environment = {
        **live_studio.environment,
        "STUDIO_URL": live_studio.url,
        "STUDIO_TOKEN": live_studio.token,
    }
    for kind in ("Python", "CLI"):
        page.get_by_label("Export").click()
        page.get_by_role("button", name=f"Copy as {kind}").click()
        page.keyboard.press("Escape")
        text = page.evaluate("navigator.clipboard.readText()")
        command = [sys.executable, "-c", text]
        if kind == "CLI":
            command = ["bash", "-c", text.replace("studio ", f"{sys.executable} -m studio.client.cli ", 1)]
        said = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert said.returncode == 0, said.stderr
        found = [run for run in runs if run["id"] in said.stdout]
        assert found == runs[:2], said.stdout


def test_nothing_found_says_what_to_drop_and_a_dead_studio_is_retried(open_page, runs):
    page = open_page(f"{AT}?tag=guild=vision&status=Failed", expect_error=True)
    expect(page.get_by_role("heading", name="No run matches")).to_be_visible()
    page.locator(".empty").get_by_role("link", name="status Failed").click()
    expect(page.locator("[data-table] tr[data-id]")).to_have_count(3)
    page.route("**/experiments/listed/**", lambda route: route.abort())
    page.evaluate("document.dispatchEvent(new CustomEvent('studio:refresh'))")
    away = page.get_by_text("The studio does not answer")
    expect(away).to_be_visible()
    page.unroute("**/experiments/listed/**")
    page.get_by_role("button", name="Retry").click()
    expect(away).to_be_hidden()
