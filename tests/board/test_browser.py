"""The pages in a real browser: sign in, watch, search while typing, drop a list, by keyboard."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recond.board.people import Role
from recond.board.room import refresh
from recond.codec import canonical_bytes
from recond.upload.live import SlotWord
from tests.board.test_pages import MANIFEST
from tests.board.test_room import said
from tests.board.workshop import PASSWORD, Maker, Workshop
from tests.donor.browser import CHROMIUM, Browser

CONTRAST = """(() => {
  const number = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => { const part = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92
    : ((c + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b); };
  const behind = (one) => { for (; one; one = one.parentElement) {
    const back = number(getComputedStyle(one).backgroundColor);
    if (back.length < 4 || back[3] > 0) return back; } return [255, 255, 255]; };
  const found = [];
  for (const one of document.querySelectorAll("main *, header *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !one.offsetParent) continue;
    const ink = number(getComputedStyle(one).color);
    const pair = [light(ink), light(behind(one))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) found.push([one.outerHTML.slice(0, 90), ratio]);
  }
  return JSON.stringify(found);
})()"""


NAMELESS = """(() => {
  const found = [];
  const say = (one) => found.push(one.outerHTML.slice(0, 120));
  if (!["fr", "en"].includes(document.documentElement.lang)) found.push("lang");
  if (!document.title.includes("recond")) found.push("title");
  if (document.querySelectorAll("h1").length !== 1) found.push("h1");
  for (const one of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (![...one.labels].some((label) => label.textContent.trim())) say(one);
  for (const one of document.querySelectorAll("button, a, progress, [role=img]"))
    if (!(one.textContent.trim() || one.ariaLabel)) say(one);
  for (const one of document.querySelectorAll("table"))
    if (!one.querySelector("th[scope=col]")) say(one);
  for (const one of document.querySelectorAll("main [tabindex], main a, main button, main input"))
    if (one.tabIndex > 0) say(one);
  return JSON.stringify(found);
})()"""
"""What a screen reader could not name (WCAG 2.2: 1.3.1, 2.4.2, 3.1.1, 3.3.2, 4.1.2)."""
FOCUS = """(() => {
  const found = [];
  for (const one of document.querySelectorAll("a, button, input:not([type=hidden]), select")) {
    if (!one.offsetParent) continue;
    one.focus({ focusVisible: true });
    const style = getComputedStyle(one);
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2)
      found.push(one.outerHTML.slice(0, 90));
  }
  return JSON.stringify(found);
})()"""
"""What shows no focus to who walks by keyboard (2.4.7)."""
PAGES = (
    "/",
    "/search",
    "/records/1",
    "/statements/1",
    "/lots",
    "/lots/lot%20A",
    "/numbers",
    "/apart",
    "/people",
)


class Screen:
    """A browser at the board."""

    def __init__(self, browser: Browser, workshop: Workshop) -> None:
        self.browser, self.address = browser, f"http://127.0.0.1:{workshop.port}"
        # the room of the test before, whose board has ended, would ask for its events again
        browser.open("about:blank")
        browser.call("Network.clearBrowserCookies")
        browser.events.clear()

    def open(self, path: str) -> None:
        self.browser.open(self.address + path)

    def ask(self, expression: str) -> Any:
        return self.browser.ask(expression)

    def until(self, expression: str) -> Any:
        """The first true value of an expression, also across a page that is loaded meanwhile."""
        for _ in range(400):
            try:
                found = self.browser.ask(
                    f"new Promise((done) => setTimeout(() => done(!!({expression})), 50))"
                )
            except AssertionError:  # the page went away under the question
                continue
            if found:
                return found
        raise AssertionError(f"it did not come: {expression}")

    def sign_in(self, name: str) -> None:
        self.open("/sign-in")
        self.ask(
            f"document.getElementById('name').value = {json.dumps(name)};"
            f"document.getElementById('password').value = {json.dumps(PASSWORD)};"
            "document.querySelector('main form button').click()"
        )
        self.until("document.querySelector('nav a[aria-current]')")

    def type(self, text: str) -> None:
        self.browser.call("Input.insertText", text=text)

    def press(self, key: str, code: int = 0) -> None:
        for kind in ("keyDown", "keyUp"):
            self.browser.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                text=key if len(key) == 1 and kind == "keyDown" else "",
            )


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    made = Browser(tmp_path_factory.mktemp("browser"))
    try:
        made.begin()
    except (AssertionError, OSError) as error:
        pytest.skip(f"chromium does not start here: {error}")
    else:
        yield made
    finally:
        made.close()


def faults(browser: Browser) -> list[dict[str, Any]]:
    """What the browser complained of: a script's error, something that the policy forbids."""
    return [
        one
        for one in browser.events
        if one.get("method") == "Runtime.exceptionThrown"
        or (one.get("method") == "Log.entryAdded" and one["params"]["entry"]["level"] == "error")
    ]


def test_the_room_lives_and_is_walked_by_keyboard(browser: Browser, workshop: Workshop) -> None:
    one, two = workshop.bench("banc 1"), workshop.bench("banc 2")
    workshop.person("Olivier", Role.OPERATOR)
    refresh(workshop.opened.context)
    screen = Screen(browser, workshop)
    screen.sign_in("Olivier")
    evil = "<img src=x onerror=document.title=1>"
    for bench, session in ((one, "aa" * 8), (two, "bb" * 8)):
        live = said(session=session, serial=evil, phase="write", step=0, steps=2, percent=42)
        assert bench.send("POST", "/api/v1/live", canonical_bytes(live)).status == 204
    screen.until("document.querySelectorAll('.slot.work progress[value=\"42\"]').length === 2")
    assert screen.ask("document.querySelector('.slot .disk').textContent").startswith(evil)
    assert screen.ask("document.querySelectorAll('main img').length") == 0
    assert screen.ask("document.querySelector('[data-tally=work]').textContent") == "2"
    bad = said(2, session="bb" * 8, state=SlotWord.FAILED, serial="S1", ended=True)
    assert two.send("POST", "/api/v1/live", canonical_bytes(bad)).status == 204
    screen.until("document.querySelector('.bench').dataset.bench === '2'")  # alarms first
    screen.ask("document.querySelector('.bench').focus()")
    screen.press("ArrowRight", 39)
    assert screen.ask("document.activeElement.dataset.bench") == "1"
    screen.ask("document.querySelector('.bench.alarm [data-dismiss]').click()")
    screen.until("!document.querySelector('.bench.alarm')")
    assert faults(browser) == []


def test_the_search_follows_what_is_typed(
    browser: Browser, workshop: Workshop, maker: Maker
) -> None:
    workshop.trust(maker)
    bench = workshop.bench("banc")
    for serial in ("PF1XYZ42", "PF2ABC77"):
        assert bench.upload(maker.package(serial=serial)).status == 201
    workshop.person("Lise", Role.READER)
    screen = Screen(browser, workshop)
    screen.sign_in("Lise")
    screen.press("/", 191)
    screen.until("location.pathname === '/search' && document.activeElement.id === 'q'")
    screen.type("yz42")
    screen.until("document.querySelectorAll('#found tbody tr').length === 1")
    assert "PF1XYZ42" in screen.ask("document.querySelector('#found').innerText")
    assert screen.ask("location.search") == "?q=yz42"
    assert faults(browser) == []


def test_a_list_is_dropped_and_its_faults_are_named(
    browser: Browser, workshop: Workshop, tmp_path: Path
) -> None:
    operator = workshop.person("Olivier", Role.OPERATOR)
    assert operator.post("/lots", name="lot A", donor="Mairie").status == 303
    file = tmp_path / "liste.csv"
    file.write_text(MANIFEST, encoding="utf-8")
    screen = Screen(browser, workshop)
    screen.sign_in("Olivier")
    screen.open("/lots/lot%20A")
    root = browser.call("DOM.getDocument")["root"]["nodeId"]
    node = browser.call("DOM.querySelector", nodeId=root, selector="#manifest")["nodeId"]
    browser.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])
    screen.until("document.body.innerText.includes('liste.csv (1)')")
    assert "ABSENT-1" in screen.ask("document.body.innerText")


