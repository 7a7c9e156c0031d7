# SPDX-License-Identifier: MIT
"""Resident private memory of a process with many open sockets that do nothing."""

import statistics

import places

ROUNDS, SOCKETS = 9, 1000


def kib(kind, n, env):
    return lambda: int(places.output([places.peer("idle"), kind, str(n)], env))


def measure(kind, shimmed):
    got = places.interleaved(ROUNDS, {
        (way, n): kib(kind, n, env)
        for way, env in (("bare", places.bare()), ("shim", shimmed))
        for n in (0, SOCKETS)})
    return {key: statistics.median(values) for key, values in got.items()}


def per_socket(got, way):
    return (got[way, SOCKETS] - got[way, 0]) * 1024 / SOCKETS


places.own_network()
with places.scratch() as here:
    for name in ("fresh", "connected"):
        memory = measure(name, places.shimmed(here))
        if name == "fresh":
            places.report("memory-fixed", memory["bare", 0], memory["shim", 0])
        places.report(f"memory-{name}", per_socket(memory, "bare"),
                      per_socket(memory, "shim"))
