# SPDX-License-Identifier: MIT
"""table: how the rows went, as lines while they run and as RESULTS.md."""

import os
import threading

_say = threading.Lock()


def figures(modes):
    for mode in modes:
        if mode["mode"] == "both" or len(modes) == 1:
            wire = mode["wire"] or {}
            return f"{wire.get('data')} of {wire.get('syn')} SYNs with data, " + \
                ", ".join(f"{m['mode']} run {m['tries']}" for m in modes)
    return ""


def tell(one):
    """one(row), and a line of it."""
    def told(row):
        verdict, why, modes = one(row)
        with _say:
            print(f"{verdict} {row.name}: {why or figures(modes)}", flush=True)
        return verdict, why, modes
    return told


def verdict(results):
    count = {word: sum(1 for r in results if r[0] == word) for word in ("ok", "SKIP", "FAIL")}
    print(f"{count['ok']} ok, {count['FAIL']} failed, {count['SKIP']} skipped")
    if count["FAIL"] or count["SKIP"] and os.environ.get("TFOSHIM_MUST_WORK") == "1":
        return 1
    return 0 if count["ok"] else 77
