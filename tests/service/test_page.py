"""The page as people use it: in Debian's Chromium, with the keyboard alone, on a phone, and with what screen readers need."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

VACATION = "How many vacation days does a full-time employee have?"
DECALCIFYING = "Within how many days of a warning is the tank decalcified?"
WIDE, PHONE = (1360, 900), (360, 740)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium; a test that needs it is skipped where it is absent."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium on the path: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root it has no sandbox, and a container may have little shared memory.
        opened = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else []
        )
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any, service: Any) -> Iterator[Callable[..., Any]]:
    """Opens the page in a window of a size; every error in it fails the test."""
    contexts: list[Any] = []
    errors: list[str] = []

    def not_loaded(request: Any) -> None:
        # Chromium says so at times of a stream that the page has read to its end.
        if request.failure != "net::ERR_ABORTED":
            errors.append(f"{request.url}: {request.failure}")

    def opened(size: tuple[int, int] = WIDE, url: str = service.url, **options: Any) -> Any:
        contexts.append(browser.new_context(viewport={"width": size[0], "height": size[1]}, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("requestfailed", not_loaded)
        page.goto(url)
        page.wait_for_selector("#kind option[value=handbook]", state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def ask(page: Any, question: str) -> None:
    page.fill("#question", question)
    page.press("#question", "Enter")
    page.wait_for_selector("#record:not(:empty)")


def tab_to(page: Any, selector: str, *, back: bool = False) -> None:
    """Presses Tab until an element has the focus."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


def in_view(page: Any, selector: str) -> bool:
    box = page.locator(selector).first.bounding_box()
    size = page.viewport_size
    return bool(box["y"] >= 0 and box["y"] < size["height"] and box["x"] >= 0 and box["x"] < size["width"])


def violations(page: Any) -> list[str]:
    """What axe finds, by the WCAG's rules up to 2.2 AA and its own best practices."""
    import axe_playwright_python

    page.evaluate((Path(axe_playwright_python.__file__ or "").parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]]


def test_a_question_is_answered_and_its_quote_opened_with_the_keyboard_alone(visit: Callable[..., Any]) -> None:
    page = visit()
    assert page.evaluate("document.activeElement.id") == "question"
    page.keyboard.type(VACATION)
    page.keyboard.press("Enter")
    page.wait_for_selector(".place")
    assert "21 days" in page.inner_text(".sentence")
    tab_to(page, ".place")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector("mark.current")
    assert page.evaluate("document.activeElement.tagName") == "MARK"
    assert "21 days of vacation in a calendar year." in page.inner_text("mark.current")
    tab_to(page, "#tab-text", back=True)
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#redline ins")
    assert "18" in page.inner_text("#redline del")
    assert "21" in page.inner_text("#redline ins")
    page.keyboard.press("Escape")
    assert page.locator("#document").is_hidden()
    assert page.evaluate("document.activeElement.className") == "place"


def test_the_day_is_a_control(visit: Callable[..., Any]) -> None:
    page = visit()
    page.fill("#day", "2023-06-01")
    ask(page, VACATION)
    assert "18 days" in page.inner_text(".sentence")
    assert "1 June 2023" in page.inner_text("#asked")
    assert "1 April 2024" in page.inner_text(".mind")


def test_an_earlier_version_can_be_read(visit: Callable[..., Any]) -> None:
    page = visit()
    ask(page, VACATION)
    page.click(".place")
    page.wait_for_selector("mark.current")
    page.click("#tab-versions")
    page.click(".readings button")
    page.wait_for_selector("#text:has-text('18 days')")
    assert "until 1 April 2024" in page.inner_text("#document-about")


