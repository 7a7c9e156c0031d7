#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the EXAMPLEs of manual pages tell to type is typed, in the lab, on what looks like a
machine of its own; what they say comes out of it comes out, but for numbers and folders."""

import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "flows"))
import flow  # noqa: E402
import tfolab  # noqa: E402
from flow import SERVER4, check  # noqa: E402

FAILED = (2, 125, 126, 127)  # what no example ends with
URL = f"http://{SERVER4}:8000/"
POLICY = "[connect 192.0.2.0/24:8000 program=curl]\npayload = idempotent\n" \
    "[connect *:443]\ntfo = off\n"


class Machine:
    """A root directory that shows no container, a folder to work in, tfo in PATH."""

    def __init__(self):
        self.root, self.work = flow.scratch(), flow.scratch()
        tools = flow.scratch()
        for name in ("TFO", "LIB"):
            shutil.copy(os.environ[name], tools)
        # none goes plainly to be compared with: what comes out is no matter of luck
        luck = flow.put(os.path.join(self.work, "policy"), "[connect *]\nbaseline = off\n")
        flow.put(os.path.join(self.work, "hosts"), f"{SERVER4} server.example\n")
        self.env = flow.environment(PATH=f"{tools}:/usr/sbin:/usr/bin",
                                    TFOSHIM_POLICY=luck,
                                    TFOSHIM_STATE=os.path.join(self.work, "state"))
        links = "".join(f"[ ! -L /{n} ] || ln -sf usr/{n} {self.root}/{n}; "
                        for n in ("bin", "lib", "lib64", "sbin"))
        binds = "".join(f"mkdir -p {self.root}{at}; mount --rbind {at} {self.root}{at}; "
                        for at in ("/usr", "/etc", "/proc", "/dev", "/tmp",
                                   os.path.dirname(self.work)))
        self.script = f"mount --make-rprivate /; mount -t tmpfs none {self.root}; {links}" \
            f"{binds} mount --bind {self.work}/hosts {self.root}/etc/hosts; " \
            f"mkdir -m 755 {self.root}/run; cd {self.work}; " \
            f"exec chroot {self.root} sh -c 'cd \"$0\"; eval \"$1\"' {self.work} \"$1\""

    def run(self, line, **more):
        return subprocess.run(["unshare", "-m", "sh", "-ec", self.script, "sh", line],
                              env=dict(self.env, **more), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False)

    def put(self, name, text, mode=0o644):
        path = flow.put(os.path.join(self.work, name), text)
        os.chmod(path, mode)

    def has(self, name):
        return os.path.exists(os.path.join(self.work, name))

    def curl(self, times):
        for _ in range(times):
            self.run(f"tfo run -- curl -s {URL}")


# --- what a page takes for granted ---------------------------------------------------------

def nothing(machine):
    """A machine as it comes."""
    machine.run("sysctl -w net.ipv4.tcp_fastopen=1")


def served(machine):
    """The two sides are set up."""
    machine.run("sysctl -w net.ipv4.tcp_fastopen=3")


def ready(machine):
    """A policy of one's own, and a program whose test leaves nothing open."""
    served(machine)
    machine.put("my.policy", POLICY)
    machine.put("integration-test", "#!/bin/sh\nexec curl -s -o /dev/null " + URL + "\n",
                0o755)


def known(machine):
    """Curl has been there, and gained."""
    ready(machine)
    machine.curl(2)


def paused(machine):
    """It has been there, and lost."""
    served(machine)
    machine.curl(2)
    tfolab.fault("drop-syn-data")
    machine.curl(2)


SCENES = {"tfo": served, "tfo-run": ready, "tfo-doctor": nothing, "tfo-policy": served,
          "tfo-explain": known, "tfo-metrics": known, "tfo-reset": paused}


# --- a page --------------------------------------------------------------------------------

def typed(page):
    """[what is typed, the lines that come out of it] of its EXAMPLE."""
    with open(os.path.join(os.environ["SRC"], "man", page + ".1"), encoding="utf-8") as file:
        text = re.search(r"^\.Sh EXAMPLE\n(.*?)(?=^\.Sh )", file.read(), re.M | re.S).group(1)
    blocks = "".join(re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", text, re.M | re.S))
    steps = []
    for line in blocks.replace("\\&", "").splitlines():
        if line[:2] in ("$ ", "# ") and not re.match(r"# (my\.policy|/)", line):
            steps.append([line[2:], []])
        elif steps:
            steps[-1][1].append(line)
    return steps


def pattern(lines):
    """Any blanks, any numbers, any folder; a line of dots is any text."""
    words = re.split(r"\s+", "\n".join(lines).strip())
    parts = []
    for word in words:
        if word == "...":
            parts.append(r".*?")
            continue
        if "=/" in word:
            word = word.partition("=/")[0] + "=/"
        pieces = re.split(r"(\d[\d.]*)", word)
        pieces = [r"\d[\w.+-]*" if n % 2 else re.escape(piece)
                  for n, piece in enumerate(pieces)]
        parts.append("".join(pieces) + (r"\S+\s+" if word.endswith("=/") else r"\s+"))
    return re.compile(r"\s*" + "".join(parts) + r"\Z", re.S)


def type_in(machine, page, line, lines):
    name = f"{page}: {line}"
    if line.endswith("&"):
        return check(name, True, "(runs already, at the other end)")
    shown = re.fullmatch(r"cat (\S+)", line)
    if shown and not machine.has(shown.group(1)):
        machine.put(shown.group(1), "\n".join(lines) + "\n")
    done = machine.run(line)
    good = done.returncode not in FAILED
    if lines:
        wanted = pattern(lines)
        good = good and wanted.match(done.stdout + "\n")
    return check(name, good, "" if good else
                 f"{done.returncode} {done.stdout} INSTEAD OF {lines}")


def type_all(page, scene):
    """On a machine that nobody has used, whose kernel has no cookie."""
    tfolab.clear()
    subprocess.run(["ip", "tcp_metrics", "flush"], check=False, capture_output=True)
    machine = Machine()
    scene(machine)
    steps = typed(page)
    check(f"{page}: has an example", steps)
    for line, lines in steps:
        type_in(machine, page, line, lines)


def serve():
    """The page that all of them fetch."""
    def hello(conn, _seen):
        conn.recv(1 << 16)
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n"
                     b"hello\n")
    return flow.Service(hello, port=8000)


def story():
    serve()
    for page, scene in SCENES.items():
        type_all(page, scene)


if __name__ == "__main__":
    flow.main(story, labs={"as it comes": ()})
