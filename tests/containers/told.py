# SPDX-License-Identifier: MIT
"""What was looked at, a line each, and how much of it was good."""

import os

counted = {"PASS": 0, "FAIL": 0, "SKIP": 0}


def say(what, name, *seen):
    counted[what] += 1
    print(f"{what}: {name}", *(["-", *map(str, seen)] if what != "PASS" else []), flush=True)


def check(name, good, *seen):
    say("PASS" if good else "FAIL", name, *[str(one)[-1500:] for one in seen])
    return good


def skip(name, why):
    say("FAIL" if os.environ.get("TFOSHIM_MUST_WORK") == "1" else "SKIP", name, why)
