# SPDX-License-Identifier: MIT
"""row: one pair of programs, played in four modes (bare; the client, the server, both under
the shim), and what must come of it: the same output, and on the wire what is expected.

A client's row says what its SYNs carry once it is known there:
  rides(...)   its first bytes
  opens(WHY)   a cookie and nothing: the connection is opened early; WHY says why
  first_contact(WHY)  the same on the wire, by a rule that forbids to hold it back
  passed_by(WHY)      nothing: the program reaches libc another way, and only has to work
A shim that does nothing sends no cookie, and so passes for none of the first three."""

import glob
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import tfolab
from place import Broken, Place, SERVER, netstat

MODES = {"bare": (False, False), "client": (True, False),
         "server": (False, True), "both": (True, True)}
EVERY_LISTENER = 0x403  # the sysctl that gives every listener Fast Open, the bare ones too
TRIES = 10
TIMELY = "the wire saw"  # how a sentence begins that is about time
ROWS = []


class Expected:
    """What a client's SYNs carry, of the connections of one run."""

    def __init__(self, word, data, share=1.0, why=""):
        self.word, self.data, self.share, self.why = word, data, share, why

    def met(self, wire):
        if self.data is None:
            return wire["syn"] > 0 and wire["plain"] == wire["syn"]
        if not self.data:
            return wire["cookie"] > 0 and wire["data"] == 0
        return wire["data"] > 0 and wire["data"] >= self.share * wire["syn"]


def rides(share=1.0, why=""):
    return Expected("rides in the SYN", True, share, why)


def opens(why):
    return Expected("opened early", False, why=why)


def first_contact(why):
    return Expected("first contact", False, why=why)


def passed_by(why):
    return Expected("passed by", None, why=why)


class Row:
    """client: words, or a function of the place that returns a Said. server: a function of
    the place. once: the server serves one client and ends; what it said counts too.
    by_itself: the client does Fast Open bare, too."""

    def __init__(self, name, needs, server, client, expected, port=80, **how):
        self.name, self.server, self.client, self.expected = name, server, client, expected
        self.port = port
        needs = set(needs) | ({"openssl"} if "nginx" in needs else set())  # its certificate
        assert needs <= set(PACKAGES), f"{name}: unknown package in {needs}"
        self.packages = sorted(needs)
        self.mask = how.pop("mask", ())
        self.modes = how.pop("modes", tuple(MODES))
        self.once = how.pop("once", False)
        self.timeout = how.pop("timeout", 20)
        self.direction = how.pop("direction", "c2s")
        self.stdin = how.pop("stdin", None)
        self.root = how.pop("root", False)
        self.group = how.pop("group", name.split()[0])
        self.sort = how.pop("sort", False)
        self.code = how.pop("code", 0)
        self.cookie_from = how.pop("cookie_from", None)
        self.probe = how.pop("probe", not self.once)
        self.by_itself = how.pop("by_itself", False)
        assert not how, how
        ROWS.append(self)

    def cannot(self):
        """Why it cannot run here, or None."""
        if self.root and in_user_namespace():
            return "needs more users than a user namespace of one has"
        missing = [p for p in self.packages if not shutil.which(PACKAGES[p])
                   and not glob.glob(PACKAGES[p])]
        return f"not installed: {' '.join(missing)}" if missing else None


LIBS = f"/usr/lib/{os.uname().machine}-linux-gnu/"
# Debian package: a program or file of it
PACKAGES = {
    "curl": "curl", "wget": "wget", "nginx": "nginx", "haproxy": "haproxy",
    "lighttpd": "lighttpd", "apache2-bin": "apache2", "apache2-utils": "ab", "wrk": "wrk",
    "redis-server": "redis-server", "redis-tools": "redis-benchmark",
    "memcached": "memcached", "libmemcached-tools": "memccat", "postgresql": "/usr/lib/postgresql/*/bin/postgres",
    "mariadb-server": "mariadbd", "mariadb-client": "mariadb",
    "openssh-server": "sshd", "openssh-client": "ssh",
    "exim4-daemon-light": "exim4", "vsftpd": "vsftpd", "lftp": "lftp",
    "git": "git", "rsync": "rsync", "openssl": "openssl", "socat": "socat",
    "netcat-openbsd": "nc.openbsd", "ncat": "ncat", "bind9-dnsutils": "dig",
    "unbound": "unbound", "iperf3": "iperf3", "bash": "bash", "python3": "python3",
    "python3-requests": "/usr/lib/python3/dist-packages/requests", "nodejs": "node",
    "default-jdk-headless": "javac", "perl": "perl", "php-cli": "php", "ruby": "ruby",
    "gcc": "gcc", "clang": "clang", "libc6-dev": "/usr/include/stdio.h",
    "libclang-rt-14-dev": "/usr/lib/llvm-14/lib/clang/*/lib/linux",
    "libjemalloc2": LIBS + "libjemalloc.so.2",
    "libtcmalloc-minimal4": LIBS + "libtcmalloc_minimal.so.4",
    "valgrind": "valgrind", "strace": "strace", "gdb": "gdb",
    "torsocks": "torsocks", "proxychains4": "proxychains4",
    "libfaketime": LIBS + "faketime/libfaketime.so.1",
    "util-linux": "setpriv",
}


def in_user_namespace():
    with open("/proc/self/uid_map", encoding="ascii") as ranges:
        return ranges.read().split() != ["0", "0", "4294967295"]