def test_the_pages_can_be_read_on_a_telephone_and_by_weak_eyes(
    browser: Browser, workshop: Workshop, maker: Maker, tmp_path: Path
) -> None:
    workshop.trust(maker)
    bench = workshop.bench("banc")
    assert bench.upload(maker.package(serial="PF1XYZ42", lot="lot A")).status == 201
    bad = said(state=SlotWord.FAILED, serial="S1")
    assert bench.send("POST", "/api/v1/live", canonical_bytes(bad)).status == 204
    assert bench.upload(maker.word("PF1XYZ42", "lot A")).status == 201
    assert bench.deliver("20261128-000000-00000001.0123456789abcdef", b"x").status == 422
    lead = workshop.person("Ada", Role.LEAD)
    assert lead.post("/lots", name="lot A", donor="Mairie").status == 303
    screen = Screen(browser, workshop)
    link = re.search(r'href="(/c/[^"]+)"', lead.get("/records/1").text)
    assert link
    for path in ("/sign-in", f"/link/{workshop.opened.first}", link[1]):  # before anybody came in
        screen.open(path)
        for look in (CONTRAST, NAMELESS, FOCUS):
            assert json.loads(screen.ask(look)) == [], (path, look)
    screen.sign_in("Ada")
    try:
        for width, scheme in ((390, "light"), (390, "dark"), (1280, "light")):
            browser.call(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=844,
                deviceScaleFactor=1,
                mobile=width < 500,
            )
            browser.call(
                "Emulation.setEmulatedMedia",
                features=[{"name": "prefers-color-scheme", "value": scheme}],
            )
            for path in PAGES:
                screen.open(path)
                assert json.loads(screen.ask(NAMELESS)) == [], path
                assert json.loads(screen.ask(FOCUS)) == [], path
                wide = screen.ask("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, (path, width, wide)
                assert json.loads(screen.ask(CONTRAST)) == [], (path, scheme)
                raw = base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])
                name = path.strip("/").replace("/", "-").replace("%20", "-") or "room"
                (tmp_path / f"{name}-{width}-{scheme}.png").write_bytes(raw)
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")
        browser.call("Emulation.setEmulatedMedia", features=[])
    assert faults(browser) == []
