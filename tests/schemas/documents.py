#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What every verb prints with --json is as its schema says, in real situations: programs
that have connected, been refused, lost SYNs, left sockets open, and ones that have done
nothing. Every verb that has --json has a schema, and every field of it has been seen."""

import json
import os
import re
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "flows")]
import flow  # noqa: E402
import schema  # noqa: E402
import tfolab  # noqa: E402
from flow import OTHER4, OTHER6, SERVER4, SERVER6, check  # noqa: E402
from policy import GET, POST, named  # noqa: E402

# What needs more than a lab: the tests of the verbs have these.
ELSEWHERE = {}
documents = {}


def tfo(name, *words, state=None, lines=False, statuses=(0, 1), **more):
    """One document, or one for each line, validated."""
    if state:
        more["TFOSHIM_STATE"] = state
    end = words.index("--") if "--" in words else len(words)
    done = flow.run([os.environ["TFO"], *words[:end], "--json", *words[end:]], timeout=60,
                    **more)
    wrong = (schema.wrong_lines if lines else schema.wrong_text)(name, done.out)
    documents[name] = documents.get(name, 0) + 1
    check(f"{name}: {' '.join(map(str, words))[:60]}", done.code in statuses and not wrong,
          str(wrong[:3] or done.code))
    return None if wrong or lines else json.loads(done.out)


def ask(text="ping"):
    return lambda host, port: [flow.peer("request"), "blocking", host, port, text]


class Place:
    """A server, and a state directory."""

    def __init__(self, handler=flow.answer, state=None):
        self.state, self.server = state or flow.scratch(), flow.Service(handler)
        self.port = self.server.port

    def at(self, host):
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def run(self, host=SERVER4, words=ask(), n=1, **more):
        for _ in range(n):
            flow.run(words(host, self.port), self.state, **more)


# --- explain ----------------------------------------------------------------------------

def explain():
    place = Place()
    who = ["--program", flow.peer("request")]
    tfo("explain", "explain", "connect", place.at(SERVER4), state=place.state)
    for host in (SERVER4, SERVER6, OTHER4):
        place.run(host, n=2)
        said = tfo("explain", "explain", "connect", place.at(host), *who, state=place.state)
        check(f"explain: {host} is known", said[0]["memory"]["habit"] == "writes_first", said)
    rule = flow.policy("[connect *]\nbaseline = 1/1\nslower-than = 10\n")
    place.run(n=20, TFOSHIM_POLICY=rule)
    place.run(n=12)
    said = tfo("explain", "explain", "connect", place.at(SERVER4), *who, state=place.state)
    check("explain: both kinds are measured",
          {"first_byte_fast_us", "first_byte_plain_us"} <= set(said[0]["memory"]),
          said[0]["memory"])
    tfolab.fault("drop-syn-data", f"on port={place.port}")
    place.run(n=3)
    tfolab.clear()
    said = tfo("explain", "explain", "connect", place.at(SERVER4), *who, state=place.state)
    check("explain: paused", said[0]["verdict"] == "paused", said[0]["verdict"])
    rules = flow.policy("[connect *:1-65535 program=env]\nreason = \"why \\\"not\\\"\"\n"
                        "tfo = off\n[listen *]\nqlen = 7\n")
    for words in (["connect", place.at(SERVER4), "--program", "env"],
                  ["connect", "localhost:80", "--user", "nobody"], ["listen", "*:80"],
                  ["listen", "[::]:80", "--user", "4294967"]):
        tfo("explain", "explain", *words, TFOSHIM_POLICY=rules)
    bad = flow.policy("[connect *]\ntfo = of\n")
    tfo("explain", "explain", "connect", "192.0.2.9:80", TFOSHIM_POLICY=bad)
    tfo("explain", "explain", "connect", "192.0.2.9:80", TFOSHIM_STATE="/dev/null")


# --- policy -----------------------------------------------------------------------------

def policy():
    top = os.path.join(HERE, "..", "..", "policies")
    files = [os.path.join(top, name) for name in sorted(os.listdir(top))
             if name.endswith(".policy")]
    files.append(os.path.join(HERE, "..", "policies", "valid", "every-key.policy"))
    for path in files:
        tfo("policy", "policy", "show", path)
    said = tfo("policy", "policy", "show", "--defaults", *files)
    keys = {key for rule in said["rules"] for key in rule["keys"]}
    named_in = schema.load("policy")["properties"]["rules"]["items"]["properties"]["keys"]
    check("policy: every key was printed", keys == set(named_in["propertyNames"]["enum"]),
          keys ^ set(named_in["propertyNames"]["enum"]))
    tfo("policy", "policy", "show", flow.policy(""))


# --- leaks ------------------------------------------------------------------------------

def leaky():
    """The program that leaves sockets open."""
    program = os.path.join(flow.scratch(), "leaky")
    subprocess.run(["cc", "-g", "-O1", "-fno-optimize-sibling-calls", "-o", program,
                    os.path.join(HERE, "..", "cli", "leaky.c"), "-pthread"], check=True)
    return program


def leaks():
    program, state = leaky(), flow.scratch()
    flow.run(["ip", "link", "set", "lo", "up"])
    tfo("leaks", "leaks", state=state)
    meant = flow.put(os.path.join(flow.scratch(), "meant"), "make_tcp\n")
    started = []
    for mode in ("count", "count,stacks=full"):
        words = [program, "tcp", "3", "served", "2", "left", "2", "twice", "1"]
        env = flow.environment(state, TFOSHIM_LEAKS=mode)
        process = flow.start(words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        flow.wait_for(process)
        started.append(process)
    tfo("leaks", "leaks", "--min-age", "0", state=state)
    for process in started:
        for words in ([], ["--min-age", "0"], ["--all"], ["--all", "--suppress", meant]):
            tfo("leaks", "leaks", process.pid, *words, state=state)
    process = flow.start([sys.executable, "-c", "import socket, time\n"
                          "s = socket.socket(); s.listen(); print('ready', flush=True)\n"
                          "time.sleep(60)"], env=flow.environment(
                              state, TFOSHIM_LEAKS="count,stacks=full"),
                         stdout=subprocess.PIPE)
    flow.wait_for(process)
    said = tfo("leaks", "leaks", process.pid, "--min-age", "0", state=state)
    check("leaks: an interpreter has a note", said[0]["sites"][0]["note"], said)
    for process in started + [process]:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    said = tfo("leaks", "leaks", "--min-age", "0", state=state)
    check("leaks: the dead's, too", any(not one["process"]["running"] for one in said), said)


# --- watch ------------------------------------------------------------------------------

def watch():
    place = Place()
    process = flow.start([os.environ["TFO"], "watch", "--json"], stdout=subprocess.PIPE,
                         env=flow.environment(TFOSHIM_STATE=place.state))
    maps = f"/proc/{process.pid}/maps"
    while "traffic." not in open(maps, encoding="utf-8").read():
        pass
    place.run(n=3)
    place.run(SERVER6, ask(GET), n=2)
    place.run(OTHER4, ask(POST), n=2)
    place.run(words=named("web.test"), n=2)
    process.send_signal(signal.SIGSTOP)
    off = flow.policy("[connect *]\ntfo = off\n")
    subprocess.run([flow.peer("knock"), "blocking", "1100", SERVER4, str(place.port)],
                   env=flow.environment(place.state, TFOSHIM_POLICY=off), check=True,
                   stdout=subprocess.DEVNULL)
    process.send_signal(signal.SIGCONT)
    place.run()
    lines = b""
    while b'"not_shown"' not in lines or lines.count(b"\n") < 10:
        lines += process.stdout.readline()
    process.terminate()
    wrong = schema.wrong_lines("watch", lines.decode())
    documents["watch"] = lines.count(b"\n")
    check("watch", not wrong, str(wrong[:3]))


# --- doctor, status ---------------------------------------------------------------------

def doctor():
    state, other = flow.scratch(), flow.scratch()
    with open(os.path.join(other, "traffic.1"), "w", encoding="ascii"):
        os.chmod(other, 0o755)
    for place in (state, other, "/dev/null"):
        tfo("doctor", "doctor", state=place)
    for words in (["cat"], ["env", "-i", "sh"], ["no-such-command"], ["/etc/passwd"]):
        tfo("doctor", "doctor", "--", *words, state=state)
    tfo("doctor", "doctor", state=state, TFOSHIM_POLICY=flow.policy("[connect *]\ntfo = of\n"))


LISTENER = """import socket, time
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
print('ready', flush=True); time.sleep(60)"""


def listener(state, **more):
    """Somebody who waits for connections."""
    process = flow.start([sys.executable, "-c", LISTENER], stdout=subprocess.PIPE,
                         env=flow.environment(state, **more))
    flow.wait_for(process)
    return process


def compared(place):
    """By turns of chance, until it is known whether it is worth it."""
    rule = flow.policy("[connect *]\nbaseline = 1/2\nslower-than = 10\n")
    for _ in range(8):
        place.run(n=15, TFOSHIM_POLICY=rule)
        said = tfo("status", "status", state=place.state)
        if said["gain"]["difference_us"] is not None:
            break


def paused_everywhere():
    """Three destinations lose their SYNs, and none does not; a fourth has to wait, too."""
    state = flow.scratch()
    places = [(host, Place(state=state)) for host in (SERVER4, OTHER4, SERVER6, OTHER6)]
    for host, place in places:
        place.run(host, n=3)
    tfolab.fault("drop-syn-data")
    for host, place in places[:3]:
        place.run(host)
    tfolab.clear()
    said = tfo("status", "status", state=state)
    check("status: a pause of all", said["pause_of_all"], said["destinations"])


def status():
    place = Place()
    tfo("status", "status", state=place.state)
    place.run(n=5)
    place.run(SERVER6, n=2)
    compared(place)
    place.run(words=named("web.test"), n=3)
    tfolab.fault("drop-syn-data", f"on port={place.port}")
    place.run(n=3)
    tfolab.clear()
    bad = flow.policy("[connect *]\ntfo = of\n")
    processes = [listener(place.state), listener(place.state, TFOSHIM_POLICY=bad)]
    said = tfo("status", "status", state=place.state)
    check("status: programs that run", {one["pid"] for one in said["running"]} ==
          {process.pid for process in processes}, said["running"])
    tfo("status", "status", "request", state=place.state)
    for process in processes:
        flow.end(process)
    paused_everywhere()


# --- probe ------------------------------------------------------------------------------

def probe():
    far, closed = flow.Service(flow.http), flow.closed_port()
    mute = flow.Service(flow.http, fastopen=0)
    for words in ([f"{SERVER4}:{far.port}", "--http"], [f"[{SERVER6}]:{far.port}"],
                  [f"{OTHER4}:{mute.port}", "--http"], [f"{SERVER4}:{closed}"],
                  [f"{SERVER4}:{far.port}", "--http", "--remember"]):
        tfo("probe", "probe", *words, "-n", "4", state=flow.scratch())
    said = tfo("probe", "probe", f"localhost:{closed}", "--remember", state="/dev/null")
    check("probe: not remembered", said["not_remembered"] and said["host"], said)
    for fault in ("strip-option", "drop-syn-data", "strip-syn-data", "drop-all"):
        tfolab.fault(fault)
        tfo("probe", "probe", f"{SERVER4}:{far.port}", "--http", "-n", "2", "--timeout", "6")
        tfolab.clear()


# --- all of them ------------------------------------------------------------------------

def with_json():
    """Verbs that have --json, by their help."""
    verbs = re.findall(r"^  tfo (\w+)", flow.run([os.environ["TFO"], "help"]).out, re.M)
    return {verb for verb in verbs
            if "--json" in flow.run([os.environ["TFO"], "help", verb]).out}


def story():
    try:
        schema.wrong("policy", {"rules": []})
    except schema.Missing as why:
        flow.cannot(str(why))
    have, named_verbs = with_json(), set(schema.names())
    check("a schema for each verb that has --json", have == named_verbs, have ^ named_verbs)
    for name in named_verbs:
        check(f"{name}: the schema itself", not schema.faults(name), schema.faults(name))
    for part in (explain, policy, leaks, watch, doctor, status,
                 probe):
        part()
    for name in sorted(documents):
        missing = set(schema.unseen(name)) - set(ELSEWHERE.get(name, ()))
        check(f"{name}: every field was there", not missing,
              f"{documents[name]} documents {sorted(missing) or ''}")


if __name__ == "__main__":
    flow.main(story, delay=20, limit=240)
