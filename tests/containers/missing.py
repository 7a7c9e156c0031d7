# SPDX-License-Identifier: MIT
"""Where something is missing: what the program does bare, and a line that says why."""

import os
import re
import shutil
import subprocess

import cages
import roots
import tfolab
from told import check, skip
from wire import IN_SERVER, SERVER, Story, times_of, wait_for
from world import LAUNCHER, beside

HELLO = ["sh", "-c", "echo hello; exit 5"]
LAUNCHERS = {"static tfo": LAUNCHER, "script": LAUNCHER, "tfo-run": "/tfoshim/tfo-run"}
OBJECT = "tfoshim/libtfoshim.so"
# Of no libc, by the kernel alone: "hello", and 5.
ALONE = """void _start(void)
{
	long n = 1;
	__asm__ volatile("syscall" : "+a"(n) : "D"(1L), "S"("hello\\n"), "d"(6L) : "rcx", "r11", "memory");
	n = 231;
	__asm__ volatile("syscall" : "+a"(n) : "D"(5L) : "rcx", "r11", "memory");
}
"""
LIBC = """#include <stdio.h>
int main(void)
{
	puts("hello");
	return 5;
}
"""


def is_as_before(got, words):
    """What it does bare, and a line that says why."""
    lines = beside(got.stderr).splitlines()
    return got.returncode == 5 and got.stdout == "hello\n" and \
        (len(lines) == 1 and re.search(words, lines[0]) if words else not lines)


class Case:
    """One launcher in one root."""

    def __init__(self, world, where, launcher):
        self.world, self.where, self.launcher = world, where, launcher
        self.root, self.path = world.roots[where], LAUNCHERS[launcher]
        self.is_musl, self.is_static = where == "musl", launcher == "static tfo"
        world.launcher(self.root, launcher == "script")
        world.tfo_run(self.root)

    def try_it(self, what, told, words=HELLO, options=(), before=()):
        """told: what the line has, a word for each launcher; None: there is none."""
        if isinstance(told, dict):
            told = told[self.launcher]
        got = self.world.engine.run(self.root, [*before, self.path, *words], options)
        check(f"{self.where}, {self.launcher}: {what}", is_as_before(got, told) or
              self.is_musl and is_as_before(got, None), got)  # its loader says nothing

    def objects(self):
        """It is not there, it is another's."""
        ours, kept = os.path.join(self.root, OBJECT), self.world.place + "/kept.so"
        shutil.copy(ours, kept)
        os.unlink(ours)
        self.try_it("no object", "libtfoshim.so.*without Fast Open")
        with open(kept, "rb") as file:
            elf = bytearray(file.read())
        elf[4], elf[18] = 1, 3  # of 32 bits, for i386
        with open(ours, "wb") as file:
            file.write(elf)
        self.try_it("an object for another machine", {
            "static tfo": "for this machine", "script": "wrong ELF class",
            "tfo-run": "wrong ELF class"})
        shutil.copy(kept, ours)

    def noexec(self):
        """The object lies where nothing may be executed; the script can be read, and so started."""
        place = os.path.join(self.world.place, "noexec")
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(os.path.join(self.root, "tfoshim"), place)
        if self.is_static:
            self.try_it("an object without exec", "noexec", options=[
                "-v", f"{place}/libtfoshim.so:/{OBJECT}:ro,noexec"])
        else:
            self.try_it("a file system without exec", "failed to map|ermitted", options=[
                "-v", place + ":/tfoshim:ro,noexec"], before=["/bin/sh"])

    def cages(self):
        """What the container may not do."""
        self.try_it("nothing to write to", {"static tfo": "cannot be kept", "script": None,
                                            "tfo-run": None},
                    options=["--read-only", "--read-only-tmpfs=false"])
        self.try_it("no new privileges", None, options=[
            "--security-opt=no-new-privileges", "--cap-drop=all", "--user=12345"])
        self.try_it("a cage", None, options=cages.option(cages.refuses(self.world.place)))
        try:
            path = cages.kills(self.world.place, self.root)
        except FileNotFoundError:
            return skip("a cage that kills", "strace is not installed")
        killed = None if self.launcher != "tfo-run" or self.is_musl else "Bad system call"
        return self.try_it("a cage that kills", killed, options=cages.option(path))

    def programs(self):
        """Programs that it does not reach, or that are of another kind."""
        if self.is_musl:
            return
        why = roots.with_other(self.root)
        if why:
            skip(f"{self.where}, {self.launcher}: a program of 32 bits", why)
        else:
            wrong = "wrong ELF class: ELFCLASS64.*ignored"
            self.try_it("a program of 32 bits", {"static tfo": "32.*runs without", "script": wrong,
                                                 "tfo-run": wrong}, ["busybox32", *HELLO])
        for name, told in (("other-libc", None), ("no-libc", "only what it starts"),
                           ("static", None)):
            self.try_it(f"a program, {name}", {"static tfo": told, "script": None, "tfo-run": None},
                        ["/hello-" + name])


def hellos(root):
    """Programs that say hello."""
    shutil.copy(os.path.realpath(roots.MUSL_LOADER), root + roots.MUSL_LOADER)
    for name, text, words in (
            ("other-libc", LIBC, ["musl-gcc"]), ("static", LIBC, ["musl-gcc", "-static"]),
            ("no-libc", ALONE, ["cc", "-nostdlib", "-fPIE", "-pie", "-fno-stack-protector",
                                "-Wl,-dynamic-linker=/lib64/ld-linux-x86-64.so.2"])):
        subprocess.run([*words, "-O1", "-x", "c", "-", "-o", f"{root}/hello-{name}"], input=text,
                       text=True, check=True)


def mounted(world):
    """LD_PRELOAD by the engine, from a file system without exec: no launcher of ours is there."""
    for where in ("bullseye", "musl"):
        if where in world.roots:
            got = world.engine.run(world.roots[where], HELLO, [
                "-v", os.path.join(world.place, "noexec") + ":/tfoshim:ro,noexec", "-e",
                "LD_PRELOAD=/" + OBJECT])
            check(f"{where}: LD_PRELOAD from a file system without exec", is_as_before(
                got, "failed to map|ermitted") or where == "musl" and is_as_before(got, None), got)


def listener(world):
    """A server without a loader runs as it is; the namespace's sysctl serves its listener."""
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
        if where != "musl":
            hellos(world.roots[where])
        for launcher in LAUNCHERS:
            case = Case(world, where, launcher)
            case.objects()
            case.noexec()
            case.cages()
            case.programs()
        os.unlink(os.path.join(world.roots[where], "tfoshim/tfo-run"))
    mounted(world)
    listener(world)
