#!/usr/bin/env python3
"""Carries out the steps of a stage of packaging/docker/Dockerfile in a bare Debian, because build machines have no container
engine. The last stage is then started like a container: as its USER, with a read-only root, a memory file system at
/dev/shm, and only the variables that its ENV and this script set. It must become healthy, stop on SIGTERM with status 0, and
become unhealthy when it stops touching its health file.

usage: image.py ROOT PACKAGES          the last stage, with the folder that holds the package
       image.py ROOT --build SOURCE    the first stage, with a checkout
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

DOCKERFILE = pathlib.Path(__file__).parent.parent / "docker/Dockerfile"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MOUNTS = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev"'
READ_ONLY = ('mount --bind "$0" "$0" && ' + MOUNTS + ' && mount -t tmpfs tmpfs "$0/dev/shm" && mount -o remount,bind,ro "$0"')


def stages():
    """The instructions of each stage, as pairs (FROM, ...)."""
    text = re.sub(r"\\\n", " ", DOCKERFILE.read_text())
    found = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.partition(" ")
        if name == "FROM":
            found.append([])
        found[-1].append((name, rest.strip()))
    return found


class Container:
    def __init__(self, root):
        self.root = root
        self.environment = {"PATH": PATH}
        self.user = "0:0"
        self.folder = "/"
        self.command = {}

    def run(self, shell):
        words = ["env", "-i", "HOME=/root", *self.variables(), "sh", "-c", f"cd {shlex.quote(self.folder)} && {shell}"]
        done = subprocess.run(self.inside(words, MOUNTS), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f"image.py: {shell}\n{done.stdout}")

    def variables(self):
        return [f"{key}={value}" for key, value in self.environment.items()]

    def inside(self, words, mounts):
        script = f'{mounts} && exec chroot --userspec="$1" "$0" "${{@:2}}"'
        return ["unshare", "--mount", "bash", "-c", script, str(self.root), self.user, *words]

    def carry_out(self, instruction, rest, package_folder, source):
        if instruction == "RUN":
            self.step(rest, package_folder)
        elif instruction == "COPY":
            shutil.copytree(source, self.root / "src", symlinks=True, ignore=shutil.ignore_patterns("build"))
        elif instruction == "ENV":
            self.environment.update(pair.split("=", 1) for pair in shlex.split(rest))
        elif instruction == "USER":
            self.user = rest
        elif instruction == "WORKDIR":
            self.folder = rest
        elif instruction in ("ENTRYPOINT", "CMD"):
            self.command[instruction] = json.loads(rest)
        elif instruction == "HEALTHCHECK":
            self.command[instruction] = rest.split(" CMD ", 1)[1]
        elif instruction != "FROM":
            sys.exit(f"image.py: {instruction} is not known")

    def step(self, rest, package_folder):
        mount = re.match(r"--mount=type=bind,from=package,target=(\S+) ", rest)
        if mount is None:
            return self.run(rest)
        target = self.root / mount[1].lstrip("/")
        shutil.copytree(package_folder, target, ignore=shutil.ignore_patterns("_*"))
        self.run(rest[mount.end():])
        shutil.rmtree(target)


def wait_until(what, happens, seconds=15):
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
            sys.exit(f"image.py: not within {seconds} s: {what}")
        time.sleep(0.2)


def try_image(container):
    container.environment.update(FRESHET_BOOTSTRAP_SERVER="127.0.0.1:1", FRESHET_TOPIC="events", FRESHET_TABLE="events",
                                 FRESHET_CONSUMER_GROUP="group", FRESHET_CLICKHOUSE_URL="http://127.0.0.1:2")
    words = ["env", "-i", *container.variables(), *container.command["ENTRYPOINT"], *container.command["CMD"]]
    process = subprocess.Popen(container.inside(words, READ_ONLY), stderr=subprocess.PIPE)
    user, group = container.user.split(":")

    def enter(*command):
        entered = ["nsenter", "--target", str(process.pid), "--mount", "--root", "--wd", "--setuid", user, "--setgid", group]
        return subprocess.run([*entered, *command], stderr=subprocess.DEVNULL).returncode == 0

    def healthy():
        return enter("/bin/sh", "-c", container.command["HEALTHCHECK"])

    try:
        wait_until("healthy", healthy)
        if enter("/usr/bin/touch", "/tmp/file") or enter("/usr/bin/touch", "/etc/file"):
            sys.exit("image.py: the root is not read-only")
        process.send_signal(signal.SIGSTOP)
        if not enter("/usr/bin/touch", "-d", "-40 seconds", "/dev/shm/freshet-health") or healthy():
            sys.exit("image.py: a process that does nothing counts as healthy")
        process.send_signal(signal.SIGCONT)
        wait_until("healthy again", healthy)
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        text = process.communicate(timeout=30)[1].decode()
    if process.returncode != 0:
        sys.exit(f"image.py: exit status {process.returncode}\n{text}")


def take_along_npm(container):
    """What npm needs on this machine to reach its registry; the root has the machine's package sources already."""
    registry = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True, check=True).stdout
    container.environment["NPM_CONFIG_REGISTRY"] = registry.strip()
    if authorities := os.environ.get("NODE_EXTRA_CA_CERTS"):
        shutil.copy(authorities, container.root / "etc/npm-authorities.crt")
        container.environment["NODE_EXTRA_CA_CERTS"] = "/etc/npm-authorities.crt"


def main():
    container = Container(pathlib.Path(sys.argv[1]))
    build = sys.argv[2] == "--build"
    if build:
        take_along_npm(container)
    for instruction, rest in stages()[0 if build else -1]:
        container.carry_out(instruction, rest, sys.argv[2], sys.argv[-1])
    if not build:
        try_image(container)


main()
