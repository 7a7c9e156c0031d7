# SPDX-License-Identifier: MIT
"""Microseconds from posix_spawn() of a small program to its end."""

import os
import statistics
import time

import places

ROUNDS = 400
PROGRAM = places.tool("true")


def spawn(env):
    start = time.perf_counter_ns()
    pid = os.posix_spawn(PROGRAM, [PROGRAM], env)
    status = os.waitpid(pid, 0)[1]
    if status:
        raise SystemExit(f"{PROGRAM}: status {status}")
    return (time.perf_counter_ns() - start) / 1000


with places.scratch() as here:
    bare, shimmed = places.bare(), places.shimmed(here)
    got = places.interleaved(ROUNDS, {"bare": lambda: spawn(bare),
                                      "shim": lambda: spawn(shimmed)})
    places.report("exec", statistics.median(got["bare"]), statistics.median(got["shim"]),
                  places.spread(got["bare"]))
