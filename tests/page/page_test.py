#!/usr/bin/env python3
"""usage: page_test.py PAGE_SERVER: tests the admin page in a headless browser."""
import json
import subprocess
import sys
import unittest

from browser import Browser

SECRET = "card 4711"
TOKEN = "a-token"


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.server = subprocess.Popen([sys.argv[1], TOKEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end_server)
        self.address = self.server.stdout.readline().strip()
        self.browser.events.clear()
        self.open()

    def end_server(self):
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()

    def open(self):
        self.browser.call("Page.navigate", url=self.address)
        self.browser.wait_for("document.querySelector('#partitions tbody tr:nth-child(4)') && "
                              "document.querySelector('#charts figure') && document.querySelector('#settings td') && "
                              "document.querySelector('#letters td')")

    def tell(self, command):
        self.server.stdin.write(command + "\n")
        self.server.stdin.flush()

    def set_value(self, selector, value):
        self.browser.evaluate(f"(e => {{ e.value = '{value}'; e.dispatchEvent(new Event('change')); }})"
                              f"(document.querySelector('{selector}'))")

    def click(self, selector):
        self.browser.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def agree(self):
        self.browser.wait_for("document.querySelector('#ask').open")
        self.assertEqual(self.browser.evaluate("document.activeElement.id"), "ask-no", "Enter changes nothing")
        self.click("#ask-yes")

    def result(self, text):
        self.browser.wait_for(f"document.querySelector('#result').textContent.includes('{text}')")

    def whole_page(self):
        return self.browser.evaluate("document.documentElement.outerHTML")

    def test_it_renders(self):
        text = self.browser.text()
        for shown in ("✗ not ready", "partition 1 is blocked", "events → default.events · <b>group</b>", "Insert time",
                      "p95", "freshet 1.2.3", "invalid_json", "12345"):
            self.assertIn(shown, text)
        count = "document.querySelectorAll('%s').length"
        self.assertEqual(self.browser.evaluate(count % "#partitions tbody tr"), 4)
        self.assertEqual(self.browser.evaluate(count % "#partitions svg.spark path[d^=M]"), 8)
        self.assertEqual(self.browser.evaluate(count % ".chart .renewal[d^=M]"), 6)
        self.assertEqual(self.browser.evaluate(count % ".chart .hatch[d^=M]"), 6)
        self.assertEqual(self.browser.evaluate(
            "[...document.querySelectorAll('.card')].map(card => card.innerText.includes('Resume at offset'))"), [True, False])
        self.assertIn("✗ blocked", self.browser.evaluate("document.querySelector('#partitions tbody tr').innerText"))
        self.assertEqual(
            self.browser.evaluate("[...document.querySelector('#options tbody tr').children].map(cell => cell.textContent)"),
            ["max_batch_size", "50000", "default"], "live options with their source")
        self.assertEqual(self.browser.complaints(), [])

    def test_it_updates(self):
        self.tell("rows 987654")
        self.browser.wait_for("document.querySelector('#tiles').textContent.includes('987,654')")
        self.tell("unblock")
        self.browser.wait_for("document.querySelector('#blocked').hidden")
        self.browser.wait_for("document.querySelector('#state').textContent === '✓ ready'")
        self.assertEqual(self.browser.complaints(), [])

    def test_what_is_typed_survives_an_update(self):
        self.set_value("#offset-1", "77")
        self.tell("rows 4321")
        self.browser.wait_for("document.querySelector('#tiles').textContent.includes('4,321')")
        self.assertEqual(self.browser.evaluate("document.querySelector('#offset-1').value"), "77")

    def test_a_server_that_is_gone_is_seen(self):
        self.end_server()
        self.browser.wait_for("document.querySelector('#state').textContent === '✗ no answer'")
        self.server = subprocess.Popen(["true"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def test_messages_are_shown_with_the_token_only(self):
        self.assertNotIn(SECRET, self.whole_page())
        self.set_value("#token", "wrong")
        self.browser.wait_for("document.querySelector('#letters').textContent.includes('may quote')")
        self.assertNotIn(SECRET, self.whole_page())
        self.set_value("#token", TOKEN)
        for part in ("#blocked", "#letters", "#errors"):
            self.browser.wait_for(f"document.querySelector('{part}').textContent.includes('{SECRET}')")
        stored = "localStorage.length + sessionStorage.length + document.cookie.length"
        self.assertEqual(self.browser.evaluate(stored), 0, "the token is in the memory of the page only")
        self.open()
        self.assertEqual(self.browser.evaluate("document.querySelector('#token').value"), "")
        self.assertNotIn(SECRET, self.whole_page())

    def test_an_action_needs_the_token(self):
        self.click("#renew")
        self.agree()
        self.result("refused: send the token")
        self.set_value("#token", TOKEN)
        self.click("#renew")
        self.agree()
        self.result("renewal 8 is requested")
        self.assertEqual(self.server.stdout.readline().split(), ["renew"])

    def test_a_partition_is_skipped(self):
        self.set_value("#token", TOKEN)
        self.browser.wait_for(f"document.querySelector('#blocked').textContent.includes('{SECRET}')")
        self.assertEqual(self.browser.evaluate("document.querySelector('#offset-1').value"), "71")
        self.click("[aria-label='Skip in partition 1']")
        self.browser.wait_for("document.querySelector('#ask-text').textContent.includes('offset 71')")
        self.agree()
        self.result("done as asked")
        self.assertEqual(self.server.stdout.readline().split(), ["skip", "1", "71", "none"])
        self.set_value("#offset-1", "7x")
        self.click("[aria-label='Skip in partition 1']")
        self.result("enter the offset")
        self.assertFalse(self.browser.evaluate("document.querySelector('#ask').open"))

    def test_a_blocked_batch_is_resolved(self):
        self.set_value("#token", TOKEN)
        self.click("[aria-label='The table has the rows: partition 2']")
        self.agree()
        self.result("done as asked")
        self.assertEqual(self.server.stdout.readline().split(), ["skip", "2", "-1", "stored"])

    def test_a_cancelled_action_is_none(self):
        self.set_value("#token", TOKEN)
        self.click("#renew")
        self.browser.wait_for("document.querySelector('#ask').open")
        self.click("#ask-no")
        self.assertFalse(self.browser.evaluate("document.querySelector('#ask').open"))
        self.click("[aria-label='Send the rows again: partition 2']")
        self.agree()
        self.assertEqual(self.server.stdout.readline().split(), ["skip", "2", "-1", "retry"], "and no renewal before it")

    def test_it_is_accessible(self):
        unnamed = self.browser.evaluate("""[...document.querySelectorAll('input, button, select, svg[role=img], [role=region]')]
            .filter(e => !(e.labels?.length || e.textContent.trim() || e.getAttribute('aria-label') ||
                           e.getAttribute('aria-labelledby'))).map(e => e.outerHTML)""")
        self.assertEqual(unnamed, [])
        self.assertEqual(self.browser.evaluate("document.documentElement.lang"), "en")
        self.assertEqual(self.browser.evaluate("""[...document.querySelectorAll('[id]')].map(e => e.id)
            .filter((id, i, all) => all.indexOf(id) !== i)"""), [])

    def test_texts_have_contrast(self):
        """WCAG's 4.5 to 1 for the colours of text on both backgrounds."""
        for scheme in ("light", "dark"):
            self.browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            colours = self.browser.evaluate("""(() => {
                const style = getComputedStyle(document.documentElement);
                return Object.fromEntries(['text', 'quiet', 'back', 'card', 'good', 'bad', 'one', 'strong', 'on-strong'].map(
                    name => [name, style.getPropertyValue('--' + name).trim()]));
            })()""")
            pairs = [(name, back) for name in ("text", "quiet", "good", "bad", "one") for back in ("back", "card")]
            for one, other in pairs + [("on-strong", "strong")]:
                self.assertGreater(contrast(colours[one], colours[other]), 4.5, f"{scheme}: {one} on {other}")
        self.browser.call("Emulation.setEmulatedMedia", features=[])

    def test_it_fits_a_phone(self):
        self.browser.call("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True)
        self.open()
        width = self.browser.evaluate("document.documentElement.scrollWidth")
        self.browser.call("Emulation.clearDeviceMetricsOverride")
        self.assertLessEqual(width, 360, "only tables scroll sideways")


def luminance(colour):
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
