# SPDX-License-Identifier: MIT
"""Instructions of one call on a descriptor with nothing pending, counted by callgrind."""

import concurrent.futures
import re

import places

NAMES = "send", "recv", "read", "write", "close"
CALLS = 200  # as in calls.c
VALGRIND = places.tool("valgrind")


def count(name, state, env):
    args = [VALGRIND, "--tool=callgrind", "--callgrind-out-file=/dev/null",
            "--toggle-collect=counted", "--log-fd=1", places.peer("calls"), name, state]
    found = re.search(r"Collected : (\d+)", places.output(args, env))
    if not found:
        raise SystemExit("callgrind counted nothing")
    return int(found[1]) / CALLS


places.own_network()
with places.scratch() as here, concurrent.futures.ThreadPoolExecutor(2) as pool:
    jobs = {(name, state): [pool.submit(count, name, state, env)
                            for env in (places.bare(), places.shimmed(here))]
            for state in ("quiet", "busy") for name in NAMES}
    for (name, state), both in jobs.items():
        reference, measured = (job.result() for job in both)
        places.report(f"{name}-{state}", reference, measured, 0.0)
