# SPDX-License-Identifier: MIT
"""Uses the built site in a headless Chromium, as readers do: goes from page to page, searches, copies code.

Screenshots of some pages, wide and narrow, light and dark, are left in build/docs/screenshots.

Usage: build/docs/venv/bin/python docs/site/browser_test.py [CHROMIUM]
"""

import functools
import http.server
import re
import shutil
import sys
import threading
import unittest

from playwright.sync_api import Page, expect, sync_playwright

from public import OUT, ROOT

SITE = OUT / "site"
SHOTS = OUT / "screenshots"
PAGES = (
    "index.html", "docs/guide.html", "docs/architecture.html", "docs/looking-inside.html", "docs/costs.html", "docs/python.html",
    "reference/cpp/index.html", "reference/cpp/timeout.html", "reference/cpp/loop.html",
    "reference/python/interloop.crochet.html",
)  # fmt: skip
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
PATIENCE = 60_000  # milliseconds until something that does not happen is an error

TEXTS = ("article p", "article p code", "article p a:not(.headerlink)", ".contract .label", "div.highlight code")

# Of the first elements that each selector finds: the contrast of text and background, as WCAG defines it.
CONTRASTS = """selectors => selectors.flatMap(selector => [...document.querySelectorAll(selector)].slice(0, 3).map(element => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  const over = (top, under) => top.slice(0, 3).map((c, i) => c * (top[3] ?? 1) + under[i] * (1 - (top[3] ?? 1)));
  let behind = [], node = element;
  for (; node; node = node.parentElement) behind.push(channels(getComputedStyle(node).backgroundColor));
  const background = behind.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  const text = over(channels(getComputedStyle(element).color), background);
  const luminance = colour => colour.map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const [a, b] = [luminance(text), luminance(background)].sort((x, y) => y - x);
  return [selector, (a + 0.05) / (b + 0.05)];
}))"""


