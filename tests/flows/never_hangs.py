#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A program that wrote first the last time, and this time connects and then sleeps
until its server has seen the connection: it never sleeps for ever, whatever in."""

import ctypes
import os
import re
import subprocess
import sys
import time

import flow
from flow import SERVER4, check

PROGRAMS = ("sleep_file", "sleep_lock", "sleep_name", "sleep_open", "sleep_read",
            "sleep_stdio", "sleep_time")
SECTIONS = ("sleeping calls:", "streams and files")  # of hooks.def
# What cannot be made to wait here, or not as part of this story.
NOT_HERE = {
    **dict.fromkeys(("fdatasync", "fsync", "msync", "sync", "syncfs"),
                    "a disk that stands still"),
    **dict.fromkeys(("tcdrain", "tcsetattr"), "a line that stands still"),
    **dict.fromkeys(("gai_suspend", "getaddrinfo_a"),
                    "asks by a thread of libc's own, and the system's resolv.conf"),
}
PATIENCE = 5  # seconds
HELD_BACK_US = flow.RTT * 1000 // 2  # a connect() faster than this did no handshake


def sleeper(program, way, state):
    """Runs it; releases it when the server has seen its third connection."""
    service = flow.Service()
    process = flow.start([flow.peer(program), way, SERVER4, service.port], state,
                         cwd=flow.scratch(), stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    began = time.monotonic()
    while len(service.seen) < 3 and process.poll() is None and \
            time.monotonic() - began < PATIENCE:
        time.sleep(0.002)
    seen = len(service.seen)
    if seen == 3:
        process.stdin.write(b"x\nwords\n")
        process.stdin.flush()
    try:
        process.wait(PATIENCE)
        code = process.returncode
    except subprocess.TimeoutExpired:
        code = None
    flow.end(process)
    out, err = process.stdout.read().decode(), process.stderr.read().decode()
    for end in (process.stdin, process.stdout, process.stderr):
        end.close()
    return seen, code, out.split(), err.strip()


def never_hangs(one):
    """Bare, and under the shim until the connect was held back for once."""
    program, way = one
    bare = sleeper(program, way, None)
    if bare[1] != 0 or bare[2][1:] != ["pong"]:
        return check(way, False, f"the test itself, bare: {bare}")
    for _ in range(3):
        seen, code, said, err = sleeper(program, way, flow.scratch())
        if code != 0 or said[1:] != ["pong"]:
            where = "never seen by the server" if seen < 3 else "not released"
            return check(way, False, f"{where}, status {code} {said} {err}")
        if int(said[0]) < HELD_BACK_US:
            return check(way, True,
                         f"connect() took {said[0]} us, bare {bare[2][0]} us")
    return check(way, False, f"its connect() was never held back: {said[0]} us")


def rows():
    """The calls that hooks.def says may wait, as far as this libc has them."""
    with open(os.path.join(flow.HERE, "../../shim/preload/hooks.def"),
              encoding="utf-8") as file:
        sections = file.read().split("\n/* ")
    names = [name for section in sections if section.startswith(SECTIONS)
             for name in re.findall(r"^HOOK(?:_AT)?\((\w+)", section, re.M)]
    libc = ctypes.CDLL(None)
    return [name for name in names if hasattr(libc, name)]


def all_are_tried(ways):
    """A way begins with the name of its call: NAME, or NAME-ANYTHING."""
    tried = {way.split("-")[0] for _, way in ways}
    names = rows()
    missing = [name for name in names if name not in tried and name not in NOT_HERE]
    check("rows", len(names) > 100 and not missing,
          f"{len(names)}; nobody sleeps in {missing}" if missing else str(len(names)))


def story():
    libc = ctypes.CDLL(None)
    ways = [(program, way) for program in PROGRAMS
            for way in flow.run([flow.peer(program), "list"]).out.split()
            if not way.startswith("__isoc23_") or hasattr(libc, way)]
    all_are_tried(ways)
    ways = [one for one in ways if one[1] in (sys.argv[1:] or one[1])]
    check("ways", len(ways) > 150 or len(sys.argv) > 1, f"{len(ways)} to sleep")
    flow.together(never_hangs, ways, at_once=6)


if __name__ == "__main__":
    flow.main(story)
