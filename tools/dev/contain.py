"""usage: python3 contain.py [--remove FOLDER] COMMAND...

Runs COMMAND and returns its exit status after all its descendants have ended. Descendants that still run when COMMAND ends
are killed by process id, including background processes in their own session. They are found by their parents, never by
their command lines, so no other process is affected. SIGTERM, SIGHUP and Ctrl-C end everything in the same way.
--remove: removes the contents of FOLDER at the end.
"""
import ctypes
import os
import pathlib
import shutil
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

libc = ctypes.CDLL(None, use_errno=True)


def prctl(option, value):
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def children_of(parent):
    """The children of `parent`. Our orphaned descendants become our children, so this reaches all of them."""
    out = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            # PID (COMMAND) STATE PARENT ...; the command may contain any character, including brackets.
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended in the meantime
        if int(fields[1]) == parent:
            out.append(int(stat.parent.name))
    return out


def kill_descendants(parent):
    """Stops each process before its children are killed, so that it cannot start new ones."""
    for child in children_of(parent):
        try:
            os.kill(child, signal.SIGSTOP)
        except ProcessLookupError:
            continue
        kill_descendants(child)
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass


def reap_all():
    """Kills all descendants and waits until none is left, including new ones."""
    while True:
        kill_descendants(os.getpid())
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def pass_on(child):
    def handler(number, _):
        try:
            os.kill(child, number)
        except ProcessLookupError:
            pass
    return handler


def run(command):
    this = os.getpid()
    child = os.fork()
    if child == 0:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != this:
            os._exit(127)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        try:
            os.execvp(command[0], command)
        except OSError as error:
            print(f"contain: {command[0]}: {error.strerror}", file=sys.stderr)
            os._exit(127)
    # The terminal sends Ctrl-C to the command, too; other signals are forwarded.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on(child))
    while True:
        ended, status = os.waitpid(-1, 0)  # also orphans that have ended
        if ended == child:
            return status


def main():
    command, folder = sys.argv[1:], None
    if command[:1] == ["--remove"] and len(command) > 1:
        folder, command = command[1], command[2:]
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    status = run(command)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    reap_all()
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


if __name__ == "__main__":
    sys.exit(main())
