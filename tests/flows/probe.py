#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`tfo probe` says of a way what the wire saw on it: over every fault, with nginx by HTTP
and TLS, with servers that are silent, that close, that speak first; what it measures is
one round trip; nothing unsafe is ever in a SYN; it leaves nothing behind unless it is
told to, and then programs know it at once. CASE... for some."""

import glob
import itertools
import json
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import flow
import tfolab
from flow import OTHER4, OTHER6, RTT, SERVER4, SERVER6, check, lines_of

sys.path.insert(0, os.path.join(flow.HERE, "..", "schemas"))
import schema  # noqa: E402

PAIRS = 6
PROC = "/proc/sys/net/ipv4/"
CLIENT_HELLO, HEAD = b"\x16\x03\x01", b"HEAD / HTTP/1.1\r\nHost: "

NGINX = """
daemon off;
master_process off;
user root;
pid {room}/pid;
events {{ worker_connections 256; }}
http {{
    access_log {room}/access;
    client_body_temp_path {room}/body;
    proxy_temp_path {room}/proxy;
    fastcgi_temp_path {room}/fastcgi;
    uwsgi_temp_path {room}/uwsgi;
    scgi_temp_path {room}/scgi;
    server {{
        listen 80 fastopen=256;
        listen [::]:80 fastopen=256;
        listen 81;
        location / {{ return 200 "here"; }}
    }}
    server {{
        listen 443 ssl fastopen=256;
        listen [::]:443 ssl fastopen=256;
        ssl_certificate {room}/cert;
        ssl_certificate_key {room}/key;
        location / {{ return 200 "here"; }}
    }}
}}
"""

SHORT = ["--timeout", "5"]  # where nothing comes anyway

# name: fault, address, port, what is sent (by the port where nothing is said),
# the verdict, what is gained, the exit status
CASES = {
    "http": (None, SERVER4, 80, [], "accepted", "faster", 0),
    "http-ipv6": (None, SERVER6, 80, [], "accepted", "faster", 0),
    "tls": (None, SERVER4, 443, [], "accepted", "faster", 0),
    "tls-ipv6": (None, SERVER6, 443, [], "accepted", "faster", 0),
    "cookie-alone": (None, SERVER4, "silent", [], "cookie", "unknown", 0),
    "greeting": (None, SERVER4, "greeting", [], "cookie", "faster", 0),
    "silent": (None, SERVER4, "silent", ["--http", *SHORT], "accepted", "unknown", 0),
    "closes": (None, SERVER4, "closing", ["--http"], "accepted", "unknown", 0),
    "other-keys": (None, SERVER6, "fleet", ["--http"], "data_refused", "same", 1),
    "no-fast-open": (None, OTHER4, 81, ["--http"], "no_cookie", "same", 1),
    "no-more-fast-open": (None, SERVER4, 81, ["--http"], "data_refused", "same", 1),
    "closed-port": (None, SERVER4, "closed", [], "unreachable", "unknown", 1),
    "closed-port-new": (None, OTHER6, "closed", ["--tls"], "unreachable", "unknown", 1),
    "drop-all": ("drop-all", SERVER6, 80, SHORT, "unreachable", "unknown", 1),
    "drop-synack": ("drop-synack", SERVER4, 80, SHORT, "unreachable", "unknown", 1),
    "drop-syn-data": ("drop-syn-data", SERVER6, 443, [], "data_dropped", None, 1),
    "drop-syn-option": ("drop-syn-option", SERVER4, 80, [], "option_dropped", None, 1),
    "drop-syn-option-new": ("drop-syn-option", OTHER4, 80, [], "option_dropped", None, 1),
    "drop-cookie-request": ("drop-cookie-request", OTHER6, 80, [], "option_dropped", None,
                            1),
    "drop-synack-cookie": ("drop-synack-cookie", OTHER4, 80, [], "option_dropped", None,
                           1),
    "drop-after-syn-data": ("drop-after-syn-data", SERVER4, 80, [], "swallowed",
                            "unknown", 1),
    "rst-syn-data": ("rst-syn-data", SERVER6, 80, [], "reset", "unknown", 1),
    "delay-syn-data": ("delay-syn-data 40", SERVER4, 80, [], "accepted", "slower", 1),
    "as-slow": ("delay-syn-data 20", SERVER4, 443, [], "accepted", None, None),
    "strip-option": ("strip-option", SERVER4, 80, [], "data_refused", "same", 1),
    "strip-option-new": ("strip-option", OTHER4, 80, [], "no_cookie", "same", 1),
    "strip-option-reply": ("strip-option-reply", SERVER6, 80, [], "accepted", "faster", 0),
    "strip-option-reply-new": ("strip-option-reply", OTHER6, 80, [], "no_cookie", "same",
                               1),
    "strip-syn-data": ("strip-syn-data", SERVER6, 443, [], "data_refused", "same", 1),
    "duplicate-syn": ("duplicate-syn", SERVER4, 80, [], "accepted", "faster", 0),
}

HURTS = ("data_dropped", "option_dropped", "swallowed", "reset")


# --- servers ----------------------------------------------------------------------------

def start_nginx():
    room = flow.scratch()
    os.chmod(room, 0o755)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=lab", "-days", "2",
                    "-keyout", f"{room}/key", "-out", f"{room}/cert"],
                   check=True, capture_output=True)
    config = flow.put(os.path.join(room, "nginx.conf"), NGINX.format(room=room))
    tfolab.server(["nginx", "-p", room, "-c", config, "-e", f"{room}/error"],
                  stdout=subprocess.DEVNULL)
    for port in (80, 81, 443):
        until = time.monotonic() + 10
        while socket.socket().connect_ex((SERVER4, port)):
            if time.monotonic() > until:
                raise RuntimeError("nginx does not listen: " +
                                   " ".join(lines_of(f"{room}/error")[-3:]))
            time.sleep(0.05)
    return os.path.join(room, "access")


def silent(conn, seen):
    """Reads, and says nothing."""
    while got := conn.recv(4096):
        seen.data += got


def closing(conn, seen):
    """Reads what is there, and closes."""
    seen.data += conn.recv(4096)


class Fleet(flow.Service):
    """Many servers behind one address, each with a key of its own: here one that has
    another with each connection."""

    keys = itertools.count(1)

    def __init__(self):
        super().__init__(flow.http)
        self.key()

    def key(self):
        self.socket.setsockopt(socket.IPPROTO_TCP, 33, struct.pack("<4I", *[
            next(self.keys)] * 4))  # TCP_FASTOPEN_KEY

    def _handle(self, conn, seen):
        self.key()
        super()._handle(conn, seen)


class Servers:
    """At the far end, by name or port."""

    def __init__(self):
        self.access = start_nginx()
        self.own = {"silent": flow.Service(silent), "closing": flow.Service(closing),
                    "greeting": flow.Service(flow.greet), "fleet": Fleet()}
        self.closed = flow.closed_port()

    def port(self, name):
        if name == "closed":
            return self.closed
        return self.own[name].port if name in self.own else name


# --- probing ----------------------------------------------------------------------------

def place(at, port):
    return f"[{at}]:{port}" if ":" in at else f"{at}:{port}"


def probe(*words, state=None, timeout=90, **more):
    """How it ended."""
    if state:
        more["TFOSHIM_STATE"] = state
    return flow.run([os.environ["TFO"], "probe", *words], timeout=timeout, **more)


def document(name, done):
    """What it printed, if that is what its schema allows."""
    wrong = schema.wrong_text("probe", done.out)
    if wrong or done.err:
        check(f"{name}-json", False, f"{wrong[:3]} {done.err.strip()}")
        return None
    return json.loads(done.out)


def seen_on_the_wire(counters):
    """The verdict that follows from what the wire did, and saw, alone."""
    def n(name):
        return counters[name]
    data = n("c2s_syn_data")
    if n("c2s_refused_by_rst-syn-data"):
        return "reset"
    if n("c2s_dropped_by_drop-after-syn-data") or n("s2c_dropped_by_drop-after-syn-data"):
        return "swallowed"
    if n("c2s_dropped_by_drop-all") or n("s2c_dropped_by_drop-synack"):
        return "unreachable"
    if n("c2s_dropped_by_drop-syn-data"):
        return "data_dropped"
    if (n("c2s_dropped_by_drop-syn-option") or n("c2s_dropped_by_drop-cookie-request") or
            n("s2c_dropped_by_drop-synack-cookie")):
        return "option_dropped"
    if not n("s2c_synack"):
        return "unreachable"
    if data:
        return "accepted" if n("s2c_synack_data_acked") >= data else "data_refused"
    if n("c2s_syn_cookie") or (n("s2c_synack_cookie") and
                               not n("s2c_altered_by_strip-option-reply")):
        return "cookie"
    return "no_cookie"


def unsafe(syns, data):
    """What was in a SYN, and must not be; data: may anything be?"""
    good = (HEAD, CLIENT_HELLO) if data else ()
    return [syn["payload"][:20] for syn in syns if syn["payload_length"] and not any(
        syn["payload"].startswith(one) for one in good)] + [
        syn["payload_length"] for syn in syns if syn["payload_length"] > 1380]


def one(name, servers):
    """A case: probed, and compared with the wire; measured again where the machine was
    busy."""
    fault, at, port, words, verdict, gain, status = CASES[name]
    number = servers.port(port)
    for last in (False, False, True):
        if fault:
            what, value = (fault.split() + ["on"])[:2]
            tfolab.fault(what, f"{value} port={number}")
        tfolab.reset()
        done = probe(place(at, number), "-n", PAIRS, "--json", *words)
        counters, syns = tfolab.counters(), tfolab.syns()
        tfolab.clear()
        said = document(name, done)
        if not said:
            return
        it = said["addresses"][0]
        if last or gain in (None, it["gain"]):
            break
    wire = seen_on_the_wire(counters)
    check(name, it["verdict"] == verdict == wire and gain in (None, it["gain"]) and
          status in (None, done.code),
          f"said {it['verdict']}, {it['gain']}, the wire {wire}; status {done.code}, "
          f"{done.seconds:.1f} s: {it['sentence']}")
    mine = [syn for syn in syns if syn["destination"].endswith(f":{number}")]
    data = said["request"] != "none"
    wrong = unsafe(mine, data) + ([] if data or not counters["c2s_data"] else ["sent"])
    check(f"{name}-safe", not wrong and len(mine) >= 2, f"{len(mine)} SYNs {wrong}")
    pairs = 3 if verdict in HURTS else PAIRS  # more of the same would only disturb
    few = 2 * pairs + 2
    connections = len({syn["source"] for syn in mine})
    check(f"{name}-few", connections <= few, f"{connections} connections")
    if gain == "faster":
        one_round_trip(name, it, at, number, words)


def one_round_trip(name, it, at, port, words):
    """That is what is gained, within a tenth; no time is shorter than its way."""
    for _ in range(3):
        by = -it["difference"]["by_us"] / 1000
        if abs(by - RTT) <= RTT / 10:
            break
        it = json.loads(probe(place(at, port), "-n", PAIRS, "--json", *words).out)[
            "addresses"][0]
    ms = {kind: it[kind]["first_byte_us"] / 1000 for kind in ("plain", "fast_open")}
    check(f"{name}-as-the-wire", ms["plain"] >= 2 * RTT and ms["fast_open"] >=
          RTT and it["plain"]["handshake_us"] >= 1000 * RTT,
          f"{ms} ms to the first byte")
    check(f"{name}-one-round-trip", abs(by - RTT) <= RTT / 10,
          f"{by:.2f} ms of {RTT}, {-it['difference']['high_us'] / 1000:.2f} to "
          f"{-it['difference']['low_us'] / 1000:.2f}")


# --- the text ---------------------------------------------------------------------------

def as_text():
    """What is read by people says the same; letters where there are no blocks."""
    done = probe(place(SERVER4, 80), "-n", PAIRS, COLUMNS="72", LC_ALL="C.UTF-8")
    lines = done.out.splitlines()
    check("text", done.code == 0 and not done.err and
          "192.0.2.2:80 from 192.0.2.1: accepted" in lines and
          any("Fast Open works" in line for line in lines) and
          any("└" in line for line in lines) and max(map(len, lines)) <= 72, str(done))
    done = probe(place(SERVER4, 80), "-n", PAIRS, COLUMNS="72", LC_ALL="C")
    check("text-ascii", done.out.isascii() and "+---" in done.out, str(done))


def on_terminal_named(terminal):
    """What comes out, and what the terminal is told."""
    main, other = pty.openpty()
    process = subprocess.Popen([os.environ["TFO"], "probe", place(SERVER4, 80), "-n", "3"],
                               stdout=subprocess.PIPE, stderr=other,
                               env=flow.environment(TERM=terminal))
    os.close(other)
    out = process.communicate(timeout=30)[0].decode()
    told = b""
    try:
        while got := os.read(main, 4096):
            told += got
    except OSError:  # that is how a terminal ends whose other side is closed
        pass
    os.close(main)
    return out, told.decode()


def on_terminal():
    """Progress goes to the terminal that stderr is, and is wiped."""
    out, told = on_terminal_named("xterm")
    check("progress", "192.0.2.2:80: pair 3 of 3" in told and told.endswith("\r\x1b[K") and
          "pair 3 of" not in out and "\x1b" not in out, repr(told[-60:]))
    out, told = on_terminal_named("dumb")
    check("no-progress", not told and "Fast Open" in out, repr(told))


def interrupted():
    """Ctrl-C: what is known so far."""
    process = flow.start([os.environ["TFO"], "probe", place(SERVER4, 80), "-n", "100",
                          "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(2.5)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = process.communicate(timeout=20)
    took = time.monotonic() - began
    said = document("interrupted", flow.Done(process.returncode, out.decode(),
                                             err.decode(), took))
    it = said["addresses"][0]
    n = len(it["fast_open"]["connections"])
    check("interrupted", it["stopped"] and 3 <= n < 40 and took < 1 and
          it["verdict"] == "accepted" and it["gain"] == "faster",
          f"{n} pairs, {took:.2f} s after the signal: {it['sentence']}")


def in_time(servers):
    """Ten pairs with a silent server, in the time it may take, at a port that needs it."""
    tfolab.fault("drop-all", "on port=80")
    done = probe(place(SERVER4, 80), "--timeout", "3", "--json")
    tfolab.clear()
    it = document("in-time", done)["addresses"][0]
    check("in-time", done.seconds < 3.5 and it["error"] == "ETIMEDOUT",
          f"{done.seconds:.1f} s, {it['sentence']}")
    done = probe(place(SERVER4, servers.port("silent")), "--http", "--timeout", "3")
    check("in-time-silent", done.seconds < 3.5 and "does not answer" in done.out,
          f"{done.seconds:.1f} s")
    done = probe(place(SERVER4, 80), "--timeout", "3", "-n", "100", "--json")
    it = document("in-time-pairs", done)["addresses"][0]
    n = len(it["fast_open"]["connections"])
    check("in-time-pairs", it["stopped"] and 4 <= n < 30 and done.seconds < 3.5 and
          it["gain"] == "faster", f"{n} pairs in {done.seconds:.1f} s")


# --- where it is asked ------------------------------------------------------------------

def as_if(mount, over, words):
    """Runs it where one file stands over another."""
    return flow.run(["unshare", "-m", "sh", "-c",
                     'mount --bind "$0" "$1" && shift && exec "$@"', mount, over,
                     os.environ["TFO"], "probe", *words], timeout=90)


def named(servers):
    """A name with more addresses than are asked: two of each kind, each by itself."""
    hosts = flow.put(os.path.join(flow.scratch(), "hosts"), "".join(
        f"{at} web.example\n" for at in (SERVER4, SERVER6, OTHER4, "192.0.2.4", OTHER6,
                                         "2001:db8::4", "2001:db8::5")) +
        f"{SERVER4} half.example\n2001:db8:77::7 half.example\n{SERVER4} one.example\n")
    done = as_if(hosts, "/etc/hosts", ["web.example:80", "-n", "4", "--json"])
    said = document("name", done)
    found = {it["address"]: it["verdict"] for it in said["addresses"]}
    check("name", found == dict.fromkeys((SERVER4, SERVER6, OTHER4, OTHER6), "accepted")
          and said["host"] == "web.example" and said["addresses_not_asked"] == 3 and
          done.code == 0, f"{found}, {said['addresses_not_asked']} more")
    done = as_if(hosts, "/etc/hosts", ["half.example:80", "-n", "4", "--json"])
    found = {it["address"]: it["verdict"] for it in
             document("name-half", done)["addresses"]}
    check("name-half", done.code == 0 and found == {
        SERVER4: "accepted", "2001:db8:77::7": "unreachable"}, f"{found}, {done.code}")
    service = servers.own["closing"]
    for how, wanted in (("--http", [f"Host: one.example:{service.port}\r\n".encode()]),
                        ("--tls", [b"\0\x0bone.example", b"\x02h2", b"\x08http/1.1"])):
        service.seen.clear()
        as_if(hosts, "/etc/hosts", [f"one.example:{service.port}", how, "-n", "1"])
        heard = [bytes(seen.data) for seen in service.seen]
        check(f"name{how}", heard and all(part in data for part in wanted
                                          for data in heard), f"{len(heard)} {wanted}")


def without_openssl():
    """Nothing can be made without it, and nothing else needs it."""
    found = [path for name in ("libssl.so.3", "libssl.so.1.1") for path in
             glob.glob(f"/usr/lib*/{name}") + glob.glob(f"/usr/lib*/*/{name}")]
    tfolab.reset()
    done = as_if("/dev/null", found[0], [place(SERVER4, 443)])
    check("without-openssl", len(found) == 1 and done.code == 125 and not done.out and
          "libssl" in done.err and done.err.count("\n") == 1 and
          tfolab.counters()["c2s_syn"] == 0, str(done))
    done = as_if("/dev/null", found[0], [place(SERVER4, 80), "-n", "1"])
    check("without-openssl-http", done.code == 0, str(done))


def under_shim():
    """Where all programs are preloaded it measures the same: plain ones are plain."""
    state = flow.scratch()
    for _ in range(2):
        tfolab.reset()
        done = flow.run([os.environ["TFO"], "probe", place(SERVER4, 80), "-n", PAIRS,
                         "--json"], state, 60)
    it = document("under-shim", done)["addresses"][0]
    counters = tfolab.counters()
    tries = counters["c2s_syn_cookie"] + counters["c2s_syn_cookie_request"]
    check("under-shim", it["gain"] == "faster" and tries == PAIRS + 1 and
          counters["c2s_syn"] == 2 * PAIRS + 1 and
          it["plain"]["first_byte_us"] >= 2000 * RTT,
          f"{tries} of {counters['c2s_syn']} SYNs with the option: {it['sentence']}")


def own_host():
    """Within one host nothing is promised."""
    server = socket.create_server(("127.0.0.1", 8080))
    server.setsockopt(socket.IPPROTO_TCP, tfolab.TCP_FASTOPEN, 16)

    def serve():
        while True:
            conn, _ = server.accept()
            conn.settimeout(5)
            conn.recv(4096)
            time.sleep(0.002)
            conn.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            conn.close()
    threading.Thread(target=serve, daemon=True).start()
    it = document("own-host", probe("127.0.0.1:8080", "-n", PAIRS, "--json"))[
        "addresses"][0]
    check("own-host", it["own_host"] and it["verdict"] == "accepted", it["sentence"])


def nowhere():
    done = probe("nosuch.invalid:80")
    check("no-such-name", done.code == 1 and not done.out and
          done.err.count("\n") == 1 and "nosuch.invalid" in done.err, str(done))
    for at in ("198.51.100.7", "2001:db8:77::7"):
        done = probe(place(at, 80), "--json")
        it = document("no-route", done)["addresses"][0]
        check(f"no-route-{at}", done.code == 1 and it["error"] == "ENETUNREACH" and
              "no route" in it["sentence"] and it["from"] is None and done.seconds < 2,
              it["sentence"])


def usage():
    for words in (["x"], ["192.0.2.2"], ["192.0.2.2:80", "-n", "0"], [],
                  ["192.0.2.2:80", "-n", "101"], ["192.0.2.2:80", "--tls", "--http"],
                  ["192.0.2.2:80", "--timeout", "x"], ["192.0.2.2:80", "more"],
                  ["192.0.2.2:80", "--nonsense"]):
        done = probe(*words)
        check(f"usage-{' '.join(words) or 'nothing'}", done.code == 2 and not done.out and
              done.err.startswith("tfo: ") and done.err.count("\n") == 1, str(done))


def put(name, value):
    """A switch of the kernel's; what it was."""
    was = flow.lines_of(PROC + name)[0]
    with open(PROC + name, "w", encoding="ascii") as file:
        file.write(str(value))
    return was


