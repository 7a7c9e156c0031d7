# SPDX-License-Identifier: MIT
"""What the memory of destinations costs at one connection."""

import os
import subprocess

import places

NAMES = "learn_ask", "learn_gate", "learn_is_baseline", "learn_first_byte"
NM = places.tool("nm")


def offsets():
    """Where they are in the object: NAME=HEX."""
    lines = subprocess.run([NM, os.environ["LIB"]], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    found = {line.split()[2]: line.split()[0] for line in lines if len(line.split()) == 3}
    missing = [name for name in NAMES if name not in found]
    if missing:
        places.skip(f"the object has no symbol {missing[0]}: stripped?")
    return [f"{name}={found[name]}" for name in NAMES]


places.own_network()
places.before_others()
with places.scratch() as here:
    words = [places.peer("decide"), *offsets()]
    got = [[int(line) for line in places.output(words, places.shimmed(here)).split()]
           for _ in range(5)]
    places.report("memory-of-destinations", 0, min(all_ for all_, _ in got))
    places.report("memory-question", min(one for _, one in got), min(all_ for all_, _ in got))
