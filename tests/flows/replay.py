#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is unsafe to repeat never rides in a SYN, in whatever pieces it is written, and
reaches its server once, also where the network delivers each SYN twice; what is safe to
repeat rides."""

import os
import shutil
import ssl
import subprocess
import sys
import time

import flow
import tfolab
from flow import SERVER4, SERVER6, check

COUNT = 6
# What a GET's first write puts into the SYN, where that is not the whole of it.
RIDES = {"two": b"G", "more": b"G", "bytes": b"G", "messages": b"G"}
COPY_LATER = 250  # ms: the copy comes when the connection is long gone


def text(method, number):
    return f"{method} /{number} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def asked(way, method, state, count, host=SERVER4):
    """Runs the peer against a server of its own; what the server read of each
    connection is in .read, the SYNs in .syns."""
    # A copy's child that is reset keeps its place in the queue for a minute.
    service = flow.Service(fastopen=4096, backlog=4096)
    tfolab.reset()
    done = flow.run([flow.peer("gate"), way, method, host, service.port, count], state,
                    timeout=60)
    service.wait(2 * count + 1, 3)
    done.syns = flow.syns_to(service.port)[2::2]  # the others are those of "prime"
    done.counters = tfolab.counters()
    done.service = service
    done.held = done.err.split() == ["1"] * count
    return done


def read_of(done):
    """What the server read, without the priming and what carried nothing."""
    return [bytes(seen.data) for seen in list(done.service.seen)
            if seen.data not in (b"", b"prime")]


def once_and_in_order(name, way, method, host=SERVER4):
    """As bare; each request once; returns what the SYNs carried."""
    bare = asked(way, method, None, COUNT, host)
    bare.service.stop()
    for _ in range(3):  # until every connect() was held back
        done = asked(way, method, flow.scratch(), COUNT, host)
        done.service.stop()
        if done.held or done.code != 0:
            break
    wanted = [text(method, number) for number in range(COUNT)]
    if (done.code, done.out) != (bare.code, bare.out) or bare.code != 0:
        return check(name, False, f"differs from bare: {done} {bare}")
    if read_of(bare) != wanted or read_of(done) != wanted:
        return check(name, False, f"the server read {read_of(done)}, bare {read_of(bare)}")
    if not done.held:
        return check(name, False, f"a connect() was not held back: {done.err.split()}")
    return [syn["payload"] for syn in done.syns if syn["cookie"] > 0]


def held_back(way, method, host=SERVER4):
    name = f"{method.lower()}-{way}" + ("-ipv6" if host == SERVER6 else "")
    carried = once_and_in_order(name, way, method, host)
    if carried:
        check(name, carried == [b""] * COUNT, f"{COUNT} SYNs carried {set(carried)}")


def rides(way):
    carried = once_and_in_order(f"get-{way}", way, "GET")
    start = RIDES.get(way.replace("n-", ""), b"GET /")
    if carried:
        good = [data for data in carried if data[:len(start)] == start and
                (way.replace("n-", "") not in RIDES or data == start)]
        check(f"get-{way}", len(good) == COUNT, f"{len(good)} of {COUNT}: {carried[-1]!r}")


def each_way():
    ways = flow.run([flow.peer("gate"), "list"]).out.split()
    check("ways", len(ways) == 9, " ".join(ways))
    for way in [*ways, *(f"n-{way}" for way in ways)]:
        rides(way)
        held_back(way, "POST")
    for way in ("whole", "vector", "two"):
        held_back(way, "POST", SERVER6)
        held_back(way, "PATCH")
        held_back(way, "DELETE")


# --- the network delivers SYNs twice --------------------------------------------------

def twice(method, count, later):
    """So many requests, while each SYN is delivered once more; how often the server's
    application read each."""
    for _ in range(3):
        tfolab.fault("duplicate-syn", later)
        done = asked("whole", method, flow.scratch(), count)
        time.sleep((COPY_LATER + 20 * flow.RTT) / 1000)
        tfolab.clear()
        done.service.stop()
        if done.code != 0 or done.held:
            break
    read = read_of(done)
    done.times = [read.count(text(method, number)) for number in range(count)]
    done.others = len(read) - sum(done.times)
    done.copies = done.counters["c2s_duplicated_by_duplicate-syn"]
    done.empty = sum(1 for seen in done.service.seen if not seen.data)
    return done


def duplicates():
    for later in ("on", COPY_LATER):
        done = twice("POST", 200, later)
        seen = f"{done.times.count(1)} of 200"
        check(f"post-seen-once-{later}",
              done.code == 0 and done.times == [1] * 200 and not done.others and
              done.err.split().count("1") > 150 and
              (done.empty if later == COPY_LATER else done.copies) >= 200,
              f"{seen}, SYNs sent twice {done.copies}, connections without a byte "
              f"{done.empty}, not held back {done.err.split().count('0')}, others "
              f"{done.others}")
    # Else the above would show nothing: what rides is read twice, if its copy comes when
    # the connection has gone. (While there is one, the kernel knows the copy for one.)
    done = twice("GET", 40, COPY_LATER)
    check("get-seen-twice", done.code == 0 and done.times.count(2) >= 20,
          f"{done.times.count(2)} of 40, SYNs sent twice {done.copies}")
    done = twice("GET", 40, "on")
    check("get-seen-once-while-it-lives", done.code == 0 and done.times == [1] * 40,
          f"{done.times.count(1)} of 40, SYNs sent twice {done.copies}")


# --- real programs ----------------------------------------------------------------------

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"

PYTHON = """
import http.client, socket, ssl, sys
kind, method, host, port = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
socket.getaddrinfo(host, port)
trusting = ssl._create_unverified_context()
made = http.client.HTTPSConnection(host, port, context=trusting) if kind == "https" \\
    else http.client.HTTPConnection(host, port)
