# SPDX-License-Identifier: MIT
"""table: how it went, as lines that tests/run counts, and as sections of RESULTS.md."""

import os
import re
import subprocess
import threading

MUST_WORK = os.environ.get("TFOSHIM_MUST_WORK") == "1"
_say = threading.Lock()
RESULTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "RESULTS.md")
TITLE = """# Real programs, bare and under the shim

Written by `tests/run programs`; README.md says what the columns mean.
"""
MODES = ("bare", "client", "server", "both")
HEAD = """| programs | in the client's SYN | bare | client | server | both |
|---|---|---|---|---|---|
"""
# Whose version says most about the others'.
TELLING = ("curl", "nginx", "haproxy", "redis-server", "postgresql", "mariadb-server",
           "openssh-server", "openssl", "nodejs", "default-jdk-headless", "python3")


def say(verdict, name, more=""):
    """PASS, FAIL or SKIP at the beginning of a line, and nothing else ever there."""
    if verdict == "SKIP" and MUST_WORK:
        verdict = "FAIL"
    first, *rest = str(more).splitlines() or [""]
    with _say:
        print(f"{verdict}: {name}{': ' if first else ''}{first}", *rest, sep="\n  ",
              flush=True)


def tell(one):
    """one(row), and a line of it."""
    def told(row):
        verdict, why, modes = one(row)
        say(verdict, row.name, why or figures(row, modes))
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


def machine():
    """Kernel and distribution without what changes every week."""
    kernel = ".".join(os.uname().release.split(".")[:2])
    with open("/etc/os-release", encoding="utf-8") as lines:
        name = dict(part.strip().split("=", 1) for part in lines if "=" in part)
    system = f"{name.get('NAME', '')} {name.get('VERSION_ID', '')}".replace('"', "")
    said = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *TELLING],
                          capture_output=True, text=True, check=False).stdout
    versions = [re.sub(r" (?:\d+:)?([^-+~]*).*", r" \1", told)
                for told in sorted(said.splitlines())]
    return f"Linux {kernel}, {system}; {', '.join(versions)}."


def matrix(rows, results):
    text = HEAD + "".join(line(*pair) + "\n" for pair in zip(rows, results))
    section("The matrix", f"{text}\n{summary(results)}.\n\n{machine()}")


def section(title, text):
    """One section of RESULTS.md; the others stay as they are."""
    try:
        with open(RESULTS, encoding="utf-8") as file:
            _, *parts = re.split(r"^## ", file.read(), flags=re.M)
    except OSError:
        parts = []
    found = dict(part.split("\n", 1) for part in parts)
    found[title] = f"\n{text}\n"
    with open(RESULTS, "w", encoding="utf-8") as out:
        out.write(TITLE)
        for name, body in found.items():
            out.write(f"\n## {name}\n\n{body.strip()}\n")


def summary(results):
    words = [r[0] for r in results]
    return (f"{words.count('PASS')} passed, {words.count('FAIL')} failed, "
            f"{words.count('SKIP')} skipped")


def verdict(results):
    """The exit status; a skip is a failure where nothing may be skipped."""
    print(f"# {summary(results)}")
    words = {r[0] for r in results}
    if "FAIL" in words or "SKIP" in words and MUST_WORK:
        return 1
    return 0 if "PASS" in words else 77
