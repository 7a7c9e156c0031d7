# SPDX-License-Identifier: MIT
"""Requests per second of nginx, asked by wrk, a new connection for each, over loopback."""

import os
import re
import socket
import statistics
import time

import places

ROUNDS, SECONDS, CONNECTIONS = 9, 2, 16
NGINX, WRK = places.tool("nginx"), places.tool("wrk")
PORTS = {"bare": 8000, "shim": 8001}
CONFIG = """
daemon off;
master_process off;  # one process that keeps its user: this runs where nobody else exists
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


def requests(way, env, seconds=SECONDS):
    said = places.output(places.on_processor(1, [
        WRK, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-H", "Connection: close",
        f"http://127.0.0.1:{PORTS[way]}/"]), env)
    errors = re.search(r"Socket errors.*|Non-2xx.*", said)
    if errors:
        raise SystemExit(f"wrk ({way}): {errors[0]}")
    return float(re.search(r"Requests/sec: *([\d.]+)", said)[1])


places.own_network()
places.before_others()
places.sysctl("ip_local_port_range", "1024 65000")
with places.scratch() as directory:
    environment = {"bare": places.bare(), "shim": places.shimmed(directory)}
    with nginx(directory, "bare", environment["bare"]), \
            nginx(directory, "shim", environment["shim"]):
        ways = {}
        for name, variables in environment.items():
            listens(PORTS[name])
            requests(name, variables, 1)
            ways[name] = lambda name=name, env=variables: requests(name, env)
        got = places.interleaved(ROUNDS, ways)
    places.report("web", statistics.median(got["bare"]), statistics.median(got["shim"]),
                  places.spread(got["bare"]))