def seen(row):
    """What the wire saw of the row's connections: syn, data, cookie, asks."""
    found = {"syn": 0, "data": 0, "cookie": 0, "asks": 0, "plain": 0}
    for syn in tfolab.syns():
        port = int(re.search(r":(\d+)$", syn["destination"]).group(1))
        if syn["direction"] != row.direction or row.port not in (port, None):
            continue
        found["syn"] += 1
        kind = ("data" if syn["payload_length"] else "cookie" if syn["cookie"] > 0
                else "asks" if syn["cookie"] == 0 else "plain")
        found[kind] += 1
    return found


def probe(port):
    """A connection with Fast Open by hand, to a listener: has it the option?"""
    def connect():
        with socket.socket() as sock:
            sock.settimeout(5)
            sock.setsockopt(socket.IPPROTO_TCP, tfolab.TCP_FASTOPEN_CONNECT, 1)
            sock.connect((SERVER, port))
            try:
                sock.send(b"", socket.MSG_DONTWAIT)
            except BlockingIOError:
                pass
    before = netstat("server", "TCPFastOpenPassive"), tfolab.counters()
    connect()
    until = time.monotonic() + 1
    while time.monotonic() < until:
        if netstat("server", "TCPFastOpenPassive") > before[0] or \
                tfolab.counters()["s2c_synack_cookie"] > before[1]["s2c_synack_cookie"]:
            return True
        time.sleep(0.01)
    return False


def fetch_cookie(port):
    """Where the row's own port is closed: cookies are per address, not per port."""
    text = ("import socket; s = socket.socket(); s.setsockopt(6, 23, 5); "
            f"s.bind(('', {port})); s.listen(); print(flush=True); s.accept()")
    with tfolab.server([sys.executable, "-c", text], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        probe(port)
        process.kill()


class Played:
    """One mode of a row: what was said, and what is wrong with it."""

    def __init__(self, mode):
        self.mode, self.said, self.wire, self.wrong, self.tries = mode, None, None, None, 0


def once(row, place):
    """One run of the client, and of the server where it serves one only."""
    process = row.server(place) if row.once else None
    tfolab.reset()
    if callable(row.client):
        said = row.client(place)
    else:
        said = place.run(row.client, timeout=row.timeout, stdin=row.stdin)
    if process:
        served = place.finish(process)
        said.out += f"\n--- server: status {served.code}\n{served.out}"
    for pattern, by in row.mask:
        said.out = re.sub(pattern, by, said.out, flags=re.M)
        said.err = re.sub(pattern, by, said.err, flags=re.M)
    if row.sort:
        said.out = "\n".join(sorted(said.out.splitlines()))
    return said


def play(row, mode, bare):
    """Plays the row in a mode; bare: what it said without us."""
    done = Played(mode)
    place = Place(*MODES[mode])
    try:
        _play(row, mode, bare, place, done)
    except Broken as error:
        done.wrong = str(error)
    finally:
        place.clean()
    if place.failed_to_end and not done.wrong:
        done.wrong = f"had to be killed: {place.failed_to_end}"
    return done


def enough(row, client_under, done):
    """A bare client says the same twice; one whose SYN carries nothing, three times."""
    if not client_under:
        return done.tries >= 2
    return row.expected.met(done.wire) and (row.expected.data or done.tries >= 3)


def _play(row, mode, bare, place, done):
    client_under, server_under = MODES[mode]
    set_server_sysctl(EVERY_LISTENER if mode == "client" else 3)
    if row.server and not row.once:
        row.server(place)
    if row.cookie_from and client_under:
        fetch_cookie(row.cookie_from)
    passive = netstat("server", "TCPFastOpenPassive")
    for done.tries in range(1, TRIES + 1):
        said = once(row, place)
        done.wire = seen(row)
        if mode == "bare" and done.tries == 1:
            done.said = said
            if said.code != row.code:
                raise Broken(f"bare it ends otherwise than it should: {said}")
        wanted = done.said if mode == "bare" else bare.said
        if said != wanted:
            done.wrong = f"differs in run {done.tries}:\n{wanted.against(said)}"
            return
        if enough(row, client_under, done):
            break
        time.sleep(0.05)
    else:
        done.wrong = f"{TIMELY} {done.wire}, not: {row.expected.word}"
        return
    if not client_under and not row.by_itself and \
            done.wire["data"] + done.wire["cookie"] + done.wire["asks"]:
        done.wrong = f"a bare client does Fast Open by itself: {done.wire}"
    if server_under:
        check_server(row, mode, passive, done)
    if client_under and row.expected.data is not None and not row.by_itself and \
            not os.listdir(place.state("client")):
        done.wrong = "what was learnt is not where TFOSHIM_STATE says"


def check_server(row, mode, passive, done):
    if mode == "both" and row.expected.data is not None and \
            netstat("server", "TCPFastOpenPassive") <= passive:
        done.wrong = "the server accepted no Fast Open connection"
    if mode == "server" and row.server and row.probe and row.port and \
            not probe(row.port):
        done.wrong = "the listener has no Fast Open"


def set_server_sysctl(value):
    subprocess.run([os.environ["LAB"], "in", "server", "tee",
                    "/proc/sys/net/ipv4/tcp_fastopen"], input=str(value).encode(),
                   stdout=subprocess.DEVNULL, check=True)
