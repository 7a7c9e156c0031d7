#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A request on a fresh connection takes one round trip instead of two, for unmodified
programs, and every byte is delivered once."""

import os
import shutil
import subprocess
import sys
import time

import flow
import tfolab
from flow import SERVER4, SERVER6, check, median

PING = b"ping".hex()


class Server:
    """The peer `answer`, under the shim, in the server's namespace."""

    def __init__(self, ports):
        words = [os.environ["LAB"], "in", "server", flow.peer("answer"), *ports]
        self.process = flow.start(words, flow.scratch(), stdout=subprocess.PIPE)
        flow.wait_for(self.process)
        self.lines = []

    def received(self, count):
        """The last so many connections: (port, hex of bytes)."""
        return [self.process.stdout.readline().decode().split() for _ in range(count)]


def microseconds(words, state, wanted="pong"):
    done = flow.run(words, state)
    if done.code != 0 or done.out.split(None, 1)[1].strip() != wanted:
        raise RuntimeError(f"{words}: {done}")
    return int(done.out.split()[0])


def figures(times):
    return " ".join(f"{name} {median(t) / 1000:.2f} ms" for name, t in times.items())


def requests(name, host, mode, trials, ports, server):
    """Plain, shim and native in turns, each to a port of its own."""
    state = flow.scratch()
    kinds = {"plain": ([flow.peer("request"), mode, host, ports[0]], None),
             "shim": ([flow.peer("request"), mode, host, ports[1]], state),
             "native": ([flow.peer("native"), host, ports[2]], None)}
    for words, under in kinds.values():  # the cookie, the answer, the habit
        microseconds(words, under)
        microseconds(words, under)
    server.received(6)
    for _ in range(8):  # a busy machine may try again
        tfolab.reset()
        times = {kind: [] for kind in kinds}
        for _ in range(trials):
            for kind, (words, under) in kinds.items():
                times[kind].append(microseconds(words, under))
        plain, shim, native = (median(t) for t in times.values())
        got = server.received(3 * trials)
        if shim <= min(0.55 * plain, 1.02 * native):
            break
    said = figures(times)
    check(f"{name}-against-plain", shim <= 0.55 * plain,
          f"{shim / plain:.3f} of it: {said}")
    check(f"{name}-against-native", shim <= 1.02 * native,
          f"{shim / native:.3f} of it: {said}")
    syns = [s["payload"] for s in flow.syns_to(ports[1])]
    check(f"{name}-one-syn-with-ping", syns == [b"ping"] * trials,
          f"{syns.count(b'ping')} of {trials}, SYNs {len(syns)}")
    counters = tfolab.counters()
    accepted = counters["s2c_synack_data_acked"]
    check(f"{name}-accepted-in-the-syn",
          accepted == 2 * trials and counters["last_syn_payload"] == PING,
          f"{accepted} of {2 * trials}, shim's and native's")
    wrong = [line for line in got if line[1:] != [PING]]
    check(f"{name}-each-byte-once", not wrong,
          f"{len(got)} connections, wrong {wrong[:3]}")


def saves(name, trials, ask, port, payload):
    """ask(state) gives ms; for programs that spend time of their own."""
    state = flow.scratch()
    for _ in range(8):
        ask(state)
    ask(None)
    tfolab.reset()
    times = {"plain": [], "shim": []}
    for _ in range(trials):
        times["plain"].append(ask(None))
        times["shim"].append(ask(state))
    plain, shim = (median(t) for t in times.values())
    check(f"{name}-saves-a-round-trip", plain - shim >= 0.85 * flow.RTT,
          f"{plain - shim:.1f} of {flow.RTT} ms: plain {plain:.1f} shim {shim:.1f}")
    syns = [s for s in flow.syns_to(port) if s["cookie"] > 0]
    rode = sum(1 for s in syns if s["payload"].startswith(payload))
    check(f"{name}-rides-in-the-syn", rode == trials, f"{rode} of {trials}")


HTTP_CLIENT = """
import http.client, socket, sys, time
host, port = sys.argv[1], int(sys.argv[2])
socket.getaddrinfo(host, port)
start = time.monotonic()
connection = http.client.HTTPConnection(host, port)
connection.request("GET", "/")
body = connection.getresponse().read()
print(1000 * (time.monotonic() - start), body.decode())
"""


def python(port):
    directory = flow.scratch()
    with open(os.path.join(directory, "index.html"), "w", encoding="ascii") as page:
        page.write("hello")
    words = [os.environ["LAB"], "in", "server", sys.executable, "-u", "-m",
             "http.server", "--bind", SERVER4, "-d", directory, port]
    server = flow.start(words, flow.scratch(), stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL)
    flow.wait_for(server, "Serving")

    def ask(state):
        done = flow.run([sys.executable, "-I", "-c", HTTP_CLIENT, SERVER4, port], state)
        if done.code != 0 or done.out.split()[1] != "hello":
            raise RuntimeError(f"http.client: {done}")
        return float(done.out.split()[0])

    saves("python", 12, ask, port, b"GET / HTTP/1.1")
    flow.end(server)


NGINX = """
daemon off; worker_processes 1; pid {0}/pid; error_log {0}/error; {user}
events {{ }}
http {{
	access_log off;
	client_body_temp_path {0}/a; proxy_temp_path {0}/b; fastcgi_temp_path {0}/c;
	uwsgi_temp_path {0}/d; scgi_temp_path {0}/e;
	server {{ listen {1}; location / {{ return 200 hello; }} }}
}}
"""


def curl_and_nginx(port):
    nginx = shutil.which("nginx") or \
        shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not nginx or not shutil.which("curl"):
        return flow.skip("curl", "nginx or curl is not here")
    directory = flow.scratch()
    with open(os.path.join(directory, "conf"), "w", encoding="ascii") as conf:
        user = "user root;" if os.geteuid() == 0 else ""
        conf.write(NGINX.format(directory, port, user=user))
    words = [os.environ["LAB"], "in", "server", nginx, "-p", directory,
             "-e", directory + "/error", "-c", directory + "/conf"]
    server = flow.start(words, flow.scratch())

    def ask(state):
        done = flow.run(["curl", "-sS", "-w", " %{time_total}",
                         f"http://{SERVER4}:{port}/"], state)
        if done.code != 0 or done.out.split()[0] != "hello":
            raise RuntimeError(f"curl: {done}")
        return 1000 * float(done.out.split()[1])

    for _ in range(50):
        if flow.run(["curl", "-sS", f"http://{SERVER4}:{port}/"]).code == 0:
            break
        time.sleep(0.1)
    saves("curl-nginx", 20, ask, port, b"GET / HTTP/1.1\r\nHost: ")
    flow.end(server)


def story():
    ports = [7001, 7002, 7003]
    server = Server(ports)
    requests("blocking", SERVER4, "blocking", 50, ports, server)
    requests("ipv6", SERVER6, "blocking", 20, ports, server)
    requests("poll", SERVER4, "poll", 20, ports, server)
    requests("epoll-edge", SERVER4, "edge", 20, ports, server)
    flow.end(server.process)
    python(7004)
    curl_and_nginx(7005)


if __name__ == "__main__":
    flow.main(story)
