# SPDX-License-Identifier: MIT
"""Resident private memory of a process with many open sockets that do nothing."""

import statistics

import places

ROUNDS, FEW, MANY = 9, 2, 1002


def kib(kind, n, env):
    return lambda: int(places.output([places.peer("idle"), kind, str(n)], env))


def measure(kind, shimmed):
    ways = {"bare": places.bare(), "shim": shimmed}
    got = places.interleaved(ROUNDS, {(way, n): kib(kind, n, env)
                                      for way, env in ways.items() for n in (FEW, MANY)})
    middle = {key: statistics.median(values) for key, values in got.items()}
    one = {way: (middle[way, MANY] - middle[way, FEW]) * 1024 / (MANY - FEW)
           for way in ways}
    return middle["bare", FEW], middle["shim", FEW], one["bare"], one["shim"]


places.own_network()
with places.scratch() as here:
    for name in ("fresh", "connected"):
        few_bare, few_shim, one_bare, one_shim = measure(name, places.shimmed(here))
        places.report(f"memory-fixed-{name}", few_bare, few_shim)
        places.report(f"memory-{name}", one_bare, one_shim)
