# SPDX-License-Identifier: MIT
"""Where a measurement runs and what with: a network of its own, programs with the shim
and without. Knows nothing of what is measured."""

import contextlib
import fcntl
import json
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile

SYSCTL = "/proc/sys/net/ipv4/"
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def skip(why):
    """This measurement cannot be made here."""
    print(why, file=sys.stderr)
    raise SystemExit(77)


def tool(name):
    """The path of a program that the measurement needs."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    return found or skip(f"{name} is not installed")


def peer(name):
    return os.path.join(os.environ["PEERS"], name)


def own_network():
    """In a new network namespace: loopback up, Fast Open on at both sides."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        flags = fcntl.ioctl(sock, SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))
        flags = struct.unpack_from("H", flags, 16)[0] | IFF_UP
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags))
    sysctl("tcp_fastopen", 3)


def before_others():
    """Where that is permitted, what else runs here waits: for what is measured by time."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def on_processor(n, args):
    """The command on the n-th processor that we may use, where there are several."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        return args
    return ["taskset", "-c", str(usable[n % len(usable)]), *args]


def sysctl(name, value):
    with open(SYSCTL + name, "w") as f:
        f.write(str(value))


@contextlib.contextmanager
def scratch():
    """A directory of our own; the shim's state is in there."""
    with tempfile.TemporaryDirectory(prefix="tfoshim-bench.") as path:
        yield path


def bare():
    """The environment of a program without the shim."""
    return {name: value for name, value in os.environ.items()
            if name != "LD_PRELOAD" and not name.startswith("TFOSHIM_")}


def shimmed(state):
    """... and with it, as a user has it: nothing set but where it keeps its state."""
    return {**bare(), "LD_PRELOAD": os.environ["LIB"],
            "TFOSHIM_STATE": os.path.join(state, "state")}


def output(args, env, **popen):
    """What a program that succeeds says on its standard output."""
    done = subprocess.run(args, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, **popen)
    if done.returncode:
        raise SystemExit(f"{' '.join(args)}: status {done.returncode}: "
                         f"{(done.stderr or done.stdout).strip()}")
    return done.stdout


@contextlib.contextmanager
def running(args, env, ready=b"ready"):
    """Starts a program, waits until it says that it is ready, ends it afterwards."""
    process = subprocess.Popen(args, env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE)
    try:
        if ready and not process.stdout.readline().startswith(ready):
            raise SystemExit(f"{' '.join(args)} did not start")
        yield process
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def interleaved(rounds, ways):
    """Calls each way once per round, in turning order: {name: function} -> {name: list}."""
    got = {name: [] for name in ways}
    for n in range(rounds):
        for name in list(ways)[:: -1 if n % 2 else 1]:
            got[name].append(ways[name]())
    return got


def spread(values):
    """Half the interquartile range, as a share of the median: the noise of one value."""
    low, middle, high = statistics.quantiles(values, n=4)
    return (high - low) / 2 / middle if middle else 0.0


def report(row, reference, measured, noise=None):
    """Hands one row to `run`: two numbers, in the unit that `run` has for it."""
    print(json.dumps({"row": row, "reference": reference, "measured": measured,
                      "noise": noise}), flush=True)
