#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `tfo status` tells is what the wire saw: how each connection went, how much sooner
the first byte came (what the path was made to be, in all three ways), pauses, names, who
runs and listens. A file that somebody has scribbled in makes it wrong, not crash."""

import fcntl
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "..", "flows"), os.path.join(HERE, "..", "schemas")]
import flow  # noqa: E402
import schema  # noqa: E402
import tfolab  # noqa: E402
from flow import SERVER4, SERVER6, check  # noqa: E402

TFO = os.environ.get("TFO")
CLIENT = r'''
import socket, sys, time
at, port, count, kind = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]

def ask(words):
    with socket.create_connection((at, port), 0.4 if kind == "hasty" else 10) as s:
        try:
            s.sendall(words)
            s.recv(100)
        except TimeoutError:
            pass

for i in range(count):
    ask(b"POST / HTTP/1.1\r\n\r\n" if kind == "posts" else b"hello %d" % i)
if kind == "listens":
    kept = [socket.create_server(("127.0.0.1", p)) for p in (4001, 4002)]
    print("ready", flush=True)
    sys.stdin.readline()
'''
COMPARED = "[connect *]\nbaseline = 1/2\nslower-than = 100\nstrikes = 100\n"
PLAIN = "[connect *]\ntfo = off\n"


def client(at, port, count, kind="asks"):
    """The words of one."""
    return [sys.executable, "-c", CLIENT, at, port, count, kind]


def status(state, *words, **more):
    """As JSON, checked against its schema."""
    done = flow.run([TFO, "status", "--json", *words], timeout=20, TFOSHIM_STATE=state,
                    **more)
    wrong = schema.wrong_text("status", done.out)
    if wrong or done.code or done.err:
        check("schema", False, f"{wrong[:3]} {done}")
    return json.loads(done.out)


def text(state, *words, **more):
    """As people see it: lines."""
    done = flow.run([TFO, "status", *words], timeout=20, TFOSHIM_STATE=state,
                    COLUMNS="80", **more)
    return done.out.splitlines() if done.code == 0 and not done.err else [str(done)]


def at_port(said, port):
    """The one destination with this port."""
    found = [d for d in said["destinations"] if d["port"] == port]
    return found[0] if len(found) == 1 else {"found": found}


# --- counts -----------------------------------------------------------------------------

def manner(syns):
    """How a connection went, from the SYNs of it; all data was acknowledged."""
    first = syns[0]
    if first["cookie"] < 0:
        return "plain"
    if first["cookie"] == 0:
        return "cookie_requested"
    if not first["payload_length"]:
        return "opened_early"
    return "syn_retransmitted" if len(syns) > 1 else "data_acked"


def on_the_wire(port):
    """The connections to a port, by how they went."""
    by_source, total = {}, {}
    for syn in flow.syns_to(port):
        by_source.setdefault(syn["source"], []).append(syn)
    for syns in by_source.values():
        total[manner(syns)] = total.get(manner(syns), 0) + 1
    return total


def counts():
    """Of each destination, and of all."""
    state, rules = flow.scratch(), {"ours": flow.policy("[connect *]\nbaseline = off\n"),
                                    "plain": flow.policy(PLAIN)}
    work = [(at, kind, rule) for at in (SERVER4, SERVER6)
            for kind, rule in (("asks", "ours"), ("posts", "ours"), ("asks", "plain"))]
    servers = [flow.Service() for _ in work]
    tfolab.reset()
    for server, (at, kind, rule) in zip(servers, work):
        flow.run(client(at, server.port, 1), state, TFOSHIM_POLICY=rules["ours"])
        flow.run(client(at, server.port, 9, kind), state, TFOSHIM_POLICY=rules[rule])
    for server in servers:
        server.wait(10)
    said, total = status(state), {}
    for server, (at, kind, rule) in zip(servers, work):
        wire, one = on_the_wire(server.port), at_port(said, server.port)
        got = {word: n for word, n in one.get("outcomes", one).items() if n}
        for word, n in wire.items():
            total[word] = total.get(word, 0) + n
        check(f"counts-{'v6' if ':' in at else 'v4'}-{kind}-{rule}",
              got == wire and one["connections"] == 10 and one["address"] == at,
              f"{got}, wire {wire}")
    check("counts-in-all", {w: n for w, n in said["outcomes"].items() if n} == total
          and said["connections"] == 60 and said["reasons"]["policy"] == 18,
          f"{total} {said['reasons']}")
    rode = said["outcomes"]["data_acked"]
    check("saved", rode >= 9 and said["round_trips_saved"] == rode and
          0.9 < said["saved_us"] / (rode * flow.RTT * 1000) < 1.5,
          f"{said['saved_us'] / 1000:.0f} ms by {rode} round trips of {flow.RTT} ms")
    active = tfolab_active()
    check("kernel", said["kernel"]["counters"]["TCPFastOpenActive"] == active >= rode
          and said["kernel"]["cookies"] == 2 and said["kernel"]["cookies_of_others"] == 0,
          f"{said['kernel']}, {active}")
    elsewhere = status(flow.scratch())["kernel"]
    check("cookies-of-others", elsewhere["cookies_of_others"] == 2, elsewhere)
    return state, servers[0].port


def tfolab_active():
    """What /proc says, read here."""
    with open("/proc/net/netstat", encoding="ascii") as file:
        rows = [line.split() for line in file if line.startswith("TcpExt:")]
    return int(dict(zip(*rows))["TCPFastOpenActive"])


# --- is it worth it? --------------------------------------------------------------------

NOISY = 25


def unsteady(conn, seen):
    """A server that thinks about what it has read, now longer, now shorter."""
    seen.data += conn.recv(100)
    time.sleep(random.random() * flow.RTT / 500)
    conn.sendall(b"pong")
    seen.ended = time.monotonic()


def gain(name, verdict, low, high, fault=None, at=SERVER4, processes=6, each=24,
         kind="asks", tries=1):
    """The path is made to be so: is that what is found?  low and high: ms."""
    state, server = flow.scratch(), \
        flow.Service(unsteady if each == NOISY else flow.answer)
    rule = flow.policy(COMPARED)
    flow.run(client(at, server.port, 18), state, TFOSHIM_POLICY=rule)
    before = at_port(status(state, TFOSHIM_POLICY=rule), server.port)
    if fault:
        tfolab.fault(fault[0], f"{fault[1]} port={server.port}")
    flow.together(lambda _: flow.run(client(at, server.port, each, kind), state,
                                     TFOSHIM_POLICY=rule, timeout=60), range(processes))
    tfolab.clear()
    found = status(state, TFOSHIM_POLICY=rule)["gain"]
    by, *ends = (float("nan") if found[field] is None else found[field] / 1000 for field in
                 ("difference_us", "difference_low_us", "difference_high_us"))
    if found["verdict"] != verdict and tries > 1:
        return gain(name, verdict, low, high, fault, at, processes, each, kind, tries - 1)
    check(name, found["verdict"] == verdict and low <= by <= high and
          ends[0] <= by <= ends[1],
          f"{found['verdict']}, {by:.1f} ms, {ends}, {found['compared_fast']} and "
          f"{found['compared_plain']}; before: {before.get('compared_plain')}")
    return state, rule


def gains():
    """A round trip less; none; two more; a second more, where SYNs are lost."""
    rtt = flow.RTT
    state, rule = gain("worth-it", "worth_it", -1.3 * rtt, -0.7 * rtt)
    words = " ".join(text(state, TFOSHIM_POLICY=rule)[:2])
    check("worth-it-in-words", words.startswith("Worth it here: first bytes come ") and
          " ms sooner " in words, words)
    # a wakeup less is a difference, too: so there is noise; and one in twenty is sure of
    # a difference where there is none
    state, rule = gain("no-difference", "no_difference", -0.8 * rtt, 0.8 * rtt,
                       ("strip-syn-data", "on"), each=NOISY, tries=5)
    words = " ".join(text(state, TFOSHIM_POLICY=rule)[:2])
    check("no-difference-in-words", words.startswith("No difference can be told here: ")
          and " ms sooner and " in words, words)
    state, rule = gain("not-worth-it", "not_worth_it", 0.7 * rtt, 1.3 * rtt,
                       ("delay-syn-data", 2 * rtt), SERVER6)
    words = " ".join(text(state, TFOSHIM_POLICY=rule)[:2])
    check("not-worth-it-in-words", words.startswith("Not worth it here: ") and
          " ms later " in words, words)
    gain("lost-ones-count", "not_worth_it", 900, 1500, ("drop-syn-data", "on"), each=16)
    gain("given-up-ones-count", "not_worth_it", 250, 700, ("drop-syn-data", "on"),
         each=16, kind="hasty")


def too_few():
    """What is not known is not told; and how much is missing."""
    state, server = flow.scratch(), flow.Service()
    rules = {text: flow.policy(f"[connect *]\nbaseline = {text}\n")
             for text in ("1/8", "off")}
    flow.run(client(SERVER4, server.port, 34), state, TFOSHIM_POLICY=rules["1/8"])
    said = status(state, TFOSHIM_POLICY=rules["1/8"])
    found, words = said["gain"], " ".join(text(state, TFOSHIM_POLICY=rules["1/8"])[:3])
    plain = at_port(said, server.port)["compared_plain"]
    check("too-few", found["verdict"] == "not_known" and 0 < plain < 4 and
          found["missing"] == 4 - plain and found["difference_low_us"] is None and
          words.startswith(f"Not known yet whether it is worth it here: {4 - plain} more")
          and "one in 8." in words, f"{found} {words}")
    found = status(state, TFOSHIM_POLICY=rules["off"])["gain"]
    words = text(state, TFOSHIM_POLICY=rules["off"])[0]
    check("nothing-to-compare", found["baseline_off"] and "baseline = off" in words, words)


# --- pauses, names, who runs ------------------------------------------------------------

def pauses():
    """Why, and how long yet."""
    state, server = flow.scratch(), flow.Service()
    rule = flow.policy("[connect *]\nbaseline = off\npause = 5min\n")
    flow.run(client(SERVER4, server.port, 3), state, TFOSHIM_POLICY=rule)
    tfolab.fault("drop-syn-data", f"on port={server.port}")
    for _ in range(4):
        flow.run(client(SERVER4, server.port, 2), state, TFOSHIM_POLICY=rule, timeout=20)
        if at_port(status(state, TFOSHIM_POLICY=rule), server.port)["pause"]:
            break
    tfolab.clear()
    pause = at_port(status(state, TFOSHIM_POLICY=rule), server.port)["pause"]
    lines = text(state, TFOSHIM_POLICY=rule)
    check("pause", pause and pause["reason"] == "paused" and not pause["trial_due"] and
          280 <= pause["seconds_left"] <= 300 and pause["strikes"] == 2 and
          any(line.startswith(f"  paused {SERVER4}:{server.port} for another 4 min ")
              and line.endswith("; too many SYNs were lost") for line in lines),
          f"{pause} {[line for line in lines if 'paused' in line]}")


def our_side():
    """Three destinations struck at once: it is nobody's path but ours."""
    state, servers = flow.scratch(), [flow.Service() for _ in range(3)]
    for server in servers:
        flow.run(client(SERVER4, server.port, 3), state)
    tfolab.fault("drop-syn-data")
    for _ in range(4):  # who writes late, on a busy machine, has no data in his SYN
        for server in servers:
            flow.run(client(SERVER4, server.port, 1), state, timeout=20)
        if status(state)["pause_of_all"]:
            break
    tfolab.clear()
    pause, lines = status(state)["pause_of_all"], text(state)
    check("pause-of-all", pause and pause["of_all"] and pause["reason"] == "paused" and
          560 <= pause["seconds_left"] <= 600 and
          sum(line.startswith("  paused ") for line in lines) == 1 and
          any(line.startswith("  paused all destinations for another ") for line in lines),
          f"{pause} {[line for line in lines if 'paused' in line]}")


