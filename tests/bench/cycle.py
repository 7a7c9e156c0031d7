# SPDX-License-Identifier: MIT
"""Processor time of client and server for one connection over loopback."""

import statistics

import places

ROUNDS, CONNECTIONS = 80, 300
# row, net.ipv4.tcp_fastopen, who speaks first
STORIES = (("cycle-off", 2, "write"), ("cycle-reads-first", 3, "read"),
           ("cycle-deferred", 3, "write"))


def measure(row, bits, order, shimmed):
    def run(env, n=CONNECTIONS):
        return float(places.output([places.peer("cycle"), order, str(n)], env))

    places.sysctl("tcp_fastopen", bits)
    run(shimmed, 1)
    got = places.interleaved(ROUNDS, {"bare": lambda: run(places.bare()),
                                      "shim": lambda: run(shimmed)})
    # the other work of the machine only ever adds: the least disturbed quarter counts
    reference, measured = (statistics.median(sorted(got[way])[:ROUNDS // 4])
                           for way in ("bare", "shim"))
    places.report(row, reference, measured, places.spread(sorted(got["bare"])[:ROUNDS // 4]))


places.own_network()
places.before_others()
with places.scratch() as here:
    for story in STORIES:
        measure(*story, places.shimmed(here))
