# SPDX-License-Identifier: MIT
"""versus: the compiled programs once more, under `valgrind --track-fds=yes` and under the
shim: what each finds, whom it accuses falsely, and what it costs. Both are counted by the
same rules: a socket counts as found if the function that opened it is named, and every
socket that is reported and is not one of the leaks is a false accusation."""

import concurrent.futures
import glob
import os
import re
import shutil
import statistics
import subprocess
import tempfile

import builds
import outside
from verify import same_name

RESULTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "RESULTS.md")
ROUNDS, CYCLES, SLOW_CYCLES = 7, 3000, 600
WORK = 1000  # numbers to sort


def score(leaks, reported):
    """(found, falsely accused) of sockets reported, each as its stack of functions."""
    left, found = list(reported), 0
    for leak in leaks:
        mine = [s for s in left
                if any(same_name(leak.chain[0], name) for name in s)][:leak.count]
        found += len(mine)
        for stack in mine:
            left.remove(stack)
    return found, len(left)


def score_findings(findings, reported):
    """Of bad closes and uses, each as the functions of its stack."""
    left, found = list(reported), 0
    for wanted in findings:
        mine = [s for s in left
                if any(same_name(wanted.here, name) for name in s)][:wanted.count]
        found += len(mine)
        for stack in mine:
            left.remove(stack)
    return found, len(left)


# --- ours

def by_us(story, mode, top):
    """{role: (sockets, findings)}, from outside, or where that is too early, at the end."""
    state = tempfile.mkdtemp(prefix="state.", dir=top)
    running = outside.Running([*builds.words_of(story, "O2", top), mode],
                              outside.environment(state, "fatal"))
    told = {}
    try:
        for role, pid in running.pids.items():
            document = outside.tfo_leaks(state, pid)
            sockets = [[s["stack"][0]["function"]] if s["stack"] else []
                       for s in document["sites"] for _ in range(s["count"])]
            bad = [[f["stacks"]["this"][0]["function"]]
                   for f in document["findings"] for _ in range(f["count"])]
            told[role] = sockets, bad
        ended = running.finish()
    finally:
        running.end()
    if not story.looks and mode == "clean":
        told["main"] = [["at exit"]] if ended["main"] else [], told["main"][1]
    return told


# --- valgrind

def blocks(text):
    """Of a log: (its first line, the functions of its first stack)."""
    for part in re.split(r"\n\s*\n", re.sub(r"^==\d+== ?", "", text, flags=re.M)):
        for block in re.split(r"^(?=Open |File descriptor )", part, flags=re.M):
            head, *lines = block.splitlines() or [""]
            stack = []
            for line in lines:
                frame = re.match(r"\s+(?:at|by) 0x[0-9A-F]+: (.*) \((?:in )?[^()]*\)$", line)
                if frame:
                    stack.append(frame.group(1))
                elif stack:
                    break  # the next one, "Previously closed"
            yield head, stack


def by_valgrind(story, mode, top):
    logs = tempfile.mkdtemp(prefix="valgrind.", dir=top)
    running = outside.Running(
        [*builds.words_of(story, "O2", top), mode], outside.environment(),
        under=["valgrind", "--track-fds=yes", "--trace-children=yes",
               f"--log-file={logs}/%p"])
    told = {}
    try:
        running.finish()
    finally:
        running.end()
    for role, pid in running.pids.items():
        sockets, bad = [], []
        for path in glob.glob(f"{logs}/{pid}"):
            with open(path, encoding="utf-8", errors="replace") as log:
                for head, stack in blocks(log.read()):
                    # the first few are libc's own; without a stack: inherited
                    if re.match(r"Open \S+ socket ", head) and stack:
                        sockets.append(stack[:4])
                    elif re.match(r"File descriptor .*closed", head):
                        bad.append(stack[:4])
        told[role] = sockets, bad
    return told


# --- both

class Tally:
    """What one of the two said of one program."""

    def __init__(self, story, told):
        self.found = self.false = self.wanted = 0
        for mode in story.modes():
            for role, (sockets, bad) in told[mode].items():
                leaks = story.leaks[mode, role]
                if story.declared and mode == "clean":
                    sockets = self.undeclared(story, sockets)
                found, false = score(leaks, sockets)
                more, falser = score_findings(story.findings[mode, role], bad)
                self.found += found + more
                self.false += false + falser
                self.wanted += sum(f.count for f in leaks + story.findings[mode, role])

    @staticmethod
    def undeclared(story, sockets):
        """Neither is told of the pool here, so that it is held against neither."""
        name, allowed = story.declared
        mine = [s for s in sockets if any(same_name(name, f) for f in s)]
        return [s for s in sockets if s not in mine] + mine[allowed:]


