# SPDX-License-Identifier: MIT
"""What a program sees of its start, and what is seen of its end: bare and behind each launcher, for
each kind of container."""

import re

from told import check
from wire import stories
from world import LAUNCHER, beside

ODD = ["a b", "c\nd", "", "*", "$HOME", "it's", '"', "-n", "\\", "--"]
# Arguments, process, user, place, signals, capabilities, descriptors, a dead child, stdin, stderr.
ALL = """for word; do printf '<%s>\\n' "$word"; done
env
echo "process $$"; id; pwd; umask
grep -E '^(Sig|Cap|NoNew|Secc)' /proc/self/status
cd /proc/self/fd && echo descriptors *
sh -c 'kill -SEGV $$'; echo "died by $?"
read line; echo "read $line"
echo err >&2
exit 7"""
WAIT = """trap 'echo told' USR1; trap 'exit 42' TERM; echo ready
while :; do sleep 0.1; done"""
OURS = re.compile(r"(LD_PRELOAD|TFOSHIM_STATE|HOSTNAME|_|PWD|SHLVL|OLDPWD|SigQ:)[=\t].*")


class Kind:
    """One kind of container, and how its programs are asked."""

    def __init__(self, world, story):
        self.world, self.name, self.root = world, story.name, world.roots[story.root]
        self.options = ["-e", "DOTTED=1", *story.options]
        if story.root == "musl":
            self.options += ["-e", "PATH=/bin"]
        self.all, self.wait = ["sh", "-c", ALL, "sh", *ODD], ["sh", "-c", WAIT]
        if story.root == "scratch":
            self.all, self.wait = ["/tell", *ODD], ["/tell", "wait"]
        self.all, self.wait = [*story.entrypoint, *self.all], [*story.entrypoint, *self.wait]
        self.missing = [*story.entrypoint, "no-such-command"]
        self.world.script(self.root, "odd", "#!/no/such/shell\n")
        self.world.script(self.root, "docker-entrypoint.sh", "#!/bin/sh\nset -e\nexec \"$@\"\n")

    def run(self, words, *options):
        return self.world.engine.run(self.root, words, [*self.options, *options, "-i"],
                                     input="hello\n")

    def launched(self, script):
        """By all of its manners."""
        name = f"{self.name}, {'script' if script else 'static tfo'}"
        dotted = [] if script else ["-e", "a.b-c=1"]  # a shell forgets it
        bare, got = self.run(self.all, *dotted), self.run([LAUNCHER, *self.all], *dotted)
        check(f"{name}: it sees what it sees bare, and is seen so", bare.returncode == 7 and
              "read hello" in bare.stdout and same(bare) == same(got), bare, got)
        bare, got = self.run(self.missing), self.run([LAUNCHER, *self.missing])
        check(f"{name}: no such command", got.returncode == bare.returncode == 127 and
              not got.stdout, got, bare)
        bare, got = self.run(["/odd"]), self.run([LAUNCHER, "/odd"])
        check(f"{name}: a script that is none", got.returncode == 127 and bare.returncode and
              not got.stdout, got, bare)
        got = self.run([LAUNCHER])
        check(f"{name}: nothing to start", got.returncode == 2 and got.stderr.count("\n") == 1, got)
        one = self.world.engine.start(self.root, [LAUNCHER, *self.wait], self.options)
        ready = one.process.stdout.readline()
        one.signal("USR1")
        ended = one.end("TERM")
        check(f"{name}: its signals arrive", ready == "ready\n" and ended[0] == 42 and
              ended[1] == "told\n", ended)
        one = self.world.engine.start(self.root, [LAUNCHER, *self.wait], self.options)
        one.process.stdout.readline()
        ended = one.end("KILL")
        check(f"{name}: SIGKILL ends it", ended[0] == 137 and not ended[1], ended)


def same(got):
    """All that is not to change: the order of the environment may."""
    lines = [line for line in got.stdout.split("\n") if not OURS.fullmatch(line)]
    return got.returncode, sorted(lines), beside(got.stderr)


def run(world):
    for story in stories():
        if story.root in world.roots:
            kind = Kind(world, story)
            for script in story.scripts:
                world.launcher(kind.root, script)
                kind.launched(script)