def client_without_cookie():
    """Data goes without one: a server that wants one does not take it."""
    was = put("tcp_fastopen", 7)
    tfolab.reset()
    done = probe(place(SERVER4, 80), "-n", PAIRS, "--json")
    counters = tfolab.counters()
    put("tcp_fastopen", was)
    it = document("client-without-cookie", done)["addresses"][0]
    check("client-without-cookie", it["verdict"] == "data_refused" and
          it["remedy"] == "sysctl -w net.ipv4.tcp_fastopen=3" and
          "without a cookie" in it["sentence"] and not counters["c2s_syn_cookie"] and
          counters["c2s_syn_data"] == PAIRS, it["sentence"])


def client_off():
    """The kernel's switch: said, with the remedy, and plain ones are made."""
    was = put("tcp_fastopen", 2)
    tfolab.reset()
    done = probe(place(SERVER4, 80), "-n", "3", "--json")
    text = probe(place(SERVER4, 80), "-n", "3")
    unseen = as_if("/dev/null", PROC + "tcp_fastopen", [place(SERVER4, 80), "--json"])
    counters = tfolab.counters()
    put("tcp_fastopen", was)
    it = document("client-off", done)["addresses"][0]
    tries = counters["c2s_syn_cookie"] + counters["c2s_syn_cookie_request"]
    check("client-off", it["verdict"] == "off" and done.code == text.code == 1 and
          it["remedy"] == "sysctl -w net.ipv4.tcp_fastopen=3" and tries == 0 and
          "sysctl -w net.ipv4.tcp_fastopen=3" in text.out, it["sentence"])
    said = document("client-off-unseen", unseen)
    it = said["addresses"][0]
    check("client-off-unseen", it["verdict"] == "off" and unseen.code == 1 and
          said["kernel"]["tcp_fastopen"] is None and not it["remedy"], it["sentence"])


