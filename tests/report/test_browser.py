"""The page in real headless Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prover.report.page import page
from prover.saved_search import SavedSearch

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

Open = Callable[..., "Page"]


@pytest.fixture
def show(browser: BrowserContext, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of a search; fails where it complains or asks for anything but itself."""
    problems: list[str] = []
    opened: list[Page] = []

    def show(search: SavedSearch, **more: object) -> Page:
        path = tmp_path / "report.html"
        path.write_text(page(search, **more), encoding="utf-8")  # type: ignore[arg-type]
        tab = browser.new_page()
        opened.append(tab)
        tab.on("console", lambda message: problems.append(message.text))
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.on("request", lambda r: None if r.url in (path.as_uri(), "data:,") else problems.append(r.url))
        tab.goto(path.as_uri())
        tab.wait_for_function("window.searchReport !== undefined")
        return tab

    yield show
    for tab in opened:
        tab.close()
    assert problems == []


def goals_shown(tab: Page) -> str:
    return tab.locator("#panel-state pre.goals").first.inner_text()


def same(shown: str, text: str) -> bool:
    return [line for line in shown.splitlines() if line.strip()] == [line for line in text.splitlines() if line.strip()]


def selected(tab: Page) -> int:
    return int(tab.evaluate("searchReport.selected"))


def test_a_search_of_5000_states_opens_and_a_click_shows_the_goal(show: Open, large: SavedSearch) -> None:
    assert len(large.graph) >= 5_000
    tab = show(large)
    # The page's own work, from the first byte to a drawn tree; no test of time, but what took long would be a defect
    # of another kind: a layout in the browser, a row for every step.
    assert tab.evaluate("searchReport.count") == len(large.graph)
    assert tab.evaluate("document.querySelectorAll('*').length") < 3_000
    node = next(n for n in large.graph.nodes if n.depth == 4 and len(n.outgoing) > 2)
    tab.evaluate(f"searchReport.select({node.id})")
    tab.evaluate("searchReport.select(0, {reveal: false})")
    tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert same(goals_shown(tab), large.graph.root.state.text)
    tab.mouse.click(*tab.evaluate(f"searchReport.positionOf({node.id})"))
    assert selected(tab) == node.id
    assert same(goals_shown(tab), node.state.text)
    assert tab.locator("#attempts tbody tr").count() == len(node.outgoing)
    assert str(tab.locator("#announce").text_content()).startswith(f"State {node.id},")


INKED = """() => new Promise(done => setTimeout(() => {
  const tree = document.getElementById('tree');
  const copy = Object.assign(document.createElement('canvas'), { width: tree.width, height: tree.height });
  const brush = copy.getContext('2d', { willReadFrequently: true });
  brush.drawImage(tree, 0, 0);
  const { data } = brush.getImageData(0, 0, copy.width, copy.height);
  let inked = 0;
  for (let i = 3; i < data.length; i += 4) inked += data[i] > 0;
  done(inked / (data.length / 4));
}, 100))"""


def test_the_tree_is_drawn_at_first_and_after_a_change_of_size(show: Open, large: SavedSearch) -> None:
    tab = show(large)
    assert tab.evaluate(INKED) > 0.01
    tab.set_viewport_size({"width": 900, "height": 620})
    assert tab.evaluate(INKED) > 0.01


def test_the_keyboard_walks_the_tree(show: Open, small_search: SavedSearch) -> None:
    tab = show(small_search)
    path = [0, *(edge.child.id for edge in small_search.proof if edge.child)]
    for node in path[1:]:
        tab.keyboard.press("ArrowRight")
        assert selected(tab) == node
    tab.keyboard.press("ArrowLeft")
    assert selected(tab) == path[-2]
    tab.keyboard.press("ArrowDown")
    sibling = selected(tab)
    assert sibling != path[-2]
    tab.keyboard.press("ArrowUp")
    assert selected(tab) == path[-2]
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "panel-state"
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.id") == "tree"
    tab.keyboard.press("Home")
    tab.keyboard.press("p")
    assert selected(tab) == path[1]


def test_searching_goals(show: Open, small_search: SavedSearch) -> None:
    tab = show(small_search)
    words = small_search.graph.nodes[7].state.text.splitlines()[-1]
    hits = {n.id for n in small_search.graph.nodes if not n.finished and words in n.state.text}
    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.id") == "query"
    tab.keyboard.insert_text(words.upper())
    tab.keyboard.press("Enter")
    assert selected(tab) in hits
    assert f"of {len(hits)} state" in str(tab.locator("#hits").text_content())
    tab.keyboard.press("Escape")
    assert tab.input_value("#query") == ""
    tab.keyboard.insert_text("no such goal anywhere")
    assert tab.locator("#hits").text_content() == "no state"


def test_text_of_the_checker_is_never_markup(show: Open, small_search: SavedSearch) -> None:
    evil = next(s.edge.parent.id for s in small_search.steps if "</script>" in s.edge.result.message)
    tab = show(small_search)
    tab.evaluate(f"searchReport.select({evil})")
    assert "</script><b>not markup</b>" in str(tab.locator("#attempts").text_content())
    assert tab.locator("#attempts b").count() == 0


def test_proof_colours_theme_and_probes(show: Open, small_search: SavedSearch) -> None:
    tab = show(small_search, probes={"0": {"target": {"HAdd.hAdd": 0.93, "LT.lt": 0.4}}})
    probes = str(tab.locator("#panel-state").text_content())
    assert "HAdd.hAdd 0.93" in probes
    tab.click("#tab-proof")
    steps = tab.locator("ol.proof .rule code").all_inner_texts()
    assert steps == [edge.candidate.action for edge in small_search.proof]
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#panel-run").is_visible()
    assert "automation" in str(tab.locator("#panel-run").text_content())

    def pixels() -> str:
        return str(tab.evaluate("new Promise(d => requestAnimationFrame(() => d(document.all.tree.toDataURL())))"))

    looks = {pixels()}
    for name in ("proposer", "value", "reward"):
        tab.select_option("#colour", name)
        looks.add(pixels())
    assert len(looks) == 4
    paper = "getComputedStyle(document.querySelector('header')).backgroundColor"
    before = tab.evaluate(paper)
    tab.click("#theme")
    tab.click("#theme")
    assert tab.locator("#theme").inner_text() == "Theme: dark"
    assert tab.evaluate(paper) != before


def test_the_wheel_zooms_and_dragging_moves(show: Open, small_search: SavedSearch) -> None:
    tab = show(small_search)
    far = next(n.id for n in small_search.graph.nodes if n.depth == 3)

    def position() -> list[float]:
        x, y = tab.evaluate(f"searchReport.positionOf({far})")
        return [x, y]

    start = position()
    tab.mouse.move(300, 400)
    tab.mouse.wheel(0, -300)
    zoomed = position()
    assert zoomed != start
    tab.mouse.down()
    tab.mouse.move(350, 420, steps=3)
    tab.mouse.up()
    moved = position()
    assert [round(b - a) for a, b in zip(zoomed, moved, strict=True)] == [50, 20]
    tab.click("#fit")
    assert [round(v) for v in position()] == [round(v) for v in start]
