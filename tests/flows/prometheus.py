#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real Prometheus asks `tfo metrics --listen` while real programs run: what it counted
is what went over the wire, and every query of the dashboard, of each of its panels, has
an answer. The alerts are loaded there too, and none of their rules fails.

PICTURE names a file: then the dashboard is drawn there, from Prometheus's answers."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import flow
import tfolab
from flow import OTHER4, SERVER4, SERVER6, check

EXPORTER, SERVER = "127.0.0.1:9417", "127.0.0.1:9090"
WINDOW = 30  # s: what $__rate_interval and $__range are here
STEP = 2 if "PICTURE" in os.environ else 1
SRC = os.environ.get("SRC") or os.path.join(flow.HERE, "../..")
CONFIG = """
global:
  scrape_interval: 1s
  evaluation_interval: 2s
scrape_configs:
  - job_name: tfoshim
    static_configs:
      - targets: ['%s']
rule_files: ['%s']
"""
POLICY = """
[connect *:%d]
tfo = off
[connect *:%d]
strikes = 2
pause = 1h
baseline = off
[connect *]
baseline = off
"""
# Holds five connections for good, and closes one number twice.
HOLDER = r'''
import os, socket, sys, time
held = [socket.create_connection((sys.argv[1], int(sys.argv[2]))) for _ in range(5)]
for s in held:
    s.sendall(b"hello")
    s.recv(10)
while True:
    with socket.socket() as s:
        number = s.detach()
        os.close(number)
        try:
            os.close(number)
        except OSError:
            pass
    time.sleep(0.7)
'''
# What has no data where all is well.
MAY_BE_ZERO = {"The kernel's own counts": 2}


class Services:
    """The exporter and the Prometheus, ended by their own numbers."""

    def __init__(self, state, policy):
        self.directory = flow.scratch()
        env = flow.environment(TFOSHIM_STATE=state, TFOSHIM_POLICY=policy)
        self.exporter = flow.start([os.environ["TFO"], "metrics", "--listen", EXPORTER,
                                    "--min-age", "0"], env=env, stdout=subprocess.PIPE)
        flow.wait_for(self.exporter, "/metrics")
        config = flow.put(os.path.join(self.directory, "prometheus.yml"), CONFIG % (
            EXPORTER, os.path.abspath(os.path.join(SRC, "wrappers/grafana/alerts.yml"))))
        self.log = open(os.path.join(self.directory, "log"), "w", encoding="utf-8")
        self.prometheus = flow.start(
            ["prometheus", f"--config.file={config}", f"--web.listen-address={SERVER}",
             f"--storage.tsdb.path={self.directory}/data", "--log.level=warn"],
            env=flow.environment(), stdout=self.log, stderr=self.log)

    def end(self):
        self.exporter.terminate()
        try:
            code = self.exporter.wait(5)
        except subprocess.TimeoutExpired:
            code = None
        check("exporter-ends-on-sigterm", code == 0, f"status {code}")
        self.prometheus.terminate()
        try:
            self.prometheus.wait(10)
        except subprocess.TimeoutExpired:
            flow.end(self.prometheus)


def ask(what, **parameters):
    """An answer of Prometheus; a refusal is told."""
    url = f"http://{SERVER}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{parameters}: {error.read().decode()[:300]}") from error


def value(query):
    found = ask("query", query=query)["result"]
    return float(found[0]["value"][1]) if found else 0.0