def aside():
    """It says why, where it takes no part."""
    state, server = flow.scratch(), flow.Service()
    process = flow.start(client(SERVER4, server.port, 2, "listens"), stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, env=flow.environment(
                             state, TFOSHIM_POLICY=flow.policy("[connect *]\nno = key\n")))
    flow.wait_for(process)
    said = [p for p in status(state)["running"] if p["pid"] == process.pid]
    lines = [line for line in text(state) if " stands aside: " in line]
    check("aside", len(said) == 1 and said[0]["aside"] == "policy" and len(lines) == 1 and
          lines[0].endswith(f" {process.pid} stands aside: its policy cannot be read"),
          f"{said} {lines}")
    flow.end(process)


def names():
    """As the program looked it up."""
    state, server = flow.scratch(), flow.Service()
    hosts = flow.put(os.path.join(flow.scratch(), "hosts"),
                     f"{SERVER4} shop.example.org\n")
    mount = 'mount --bind "$0" /etc/hosts && exec "$@"'
    done = flow.run(["unshare", "-m", "sh", "-c", mount, hosts,
                     *client("shop.example.org", server.port, 2)], state)
    if "mount" in done.err:
        return flow.skip("names", "no hosts file can be mounted")
    name = at_port(status(state), server.port)["name"]
    lines = [line for line in text(state) if f"shop.example.org:{server.port}" in line]
    check("names", name == "shop.example.org" and lines, f"{name} {done}")
    for part in ("shop.ex", SERVER4, f"{SERVER4}:{server.port}"):
        check(f"only-{part.split(':')[0]}",
              len(status(state, part)["destinations"]) == 1)
    done = flow.run([TFO, "status", "elsewhere"], TFOSHIM_STATE=state)
    check("only-nobody", done.code == 1 and not done.out and "'elsewhere'" in done.err and
          done.err.count("\n") == 1, done)
    for words in (("--watch=0",), ("--watch=x",), ("--watch=-1",), ("--watch=1e9",), ("a", "b")):
        done = flow.run([TFO, "status", *words], TFOSHIM_STATE=state)
        check(f"usage-{words[0]}", done.code == 2 and not done.out and
              done.err.startswith("tfo: status: ") and done.err.count("\n") == 1, done)
    return None


