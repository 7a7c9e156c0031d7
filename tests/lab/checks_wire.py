# SPDX-License-Identifier: MIT
"""The wire without faults: its delay, order and speed, its counters, its requests."""

import hashlib
import os
import socket
import struct
import subprocess
import time

import tfolab
from bench import (BULK_PORT, DATA, DATAGRAM_PORT, PORT, RTT, TooLate, between, check,
                   equal, milliseconds, waits)

BULK = 50_000_000


@check(alone=True)
def delay(bench):
    def connects():
        times = []
        for _ in range(20):
            with bench.socket() as sock:
                start = time.monotonic()
                sock.connect((bench.near, PORT))
                times.append((time.monotonic() - start) * 1000)
        return tfolab.median(times)

    tfolab.delay(20)
    milliseconds("median connect, 20", connects(), 20, 21.5)
    tfolab.delay(7.5)
    milliseconds("median connect, 7.5", connects(), 7.5, 9)
    tfolab.delay(0)
    milliseconds("median connect, 0", connects(), 0, 1.5)


@check()
def order(bench):
    tfolab.delay(2000)
    with socket.socket(bench.family, socket.SOCK_DGRAM) as udp:
        for i in range(300):
            udp.sendto(b"%d" % i, (bench.near, DATAGRAM_PORT))
            if i == 100:
                tfolab.delay(1000)
            if i == 200:
                tfolab.delay(0)
    if bench.received()[1]:
        raise TooLate("sending took longer than the wire")
    time.sleep(1.1)
    equal("in order", bench.received()[1:], [300, 0])


