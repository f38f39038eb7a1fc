#!/usr/bin/env python3
"""usage: top_test.py PAGE_SERVER FRESHET: presses the keys of `freshet top` in a pseudo-terminal, with two made-up processes."""
import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

TOKEN = "a-token"
PATIENCE_S = 60


class Terminal:
    """A pseudo-terminal in which freshet runs."""

    def __init__(self, arguments, columns, rows=40):
        self.master, self.slave = os.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.slave)
        self.output = ""
        self.process = subprocess.Popen([sys.argv[2], "top", *arguments], stdin=self.slave, stdout=self.slave,
                                        stderr=subprocess.STDOUT, env={"TERM": "xterm"})

    def resize(self, columns, rows=40):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        while select.select([self.master], [], [], 0.05)[0]:
            self.output += os.read(self.master, 65536).decode()

    def screen(self):
        """The lines of the last whole screen."""
        self.read()
        frames = re.findall(r"\x1b\[H(.*?)\x1b\[J", self.output, re.S)
        return [line.removesuffix("\x1b[K") for line in re.split("\r+\n", frames[-1])] if frames else []

    def wait_for(self, what, shown):
        end = time.monotonic() + PATIENCE_S
        while not shown(lines := self.screen()):
            if time.monotonic() > end:
                raise AssertionError(f"not shown: {what}\n" + "\n".join(lines))
        return lines

    def wait_for_text(self, text):
        return self.wait_for(text, lambda lines: any(text in line for line in lines))

    def press(self, key):
        os.write(self.master, key.encode())

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


class Top(unittest.TestCase):
    def setUp(self):
        self.servers, self.addresses = [], []
        for _ in range(2):
            server = subprocess.Popen([sys.argv[1], TOKEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.addCleanup(self.end, server)
            self.servers.append(server)
            self.addresses.append(server.stdout.readline().strip().removeprefix("http://").rstrip("/"))
        self.tell(0, "unblock")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.token = os.path.join(folder.name, "token")
        with open(self.token, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(TOKEN)

    def end(self, server):
        server.stdin.close()
        server.wait()
        server.stdout.close()

    def tell(self, server, command):
        self.servers[server].stdin.write(command + "\n")
        self.servers[server].stdin.flush()

    def top(self, *more, columns=160):
        arguments = [part for address in self.addresses for part in ("--admin", address)]
        terminal = Terminal([*arguments, *more], columns)
        self.addCleanup(terminal.close)
        for address in self.addresses:
            terminal.wait_for(f"{address} with its topic",
                              lambda lines, a=address: any(a in line and " events " in line for line in lines))
        return terminal

    def first(self, address):
        return lambda lines: len(lines) > 1 and address in lines[1]

    def selected(self, address):
        return lambda lines: any(line.startswith("> " + address) for line in lines)

    def test_sort_and_select(self):
        healthy, blocked = self.addresses
        terminal = self.top()
        terminal.wait_for("the first one is selected", self.selected(healthy))
        for name in ("lag", "rows/s", "latency", "trouble first"):
            terminal.press("s")
            terminal.wait_for_text(f"s sort ({name})")
        terminal.wait_for("trouble first", self.first(blocked))
        terminal.press("\x1b[A")
        terminal.wait_for("arrow up selects the line above", self.selected(blocked))
        terminal.press("ss")  # on a slow connection they arrive together
        terminal.wait_for_text("s sort (lag)")
        terminal.press("sss")
        terminal.wait_for_text("s sort (trouble first)")
        terminal.press("j")
        terminal.wait_for("j selects the line below", self.selected(healthy))

    def test_details(self):
        terminal = self.top()
        terminal.press("j")
        terminal.wait_for("the second one is selected", self.selected(self.addresses[1]))
        terminal.press("d")
        lines = terminal.wait_for_text("partition      position     committed           lag")
        self.assertTrue(any("blocked: the message at offset 70" in line for line in lines), lines)
        self.tell(1, "unblock")
        terminal.wait_for("no blocked partition", lambda lines: not any("blocked:" in line for line in lines))
        terminal.press("d")
        terminal.wait_for("the table alone", lambda lines: not any("committed" in line for line in lines))

    def test_renewal_asks_first_and_needs_the_token(self):
        terminal = self.top("--admin-token-file", self.token)
        terminal.press("r")
        terminal.wait_for_text(f"renew the Kafka consumer of {self.addresses[0]}? y/n")
        terminal.press("n")
        terminal.wait_for_text("not renewed")
        terminal.press("r")
        terminal.wait_for_text("y/n")
        terminal.press("y")
        terminal.wait_for_text("renewal 8")
        self.assertEqual(self.servers[0].stdout.readline().strip(), "renew")
        without = self.top()
        without.press("r")
        without.wait_for_text("y/n")
        without.press("y")
        without.wait_for_text("not renewed: ")

    def test_a_process_that_ends_is_shown_and_does_not_delay_the_other(self):
        terminal = self.top()
        self.end(self.servers[0])
        terminal.wait_for("the error", lambda lines: any(
            self.addresses[0] in line and " events " not in line for line in lines))
        self.tell(1, "unblock")
        terminal.wait_for("the other goes on", lambda lines: any(
            self.addresses[1] in line and " events " in line and "blocked" not in line.split("  ")[-1] for line in lines))

    def test_lines_fit_a_window_that_becomes_small(self):
        terminal = self.top()
        terminal.resize(60, 10)
        terminal.wait_for("60 columns", lambda lines: all(len(line) <= 60 for line in lines))
        terminal.press("d")
        terminal.wait_for("10 rows", lambda lines: len(lines) == 10)

    def test_the_end_leaves_the_terminal_as_it_was(self):
        for key in ("q", "\x03"):
            with self.subTest(repr(key)):
                terminal = self.top()
                self.assertNotEqual(termios.tcgetattr(terminal.slave), terminal.before)
                terminal.press(key)
                self.assertEqual(terminal.process.wait(timeout=PATIENCE_S), 0)
                terminal.read()
                self.assertTrue(terminal.output.startswith("\x1b[?1049h\x1b[?25l"))
                self.assertTrue(terminal.output.endswith("\x1b[?25h\x1b[?1049l"))
                self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