def running():
    """As long as it runs."""
    state, server = flow.scratch(), flow.Service()
    process = flow.start(client(SERVER4, server.port, 5, "listens"), stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, env=flow.environment(state))
    flow.wait_for(process)
    said = [p for p in status(state)["running"] if p["pid"] == process.pid]
    one = said[0] if len(said) == 1 else {}
    check("running", one and one["connections"] == 5 and one["fastopen_listeners"] == 2
          and sorted(one["listening_at"]) == ["127.0.0.1:4001", "127.0.0.1:4002"]
          and one["listeners"] == 2 and one["sockets"] == 2 and one["aside"] is None
          and one["policy"].endswith("/policy"), said)
    lines = [line for line in text(state) if f" {process.pid} " in line]
    check("running-in-words", lines and "Fast Open on 2: 127.0.0.1:400" in lines[0], lines)
    name = os.path.basename(os.path.realpath(sys.executable))
    check("running-only", len(status(state, name[:4])["running"]) == 1)
    flow.end(process)
    check("ended", status(state)["running"] == [])


def many():
    """80 columns, whatever there is; long lists are cut."""
    state = flow.scratch()
    for i in range(15):
        flow.run(client((SERVER4, SERVER6)[i % 2], flow.Service().port, 1), state)
    lines, whole = text(state), text(state, "--all")
    rows = [sum(SERVER4 in line or SERVER6 in line for line in some)
            for some in (lines, whole)]
    check("many", rows == [10, 15] and "  and 5 more: --all shows them" in lines and
          max(map(len, whole)) <= 80, f"{rows} {max(whole, key=len)!r}")