def judge(story, top):
    """(story, ours, valgrind's)"""
    ours = {mode: by_us(story, mode, top) for mode in story.modes()}
    theirs = {mode: by_valgrind(story, mode, top) for mode in story.modes()}
    return story, Tally(story, ours), Tally(story, theirs)


def costs(top, numbers):
    """{how: [(microseconds by the clock, of the processor)]} of a connection and its end,
    and of so many numbers to sort, in rounds."""
    program = os.path.join(top, "cycles")
    builds.command("gcc", *builds.FLAGS, "-O2", "-g", "-o", program,
                   os.path.join(builds.C, "cycles.c"))
    state = tempfile.mkdtemp(prefix="state.", dir=top)
    ways = {
        "bare": (outside.environment(), [], CYCLES),
        "under the shim, stacks = caller":
            (outside.environment(state, "exit"), [], CYCLES),
        "under the shim, stacks = full":
            (outside.environment(state, "exit,stacks=full"), [], CYCLES),
        "valgrind --track-fds=yes": (outside.environment(),
                                     ["valgrind", "-q", "--track-fds=yes",
                                      "--log-file=/dev/null"], SLOW_CYCLES),
    }
    taken = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, (env, under, cycles) in ways.items():
            done = subprocess.run([*under, program, str(cycles), str(numbers)], env=env,
                                  text=True, capture_output=True, timeout=120, check=True)
            taken[way].append([float(n) for n in done.stdout.split()])
    return taken


def cost_table(title, taken):
    """Medians; and of the ratios within each round, since others work here too."""
    lines = [f"| {title} | clock | | processor | |", "|---|---|---|---|---|"]
    for way, rounds in taken.items():
        cells = [way]
        for column, bare in zip(zip(*rounds), zip(*taken["bare"])):
            ratio = statistics.median(mine / its for mine, its in zip(column, bare))
            cells += [f"{statistics.median(column):.1f} us", f"{ratio:.2f} times"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def table(judged):
    lines = ["| program | sockets leaked, bad closes and uses | named by tfoshim | falsely "
             "accused | named by valgrind | falsely accused |", "|---|---|---|---|---|---|"]
    for story, ours, theirs in judged:
        lines.append(f"| {story.name} | {ours.wanted} | {ours.found} | {ours.false} | "
                     f"{theirs.found} | {theirs.false} |")
    sums = [sum(getattr(pick(row), key) for row in judged) for pick, key in
            ((lambda r: r[1], "wanted"), (lambda r: r[1], "found"),
             (lambda r: r[1], "false"), (lambda r: r[2], "found"),
             (lambda r: r[2], "false"))]
    lines.append(f"| **all** | {' | '.join(f'**{n}**' for n in sums)} |")
    return "\n".join(lines), sums


TITLE = """# Sockets nobody closed: found, and falsely accused

Written by `tests/leaks/run --versus --write`; README.md says how it is counted. {version}. The column
of leaks is of the leaky twin; false accusations are of both twins and all their processes.

"""


def compare(picked, top, write):
    """Runs both, prints the table; the verdicts."""
    if not shutil.which("valgrind"):
        print("SKIP: leaks against valgrind: there is no valgrind")
        return ["FAIL" if os.environ.get("TFOSHIM_MUST_WORK") == "1" else "SKIP"]
    compiled = [s for s in picked if s.compiled()]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        judged = list(pool.map(lambda s: judge(s, top), compiled))
    text, (wanted, found, false, theirs, theirs_false) = table(judged)
    text = "\n\n".join((text, cost_table("a connection and its end, both sides",
                                         costs(top, 0)),
                        cost_table(f"... and {WORK} numbers sorted in between",
                                   costs(top, WORK))))
    version = builds.command("valgrind", "--version").strip()
    if write:
        with open(RESULTS, "w", encoding="utf-8") as out:
            out.write(TITLE.format(version=version) + text + "\n")
    print(text)
    good = found == wanted and false == 0 and theirs <= found
    print(f"{'PASS' if good else 'FAIL'}: leaks against valgrind: {found} of {wanted} named, "
          f"{false} falsely accused; valgrind {theirs} and {theirs_false}", flush=True)
    return ["PASS" if good else "FAIL"]