def wait_until(what, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if what():
                return True
        except (OSError, RuntimeError):
            pass
        time.sleep(0.2)
    return False


def settled():
    """Two scrapes have been made since now."""
    now = time.time()
    return wait_until(lambda: value(f'timestamp(up{{job="tfoshim"}}) > {now + 1.2}'), 15)


# --- what is asked for ----------------------------------------------------------------

def as_grafana(query):
    """Its variables, as Grafana fills them in."""
    for name, text in {"$__rate_interval": f"{WINDOW}s", "$__range": f"{WINDOW}s",
                       "$instance": ".*", "$program": ".*"}.items():
        query = query.replace(name, text)
    left = re.search(r"\$\w+", query)
    if left:
        raise RuntimeError(f"{left.group(0)} is no variable that is known here")
    return query


def answers(panel, began):
    """For each target of a panel: its series, as (legend, [(time, number)])."""
    for target in panel["targets"]:
        query = as_grafana(target["expr"])
        if panel["type"] == "stat":
            result = [{"metric": one["metric"], "values": [one["value"]]}
                      for one in ask("query", query=query)["result"]]
        else:
            result = ask("query_range", query=query, start=began, end=time.time(),
                         step=STEP)["result"]
        series = []
        for one in result:
            legend = re.sub(r"\{\{(\w+)\}\}", lambda m, of=one: of["metric"].get(m.group(1), ""),
                            target["legendFormat"])
            series.append((legend, [(float(at), float(number)) for at, number in one["values"]
                                    if number not in ("NaN", "+Inf", "-Inf")]))
        yield series


def check_dashboard(began):
    """Each query of each panel has data; but for what is zero where all is well, also
    some that is not zero."""
    with open(os.path.join(SRC, "wrappers/grafana/dashboard.json"), encoding="utf-8") as file:
        dashboard = json.load(file)
    drawn = []
    for panel in dashboard["panels"]:
        targets = list(answers(panel, began))
        drawn.append((panel, [series for target in targets for series in target]))
        points = [sum(len(values) for _, values in series) for series in targets]
        alive = sum(any(number for _, values in series for _, number in values)
                    for series in targets)
        check("panel-" + panel["title"].lower().replace(" ", "-"),
              all(points) and alive >= len(targets) - MAY_BE_ZERO.get(panel["title"], 0),
              f"{points} points, {alive} of {len(targets)} queries not zero")
    variables = [v["query"]["query"] for v in dashboard["templating"]["list"]
                 if v["type"] == "query"]
    for query in variables:
        metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", query).groups()
        found = ask(f"label/{label}/values", **{"match[]": metric})
        check(f"variable-{label}", bool(found), str(found))
    return dashboard, drawn


def check_rules():
    rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
    bad = [rule["name"] for rule in rules if rule["health"] != "ok"]
    check("alerts-are-evaluated", rules and not bad, f"{len(rules)} rules, bad: {bad}")


# --- the programs ---------------------------------------------------------------------

class Traffic:
    """Clients of every kind, each with a server of its own."""

    def __init__(self):
        self.state = flow.scratch()
        self.http = flow.Service(flow.http)
        self.plain = flow.Service(flow.http)
        self.lossy = flow.Service(flow.http)
        self.held = flow.Service(flow.answer)
        self.services = self.http, self.plain, self.lossy, self.held
        self.policy = flow.policy(POLICY % (self.plain.port, self.lossy.port))
        self.asked = 0

    def start_holder(self):
        return flow.start([sys.executable, "-c", HOLDER, SERVER4, self.held.port],
                          env=flow.environment(self.state, TFOSHIM_POLICY=self.policy))

    def curl(self, at, service, *more):
        host = f"[{at}]" if ":" in at else at
        done = flow.run(["curl", "-s", "-m", "8", *more, f"http://{host}:{service.port}/"],
                        self.state, TFOSHIM_POLICY=self.policy, timeout=10)
        self.asked += 1
        if done.out != "pong":
            check(f"curl-{self.asked}", False, str(done))

    def go(self):
        """A few seconds of it; for a picture, a minute."""
        tfolab.fault("drop-syn-data", f"on port={self.lossy.port}")
        for turn in range(120 if "PICTURE" in os.environ else 12):
            for at in (SERVER4, SERVER6):
                self.curl(at, self.http)
            self.curl(SERVER4, self.plain)
            if turn % 12 < 4:
                self.curl(OTHER4, self.lossy)
            if turn % 3 == 0:
                self.curl(SERVER6, self.http, "-X", "POST", "-d", "x=1")
            time.sleep(0.5)
        tfolab.clear()


def check_counts(traffic):
    """Prometheus and the wire."""
    wire = tfolab.counters()
    seen = sum(len(service.seen) for service in traffic.services)
    total = "sum(tfoshim_connections_total%s)"
    rows = {  # what Prometheus says of it, and who else knows
        "all": (value(total % ""), seen),
        "data_acked": (value(total % '{outcome="data_acked"}'), wire["s2c_synack_data_acked"]),
        "syn_retransmitted": (value(total % '{outcome="syn_retransmitted"}'),
                              wire["c2s_syn_again"]),
        "cookie_requested": (value(total % '{outcome="cookie_requested"}'),
                             wire["c2s_syn_cookie_request"]),
        "plain": (value(total % '{outcome="plain",reason=~"policy|paused"}'),
                  wire["c2s_syn"] - wire["c2s_syn_again"] - wire["c2s_syn_cookie"]
                  - wire["c2s_syn_cookie_request"]),
        "policy": (value(total % '{reason="policy",program="curl"}'),
                   len(traffic.plain.seen)),
        "curl": (value(total % '{program="curl"}'), traffic.asked),
        "held": (value('sum(tfoshim_sockets_unclosed{program=~"python.*"})'),
                 len(traffic.held.seen)),
        "destinations": (value("tfoshim_destinations"), 4),
        "kernel": (value("tfoshim_kernel_fastopen_active_total"),
                   wire["s2c_synack_data_acked"]),
    }
    for name, (told, known) in rows.items():
        check(f"equal-{name}", told == known, f"Prometheus {told:g}, witness {known}")
    saved = value("tfoshim_rtt_saved_seconds_total")
    least = wire["s2c_synack_data_acked"] * flow.RTT / 1000
    check("seconds-saved", least * 0.95 <= saved <= least * 2,
          f"{saved:.3f} s, at least {least:.3f}")


def story():
    if "TFO" not in os.environ:
        flow.cannot("there is no tfo to ask")
    if not shutil.which("prometheus") or not shutil.which("curl"):
        flow.cannot("prometheus or curl is not installed")
    flow.run(["ip", "link", "set", "lo", "up"])
    traffic = Traffic()
    services = Services(traffic.state, traffic.policy)
    holder = traffic.start_holder()
    try:
        began = time.time()
        up = wait_until(lambda: value('up{job="tfoshim"}') == 1, 30)
        if not check("prometheus-asks", up, flow.lines_of(services.log.name)[-3:]):
            return
        traffic.go()
        check("scraped", settled())
        check_counts(traffic)
        board, drawn = check_dashboard(began)
        check_rules()
        if "PICTURE" in os.environ:
            sys.path.insert(0, os.path.join(SRC, "tests/pictures"))
            import dashboard as picture
            picture.draw(os.environ["PICTURE"], board, drawn)
    finally:
        flow.end(holder)
        services.end()


if __name__ == "__main__":
    flow.main(story, delay=20, limit=180)