made.request(method, "/", b"x=1" if method == "POST" else None)
print(made.getresponse().read().decode())
"""


def respond(conn, seen):
    """Reads one request, with the body that it tells of."""
    length = b"Content-Length: "
    while True:
        head, end, body = bytes(seen.data).partition(b"\r\n\r\n")
        told = head.partition(length)[2].split(b"\r\n")[0]
        if end and len(body) >= int(told or 0):
            break
        got = conn.recv(4096)
        if not got:
            return
        seen.data += got
    conn.sendall(ANSWER)


def certificate(directory):
    paths = [os.path.join(directory, name) for name in ("key", "cert")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=a", "-days",
                    "2", "-keyout", paths[0], "-out", paths[1]], check=True,
                   capture_output=True)
    return paths


def secure_service():
    key, cert = certificate(flow.scratch())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    def handle(conn, seen):
        with context.wrap_socket(conn, server_side=True) as inner:
            respond(inner, seen)

    return flow.Service(handle)


def carried(words, method, service, state):
    """What its SYN carries, after a GET, as whose SYN its own is held back."""
    for now in ("GET", method):
        tfolab.reset()
        done = flow.run(words(now), state, timeout=10)
        if done.code != 0 or "hello" not in done.out:
            raise RuntimeError(f"{now}: {done}")
    return flow.syns_to(service.port)[-1]["payload"]


def program(name, words, service, carries):
    """Its methods in turns, with the same memory; what their SYNs carry is judged by a
    function each. Where data was to ride and none did, the machine may have been too
    slow: again, at most three times."""
    state = flow.scratch()
    seen = {method: [] for method in carries}
    for _ in range(8):
        for method, good in carries.items():
            for _ in range(1 if good(b"") else 4):
                data = carried(words, method, service, state)
                if data:
                    break
            seen[method].append(data)
    for method, good in carries.items():
        count = sum(1 for data in seen[method] if good(data))
        check(f"{name}-{method.lower()}", count >= (8 if good(b"") else 7),
              f"{count} of 8: {seen[method][-1][:24]!r}")


def is_hello(data):
    return data[:2] == b"\x16\x03" and data[5:6] == b"\x01"


def programs():
    plain, secure = flow.Service(respond), secure_service()
    open_ = {"GET": lambda data: data.startswith(b"GET /"), "POST": lambda data: not data}
    hidden = {"GET": is_hello, "POST": is_hello}
    kinds = (("http", plain, open_), ("https", secure, hidden))
    for kind, service, carries in kinds:
        program(f"python-{kind}", lambda method, k=kind, s=service: [
            sys.executable, "-I", "-c", PYTHON, k, method, SERVER4, s.port],
                service, carries)
        if not shutil.which("curl"):
            flow.skip(f"curl-{kind}", "curl is not here")
            continue
        program(f"curl-{kind}", lambda method, k=kind, s=service: [
            "curl", "-sSk", *(["-d", "x=1"] if method == "POST" else []),
            f"{k}://{SERVER4}:{s.port}/"], service, carries)


def story():
    flow.run([flow.peer("native"), SERVER4, flow.Service().port])  # the cookies
    flow.run([flow.peer("native"), SERVER6, flow.Service().port])
    each_way()
    duplicates()
    if shutil.which("openssl"):
        programs()
    else:
        flow.skip("programs", "openssl is not here")


if __name__ == "__main__":
    flow.main(story, delay=5, limit=240)