# --- what others may have written -------------------------------------------------------

def scribbled(state):
    """Bytes changed in files that were good: anything may be said, nothing crashes."""
    dice, bad, shown = random.Random(7), [], 0
    files = ("destinations.3", "traffic.2")
    good = {}
    for name in files:
        with open(os.path.join(state, name), "rb") as file:
            good[name] = file.read()
    copy = flow.scratch()
    for turn in range(60):
        for name in files:
            data = bytearray(good[name])
            used = [i for i in range(8, len(data)) if data[i]] if turn % 2 else None
            for _ in range(2 ** dice.randrange(14)):
                at = dice.choice(used) if used else dice.randrange(8, len(data))
                data[at] = dice.randrange(256)
            with open(os.path.join(copy, name), "wb") as file:
                file.write(data)
            os.chmod(os.path.join(copy, name), 0o600)
        for words in (("--json",), ("--all",)):
            done = flow.run([TFO, "status", *words], timeout=20, TFOSHIM_STATE=copy)
            wrong = schema.wrong_text("status", done.out) if words == ("--json",) else \
                re.findall(r"[^\n -~\u00a1-\uffff]", done.out)
            shown += done.out.count("192.0.2.")
            if done.code != 0 or done.err or wrong:
                bad.append((turn, words, str(done)[:200], wrong[:2]))
    check("scribbled", not bad and shown, f"{bad[:3]}")


# --- again and again --------------------------------------------------------------------

def read_all(fd, seconds, until=None):
    """What comes in that time, or until it holds these words."""
    got, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and not (until and until in got):
        if select.select([fd], [], [], 0.05)[0]:
            try:
                got += os.read(fd, 65536)
            except OSError:
                break
    return got


