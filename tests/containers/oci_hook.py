# SPDX-License-Identifier: MIT
"""The OCI hook: a container's own namespace, and what its annotation asks for."""

import json
import os
import re
import socket
import subprocess

from told import check
from world import SRC


SCRIPT = os.path.join(SRC, "wrappers/oci/tfoshim-sysctl")
# A /dev with a log of our own, behind which the rest of the words run.
WITH_LOG = ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /dev && ln -s $0 /dev/log && "
            "mknod -m 666 /dev/null c 1 3 && exec \"$@\""]


class Others:
    """A process in a network namespace of its own, whose /proc/sys may be read only."""

    def __init__(self, value, mount="rw"):
        self.process = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", f"echo {value} > /proc/sys/net/ipv4/tcp_fastopen; echo; "
             "exec sleep 60"], stdout=subprocess.PIPE)
        self.process.stdout.readline()
        self.before = [] if mount == "rw" else [
            "unshare", "-m", "sh", "-c", "mount --bind /proc/sys /proc/sys && "
            "mount -o remount,bind,ro /proc/sys && exec \"$0\" \"$@\""]

    def value(self):
        return subprocess.run(["nsenter", "-n", "-t", str(self.process.pid), "cat",
                               "/proc/sys/net/ipv4/tcp_fastopen"], capture_output=True, text=True,
                              check=True).stdout.strip()

    def state(self, value, pid=None):
        return json.dumps({"ociVersion": "1.0.2", "id": "x", "pid": pid or self.process.pid,
                           "annotations": {"a": "\"pid\": 1", "tfoshim.fastopen": value,
                                           "z": "{\"tfoshim.fastopen\": \"1\"}"}}, indent="\t")


def alone(name, state, words, before=(), **more):
    """The hook by itself: never a failure, and a line that says why, or none."""
    got = subprocess.run([*before, SCRIPT], input=state, capture_output=True, text=True,
                         check=False, **more)
    line = f"tfoshim-sysctl: .*({words}).*; the container starts as it is\n"
    check(f"OCI hook: {name}", got.returncode == 0 and not got.stdout and
          (re.fullmatch(line, got.stderr) if words else not got.stderr), got)


def hostile(place):
    """Whatever it is given."""
    one = Others(1)
    mine = subprocess.run(["cat", "/proc/sys/net/ipv4/tcp_fastopen"], capture_output=True,
                          check=True).stdout
    try:
        for name, state, words in (
                ("nothing on stdin", "", "no state"), ("an empty object", "{}", "no state"),
                ("no JSON", "\0\1\2\n\0", "no state"), ("a long one", "x" * 3000000, "no state"),
                ("process 0", '{"pid": 0}', "no state"), ("a text", '{"pid": "1"}', "no state"),
                ("no annotation", '{"pid": 1, "annotations": {}}', "not a number"),
                ("a process that is gone", one.state("3", 999999999), "999999999 cannot be seen"),
                ("its own network", one.state("3", os.getpid()), "network of the machine")):
            alone(name, state, words)
        # process 1 is of our network, and the hook of another
        alone("the first process's network", one.state("0x403", 1), "network of the machine",
              before=["unshare", "-p", "-f", "--mount-proc", "sh", "-c", "unshare -n $0; exit $?"])
        for value in ("", "x", "-1", "3x3", "0x", "1+1", "$(id)", "03", "3 "):
            alone(f"value {value!r}", one.state(value), "not a number")
        for value in ("99999999999", "0xfffffffff"):
            alone(f"value {value!r}", one.state(value), f"cannot be set to {value}: .+")
        check("OCI hook: nothing was changed", one.value() == "1", one.value())
        alone("nobody's process", one.state("3"), "cannot be seen", user=65534, group=65534,
              extra_groups=[])
        alone("a process, without capabilities", one.state("3"), "cannot be seen|cannot be set",
              before=["setpriv", "--bounding-set=-all", "--inh-caps=-all"], user=65534)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.settimeout(5)
            log.bind(os.path.join(place, "log"))
            alone("the machine's log has it too", "{}", "no state",
                  before=[*WITH_LOG, os.path.join(place, "log")])
            said = log.recv(1000)
            check("OCI hook: the log's line", b"tfoshim-sysctl" in said and b"no state" in said,
                  said)
        alone("it works", one.state("0x403"), None)
        check("OCI hook: it is set", one.value() == "1027", one.value())
    finally:
        one.process.kill()
        one.process.wait()
    two = Others(0, "ro")
    alone("/proc/sys is read only", two.state("3"), "cannot be set to 3: .*[Rr]ead-only",
          before=two.before)
    check("OCI hook: it stays 0", two.value() == "0", two.value())
    two.process.kill()
    two.process.wait()
    check("OCI hook: our own network is as it was", mine == subprocess.run(
        ["cat", "/proc/sys/net/ipv4/tcp_fastopen"], capture_output=True, check=True).stdout)


def run(world):
    root, place = world.roots["musl"], os.path.join(world.place, "hooks.d")
    os.makedirs(place)
    with open(os.path.join(SRC, "wrappers/oci/tfoshim.json.in"), encoding="ascii") as file:
        text = file.read().replace("@pkglibdir@", os.path.join(SRC, "wrappers/oci"))
    with open(os.path.join(place, "tfoshim.json"), "w", encoding="ascii") as to:
        to.write(text)
    ask = ["cat", "/proc/sys/net/ipv4/tcp_fastopen"]

    def value(annotation, *options):
        words = ["--annotation", "tfoshim.fastopen=" + annotation] if annotation else []
        got = world.engine.podman("--hooks-dir", place, *world.engine.words(
            root, ["--rm", *words], ask, options))
        return got.stdout.strip() if not got.returncode and not got.stderr else got

    for annotation, wanted in ((None, "1"), ("3", "3"), ("0x403", "1027"), ("many", "1"),
                               ("99999999999", "1")):
        got = value(annotation, "--network=none")
        check(f"OCI hook: {annotation} gives {wanted}", got == wanted, got)
    got = value("3", "--network=none", "--sysctl=net.ipv4.tcp_fastopen=0")
    check("OCI hook: --sysctl has the last word", got == "0", got)
    got = value("0x403", "--network=host")
    check("OCI hook: the machine's own network is left alone", got == "3", got)
    hostile(world.place)
