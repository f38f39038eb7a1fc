#!/usr/bin/env python3
"""Boots a Debian with systemd-nspawn, types the commands of docs/first-day.md in one shell of root there, and compares the
output with the document. In the document `...` stands for anything, on a line of its own for any lines. A command without
output must succeed. A command that only reads is typed again until its output is right.

usage: first_day.py ROOT
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).parent.parent.parent
DOCUMENT = TOP / "docs/first-day.md"
ENVIRONMENT = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb",
               "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
READS = ("curl -s http", "journalctl", "freshet top", "freshet dlq list", "freshet dlq count", "clickhouse-client --query \"SELECT")
MARK = "=== status "
PATIENCE_S = 120  # a member that a dead broker has lost joins again within the session timeout
READY = "curl -s http://127.0.0.1:8123/ping >/dev/null && kafka-topics.sh --bootstrap-server localhost:9092 --list"


class Failed(Exception):
    pass


class Machine:
    """A booted Debian, and a shell in it."""

    def __init__(self, root):
        kafka, engine = os.environ["FRESHET_DEV_KAFKA_DIR"], os.environ["FRESHET_DEV_CHDB_LIB"]
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", f"--directory={root}", "--private-network", "--register=no", "--keep-unit",
             f"--bind-ro={kafka}:/opt/kafka/libs", f"--bind-ro={engine}:/opt/clickhouse/libchdb.so", "--boot"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.shell = None

    def leader(self):
        """The number of the machine's first process; None while there is none."""
        children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
        return children[0] if children else None

    def boots(self):
        """False if this machine cannot boot one."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and self.nspawn.poll() is None:
            if leader := self.leader():
                inside = ["nsenter", f"--target={leader}", "--all", *ENVIRONMENT]
                if subprocess.run([*inside, "systemctl", "is-active", "multi-user.target"], capture_output=True).returncode == 0:
                    self.shell = subprocess.Popen([*inside, "bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                  stderr=subprocess.STDOUT, text=True)
                    self.type("cd /root")
                    return True
            time.sleep(0.5)
        return False

    def type(self, command):
        """The output of the command, and its exit status."""
        self.shell.stdin.write(f"{command}\nprintf '\\n{MARK}%d\\n' $?\n")
        self.shell.stdin.flush()
        lines = []
        for line in self.shell.stdout:
            if line.startswith(MARK):
                return "".join(lines).removesuffix("\n"), int(line[len(MARK):])
            lines.append(line)
        raise Failed(f"the shell ended: {command}")

    def last_words(self):
        """For a failure: the log of the service, or what nspawn said if there was no shell. The shell may have ended, too."""
        if self.shell is None:
            self.stop()  # otherwise its output has no end
            return self.nspawn.stderr.read()[-500:]
        try:
            return self.type("journalctl --no-pager -u freshet@events | tail -20")[0]
        except (Failed, OSError) as error:
            return str(error)

    def stop(self):
        if self.shell is not None:
            self.shell.stdin.close()
            self.shell.wait()
        self.nspawn.send_signal(signal.SIGTERM)
        try:
            self.nspawn.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.nspawn.kill()
            self.nspawn.wait()


def steps(text):
    """(line number, command, expected output) of each command in the document."""
    found, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append((number, line[2:], ""))
        elif inside:
            found[-1] = (*found[-1][:2], found[-1][2] + line + "\n")
    return found


def pattern(expected):
    lines = ["(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n"
             for line in expected.splitlines()]
    return re.compile("".join(lines))


def differs(expected, output, status):
    if not expected:
        return output != "" or status != 0
    return pattern(expected).fullmatch(output if output.endswith("\n") or not output else output + "\n") is None


def walk(machine):
    for number, command, expected in steps(DOCUMENT.read_text()):
        end = time.monotonic() + (PATIENCE_S if command.startswith(READS) else 0)
        output, status = machine.type(command)
        while differs(expected, output, status) and time.monotonic() < end:
            time.sleep(0.5)
            output, status = machine.type(command)
        if differs(expected, output, status):
            raise Failed(f"{DOCUMENT.name}:{number}: {command}\nexpected:\n{expected}\ngot (status {status}):\n{output}")
        print(f"  {DOCUMENT.name}:{number}: {command}", flush=True)


def check_dashboard(machine, root):
    """Each query of the dashboard and of the alert rules finds its metrics at this process."""
    machine.type("curl -s http://127.0.0.1:8080/metrics >/root/metrics")
    command = [sys.executable, "live_metrics.py", f"{root}/root/metrics", "freshet_runtime_config_up"]
    done = subprocess.run(command, cwd=TOP / "tests/monitoring", capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"the dashboard: {done.stderr}")


def main():
    machine = Machine(sys.argv[1])
    try:
        if not machine.boots():
            if machine.nspawn.poll() is None:
                raise Failed(f"no multi-user.target within {PATIENCE_S} s")
            print(f"SKIPPED: docs/first-day.md; nspawn cannot boot here {machine.nspawn.stderr.read()[-500:]}")
            return
        end = time.monotonic() + PATIENCE_S
        while machine.type(READY)[1] != 0:
            if time.monotonic() > end:
                raise Failed("the servers do not start: " + machine.type("journalctl --no-pager -n 40")[0])
        walk(machine)
        check_dashboard(machine, sys.argv[1])
        print("docs/first-day.md is in order")
    except Failed as failed:
        print(machine.last_words())
        sys.exit(f"first_day.py: {failed}")
    finally:
        machine.stop()


main()
