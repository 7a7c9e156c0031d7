# SPDX-License-Identifier: MIT
"""Arguments, output, statuses, signals, process id: bare and behind each launcher."""

import time

from told import check
from world import LAUNCHER, beside

ODD = ["a b", "c\nd", "", "*", "$HOME", "it's", '"', "-n", "\\"]


def run(world):
    cases = {
        "arguments": ["printf", "<%s>", *ODD],
        "status 7": ["sh", "-c", "echo out; echo err >&2; exit 7"],
        "process id 1": ["sh", "-c", "echo $$"],
        "status of a signal": ["sh", "-c", "sh -c 'kill -SEGV $$'; echo $?"],
        "environment": ["sh", "-c", "env | grep -vE '^(LD_PRELOAD|TFOSHIM_STATE|HOSTNAME|_|PWD|"
                        "SHLVL|OLDPWD)='"],
        "no such command": ["no-such-command"],
        "a script that is none": ["/odd"],
    }
    for where in ("bookworm", "musl"):
        if where not in world.roots:
            continue
        root = world.roots[where]
        world.script(root, "odd", "#!/no/such/shell\n")
        shell = [] if where != "musl" else ["-e", "PATH=/bin"]
        for script in (False, True):
            world.launcher(root, script)
            for case, words in cases.items():
                if where == "musl" and words[0] == "printf":
                    continue
                options = [*shell, "-e", "DOTTED=1"] + ([] if script else ["-e", "a.b-c=1"])
                bare = world.engine.run(root, words, options)
                got = world.engine.run(root, [LAUNCHER, *words], options)
                name = f"{where}, {'script' if script else 'static tfo'}: {case}"
                if "no such" in case:
                    good = got.returncode == bare.returncode and not got.stdout
                elif "none" in case:
                    good = got.returncode == 127 and bare.returncode and not got.stdout
                else:
                    same = sorted(got.stdout.splitlines()) == sorted(bare.stdout.splitlines())
                    good = same and \
                        (got.returncode, beside(got.stderr)) == (bare.returncode, bare.stderr)
                check(name, good, got, bare)
    root = world.roots.get("bookworm", world.roots["musl"])
    for script in (False, True):
        world.launcher(root, script)
        for signal, status in (("TERM", 42), ("USR1", 43), ("KILL", 137)):
            one = world.engine.start(root, [LAUNCHER, "sh", "-c", "trap 'exit 42' TERM; "
                                            "trap 'exit 43' USR1; while :; do sleep 0.1; done"])
            time.sleep(1)
            ended = one.end(signal)
            check(f"{'script' if script else 'static tfo'}: SIG{signal} arrives",
                  ended[0] == status, ended)
        got = world.engine.run(root, [LAUNCHER, "sh", "-c", "read line; echo \"<$line>\""], ["-i"],
                               input="hello\n")
        check(f"{'script' if script else 'static tfo'}: stdin", got.stdout == "<hello>\n", got)
        got = world.engine.run(root, [LAUNCHER])
        check(f"{'script' if script else 'static tfo'}: nothing to start", got.returncode == 2 and
              got.stderr.count("\n") == 1, got)