# --- what it leaves ---------------------------------------------------------------------

def holes():
    """How many the kernel believes to have found."""
    lines = [line.split() for line in flow.lines_of("/proc/self/net/netstat")
             if line.startswith("TcpExt: ")]
    return int(dict(zip(*lines))["TCPFastOpenBlackhole"])


def swallow():
    """A program that waits too long: that is what the kernel's pause is for."""
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.sendto(b"HEAD", 0x20000000, (SERVER4, 80))  # MSG_FASTOPEN
        until = time.monotonic() + 12
        before = holes()
        while holes() == before and time.monotonic() < until:
            time.sleep(0.1)
        return holes() > before


def kernel_pause():
    """It never triggers the kernel's own pause; and tells one that is there."""
    put("tcp_fastopen_blackhole_timeout_sec", 60)
    before = holes()
    tfolab.fault("drop-after-syn-data", "on port=80")
    done = probe(place(SERVER4, 80), "-n", PAIRS, "--json")
    said = document("kernel-pause", done)
    it = said["addresses"][0]
    check("no-pause-by-probing", holes() == before and it["verdict"] == "swallowed" and
          said["kernel"]["blackholes"] == 0, f"{holes() - before} black holes: "
          f"{it['verdict']}")
    other = threading.Thread(target=swallow)
    other.start()
    said = document("kernel-pause", probe(place(SERVER6, 443), "-n", "15", "--json"))
    other.join()
    paused = holes() > before
    tfolab.clear()
    check("pause-meanwhile-is-told", said["kernel"]["blackholes"] == holes() - before == 1,
          f"{said['kernel']}, {holes() - before}")
    done = probe(place(SERVER4, 80), "-n", PAIRS, "--json")
    it = document("kernel-pause", done)["addresses"][0]
    check("pause-is-told", paused and it["verdict"] == "paused" and done.code == 1 and
          it["remedy"] == "sysctl -w net.ipv4.tcp_fastopen_blackhole_timeout_sec=60",
          f"{paused}: {it['sentence']}; {it['remedy']}")
    value = it["remedy"].split("=")[1] if it["remedy"] else 0
    put("tcp_fastopen_blackhole_timeout_sec", value)
    done = probe(place(SERVER4, 80), "-n", "3", "--json")
    it = document("kernel-pause", done)["addresses"][0]
    check("remedy-helps", it["verdict"] == "accepted", it["sentence"])
    put("tcp_fastopen_blackhole_timeout_sec", 0)


