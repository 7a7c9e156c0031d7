# SPDX-License-Identifier: MIT
"""Requests per second of nginx, asked by wrk, a new connection for each, over loopback."""

import contextlib
import os
import re
import socket
import statistics
import time

import places

ROUNDS, SECONDS, CONNECTIONS = 15, 1, 16
NGINX, WRK = places.tool("nginx"), places.tool("wrk")
PORTS = {"bare": 8000, "shim": 8001}
CONFIG = """
daemon off;
master_process off;  # one process, and no other user: the namespace may know none
user root;
pid {here}/pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {here}/body;
    proxy_temp_path {here}/proxy;
    fastcgi_temp_path {here}/fastcgi;
    uwsgi_temp_path {here}/uwsgi;
    scgi_temp_path {here}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ return 200 "bench"; }}
    }}
}}
"""


def nginx(here, way, env):
    room = os.path.join(here, way)
    os.mkdir(room)
    config = os.path.join(room, "nginx.conf")
    with open(config, "w") as f:
        f.write(CONFIG.format(here=room, port=PORTS[way]))
    args = places.on_processor(0, [NGINX, "-c", config, "-p", room, "-e", "stderr"])
    return places.running(args, env, ready=None)


def listens(port):
    for _ in range(500):
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise SystemExit("nginx does not listen")


def used(pid):
    """Seconds of processor time of a process that runs."""
    with open(f"/proc/{pid}/stat") as f:
        user, system = f.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def ask(way, env, server):
    """wrk, once: requests per second, microseconds of processor time per request."""
    start = used(server.pid) + sum(os.times()[2:4])
    said = places.output(places.on_processor(1, [
        WRK, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", "Connection: close",
        f"http://127.0.0.1:{PORTS[way]}/"]), env)
    errors = re.search(r"Socket errors.*|Non-2xx.*", said)
    if errors:
        raise SystemExit(f"wrk ({way}): {errors[0]}")
    both = used(server.pid) + sum(os.times()[2:4]) - start
    return (float(re.search(r"Requests/sec: *([\d.]+)", said)[1]),
            both * 1e6 / int(re.search(r"(\d+) requests in", said)[1]))


def measure(environment, servers):
    ways = {}
    for way, env in environment.items():
        listens(PORTS[way])
        ask(way, env, servers[way])
        ways[way] = lambda way=way, env=env: ask(way, env, servers[way])
    return places.interleaved(ROUNDS, ways)


places.own_network()
places.before_others()
places.sysctl("ip_local_port_range", "1024 65000")
with places.scratch() as here, contextlib.ExitStack() as stack:
    environments = {"bare": places.bare(), "shim": places.shimmed(here)}
    got = measure(environments, {way: stack.enter_context(nginx(here, way, env))
                                 for way, env in environments.items()})
    for row, column in ("web", 0), ("web-processor", 1):
        values = {way: [result[column] for result in got[way]] for way in got}
        places.report(row, statistics.median(values["bare"]),
                      statistics.median(values["shim"]), places.spread(values["bare"]))
