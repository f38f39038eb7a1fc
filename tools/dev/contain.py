"""usage: python3 contain.py [--remove FOLDER] COMMAND...

Runs COMMAND and ends with its exit status, after everything that it has started has ended: whatever still runs then,
also what has gone into the background with a session of its own, is killed by its process id. Nothing else is: processes
are known by their parents and never by what their command lines say. SIGTERM, SIGHUP and Ctrl-C end it in the same way.
--remove: what is in FOLDER goes once nobody is left.
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
    """The processes whose parent `parent` is: since orphans of ours become our children, all can be reached so."""
    out = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            # PID (COMMAND) STATE PARENT ...; the command may hold anything, also brackets.
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[1]) == parent:
            out.append(int(stat.parent.name))
    return out


def kill_descendants(parent):
    """The deepest last: who is stopped first cannot start others in the place of those that are killed."""
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
    """Kills and waits until nobody is left, also of those that were started meanwhile."""
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
    # A terminal sends Ctrl-C to the command as well; the others are passed on.
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
