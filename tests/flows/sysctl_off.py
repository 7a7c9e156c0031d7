#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where net.ipv4.tcp_fastopen has a bit off, nothing changes for client and server, nor
takes longer, and `tfo doctor` says why nothing is gained."""

import os
import subprocess

import flow
import tfolab
from flow import SERVER4, check, median

LABS = {  # name: (client's value, server's value)
    "client-off": (2, 3),
    "server-off": (3, 1),
    "both-off": (0, 0),
}
TRIALS = 20
LOOPS = ("poll", "select", "epoll-level-before", "epoll-edge-seen")


def everything(ports, under):
    """What clients and server say, with or without the shim on both sides; and ms."""
    state = flow.scratch() if under else None
    words = [os.environ["LAB"], "in", "server", flow.peer("answer"), *ports]
    server = flow.start(words, flow.scratch() if under else None,
                        stdout=subprocess.PIPE)
    flow.wait_for(server)
    told, times, connections = [], {}, 0
    for way in ("blocking", "poll", "edge"):
        times[way] = []
        for _ in range(TRIALS):
            done = flow.run([flow.peer("request"), way, SERVER4, ports[0]], state)
            micro, answer = (done.out.split() + ["0", "none"])[:2]
            told.append((way, done.code, answer, done.err))
            times[way].append(int(micro) / 1000)
            connections += 1
    for way in LOOPS:
        done = flow.run([flow.peer("loop"), way, SERVER4, ports[1]], state)
        told.append((way, done.code, done.out, done.err))
        connections += 3
    for way in ("blocking", "poll"):
        done = flow.run([flow.peer("knock"), way, 5, SERVER4, ports[2]], state)
        told.append((way, done.code, done.out, done.err))
    lines = sorted(server.stdout.readline().decode().split(" ", 1)[1].strip()
                   for _ in range(connections))
    flow.end(server)
    return told, lines, times


def doctor(name, side, wanted):
    """The verdict's line, in the namespace of that side."""
    words = [os.environ["LAB"], "in", side, os.environ["TFO"], "doctor"]
    done = flow.run(words, None, 20, TFOSHIM_STATE=flow.scratch())
    verdict = (done.out.strip().splitlines() or [""])[-1]
    remedy = any("sysctl -w net.ipv4.tcp_fastopen=3" in line
                 for line in done.out.splitlines())
    check(f"{name}-doctor-{side}", wanted in verdict and remedy and done.code == 1,
          f"{verdict!r}, remedy {remedy}, status {done.code}")


def story():
    name = os.environ["FLOW_LAB"]
    client, server = LABS[name]
    closed = flow.closed_port()
    plain_told, plain_lines, plain = everything([7001, 7002, closed], False)
    tfolab.reset()
    told, lines, shim = everything([7003, 7004, closed], True)
    differ = [pair for pair in zip(told, plain_told) if pair[0] != pair[1]]
    check(f"{name}-client-as-bare", not differ, f"{len(told)} runs, {differ[:1]}")
    check(f"{name}-server-as-bare", lines == plain_lines, f"{len(lines)} connections")
    for way, times in shim.items():
        a, b = median(plain[way]), median(times)
        check(f"{name}-{way}-takes-no-longer", b <= 1.1 * a + 2,
              f"plain {a:.1f} ms, shim {b:.1f}")
    counters = tfolab.counters()
    asked, got = counters["c2s_syn_cookie_request"], counters["s2c_synack_cookie"]
    check(f"{name}-wire", counters["c2s_syn_data"] == 0 and got == 0 and
          (asked > 0 if client & 1 else asked == 0),
          f"cookies asked for {asked}, given {got}, SYNs with data "
          f"{counters['c2s_syn_data']}")
    if "TFO" not in os.environ:
        return flow.note("TFO is not set: tfo doctor was not asked")
    if not client & 1:
        doctor(name, "client", "clients: no (the client bit is off)")
    if not server & 2:
        doctor(name, "server", "servers: no (the server bit is off)")


if __name__ == "__main__":
    flow.main(story, labs={name: ("--client-sysctl", str(values[0]),
                                  "--server-sysctl", str(values[1]))
                           for name, values in LABS.items()})
