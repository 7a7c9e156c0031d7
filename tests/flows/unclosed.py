#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sockets that nobody closes are named with their place, whatever became of the process;
nobody else is accused; and what is asked of a file that is full, cut off or old harms no
program. What a program really left open is known from its source, not from the report."""

import os
import re
import socket
import struct
import subprocess
import time

import flow
from flow import check

MAGIC = struct.pack("<Q", 0x31726467656c6674)
PEER = flow.peer("unclosed")
GROUP = re.compile(r"tfoshim:   (\d+) sockets? by (\w+)\(\)")
FINDING = re.compile(r"tfoshim:   descriptor \d+, a socket, was (closed once more|used after)")
FRAME = re.compile(r"tfoshim:     (\S+) \(")
# where the head of a ledger has them
SPACE, BEGUN_S, OPEN, UNSEEN = 24, 32, 56, 60


def run(case, leaks="exit", state=None, *words, **more):
    """The peer under the shim."""
    return flow.run([PEER, case, *words], state or flow.scratch(), TFOSHIM_LEAKS=leaks,
                    timeout=30, **more)


def places(text):
    """What a report says: [(count, how, function)], and [(what, [functions])]."""
    groups, findings = [], []
    for line in text.splitlines():
        group, finding, frame = (p.match(line) for p in (GROUP, FINDING, FRAME))
        if group:
            groups.append([int(group.group(1)), group.group(2), None])
        elif finding:
            findings.append((finding.group(1), []))
        elif frame and findings:
            findings[-1][1].append(frame.group(1))
        elif frame and groups[-1][2] is None:
            groups[-1][2] = frame.group(1)
    return [tuple(group) for group in groups], findings


def ledgers(state):
    return sorted(name for name in os.listdir(state) if name.startswith("ledger."))


# --- what is named, and who is not accused --------------------------------------------

LEFT = {
    "three": [(2, "socket", "forgotten"), (1, "socket", "forgotten_too")],
    "accepted": [(2, "accept", "accepted")],
    "duplicated": [(1, "dup", "duplicated")],
    "paired": [(1, "socketpair", "paired")],
    "received": [(1, "recvmsg", "received")],
    "forks": [(1, "socket", "forgotten_too"), (1, "socket", "forgotten")],
    "daemonizes": [(1, "socket", "forgotten")],
    "execs": [(1, "socket", "forgotten")],
    "storm": [(4, "socket", "forgotten")],
    "deep_down": [(1, "socket", "forgotten")],
}
CLEAN = ("clean", "standard", "all_ways", "changed_hands", "number_again", "child_leaves_all",
         "vforks", "spawns", "late")


def named():
    for case, left in LEFT.items():
        for stacks in ("caller", "full"):
            done = run(case, f"exit,stacks={stacks}")
            groups, findings = places(done.err)
            # with whole stacks each way to a place is one of its own
            total = {}
            for count, how, function in groups:
                total[(how, function)] = total.get((how, function), 0) + count
            want = {(how, function): count for count, how, function in left}
            check(f"named {case}, {stacks}", done.code == 0 and total == want and
                  not findings, f"{total} {findings} {done}"[:600])


def not_accused():
    for case in CLEAN:
        for stacks in ("caller", "full"):
            done = run(case, f"fatal,stacks={stacks}")
            check(f"not-accused {case}, {stacks}", done.code == 0 and not done.err, str(done))
    left, right = socket.socketpair()
    with left, right:
        done = subprocess.run([PEER, "clean"], pass_fds=(left.fileno(), right.fileno()),
                              env=flow.environment(flow.scratch(), TFOSHIM_LEAKS="fatal"),
                              capture_output=True, text=True, timeout=10, check=False)
    check("not-accused inherited", done.returncode == 0 and not done.stderr, str(done))


def whole_stack():
    done = run("deep_down", "exit,stacks=full")
    frames = [m.group(1) for m in map(FRAME.match, done.err.splitlines()) if m]
    check("whole-stack", frames[:9] == ["forgotten"] + ["deep"] * 6 + ["deep_down", "main"],
          str(frames))


def bad_closes():
    done = run("twice")
    groups, findings = places(done.err)
    check("closed-twice", not groups and sorted(findings) == sorted([
        ("closed once more", ["closes_again", "closes", "kept"]),
        ("used after", ["sends", "closes", "kept"])]), str(findings))
    groups, findings = places(run("stream_twice").err)
    check("stream-closed-twice", not groups and findings == [
        ("closed once more", ["stream_twice", "closes", "kept"])], str(findings))


# --- how it ends ----------------------------------------------------------------------

def statuses():
    for case in ("three", "three_exit", "three_underscore_exit"):
        for leaks, status, want in (("fatal", "0", 23), ("fatal", "5", 5), ("exit", "0", 0),
                                    ("count", "0", 0), ("off", "0", 0)):
            state = flow.scratch()
            done = run(case, leaks, state, status)
            said = "3 unclosed sockets of 2 places" in done.err
            loud = leaks in ("fatal", "exit")
            check(f"status {case} {leaks} {status}",
                  (done.code, done.out, said) == (want, "said\n", loud) and
                  (loud or not done.err), str(done))
            check(f"file {case} {leaks} {status}", len(ledgers(state)) == loud,
                  str(ledgers(state)))


def by_policy():
    for report, code, said in ("fatal", 23, True), ("exit", 0, True), ("count", 0, False), \
            ("off", 0, False), (None, 0, False):
        text = "[leaks program=other]\nreport = fatal\n[leaks program=unclosed]\n"
        done = flow.run([PEER, "three"], flow.scratch(), TFOSHIM_POLICY=flow.policy(
            text + (f"report = {report}\n" if report else "")))
        check(f"policy {report}", done.code == code and bool(done.err) == said, str(done))
    log = os.path.join(flow.scratch(), "log")
    done = flow.run([PEER, "three"], flow.scratch(), TFOSHIM_POLICY=flow.policy(
        f"[leaks]\nreport = exit\n[log]\nfile = {log}\n"))
    check("report-goes-to-the-log", not done.err and "3 unclosed" in "".join(
        flow.lines_of(log)), str(done))
    bad = run("three", "exit,stacks=none", TFOSHIM_LOG="error")
    check("bad-setting", "TFOSHIM_LEAKS is not" in bad.err and "unclosed socket" not in bad.err,
          str(bad))


def meant_to_stay():
    for lines, want in (("forgotten*\n", 0), ("forgotten 2\nforgotten_too\n", 0),
                        ("forgotten 1\nforgotten_too", 2), ("unclosed", 0), ("other", 3),
                        ("# forgotten\nforgotten_too 1 # one\n", 2)):
        path = flow.put(os.path.join(flow.scratch(), "open.list"), lines)
        done = flow.run([PEER, "three"], flow.scratch(), TFOSHIM_POLICY=flow.policy(
            f"[leaks]\nreport = fatal\nsuppress = {path}\n"))
        total = sum(count for count, _, _ in places(done.err)[0])
        check(f"meant-to-stay {lines!r}", total == want and done.code == (23 if want else 0),
              str(done))


def last_page():
    """What a killed one leaves, and who takes it away."""
    state = flow.scratch()
    done = run("killed", "count", state)
    names = ledgers(state)
    check("killed", done.code == -9 and len(names) == 1, f"{done} {names}")
    path = os.path.join(state, names[0])
    with open(path, "rb") as file:
        head = file.read(512)
    check("last-page", head[:8] == MAGIC and
          struct.unpack_from("<I", head, OPEN)[0] == 2, str(head[:64]))
    check("last-page-small", os.stat(path).st_blocks * 512 <= 65536,
          f"{os.stat(path).st_blocks * 512} bytes")
    now = int(time.time())
    made = {"ledger.1.999999.1": (now, 1), "ledger.1.999998.1": (now - 90000, 1),
            "ledger.1.999997.1": (now, 0), "ledger.1.999996.1": (now - 90000, 1)}
    for name, (begun, still_open) in made.items():
        copy = bytearray(head)
        struct.pack_into("<I", copy, BEGUN_S, begun)
        struct.pack_into("<I", copy, OPEN, still_open)
        if name == "ledger.1.999996.1":
            copy[SPACE] ^= 255
        with open(os.path.join(state, name), "wb") as file:
            file.write(copy)
        os.chmod(os.path.join(state, name), 0o600)
    run("clean", "count", state)
    check("swept", ledgers(state) == sorted([names[0], "ledger.1.999999.1",
                                             "ledger.1.999996.1"]), str(ledgers(state)))


def all_deaths():
    """Each of them is noted; the one by an instruction, when its number comes again."""
    state = flow.scratch()
    run("all_ways", "count", state, "killed")
    with open(os.path.join(state, ledgers(state)[0]), "rb") as file:
        head = file.read(512)
    left, unseen = (struct.unpack_from("<I", head, at)[0] for at in (OPEN, UNSEEN))
    check("all-deaths", (left, unseen) == (0, 1), f"{left} open, {unseen} unseen")


def too_many_dead():
    state = flow.scratch()
    run("killed", "count", state)
    with open(os.path.join(state, ledgers(state)[0]), "rb") as file:
        head = file.read(512)
    for number in range(300):
        with open(os.path.join(state, f"ledger.1.{9000000 + number}.1"), "wb") as file:
            file.write(head)
    before = len(ledgers(state))
    run("clean", "count", state)
    once = len(ledgers(state))
    for _ in range(5):
        run("clean", "count", state)
    check("too-many-dead", before == 301 and before - 16 <= once < before and
          len(ledgers(state)) == 256, f"{before} {once} {len(ledgers(state))}")


# --- while it runs --------------------------------------------------------------------

class Staying:
    """The peer that stays, and what it says when it has been told to go on."""

    def __init__(self, state, **more):
        self.state = state
        self.process = flow.start([PEER, "stays"], env=flow.environment(state, **more),
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        self.up = self.process.stdout.readline() == b"up\n"

    def go(self, what=b"."):
        self.process.stdin.write(what)
        self.process.stdin.flush()
        return self.process.stdout.readline() == b"ok\n"

    def leave(self):
        _, err = self.process.communicate(timeout=10)
        return self.process.returncode, err.decode()


def runs_out():
    done = run("runs_out", "count,warn-at=80%")
    head = [line for line in done.err.splitlines() if "descriptors run out" in line]
    groups, _ = places(done.err)
    check("runs-out", done.code == 0 and len(head) == 1 and "RLIMIT_NOFILE 64" in head[0] and
          groups and groups[0][2] == "forgotten" and 40 <= groups[0][0] <= 52, str(done))
    done = run("runs_out", "count")
    check("runs-out-quietly", done.code == 0 and not done.err, str(done))


def truncated():
    state = flow.scratch()
    peer = Staying(state, TFOSHIM_LEAKS="exit")
    check("truncated-before", peer.up and peer.go())
    os.truncate(os.path.join(state, ledgers(state)[0]), 0)
    time.sleep(1.2)
    check("truncated-goes-on", peer.go() and peer.go() and peer.go(b"f"))
    code, err = peer.leave()
    check("truncated-still-reports", code == 0 and
          places(err)[0] == [(1, "socket", "forgotten_too")], f"{code} {err!r}"[:200])


def removed():
    state = flow.scratch()
    peer = Staying(state, TFOSHIM_LEAKS="exit")
    os.unlink(os.path.join(state, ledgers(state)[0]))
    check("removed-goes-on", peer.go(b"f"))
    code, err = peer.leave()
    check("removed-still-reports", code == 0 and len(places(err)[0]) == 2, f"{code} {err!r}"[:200])


def reloaded():
    path = flow.policy("[leaks]\nreport = off\n")
    state = flow.scratch()
    peer = Staying(state, TFOSHIM_POLICY=path)
    check("reload-off", peer.go() and not ledgers(state))
    flow.put(path, "[leaks]\nreport = exit\n")
    time.sleep(1)
    check("reload-on", peer.go(b"f") and peer.go(b"f") and len(ledgers(state)) == 1)
    code, err = peer.leave()
    check("reload-reports", code == 0 and places(err)[0] == [(2, "socket", "forgotten_too")],
          f"{code} {err!r}"[:200])


def no_room():
    """A disk that is full from the beginning, and one that gets full."""
    for size, name in ("4k", "none"), ("24k", "little"):
        state = flow.scratch()
        words = ["unshare", "-m", "sh", "-c",
                 f'mount -t tmpfs -o mode=700,size={size} none "$0" && "$@"; s=$?; '
                 'umount "$0"; exit $s', state, PEER, "thousands", "3000"]
        for how in ("count", "exit", "count"):
            done = flow.run(words, state, TFOSHIM_LEAKS=how, timeout=30)
            check(f"no-room {name} {how}", done.code == 0 and
                  (how == "exit" or not done.err), str(done))


def rights():
    if os.geteuid():
        return flow.skip("rights", "not root")
    state = flow.scratch()
    done = run("drops_rights", "count", state)
    if done.code == 2:
        return flow.skip("rights", "no other user in this namespace")
    check("rights", done.code == -9 and len(ledgers(state)) == 1, f"{done} {ledgers(state)}")
    with open(os.path.join(state, ledgers(state)[0]), "rb") as file:
        head = file.read(512)
    check("rights-kept", struct.unpack_from("<I", head, OPEN)[0] == 1, "")


def many():
    began = time.monotonic()
    done = run("thousands", "exit", None, "15000")
    groups, _ = places(done.err)
    if "socket:" in done.err:
        return flow.skip("many", "RLIMIT_NOFILE is too low")
    check("many", groups == [(15000, "socket", "forgotten")], str(done)[:300])
    check("many-in-time", time.monotonic() - began < 2, f"{time.monotonic() - began:.2f} s")


def story():
    named()
    not_accused()
    whole_stack()
    bad_closes()
    statuses()
    by_policy()
    meant_to_stay()
    last_page()
    all_deaths()
    too_many_dead()
    runs_out()
    truncated()
    removed()
    reloaded()
    no_room()
    rights()
    many()


if __name__ == "__main__":
    flow.main(story, delay=1)
