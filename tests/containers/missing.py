# SPDX-License-Identifier: MIT
"""Where something is missing: what the program does bare, and a line that says why."""

import json
import os
import re
import shutil
import subprocess

import tfolab
from told import check
from wire import IN_SERVER, SERVER, Story, times_of, wait_for
from world import LAUNCHER, beside

HELLO = ["sh", "-c", "echo hello; exit 5"]


def is_as_before(got, words):
    """What it does bare, and a line that says why."""
    lines = beside(got.stderr).splitlines()
    return got.returncode == 5 and got.stdout == "hello\n" and \
        (len(lines) == 1 and re.search(words, lines[0]) if words else not lines)


def cage(world):
    """A profile that refuses whatever a program of no network does not need itself."""
    path = os.path.join(world.place, "cage.json")
    refused = ["futex_requeue", "process_vm_readv", "pidfd_open", "pidfd_getfd", "ftruncate",
               "fallocate", "flock", "socket", "getsockopt", "mremap", "openat2", "mincore",
               "memfd_create", "getrandom", "statx", "mkdir", "mkdirat"]
    with open(path, "w", encoding="ascii") as to:
        json.dump({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                   "syscalls": [{"names": refused, "action": "SCMP_ACT_ERRNO",
                                 "errnoRet": 1}]}, to)
    return path


def static(world):
    """A program without a loader runs as it is; the namespace's sysctl serves its listener."""
    root = world.roots["scratch"]
    world.launcher(root, False)
    for value, taken in (("1", 0), ("0x403", 1)):
        subprocess.run([*IN_SERVER, "sh", "-c", "echo $(($0)) > /proc/sys/net/ipv4/tcp_fastopen",
                        value], check=True)
        server = world.engine.start(root, [LAUNCHER, "/static-answer", "80"], before=IN_SERVER)
        wait_for(80, server.process)
        tfolab.reset()
        story = Story("", "scratch", [], ["/request", "blocking", SERVER, "80"], 1e-3)
        times, said = times_of(world, story, root, [LAUNCHER])
        accepted = tfolab.counters()["s2c_synack_data_acked"]
        status, _, err = server.end("KILL")
        check(f"static server, sysctl {value}: one line says why", status == 137 and
              err.count("\n") == 1 and "static" in err, status, err)
        check(f"static server, sysctl {value}: {'takes' if taken else 'no'} data in SYNs",
              len(times) == 9 and (accepted >= 5 if taken else not accepted) and not said,
              accepted, times, said)
    subprocess.run([*IN_SERVER, "sh", "-c", "echo 3 > /proc/sys/net/ipv4/tcp_fastopen"], check=True)


def run(world):
    for where in ("bullseye", "musl"):
        if where not in world.roots:
            continue
        root = world.roots[where]
        for script in (False, True):
            name = f"{where}, {'script' if script else 'static tfo'}"
            world.launcher(root, script)
            object_ = os.path.join(root, "tfoshim/libtfoshim.so")
            shutil.copy(object_, world.place + "/kept.so")
            os.unlink(object_)
            got = world.engine.run(root, [LAUNCHER, *HELLO])
            alone = where == "musl" and not script  # of a static shell it says that, no more
            check(f"{name}: no object", is_as_before(got, "libtfoshim.so.*without Fast Open") or
                  alone and is_as_before(got, None), got)
            with open(world.place + "/kept.so", "rb") as file:
                elf = bytearray(file.read())
            elf[4], elf[18] = 1, 3  # of 32 bits, for i386
            with open(object_, "wb") as file:
                file.write(elf)
            got = world.engine.run(root, [LAUNCHER, *HELLO])
            check(f"{name}: an object for another machine",  # musl's loader says nothing
                  is_as_before(got, "wrong ELF class" if script else "for this machine") or
                  where == "musl" and is_as_before(got, None), got)
            shutil.copy(world.place + "/kept.so", object_)
            noexec = os.path.join(world.place, "noexec")
            os.makedirs(noexec, exist_ok=True)
            for file in ("entrypoint", "libtfoshim.so"):
                shutil.copy(os.path.join(root, "tfoshim", file), noexec)
            options = ["-v", noexec + ":/tfoshim:ro,noexec"]
            if script:
                got = world.engine.run(root, ["/bin/sh", LAUNCHER, *HELLO], options)
                check(f"{name}: a file system without exec", is_as_before(got, "Fast Open") or
                      where == "musl" and is_as_before(got, None), got)
            got = world.engine.run(root, HELLO, [*options, "-e",
                                                 "LD_PRELOAD=/tfoshim/libtfoshim.so"])
            check(f"{name}: LD_PRELOAD from a file system without exec",
                  is_as_before(got, "failed to map|ermitted") or
                  where == "musl" and is_as_before(got, None), got)
            for what, options in (
                    ("nothing to write to", ["--read-only", "--read-only-tmpfs=false"]),
                    ("a cage", ["--security-opt", "seccomp=" + cage(world)]),
                    ("no new privileges", ["--security-opt=no-new-privileges", "--cap-drop=all",
                                           "--user=12345"])):
                got = world.engine.run(root, [LAUNCHER, *HELLO], options)
                tells = "cannot be kept" if what == "nothing to write to" and not script else None
                check(f"{name}: {what}", is_as_before(got, tells) or
                      where == "musl" and is_as_before(got, None), got)
    static(world)