@check(alone=True)
def bulk(bench):
    tfolab.delay(20)
    block = os.urandom(1_000_000)
    digest = hashlib.sha256()
    with bench.socket(30) as sock:
        sock.connect((bench.near, BULK_PORT))
        start = time.monotonic()
        for _ in range(BULK // len(block)):
            sock.sendall(block)
            digest.update(block)
        sock.shutdown(socket.SHUT_WR)
        equal("digest", sock.recv(64, socket.MSG_WAITALL), digest.digest())
        seconds = time.monotonic() - start
    with open("/proc/net/snmp", encoding="ascii") as lines:
        names, values = (line.split() for line in lines if line.startswith("Tcp:"))
    equal("retransmitted", values[names.index("RetransSegs")], "0")
    counters = tfolab.counters()
    equal("lost by the wire", [counters[f"{way}_{name}"] for way in ("c2s", "s2c")
                               for name in ("queue_full", "write_failed")], [0] * 4)
    between("payload", counters["c2s_data_bytes"], BULK, BULK * 1.02)
    if BULK / 1e6 / seconds < 20:
        raise TooLate(f"{BULK / 1e6 / seconds:.0f} MB/s, wanted 20 or more")
    return f"{BULK / 1e6 / seconds:.0f} MB/s"


@check(alone=True)
def many(bench):
    start = time.monotonic()
    socks = [bench.dial() for _ in range(900)]
    for sock in socks:
        if waits(sock, 2):
            raise AssertionError("a connection was not made")
    seconds = time.monotonic() - start
    equal("errors", {sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                     for sock in socks}, {0})
    bench.moved(c2s_syn=900, c2s_syn_again=0, c2s_queue_full=0, s2c_queue_full=0,
                c2s_write_failed=0, s2c_write_failed=0)
    for sock in socks:
        sock.close()
    return f"{900 / seconds:.0f} connections/s"


@check()
def counters_of_a_first_contact(bench):
    bench.learn()
    time.sleep(RTT * 3 / 1000)
    bench.moved(c2s_syn=1, c2s_syn_cookie_request=1, c2s_syn_cookie=0, c2s_syn_data=0,
                c2s_syn_data_bytes=0, c2s_syn_again=0, s2c_syn=0, s2c_synack=1,
                s2c_synack_cookie=1, s2c_synack_data_acked=0, c2s_synack=0, c2s_data=1,
                c2s_data_bytes=len(DATA), s2c_data=1, s2c_data_bytes=1, c2s_fin=1,
                s2c_fin=1, c2s_rst=0, s2c_rst=0, c2s_other=0, s2c_other=0,
                c2s_dropped=0, c2s_altered=0, c2s_duplicated=0, last_syn_payload="-")
    equal("syns", [(s["direction"], s["payload"], s["cookie"], s["verdict"])
                   for s in tfolab.syns()], [("c2s", b"", 0, "passed")])


@check()
def counters_of_an_opening_with_data(bench):
    bench.start()
    before = time.monotonic()
    bench.fine()
    after = time.monotonic()
    time.sleep(RTT * 3 / 1000)
    bench.moved(c2s_syn=1, c2s_syn_cookie_request=0, c2s_syn_cookie=1, c2s_syn_data=1,
                c2s_syn_data_bytes=len(DATA), c2s_syn_again=0, s2c_synack=1,
                s2c_synack_cookie=0, s2c_synack_data_acked=1, c2s_data=0,
                c2s_data_bytes=0, s2c_data=1, s2c_data_bytes=1,
                last_syn_payload=DATA.hex())
    syn, = tfolab.syns()
    equal("syn", (syn["payload_length"], syn["payload"], syn["cookie"], syn["verdict"]),
          (len(DATA), DATA, 8, "passed"))
    between("its time", syn["time"], before, after)
    wanted = f"[{bench.client}]" if ":" in bench.client else bench.client
    equal("its source", syn["source"].rsplit(":", 1)[0], wanted)
    equal("its port", syn["destination"].rsplit(":", 1)[1], str(PORT))
    tfolab.reset()
    bench.moved(c2s_packets=0, c2s_syn=0, s2c_synack=0, last_syn_payload="-")
    equal("syns after reset", tfolab.syns(), [])


@check()
def counters_of_packets(bench):
    with bench.socket() as sock:
        sock.connect((bench.near, PORT))
        bench.settle()
        segments = tfolab.tcp_info(sock)["segs_out"]
        sock.sendall(b"x" * 100)
        time.sleep(RTT * 3 / 1000 + 0.05)
        bench.moved(c2s_packets=1, c2s_bytes=bench.headers + 100, c2s_data=1,
                    c2s_data_bytes=100, s2c_packets=1, s2c_bytes=bench.headers,
                    s2c_data=0)
        equal("segments", tfolab.tcp_info(sock)["segs_out"] - segments, 1)
        bench.moved(c2s_rst=0, c2s_fin=0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    bench.moved(c2s_rst=1, c2s_fin=0, c2s_other=0)
    with socket.socket(bench.family, socket.SOCK_DGRAM) as udp:
        udp.sendto(b"0", (bench.near, DATAGRAM_PORT))
    bench.moved(c2s_other=1, c2s_packets=2)


@check(once=True)
def requests(_bench):
    def refused(request):
        try:
            tfolab.ctl(request)
        except tfolab.LabError as error:
            return str(error)
        raise AssertionError(f"taken: {request}")

    for request, part in (("", "empty"), ("nothing", "'nothing'"),
                          ("delay fast", "'fast'"), ("delay", "delay MS"),
                          ("fault nothing on", "'nothing'"),
                          ("fault drop-all 3", "'3'"), ("fault random-loss 2", "'2'"),
                          ("fault random-loss on", "'on'"),
                          ("fault drop-all on port=0", "'port=0'"),
                          ("fault drop-all on dir=up", "'dir=up'"),
                          ("namespace moon", "'moon'")):
        if part not in refused(request):
            raise AssertionError(f"{request}: {refused(request)}")
    lab = os.environ["LAB"]
    done = subprocess.run([lab, "wire", "fault", "nothing", "on"], capture_output=True,
                          text=True)
    equal("exit status", done.returncode, 2)
    equal("sentence", done.stderr, "lab: there is no fault 'nothing': 'faults' lists "
                                   "them\n")
    for words in (["in", "moon", "true"], ["in", "server"], ["wire"], ["--delay", "x"],
                  ["--moon", "1", "--", "true"], ["--"]):
        done = subprocess.run([lab, *words], capture_output=True)
        equal(str(words), done.returncode, 2)
    for side, status in (("client", 3), ("server", 4)):
        equal(side, subprocess.run([lab, "in", side, "sh", "-c", f"exit {status}"])
              .returncode, status)
    done = subprocess.run([lab, "wire", "counters"], capture_output=True, text=True)
    equal("counters", done.stdout.splitlines(), tfolab.ctl("counters"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.connect(os.environ["LAB_CONTROL"])
        sock.sendall(b"del")
        time.sleep(0.05)
        sock.sendall(b"ay 5\ndelay x\nclear\n")
        time.sleep(0.1)
        answer = sock.recv(4096).decode()
        equal("three answers", [part.split(" ")[0] for part in answer.split("\n")],
              ["", "error", "", "", ""])
