# SPDX-License-Identifier: MIT
"""Each fault, off and on, by what the kernel's TCP makes of it."""

import errno
import time

import tfolab
from bench import (DATA, DATAGRAM_PORT, PORT, RTT, between, check, datagrams, equal,
                   harmless, late, milliseconds, waits)


@check()
def drop_syn_data(bench):
    bench.start()
    tfolab.fault("drop-syn-data")
    late("dropped", bench.ask(), "SYN_RETRANSMITTED", 2)
    bench.once()
    bench.moved(c2s_dropped_by_drop_syn_data=1, c2s_dropped=1, c2s_syn=2,
                c2s_syn_again=1, c2s_syn_data=1, s2c_dropped=0)
    equal("verdicts", [s["verdict"] for s in tfolab.syns()],
          ["dropped:drop-syn-data", "passed"])
    tfolab.fault("drop-syn-data", "off")
    bench.fine()


@check()
def drop_syn_option(bench):
    bench.start()
    tfolab.fault("drop-syn-option")
    late("cookie", bench.ask(), "SYN_RETRANSMITTED")
    late("request", bench.ask(bench.other), "COOKIE_UNAVAILABLE", 1)
    bench.once(2)
    bench.moved(c2s_dropped_by_drop_syn_option=2, c2s_dropped=2, c2s_syn_cookie=1,
                c2s_syn_cookie_request=1)
    took, _, _ = bench.ask(plain=True)
    milliseconds("plain", took, RTT * 2, RTT * 3)
    tfolab.clear()
    bench.learn(bench.other)
    bench.fine()


@check()
def drop_cookie_request(bench):
    bench.start()
    tfolab.fault("drop-cookie-request")
    bench.fine()
    bench.moved(c2s_dropped=0)
    late("request", bench.ask(bench.other), "COOKIE_UNAVAILABLE", 1)
    bench.moved(c2s_dropped_by_drop_cookie_request=1, c2s_dropped=1)
    tfolab.clear()
    bench.learn(bench.other)


@check()
def strip_option(bench):
    bench.start()
    tfolab.fault("strip-option")
    harmless("cookie", bench.ask(), "DATA_NOT_ACKED")
    bench.once()
    bench.moved(c2s_altered_by_strip_option=1, s2c_altered=0, s2c_synack_data_acked=0)
    equal("verdict", tfolab.syns()[0]["verdict"], "altered:strip-option")
    for limit in ("", " dir=s2c"):
        tfolab.fault("strip-option", "on" + limit)
        harmless("request", bench.ask(bench.other), "COOKIE_UNAVAILABLE")
    bench.moved(c2s_altered_by_strip_option=2, s2c_altered_by_strip_option=1,
                c2s_altered=2, s2c_altered=1, s2c_synack_cookie=1)
    tfolab.clear()
    bench.learn(bench.other)
    bench.fine(bench.other)


@check()
def strip_option_reply(bench):
    bench.start()
    tfolab.fault("strip-option-reply")
    for _ in range(2):
        harmless("request", bench.ask(bench.other), "COOKIE_UNAVAILABLE")
    bench.moved(c2s_altered=0, s2c_altered_by_strip_option_reply=2, s2c_altered=2,
                c2s_syn_cookie_request=2, s2c_synack_cookie=2)
    bench.fine()
    tfolab.clear()
    bench.learn(bench.other)
    bench.fine(bench.other)


@check()
def strip_syn_data(bench):
    bench.start()
    tfolab.fault("strip-syn-data")
    harmless("stripped", bench.ask(), "DATA_NOT_ACKED")
    bench.once()
    bench.moved(c2s_altered_by_strip_syn_data=1, c2s_altered=1, c2s_syn_data=1,
                c2s_syn_cookie=1, s2c_synack_data_acked=0, c2s_data=1)
    tfolab.clear()
    bench.fine()


@check()
def drop_synack_cookie(bench):
    bench.start()
    tfolab.fault("drop-synack-cookie")
    bench.fine()
    bench.moved(s2c_dropped=0)
    late("request", bench.ask(bench.other), "COOKIE_UNAVAILABLE", 1)
    between("dropped", tfolab.counters()["s2c_dropped_by_drop-synack-cookie"], 1, 2)
    tfolab.clear()
    bench.learn(bench.other)


@check()
def drop_synack(bench):
    bench.start()
    tfolab.fault("drop-synack")
    with bench.dial() as sock:
        equal("waits", waits(sock, 0.3), True)
        bench.moved(s2c_dropped_by_drop_synack=1, s2c_dropped=1, c2s_dropped=0,
                    c2s_syn=1)
        tfolab.clear()
        equal("waits on", waits(sock, 1.5), False)
        equal("retransmitted", tfolab.tcp_info(sock)["total_retrans"], 1)
    bench.fine()


