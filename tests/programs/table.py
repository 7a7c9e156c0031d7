# SPDX-License-Identifier: MIT
"""table: how the rows went, as lines while they run and as RESULTS.md."""

import os
import subprocess
import threading

_say = threading.Lock()
MODES = ("bare", "client", "server", "both")
HEAD = """# Real programs, bare and under the shim

Written by `tests/programs/run --write`; README.md says what the columns mean.

| programs | in the client's SYN | bare | client | server | both |
|---|---|---|---|---|---|
"""


def tell(one):
    """one(row), and a line of it."""
    def told(row):
        verdict, why, modes = one(row)
        with _say:
            print(f"{verdict} {row.name}: {why or figures(row, modes)}", flush=True)
        return verdict, why, modes
    return told


def figures(row, modes):
    wire, tries = modes[-1]["wire"], {m["mode"]: m["tries"] for m in modes}
    kind = {True: "data", False: "cookie", None: "plain"}[row.expected.data]
    return (f"{row.expected.word}, {wire[kind]} of {wire['syn']}, in run "
            f"{tries.get('both', tries.get('client'))}")


def expected(row):
    why = f": {row.expected.why}" if row.expected.why else ""
    return row.expected.word + why


def line(row, result):
    verdict, why, modes = result
    if verdict == "SKIP":
        return f"| {row.name} | {expected(row)} | skipped: {why} ||||"
    done = {m["mode"]: "**differs**" if m["wrong"] else "as expected" if m["mode"] == "bare"
            else "same" for m in modes}
    cells = [done.get(mode, "-" if modes else "**broken**") for mode in MODES]
    return f"| {row.name} | {expected(row)} | {' | '.join(cells)} |"


def versions(rows):
    packages = sorted({p for row in rows for p in row.packages})
    said = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *packages],
                          capture_output=True, text=True, check=False).stdout
    return ", ".join(sorted(said.splitlines()))


def write(path, rows, results):
    with open(path, "w", encoding="utf-8") as out:
        out.write(HEAD)
        out.writelines(line(*pair) + "\n" for pair in zip(rows, results))
        out.write(f"\n{summary(results)}.\n\nLinux {os.uname().release.split('-')[0]}; "
                  f"{versions(rows)}.\n")


def summary(results):
    count = {word: sum(1 for r in results if r[0] == word) for word in ("ok", "FAIL", "SKIP")}
    return f"{count['ok']} ok, {count['FAIL']} failed, {count['SKIP']} skipped"


def verdict(results):
    print(summary(results))
    words = {r[0] for r in results}
    if "FAIL" in words or "SKIP" in words and os.environ.get("TFOSHIM_MUST_WORK") == "1":
        return 1
    return 0 if "ok" in words else 77
