# SPDX-License-Identifier: MIT
"""outside: a program that runs, and what can be had of it by who stands beside it: how it is
started, what `tfo leaks` says, how it ended."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time

PATIENCE_S = 30


class Wrong(Exception):
    """The program, or the command, did not do what every program does: a sentence."""


def environment(state=None, leaks="count", **more):
    """Of a program: under the shim with that state directory, or bare."""
    env = {k: v for k, v in os.environ.items()
           if k != "LD_PRELOAD" and not k.startswith("TFOSHIM_")}
    if state:
        env.update(LD_PRELOAD=os.environ["LIB"], TFOSHIM_STATE=state, TFOSHIM_LEAKS=leaks)
    env.update(more)
    return env


def runs(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False


class Running:
    """A program of ours that has said ready; its children by role."""

    def __init__(self, words, env, under=(), cwd=None):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*under, *words], env=env, cwd=cwd, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.errors, text=True,
            start_new_session=True)
        self.pids = {"main": self.process.pid}
        self.ended = {}
        timer = threading.Timer(PATIENCE_S, self.end)
        timer.start()
        try:
            self.until_ready(words)
        finally:
            timer.cancel()

    def until_ready(self, words):
        for line in self.process.stdout:
            if line == "ready\n":
                return
            child = re.match(r"child (\d+)", line)
            if child:
                self.pids["child"] = int(child.group(1))
        code = self.process.wait()
        raise Wrong(f"{os.path.basename(words[-2])} ended with {code} before it was ready: "
                    f"{self.said()}")

    def said(self):
        """On stderr, so far."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def signal_all(self, number):
        for pid in self.pids.values():
            os.kill(pid, number)

    def kill(self):
        """Until none of them runs; a child may stay a zombie."""
        self.signal_all(signal.SIGKILL)
        self.process.wait()
        until = time.monotonic() + PATIENCE_S
        while any(runs(pid) for pid in self.pids.values()) and time.monotonic() < until:
            time.sleep(0.005)

    def finish(self):
        """Tells it to end; statuses by role."""
        self.process.stdin.close()
        timer = threading.Timer(PATIENCE_S, self.end)
        timer.start()
        out = self.process.stdout.read()
        code = self.process.wait()
        timer.cancel()
        self.ended["main"] = code
        child = re.search(r"^ended (\d+)", out, re.M)
        if child:
            self.ended["child"] = int(child.group(1))
        return self.ended

    def end(self):
        """Whatever it does; it is a session of its own."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


NOTHING = {"process": {"running": False}, "sites": [], "findings": [], "closed_behind": 0}


def tfo_leaks(state, who, *options, **more):
    """What `tfo leaks WHO --json` says of one process; sockets of a moment ago are told of
    as well. Who is dead and left no ledger is not known any more."""
    done = subprocess.run([os.environ["TFO"], "leaks", str(who), "--json", "--min-age", "0",
                           *options], env=environment(TFOSHIM_STATE=state, **more),
                          capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    try:
        documents = json.loads(done.stdout)
    except ValueError:
        raise Wrong(f"tfo leaks {who}: status {done.returncode}, said "
                    f"{done.stdout[-500:]!r} {done.stderr[-500:]!r}") from None
    if len(documents) > 1:
        raise Wrong(f"tfo leaks {who} tells of {len(documents)} processes")
    if not documents:
        return NOTHING
    return {**documents[0], "status": done.returncode}


def essence(document, dead=False):
    """What of it does not change while nothing happens; of the dead, the kernel does not
    know the states any more."""
    sites = [(s["count"], s["kind"], json.dumps(s["stack"]),
              "" if dead else json.dumps(s["states"])) for s in document["sites"]]
    findings = [(f["kind"], f["call"], f["count"], json.dumps(f["stacks"]))
                for f in document["findings"]]
    return sorted(sites), sorted(findings)
