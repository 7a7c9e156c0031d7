#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An ordinary server, all its calls told, is as bare under the shim while its clients
send their first bytes in the SYN."""

import os
import subprocess
import sys

import flow
import tfolab
from flow import SERVER4, SERVER6, check

CLIENTS = {"accept_flags": 4, "accept_bad": 4, "accept_in_a_loop": 5, "reuse_port": 8,
           "workers": 8, "child_listens": 2, "exec_inherits": 2}
# No data is taken in the SYN: the listener has said no, or has a key of its own.
ORDINARY = ("own_off", "own_key")


def trial(case, state, host):
    words = [os.environ["LAB"], "in", "server", flow.peer("serve"), case]
    server = flow.start(words, state, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE, bufsize=0)
    told = []
    while not told or not told[-1].startswith("ready"):
        told.append(server.stdout.readline().decode())
        if not told[-1]:
            break
    port = (told[-1].split() or ["", "0"])[1]
    told[-1] = "ready"
    answers = []
    for _ in range(CLIENTS.get(case, 1)):
        done = flow.run([flow.peer("native"), host, port])
        answers.append((done.code, done.out.split()[1:]))
    try:
        out, err = server.communicate(timeout=4)
    except subprocess.TimeoutExpired:
        flow.end(server)
        out, err = server.communicate()
    told += out.decode().splitlines()
    if case in ("child_listens",):  # two processes speak
        told.sort()
    return server.returncode, told, err.decode(), answers


def compare(case, host=SERVER4):
    name = case.replace("_", "-") + ("-ipv6" if host == SERVER6 else "")
    cookies()
    bare = trial(case, None, host)
    if bare[0] != 0 or bare[2]:
        return check(name, False, f"the test itself, bare: {bare}")
    cookies()
    tfolab.reset()
    shim = trial(case, flow.scratch(), host)
    taken = tfolab.counters()["s2c_synack_data_acked"]
    if shim != bare:
        differ = [(a, b) for a, b in zip(shim[1] + shim[3], bare[1] + bare[3])
                  if a != b]
        return check(name, False, f"differs (shim, bare): {differ[:3]}, {len(shim[1])} "
                     f"and {len(bare[1])} lines, status {shim[0]} and {bare[0]} "
                     f"{shim[2]}")
    if case == "own_off" and taken or case not in ORDINARY and not taken:
        return check(name, False, f"{taken} SYNs with data were accepted")
    return check(name, True, f"{len(bare[1])} lines as bare, {taken} of "
                 f"{CLIENTS.get(case, 1)} in the SYN")


def cookies():
    """Of the namespace's key: a listener may have handed out another's."""
    service = flow.Service()
    for host in (SERVER4, SERVER6):
        flow.run([flow.peer("native"), host, service.port])
    service.stop()


def story():
    cookies()
    cases = [case for case in flow.run([flow.peer("serve"), "list"]).out.split()
             if case in (sys.argv[1:] or case)]
    check("cases", len(cases) > 20 or len(sys.argv) > 1, str(len(cases)))
    for case in cases:
        compare(case)
    for case in ("plain", "accept_names"):
        if case in cases:
            compare(case, SERVER6)


if __name__ == "__main__":
    flow.main(story)
