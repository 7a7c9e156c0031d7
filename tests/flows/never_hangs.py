#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A program that wrote first the last time, and this time connects and then sleeps
until its server has seen the connection: it never sleeps for ever, whatever in."""

import subprocess
import time

import flow
from flow import SERVER4, check

PROGRAMS = ("sleep_file", "sleep_lock", "sleep_stdio", "sleep_time")
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
        process.stdin.write(b"x")
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


def story():
    ways = [(program, way) for program in PROGRAMS
            for way in flow.run([flow.peer(program), "list"]).out.split()]
    check("ways", len(ways) > 60, f"{len(ways)} to sleep")
    flow.together(never_hangs, ways, at_once=6)


if __name__ == "__main__":
    flow.main(story)
