#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""io_uring passes by our hooks: what it does alone, and what it and libc do together on
one connection, says the same as bare. Who sets up a ring by a call that is seen is left
alone, and one line tells so once; by the instruction, connections are held back as ever."""

import os

import flow
from edges import brief, trial
from flow import SERVER4, SERVER6, check

PROGRAMS = ("uring", "uring_raw")
# What loses or hangs a connection that is held back, where nobody can see the ring
# (README, limits).
ONLY_SEEN = ("greeted_ring_hears", "held_ring_closes", "held_ring_shuts")


def compare(program, case, host=SERVER4):
    name = f"{program}-{case}".replace("_", "-") + ("-ipv6" if host == SERVER6 else "")
    bare = trial(program, case, None, host)
    if bare.code != 0:
        return check(name, False, f"the test itself, bare: {bare}")
    asks, seen = bool(bare.err), program == "uring"
    for _ in range(3):  # until its connect() was held back
        done = trial(program, case, flow.scratch(), host)
        if done.held or seen or not asks or \
                (done.code, done.out) != (bare.code, bare.out):
            break
    told, wanted = done.out.splitlines(), bare.out.splitlines()
    if (done.code, told) != (bare.code, wanted):
        differ = [(a, b) for a, b in zip(told, wanted) if a != b]
        return check(name, False, f"differs (shim, bare): {differ[:3]}, "
                     f"{len(told)} and {len(wanted)} lines, {done}")
    if done.read != bare.read:
        return check(name, False, f"the server read {brief(done.read)}, bare "
                     f"{brief(bare.read)}")
    if asks and done.held == seen:
        return check(name, False, f"held back {done.held}, its ring was seen {seen}")
    return check(name, True, f"{len(wanted)} lines as bare")


def lines(program, case):
    """What is said of io_uring by a process that opens a ring."""
    path = os.path.join(flow.scratch(), "log")
    done = flow.run([flow.peer(program), case, SERVER4, flow.Service().port],
                    flow.scratch(), TFOSHIM_LOG=f"info:{path}")
    said = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as log:
            said = log.read().splitlines()
    return done, [line for line in said if " event=io_uring " in line], said


def tells():
    for case in ("ring_all", "ring_twice", "held_ring_sends"):
        done, told, said = lines("uring", case)
        check(f"told-once-{case}".replace("_", "-"), done.code == 0 and len(told) == 1,
              f"{len(told)} of {len(said)} lines: {told[:2]}")
    path = os.path.join(flow.scratch(), "log")
    flow.run([flow.peer("knock"), "write", 2, SERVER4, flow.Service().port],
             flow.scratch(), TFOSHIM_LOG=f"info:{path}")
    with open(path, encoding="utf-8") as log:
        said = log.read()
    check("told-only-of-rings", said and "io_uring" not in said,
          f"{len(said.splitlines())} lines")
    silent = flow.run([flow.peer("uring"), "ring_all", SERVER4, flow.Service().port],
                      flow.scratch())
    check("silent-when-not-asked", silent.code == 0 and not silent.err, str(silent))


def story():
    flow.run([flow.peer("native"), SERVER4, flow.Service().port])  # the cookies
    flow.run([flow.peer("native"), SERVER6, flow.Service().port])
    probe = flow.run([flow.peer("uring"), "ring_refused", SERVER4, flow.Service().port])
    if probe.code != 0:
        flow.cannot(f"io_uring is not to be had: {probe}")
    cases = [(program, case) for program in PROGRAMS
             for case in flow.run([flow.peer(program), "list"]).out.split()
             if program == "uring" or case not in ONLY_SEEN]
    check("cases", len(cases) > 30, str(len(cases)))
    cases += [("uring", case, SERVER6) for case in ("ring_all", "held_ring_sends")]
    flow.together(lambda one: compare(*one), cases, at_once=3)
    tells()


if __name__ == "__main__":
    flow.main(story)
