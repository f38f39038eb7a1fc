"""Tests that contain.py ends all processes of its command and no others."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

CONTAIN = [sys.executable, str(pathlib.Path(__file__).with_name("contain.py"))]
# A background process in its own session, without a parent, with another environment and name, which ignores SIGTERM.
DAEMON = """
import os, signal, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    open(sys.argv[1] + "/child", "w").write(str(os.getpid()))
    time.sleep(600)
open(sys.argv[1] + "/daemon", "w").write(str(os.getpid()))
time.sleep(600)
"""


def lives(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(ready):
    deadline = time.monotonic() + 60
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.02)
    return ready()


class ContainTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def pid(self, name):
        path = pathlib.Path(self.folder.name, name)
        self.assertTrue(eventually(lambda: path.exists() and path.read_text()))
        return int(path.read_text())

    def command(self, then):
        wait = f'while [ ! -s "$2/daemon" ] || [ ! -s "$2/child" ]; do sleep 0.02; done; {then}'
        return ["bash", "-c", f'"$0" -c "$1" "$2"; {wait}', sys.executable, DAEMON, self.folder.name]

    def test_what_was_started_ends_and_what_was_not_stays(self):
        other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", self.folder.name])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        work = tempfile.mkdtemp()
        ended = subprocess.run(CONTAIN + ["--remove", work] + self.command("exit 7"), timeout=120, check=False)
        self.assertEqual(ended.returncode, 7)
        self.assertFalse(os.path.exists(work))
        self.assertFalse(lives(self.pid("daemon")))
        self.assertFalse(lives(self.pid("child")))
        self.assertTrue(lives(other.pid))

    def test_a_signal_ends_it_all(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            process = subprocess.Popen(CONTAIN + self.command("exec sleep 600"))
            daemon, child = self.pid("daemon"), self.pid("child")
            process.send_signal(number)
            self.assertEqual(process.wait(120), 128 + number)
            self.assertFalse(lives(daemon) or lives(child))
            for name in ("daemon", "child"):
                os.unlink(os.path.join(self.folder.name, name))

    def test_the_status_is_the_commands(self):
        for script, status in (("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", 137)):
            self.assertEqual(subprocess.run(CONTAIN + ["bash", "-c", script], check=False).returncode, status)
        self.assertEqual(subprocess.run(CONTAIN + ["/no/such/program"], stderr=subprocess.DEVNULL, check=False).returncode, 127)


if __name__ == "__main__":
    unittest.main()