def explain(state, at, port):
    done = flow.run([os.environ["TFO"], "explain", "connect", place(at, port), "--json"],
                    TFOSHIM_STATE=state)
    return json.loads(done.out)[0]


def remembered():
    """Only where it is asked for; then `tfo explain` and programs know it."""
    state = os.path.join(flow.scratch(), "none")
    done = probe(place(SERVER4, 80), "-n", "3", "--json", state=state)
    check("forgotten", not os.path.exists(state), str(os.path.exists(state)))
    done = probe(place(SERVER4, 80), "-n", PAIRS, "--remember", "--json", state=state)
    it = document("remembered", done)["addresses"][0]
    known = explain(state, SERVER4, 80)["memory"] or {}
    outcomes = known.get("outcomes", {})
    fast, plain = known.get("first_byte_fast_us", 0), known.get("first_byte_plain_us", 0)
    check("remembered", it["remembered"] and known.get("proven") and
          outcomes.get("data_acked") == PAIRS and outcomes.get("plain") == PAIRS and
          outcomes.get("opened_early", 0) + outcomes.get("cookie_requested", 0) == 1 and
          abs(fast - it["fast_open"]["first_byte_us"]) < 2000 and
          abs(plain - it["plain"]["first_byte_us"]) < 2000 and not known["pause"],
          f"{outcomes} {fast} {plain}")
    other = flow.scratch()
    flow.put(os.path.join(other, os.listdir(state)[0]), "something else")
    for bad, why in (("/proc/nowhere", "/proc/nowhere"), (other, "something else")):
        done = probe(place(SERVER4, 80), "-n", "3", "--remember", "--json", state=bad)
        wrong, said = schema.wrong_text("probe", done.out), json.loads(done.out)
        check(f"not-remembered-{why}", done.code == 1 and not wrong and
              why in said["not_remembered"] and why in done.err and
              done.err.count("\n") == 1 and
              said["addresses"][0]["verdict"] == "accepted", done.err)


