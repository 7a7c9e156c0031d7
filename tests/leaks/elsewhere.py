# SPDX-License-Identifier: MIT
"""elsewhere: a program in another container, with processes, network, files and root of its
own: `tfo leaks` is outside, and knows it by another pid and other paths."""

import os
import shutil
import tempfile

import outside
import verify

# In the new namespaces: the loopback, a folder that exists there only, a root of its own.
SCRIPT = """
set -e
ip link set lo up
mount -t tmpfs none "$1/inside"
cp "$2" "$3" "$1/inside"
if [ "$4" = root ]; then
	mkdir "$1/inside/proc" "$1/inside/state" "$1/inside/dev"
	cp --parents /usr/bin/env $(ldd "$2" | grep -o "/[^ ]*") "$1/inside"
	mknod "$1/inside/dev/null" c 1 3
	mount -t proc none "$1/inside/proc"
	mount --bind "$TFOSHIM_STATE" "$1/inside/state"
	exec chroot "$1/inside" /usr/bin/env -i LD_PRELOAD=/libtfoshim.so \\
		TFOSHIM_STATE=/state TFOSHIM_LEAKS=count "/$(basename "$2")" leaky
fi
export LD_PRELOAD="$1/inside/libtfoshim.so"
exec "$1/inside/$(basename "$2")" leaky
"""


def child_of(pid):
    """The program within: unshare's only child."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return int(file.read().split()[0])


def look(story, program, kind, top):
    """Sentences of what is wrong."""
    place = tempfile.mkdtemp(prefix="elsewhere.", dir=top)
    os.mkdir(os.path.join(place, "inside"))
    state = os.path.join(place, "state")
    os.mkdir(state, 0o700)
    env = outside.environment(TFOSHIM_STATE=state, TFOSHIM_LEAKS="count")
    running = outside.Running(
        ["sh", "-c", SCRIPT, "sh", place, program, os.environ["LIB"], kind], env,
        under=["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child",
               "--mount-proc"])
    try:
        document = outside.tfo_leaks(state, child_of(running.process.pid))
        for site in document["sites"]:
            for frame in site["stack"]:  # binutils are outside, too
                if os.path.basename(frame["module"]) == story.name:
                    frame["module"] = program
        return verify.check(story, "O2", "leaky", "main", document)
    finally:
        running.end()


def compare(stories, top):
    """The verdicts."""
    story = next(s for s in stories if s.name == "error_path")
    if os.geteuid() or not shutil.which("unshare"):
        print("SKIP: leaks elsewhere: needs root")
        return ["SKIP"]
    verdicts = []
    for kind, name in (("folder", "a container's folder"), ("root", "a container's root")):
        try:
            wrong = look(story, os.path.join(top, "O2", story.name), kind, top)
        except outside.Wrong as error:
            wrong = [str(error)]
        verdicts.append("FAIL" if wrong else "PASS")
        print(f"{verdicts[-1]}: leaks in {name}: ", end="")
        print(*(w[:700] for w in wrong or ["named from outside"]), sep="\n  ", flush=True)
    return verdicts