@check()
def drop_after_syn_data(bench):
    bench.start()
    tfolab.fault("drop-after-syn-data")
    with bench.dial(DATA) as sock:
        equal("waits", waits(sock, 1.3), True)
        equal("state", tfolab.tcp_info(sock)["state"], "SYN_SENT")
        bench.once()
        counters = tfolab.counters()
        name = "dropped_by_drop-after-syn-data"
        equal("client's retry", counters["c2s_" + name], 1)
        between("server's answers", counters["s2c_" + name], 2, 8)
    took, _, failed = bench.ask(plain=True)
    equal("plain", failed, 0)
    milliseconds("plain", took, RTT * 2, RTT * 3)
    tfolab.clear()
    bench.fine()


@check()
def duplicate_syn(bench):
    bench.start()
    tfolab.fault("duplicate-syn")
    bench.fine()
    time.sleep(RTT * 3 / 1000)
    bench.once()
    bench.moved(c2s_duplicated_by_duplicate_syn=1, c2s_duplicated=1, c2s_syn=1)
    equal("verdict", tfolab.syns()[0]["verdict"], "duplicated:duplicate-syn")
    between("challenged", tfolab.counters()["c2s_packets"], 4, 9)
    # The copy comes after the connection has ended, and is a new one to the server.
    for value, count in (("500", 2), ("off", 1)):
        bench.settle()
        tfolab.fault("duplicate-syn", value)
        bench.fine()
        time.sleep(0.2)
        bench.once()
        time.sleep(0.5)
        bench.once(count - 1)
        bench.moved(c2s_duplicated=count - 1)


@check()
def random_loss(bench):
    bench.start()
    equal("without loss", datagrams(bench, 1000), 1000)
    bench.moved(c2s_dropped=0)
    tfolab.fault("random-loss", "0.3")
    arrived = datagrams(bench, 1000)
    between("with loss", arrived, 620, 780)
    bench.moved(c2s_dropped_by_random_loss=1000 - arrived, c2s_dropped=1000 - arrived)
    tfolab.fault("random-loss", "1")
    equal("with all lost", datagrams(bench, 100), 0)
    tfolab.fault("random-loss", "off")
    bench.fine()


@check()
def drop_all(bench):
    bench.start()
    tfolab.fault("drop-all")
    with bench.dial() as sock:
        equal("waits", waits(sock, 0.3), True)
        bench.moved(c2s_dropped_by_drop_all=1, c2s_dropped=1, s2c_packets=0)
        equal("datagrams", datagrams(bench, 10), 0)
        bench.moved(c2s_dropped_by_drop_all=11)
        tfolab.clear()
        equal("waits on", waits(sock, 1.5), False)
    equal("datagrams", datagrams(bench, 10), 10)
    bench.fine()


@check()
def delay_syn_data(bench):
    bench.start()
    tfolab.fault("delay-syn-data", "100")
    with bench.socket() as sock:
        took, info, failed = bench.ask(plain=True)
        milliseconds("plain", took, RTT * 2, RTT * 3)
        bench.moved(c2s_delayed_by_delay_syn_data=0)
        start = time.monotonic()
        sock.sendto(DATA, tfolab.MSG_FASTOPEN, (bench.near, PORT))
        sock.recv(1)
        milliseconds("with data", (time.monotonic() - start) * 1000, RTT + 100,
                     RTT + 160)
        equal("acked", tfolab.tcp_info(sock)["syn_data_acked"], True)
        bench.moved(c2s_delayed_by_delay_syn_data=1, c2s_dropped=0)
        start = time.monotonic()
        sock.sendall(DATA)
        sock.recv(1)
        milliseconds("later", (time.monotonic() - start) * 1000, RTT + 100, RTT + 160)
        equal("retransmitted", tfolab.tcp_info(sock)["total_retrans"], 0)
    tfolab.clear()
    bench.fine()


@check()
def rst_syn_data(bench):
    bench.start()
    tfolab.fault("rst-syn-data")
    took, info, failed = bench.ask()
    equal("refused", failed, errno.ECONNREFUSED)
    milliseconds("refused", took, RTT / 2, RTT)
    equal("received", bench.received()[0], [])
    bench.moved(c2s_refused_by_rst_syn_data=1, c2s_dropped=1, s2c_packets=0)
    equal("plain", bench.ask(plain=True)[2], 0)
    tfolab.clear()
    bench.fine()


@check()
def limits(bench):
    bench.start()
    for limit in ("port=5999", "dir=s2c", f"port={PORT} dir=s2c"):
        tfolab.fault("rst-syn-data", "on " + limit)
        bench.fine()
    bench.moved(c2s_dropped=0)
    for limit in (f"port={PORT}", "dir=c2s", f"port={PORT} dir=c2s"):
        tfolab.fault("rst-syn-data", "on " + limit)
        equal(limit, bench.ask()[2], errno.ECONNREFUSED)
    equal("listed", [line.split()[:2] for line in tfolab.ctl("faults")
                     if line.split()[1] != "off"],
          [["rst-syn-data", f"on,port={PORT},dir=c2s"]])
    tfolab.fault("drop-all", f"on port={DATAGRAM_PORT}")
    equal("datagrams", datagrams(bench, 10), 10)
    tfolab.clear()
    equal("listed", {line.split()[1] for line in tfolab.ctl("faults")}, {"off"})
    bench.fine()