def test_a_refusal_is_plain_and_its_nearest_sections_open(visit: Callable[..., Any]) -> None:
    page = visit()
    ask(page, "May I bring my dog to the office?")
    assert page.inner_text("#answer-heading") == "No answer"
    page.locator("#answer .place").first.click()
    page.wait_for_selector("#text mark")
    page.click("#close")
    ask(page, "Must every employee wear a medical mask in closed rooms of the plant?")
    assert "no longer in force" in page.inner_text("#answer-body")
    assert "--" not in page.inner_text("#answer-body")


def test_a_document_of_a_thousand_sections_opens_at_the_quote_on_a_phone(visit: Callable[..., Any]) -> None:
    page = visit(PHONE, has_touch=True, is_mobile=True, reduced_motion="reduce")
    ask(page, DECALCIFYING)
    assert "10 days" in page.inner_text(".sentence")
    page.locator(".place").first.tap()
    page.wait_for_selector("mark.current")
    assert page.locator("#section option").count() > 1_000 - 2
    assert in_view(page, "mark.current")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    page.select_option("#section", label="\u2003Machine 500")
    assert in_view(page, "#text :text-is('Machine 500')")
    assert not in_view(page, "mark.current")
    page.locator("#quotes button").tap()
    assert in_view(page, "mark.current")
    page.go_back()
    page.wait_for_selector("#document", state="hidden")
    assert page.locator("#answer").is_visible()


def test_what_documents_hold_is_shown_and_never_run(visit: Callable[..., Any]) -> None:
    page = visit()
    ask(page, "When do visitors sign the book at the gate?")
    assert '<img src=x onerror="window.hit=1">' in page.inner_text("#answer-body")
    page.locator(".place").first.click()
    page.wait_for_selector("#text mark")
    assert "<script>window.hit = 1</script>" in page.inner_text("#text")
    assert "onerror='window.hit=1'" in page.inner_text("#document-about")
    page.wait_for_timeout(300)
    assert page.evaluate("window.hit") is None
    assert page.locator("main img, main script, #text a").count() == 0


def test_characters_beyond_the_first_plane_move_no_quote(visit: Callable[..., Any]) -> None:
    page = visit()
    ask(page, "How many unused days are carried over into the next year?")
    page.locator(".place").first.click()
    page.wait_for_selector("mark.current")
    marked = page.evaluate("document.querySelector('mark.current').childNodes[1].textContent")
    assert marked == "Up to 8 unused days are carried over into the next year."


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_axe_finds_nothing(visit: Callable[..., Any], scheme: str, size: tuple[int, int]) -> None:
    page = visit(size, color_scheme=scheme, reduced_motion="reduce")
    assert violations(page) == []
    ask(page, "May I bring my dog to the office?")
    assert violations(page) == []
    ask(page, VACATION)
    assert violations(page) == []
    page.click(".place")
    page.wait_for_selector("mark.current")
    assert violations(page) == []
    page.click("#tab-versions")
    page.wait_for_selector("#redline ins")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


def test_what_is_wrong_is_said_beside_the_field(visit: Callable[..., Any]) -> None:
    page = visit()
    page.press("#question", "Enter")
    assert page.inner_text("#progress") == "Write what you want to know."
    assert page.get_attribute("#question", "aria-invalid") == "true"
    assert page.get_attribute("#progress", "role") == "status"


def test_a_key_is_asked_for_once(start: Callable[..., Any], browser: Any) -> None:
    running = start(HRDP_SERVICE_KEY="only-for-this-very-test")
    page = browser.new_page()
    page.goto(running.url)
    for key in ("wrong-wrong-wrong-wrong", "only-for-this-very-test"):
        page.wait_for_selector("#key-dialog[open]")
        assert violations(page) == []
        page.fill("#key", key)
        page.press("#key", "Enter")
    page.wait_for_selector("#kind option[value=handbook]", state="attached")
    ask(page, VACATION)
    assert "21 days" in page.inner_text(".sentence")
    page.reload()
    page.wait_for_selector("#kind option[value=handbook]", state="attached")
    assert page.locator("#key-dialog").is_hidden()
    page.close()