class Terminal:
    """tfo status --watch on one."""

    def __init__(self, state, *shell):
        self.fd, inner = pty.openpty()
        self.size(24, 80)
        self.before = termios.tcgetattr(inner)
        self.inner = inner
        env = dict(flow.environment(TFOSHIM_STATE=state), TERM="xterm")
        for name in ("NO_COLOR", "COLUMNS", "LINES"):
            env.pop(name, None)
        self.process = subprocess.Popen([*shell, TFO, "status", "--watch=0.2"],
                                        stdin=inner, stdout=inner, stderr=inner, env=env,
                                        preexec_fn=self.own)

    def own(self):
        """In the child: a session of its own, with this terminal."""
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def size(self, lines, columns):
        """Which the program is told."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))

    def restored(self, got):
        """The screen is what it was, and so are the keys."""
        return got.endswith(b"\033[?25h\033[?1049l") and \
            termios.tcgetattr(self.inner) == self.before


def obeyed(state):
    """What a terminal obeys, in UTF-8 too, is not said to it."""
    done = flow.run([TFO, "status", "\u009b2J\u202eMünze\x1b"], TFOSHIM_STATE=state)
    check("said-clean", done.code == 1 and "Münze?" in done.err and
          not re.search("[\x1b\x80-\x9f\u202e]", done.err), f"{done}")


def stopped(state):
    """By a shell's user, who has his screen meanwhile, and goes on."""
    t = Terminal(state, "sh", "-mc", '"$@"; echo sto""pped; fg; echo ov""er', "sh")
    read_all(t.fd, 5, b"\033[J")
    os.write(t.fd, b"\x1a")
    got = read_all(t.fd, 5, b"stopped\r\n")
    before, _, after = got.partition(b"stopped\r\n")
    check("watch-stopped", b"\033[?1049l" in before and
          b"\033[?1049h" not in before.rpartition(b"\033[?1049l")[2], before[-200:])
    after = read_all(t.fd, 5, b"\033[J") if b"\033[J" not in after else after
    os.write(t.fd, b"q")
    last = read_all(t.fd, 5, b"over\r\n")
    check("watch-goes-on", b"\033[?1049h" in after and b"\033[?1049l" in last and
          last.endswith(b"over\r\n") and t.process.wait(5) == 0, (after[-80:], last))
    os.close(t.inner)
    os.close(t.fd)


def watched(state):
    """In place; ended by a signal, by a key, by the terminal's end."""
    for name, way in (("INT", signal.SIGINT), ("TERM", signal.SIGTERM), ("q", b"q"),
                      ("^C", b"\x03"), ("QUIT", b"\x1c")):
        t = Terminal(state)
        first = read_all(t.fd, 5, b"\033[J")
        if name == "INT":
            read_all(t.fd, 0.5)
            t.size(10, 60)
            again = read_all(t.fd, 0.15)
            frame = again[:again.find(b"\033[J")]
            rows = [re.sub(rb"\033\[[0-9;?]*[a-zA-Z]", b"", row)
                    for row in frame.split(b"\r\n")]
            check("watch-resized", frame.count(b"\033[K") == 9 and
                  max(map(len, rows)) <= 60, frame[:300])
        if isinstance(way, bytes):
            os.write(t.fd, way)
        else:
            t.process.send_signal(way)
        last = first + read_all(t.fd, 1.5)
        code = t.process.wait(5)
        check(f"watch-{name}", first.startswith(b"\033[?1049h") and b"\033[1m" in first
              and code == 0 and t.restored(last), f"{code} {last[-80:]}")
        os.close(t.inner)
        os.close(t.fd)
    process = subprocess.Popen([TFO, "status", "--watch=0.2"], stdout=subprocess.PIPE,
                               env=flow.environment(TFOSHIM_STATE=state))
    time.sleep(1)
    process.terminate()
    out = process.communicate(timeout=5)[0]
    check("watch-no-terminal", process.returncode == 0 and b"\033" not in out and
          2 <= out.count(b"the kernel, in") <= 8, out[-100:])


def story():
    if not TFO:
        flow.cannot("there is no tfo to ask")
    schema.wrong("status", {})  # says at once if it cannot be looked at
    state, _ = counts()
    too_few()
    pauses()
    our_side()
    names()
    running()
    aside()
    many()
    gains()
    scribbled(state)
    watched(state)
    stopped(state)
    obeyed(state)
    unseen = schema.unseen("status")
    check("fields", not unseen, f"never seen: {unseen}")
    shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    flow.main(story, delay=20, limit=240)