class SiteTest(unittest.TestCase):
    """Every test has a window of its own; what a page complains of, and what it asks other servers for, fails it."""

    chromium = shutil.which("chromium")

    @classmethod
    def setUpClass(cls) -> None:
        if cls.chromium is None:
            raise RuntimeError("no Chromium: install Debian's package chromium, or name its program as the argument")
        handler = functools.partial(QuietHandler, directory=str(SITE))
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        cls.addClassCleanup(cls.server.server_close)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.shutdown)
        cls.base = f"http://127.0.0.1:{cls.server.server_port}/"
        driver = sync_playwright().start()
        cls.addClassCleanup(driver.stop)
        # Root may not have a sandbox of its own in a container.
        cls.browser = driver.chromium.launch(executable_path=cls.chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        cls.addClassCleanup(cls.browser.close)
        SHOTS.mkdir(parents=True, exist_ok=True)

    def window(self, size: str = "wide", scheme: str = "light") -> Page:
        width, height = SIZES[size]
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.addCleanup(context.close)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on(
            "requestfailed",  # one that is given up because the reader goes on is none
            lambda request: None if "ERR_ABORTED" in (request.failure or "") else complaints.append(f"failed: {request.url}"),
        )
        page.on(
            "request",
            lambda request: None if request.url.startswith((self.base, "file:", "data:", "blob:")) else complaints.append(request.url),
        )
        self.addCleanup(lambda: self.assertEqual(complaints, []))
        return page

    def search(self, page: Page, words: str) -> None:
        page.locator("input.md-search__input").click()
        page.locator("input.md-search__input").press_sequentially(words, delay=10)
        expect(page.locator(".md-search-result__meta")).to_contain_text("matching")

    def result(self, page: Page, address: str):
        file, _, fragment = address.partition("#")
        return page.locator(f'a.md-search-result__link[href*="{file}"][href$="#{fragment}"]')

    def test_a_reader_goes_from_the_first_page_to_a_contract(self) -> None:
        page = self.window()
        page.goto(self.base)
        page.locator(".md-tabs").get_by_role("link", name="Guide", exact=True).click()
        expect(page).to_have_url(re.compile(r"docs/guide\.html"))
        page.locator(".md-nav--secondary").get_by_role("link", name="Blocking calls", exact=True).click()
        expect(page).to_have_url(re.compile(r"guide\.html#blocking-calls"))
        page.locator(".md-tabs").get_by_role("link", name="Reference", exact=True).click()
        page.locator("article").get_by_role("link", name="timeout.hpp", exact=True).click()
        expect(page.locator("h1")).to_contain_text("timeout.hpp")
        page.locator("article").get_by_role("link", name="cancelled_error", exact=True).first.click()
        expect(page).to_have_url(re.compile(r"error\.html#interloop::cancelled_error"))
        expect(page.locator('[id="interloop::cancelled_error"]')).to_be_in_viewport()

    def test_each_tab_leads_to_a_page(self) -> None:
        page = self.window()
        page.goto(self.base)
        tabs = page.locator(".md-tabs a.md-tabs__link").evaluate_all("links => links.map(link => link.href)")
        self.assertGreaterEqual(len(tabs), 7)
        for tab in tabs:
            self.assertEqual(page.goto(tab).status, 200, tab)
            self.assertTrue(page.locator("article h1").inner_text(), tab)

    def test_each_loop_and_client_is_in_the_navigation(self) -> None:
        page = self.window()
        page.goto(self.base)
        for tab, folder in (("Loops", "loops"), ("Clients", "clients")):
            page.locator(".md-tabs").get_by_role("link", name=tab, exact=True).click()
            expect(page.locator(".md-tabs__item--active")).to_contain_text(tab)
            listed = page.locator(".md-sidebar--primary a.md-nav__link:visible").evaluate_all("links => links.map(link => link.href)")
            for readme in (ROOT / folder).glob("*/README.md"):
                self.assertIn(f"{self.base}{folder}/{readme.parent.name}/index.html", listed)

    def test_the_search_finds_a_cpp_name(self) -> None:
        page = self.window()
        page.goto(self.base)
        self.search(page, "with_timeout")
        self.result(page, "reference/cpp/timeout.html#interloop::with_timeout").click()
        expect(page.locator('[id="interloop::with_timeout"]')).to_be_in_viewport()

    def test_the_search_finds_a_python_name(self) -> None:
        page = self.window()
        page.goto(self.base + "docs/guide.html")
        self.search(page, "wait_for")
        self.result(page, "reference/python/interloop.crochet.html#interloop.crochet.wait_for").click()
        expect(page.locator('[id="interloop.crochet.wait_for"]')).to_be_in_viewport()

    def test_the_search_works_without_a_server(self) -> None:
        page = self.window()
        page.goto((SITE / "index.html").as_uri())
        self.search(page, "with_timeout")
        expect(self.result(page, "timeout.html#interloop::with_timeout")).to_be_visible()

    def test_the_search_works_in_a_narrow_window(self) -> None:
        page = self.window("narrow")
        page.goto(self.base)
        page.locator("label.md-header__button[for=__search]").click()
        self.search(page, "with_deadline")
        expect(self.result(page, "reference/cpp/timeout.html#interloop::with_deadline")).to_be_visible()

    def test_code_is_copied_as_it_stands(self) -> None:
        page = self.window()
        page.goto(self.base)
        block = page.locator("div.highlight", has_text="#include <interloop/interloop.hpp>").first
        block.hover()
        block.locator('button[data-clipboard-target], [data-md-type="copy"]').first.click()
        expect(page.locator(".md-dialog")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        self.assertEqual(copied.strip(), block.locator("code").first.inner_text().strip())
        self.assertIn("co_await async.sleep(pause);", copied)

    def test_a_narrow_window_has_the_navigation_in_a_drawer(self) -> None:
        page = self.window("narrow")
        page.goto(self.base)
        expect(page.locator(".md-tabs")).to_be_hidden()
        page.locator("label.md-header__button[for=__drawer]").click()
        expect(page.locator(".md-nav--primary").get_by_text("Reference").first).to_be_visible()

    def test_the_colours_can_be_changed(self) -> None:
        page = self.window()
        page.goto(self.base)
        scheme = page.locator("body").get_attribute("data-md-color-scheme")
        page.locator("form.md-header__option label:visible").first.click()
        expect(page.locator("body")).not_to_have_attribute("data-md-color-scheme", scheme or "")

    def test_pages_fit_and_can_be_read(self) -> None:
        for size in SIZES:
            for scheme in ("light", "dark"):
                page = self.window(size, scheme)
                for address in PAGES:
                    with self.subTest(size=size, scheme=scheme, page=address):
                        page.goto(self.base + address)
                        name = address.removesuffix(".html").replace("/", "_")
                        page.screenshot(path=SHOTS / f"{name}-{size}-{scheme}.png")
                        # Wide code scrolls by itself, the page does not.
                        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), SIZES[size][0])
                        contrasts = page.evaluate(CONTRASTS, list(TEXTS))
                        self.assertTrue(contrasts)
                        for text, contrast in contrasts:
                            self.assertGreaterEqual(contrast, 4.5, text)
                        for picture in page.locator("article img").all():
                            picture.scroll_into_view_if_needed()
                            self.assertGreater(picture.evaluate("image => image.decode().then(() => image.naturalWidth)"), 0)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    if len(sys.argv) > 1:
        SiteTest.chromium = sys.argv.pop(1)
    unittest.main()