def remembered_losses():
    """Two were lost, so programs leave it: their first connection is a plain one."""
    for fault, port in (("drop-syn-data", 80), ("rst-syn-data", 443)):
        state = flow.scratch()
        tfolab.fault(fault, f"on port={port}")
        probe(place(SERVER4, port), "--remember", state=state)
        tfolab.reset()
        words = ["curl", "-sko", "/dev/null", "-w", "%{http_code}",
                 f"http{'s' * (port == 443)}://{SERVER4}:{port}/"]
        done = flow.run(words, state, 10)
        counters = tfolab.counters()
        tfolab.clear()
        pause = explain(state, SERVER4, port)["memory"]["pause"]
        tries = counters["c2s_syn_cookie"] + counters["c2s_syn_cookie_request"]
        check(f"remembered-{fault}", pause == "paused" and done.out == "200" and
              not tries and counters["c2s_syn"] == 1,
              f"{pause}, {done.out}, {counters['c2s_syn']} SYNs, {tries} with the option")


def story():
    for tool in ("nginx", "openssl", "curl"):
        if not shutil.which(tool):
            flow.cannot(f"{tool} is not installed")
    wanted = sys.argv[1:]
    servers = Servers()
    for name in CASES:
        if not wanted or name in wanted:
            one(name, servers)
    requests = lines_of(servers.access)
    odd = [line for line in requests if '"HEAD / HTTP/1.1" 200' not in line]
    check("only-head", bool(requests or wanted) and not odd,
          f"{len(requests)} requests, {odd[:2]}")
    for rest in (as_text, on_terminal, interrupted, in_time, named, without_openssl,
                 under_shim, own_host, nowhere, usage, client_off,
                 client_without_cookie, remembered, remembered_losses, kernel_pause):
        if not wanted or rest.__name__ in wanted:
            rest(*([servers] if rest in (in_time, named) else []))
    if not wanted:
        check("every-field", not schema.unseen("probe"), str(schema.unseen("probe")))


if __name__ == "__main__":
    flow.main(story, delay=20, limit=400)
