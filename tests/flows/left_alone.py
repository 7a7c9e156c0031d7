#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A program is left as it was when the shim is off, or its state directory is missing,
foreign, full, damaged or hostile: the same output, exit status and silent stderr."""

import os

import flow
import tfolab
from flow import SERVER4, check

GARBAGE = bytes((i * 2654435761 >> 13) & 255 for i in range(1 << 18))


def programs(service, closed):
    """Words of ordinary programs whose output does not depend on time."""
    return [[flow.peer("loop"), "poll", SERVER4, service.port],
            [flow.peer("loop"), "epoll-edge-seen", SERVER4, service.port],
            [flow.peer("knock"), "write", 3, SERVER4, service.port],
            [flow.peer("knock"), "blocking", 1, SERVER4, closed, SERVER4, service.port]]


class Bare:
    """What they say without us."""

    def __init__(self):
        self.service, self.closed = flow.Service(), flow.closed_port()
        self.words = programs(self.service, self.closed)
        self.wanted = [flow.run(words) for words in self.words]
        bad = [str(d) for d in self.wanted if d.code != 0 or d.err]
        check("bare", not bad, str(bad or ""))

    def same(self, name, state, before=(), **env):
        """Twice each under the shim: the second would have been held back."""
        service = flow.Service()
        differ = []
        for words, wanted in zip(programs(service, self.closed), self.wanted):
            for _ in range(2):
                done = flow.run([*before, *words], state, **env)
                if (done.code, done.out, done.err) != \
                        (wanted.code, wanted.out, wanted.err):
                    differ.append(str(done)[:400])
        service.wait(20)
        read = sorted(bytes(seen.data) for seen in service.seen)
        service.stop()
        if len(read) != 20 or set(read) != {b"", b"ping", b"prime"}:
            differ.append(f"the server read {len(read)}: {set(read)}")
        return check(name, not differ, differ[0] if differ else "as bare")


def off(bare):
    flow.run([flow.peer("native"), SERVER4, flow.Service().port])
    tfolab.reset()
    bare.same("off", flow.scratch(), TFOSHIM_OFF="1")
    counters = tfolab.counters()
    options = counters["c2s_syn_cookie"] + counters["c2s_syn_cookie_request"]
    check("off-wire", options == 0, f"{options} SYNs with a Fast Open option")


def untouched(name, directory):
    check(f"{name}-untouched", os.listdir(directory) == [], str(os.listdir(directory)))


def directories(bare):
    base = flow.scratch()

    def path(name):
        return os.path.join(base, name)

    with open(path("file"), "w", encoding="ascii") as file:
        file.write("a file")
    bare.same("cannot-be-made", path("file/state"))
    bare.same("is-a-file", path("file"))
    bare.same("no-parent", path("missing/state"))
    bare.same("cannot-be-written", "/proc/self")
    bare.same("relative", "no/such/state")
    bare.same("long-name", "/" + "d" * 5000)
    os.mkdir(path("good"), 0o700)
    os.symlink("good", path("link"))
    bare.same("symlink", path("link"))
    untouched("symlink", path("good"))
    os.mkdir(path("open"))
    os.chmod(path("open"), 0o777)
    bare.same("open-to-all", path("open"))
    untouched("open-to-all", path("open"))
    if os.geteuid() == 0 and not flow.in_user_namespace():
        os.mkdir(path("foreign"), 0o700)
        os.chown(path("foreign"), 65534, 65534)
        bare.same("foreign", path("foreign"))
        untouched("foreign", path("foreign"))
    with open(path("file"), encoding="ascii") as file:
        check("is-a-file-unchanged", file.read() == "a file")


def full(bare):
    """A file system with no room for the file's pages."""
    mount = ["unshare", "-m", "sh", "-c",
             'mount -t tmpfs -o size=8k,mode=700 none "$0" && exec "$@"']
    if flow.run([*mount, flow.scratch(), "true"]).code != 0:
        return flow.skip("full", "no tmpfs can be mounted")
    state = flow.scratch()
    bare.same("full", state, [*mount, state])


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def damage(bare):
    """Every file that a good run leaves, damaged in every way."""
    good = flow.scratch()
    flow.run([flow.peer("knock"), "write", 2, SERVER4, bare.service.port], good)
    names = os.listdir(good)
    check("state-is-kept", len(names) >= 1, str(names))
    for name in names:
        size = os.path.getsize(os.path.join(good, name))
        other = os.path.join(flow.scratch(), "other")
        contents = {
            "garbage": (GARBAGE * (size // len(GARBAGE) + 1))[:size],
            "garbage-behind-its-head": None,
            "truncated": GARBAGE[:100], "empty": b"", "zeroes": bytes(size),
            "all-ones": b"\xff" * size, "longer": bytes(size + 4096),
        }
        for how, content in contents.items():
            state = flow.scratch()
            path = os.path.join(state, name)
            if content is None:
                with open(os.path.join(good, name), "rb") as file:
                    head = file.read()[:64]
                content = head + contents["garbage"][64:]
            write(path, content)
            os.chmod(path, 0o600)
            bare.same(f"{name}-{how}", state)
        kinds = {
            "directory": os.mkdir, "fifo": os.mkfifo,
            "symlink": lambda path: os.symlink(other, path),
            "dangling": lambda path: os.symlink("nowhere", path),
            "hard-link": lambda path: os.link(other, path),
            "readable-by-all": lambda path: (write(path, bytes(size)),
                                             os.chmod(path, 0o666)),
        }
        for how, make in kinds.items():
            write(other, bytes(size))
            os.chmod(other, 0o600)
            state = flow.scratch()
            make(os.path.join(state, name))
            bare.same(f"{name}-{how}", state)
            with open(other, "rb") as file:
                check(f"{name}-{how}-other-unchanged", file.read() == bytes(size))


def cut_while_used(bare):
    """Somebody cuts the file short, or takes it away, while a program runs."""
    for how in ("removed", "replaced", "truncated"):
        service, state = flow.Service(), flow.scratch()
        words = [flow.peer("knock"), "write", 30, SERVER4, service.port]
        wanted = "ok, ok, answer\n" * 30
        process = flow.start(words, state, stdout=-1, stderr=-1)
        service.wait(8)
        for name in os.listdir(state):
            path = os.path.join(state, name)
            if how == "truncated":
                os.truncate(path, 0)
            elif how == "replaced":
                write(path + ".new", GARBAGE)
                os.rename(path + ".new", path)
            else:
                os.unlink(path)
        try:
            out, err = process.communicate(timeout=10)
        except Exception:
            flow.end(process)
            out, err = process.communicate()
        check(f"{how}-while-used", out.decode() == wanted and not err and
              process.returncode == 0,
              f"status {process.returncode}, {out.count(b'answer')} of 30, {err}")


def cages():
    """A program that filters its own system calls is not killed by ours."""
    for how in ("prctl", "number", "refused"):
        service = flow.Service()
        words = [flow.peer("caged"), how, SERVER4, service.port]
        done = flow.run(words, flow.scratch())
        service.wait(3)
        read = sorted(bytes(seen.data) for seen in service.seen)
        service.stop()
        check(f"cage-{how}", (done.code, done.out, done.err) == (0, "done\n", "") and
              read == [b"before", b"inside", b"prime"], f"{done}, read {read}")
        last = flow.syns_to(service.port)[-1]
        wanted = b"inside" if how == "refused" else b""
        check(f"cage-{how}-wire", last["payload"] == wanted, f"{last['payload']!r}")


def story():
    bare = Bare()
    off(bare)
    directories(bare)
    full(bare)
    damage(bare)
    cut_while_used(bare)
    cages()


if __name__ == "__main__":
    flow.main(story, delay=5, limit=150)
