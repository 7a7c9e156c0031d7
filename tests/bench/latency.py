# SPDX-License-Identifier: MIT
"""Runs in the lab: the time from socket() to the first byte of the answer, one new process
and one new connection at a time: plain TCP, the same programs with the shim, and a client
and a server that were written for Fast Open."""

import os
import statistics

import places

ROUNDS = 60
WARM = 3  # the first asks for a cookie, the second finds the destination proven
SERVER = "192.0.2.2"
WAYS = {"plain": ("plain", 5000), "shim": ("plain", 5001), "by hand": ("fastopen", 5002)}


def measure(story, env):
    def once(way):
        program, port = WAYS[way]
        args = [places.peer("fresh_client"), program, story, SERVER, str(port)]
        return lambda: float(places.output(args, env[way]))

    ways = {way: once(way) for way in WAYS}
    for _ in range(WARM):
        for way in ways.values():
            way()
    return places.interleaved(ROUNDS, ways)


def story_in_lab(story, env):
    def server(way):
        program, port = WAYS[way]
        return places.running([os.environ["LAB"], "in", "server",
                               places.peer("fresh_server"), program, story, SERVER,
                               str(port)], env[way])

    with server("plain"), server("shim"), server("by hand"):
        return measure(story, env)


def report(row, got, reference):
    places.report(row, statistics.median(got[reference]), statistics.median(got["shim"]),
                  places.spread(got[reference]))


with places.scratch() as here:
    environment = {"plain": places.bare(), "by hand": places.bare(),
                   "shim": places.shimmed(here)}
    times = story_in_lab("request", environment)
    report("request-by-hand", times, "by hand")
    report("request-plain", times, "plain")
    times = story_in_lab("greeting", environment)
    report("greeting-plain", times, "plain")
    report("greeting-by-hand", times, "by hand")
