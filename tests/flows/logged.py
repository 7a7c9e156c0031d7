#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every event is one line and one write that any reader of logfmt or JSON takes apart,
whatever names hold: of programs, of files, of hosts. And each field that is ever written
is in the manual."""

import collections
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import flow
from flow import SERVER4, SERVER6, check

FIELD = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-f]{4})*"|[^ "=\\]+)(?: |$)')
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\dZ")
NAMES = ["plain", "with blank", 'quote"s', "back\\slash", "a=b", "new\nline", "\x01\x7f",
         "für", b"\xff\xfe", b"cut\xc3", "x" * 200, '"', "'; echo"]
SEEN = collections.defaultdict(set)  # event: its fields
MANUAL = os.path.join(os.environ["SRC"], "man", "tfoshim.7") if "SRC" in os.environ else ""


def logfmt(line):
    """As logfmt has it: key=value, quoted where that is needed; ValueError: it is none."""
    at, fields = 0, {}
    while at < len(line):
        field = FIELD.match(line, at)
        if not field or field[1] in fields:
            raise ValueError(line[at:])
        value = field[2]
        fields[field[1]] = json.loads(value) if value[0] == '"' else value
        at = field.end()
    return fields


def take_apart(raw, is_json):
    """What a reader makes of a write."""
    text = raw.decode()  # UTF-8, strictly
    if not text.endswith("\n") or text.count("\n") != 1:
        raise ValueError(f"not one line: {text!r}")
    fields = json.loads(text) if is_json else logfmt(text[:-1])
    for key in ("time", "level", "pid", "program", "event"):
        if key not in fields:
            raise ValueError(f"no {key}: {text!r}")
    if not TIME.fullmatch(fields["time"]) or int(fields["pid"]) <= 0:
        raise ValueError(text)
    SEEN[fields["event"]].update(fields)
    return fields


def run(words, state, spec, **more):
    """A program whose stderr keeps its writes apart: its events, each of one write."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        env = flow.environment(state, TFOSHIM_LOG=spec, **more)
        done = subprocess.run(words, env=env, stderr=theirs, stdout=subprocess.DEVNULL,
                              timeout=20, check=False)
        theirs.close()
        ours.settimeout(5)
        writes = []
        while True:
            got = ours.recv(1 << 16)
            if not got:
                return done.returncode, writes
            writes.append(got)


def readable(name, code, writes, is_json):
    """The events; or none, and it is said why."""
    try:
        events = [take_apart(raw, is_json) for raw in writes]
    except ValueError as error:
        check(name, False, f"{error!r}")
        return []
    check(name, code == 0 and events, f"{len(events)} events, status {code}")
    return events


def shown(name):
    """What a line makes of a name."""
    raw = name if isinstance(name, bytes) else name.encode()
    return raw.decode(errors="replace")


def programs(service):
    """A program of each name, in both formats: the name is there, all of it."""
    room = flow.scratch()
    for number, name in enumerate(NAMES):
        raw = name if isinstance(name, bytes) else name.encode()
        path = os.path.join(room.encode(), raw)
        shutil.copy(flow.peer("request"), path)
        words = [path, "blocking", SERVER4 if number % 2 else SERVER6, str(service.port)]
        for form in ("info", "info,json"):
            code, writes = run(words, flow.scratch(), form)
            events = readable(f"program-{number}-{form}", code, writes, "json" in form)
            named = {e["program"] for e in events if e["event"] == "connection"}
            check(f"program-{number}-{form}-named", named == {shown(name)}, f"{named}")


def files(service):
    """Policies that cannot be read, of hostile names; a file of keys; a setting."""
    words = [flow.peer("request"), "blocking", SERVER4, str(service.port)]
    for number, name in enumerate(NAMES):
        raw = name if isinstance(name, bytes) else name.encode()
        path = os.path.join(flow.scratch().encode(), raw + b".policy")
        with open(path, "wb") as file:
            file.write(b"[connect *]\ntfo = " + raw.replace(b"\n", b"") + b'"\n')
        for form in ("error", "error,json"):
            code, writes = run(words, flow.scratch(), form,
                               TFOSHIM_POLICY=os.fsdecode(path))
            events = readable(f"policy-{number}-{form}", code, writes, "json" in form)
            check(f"policy-{number}-{form}-told", len(events) == 1 and
                  events[0]["event"] == "policy" and int(events[0]["errors"]) > 0 and
                  events[0]["consequence"] == "doing nothing at all", f"{events}")


SERVER = r'''
import ctypes, socket, sys
libc = ctypes.CDLL(None)
s = socket.create_server(("127.0.0.1", 0))
libc.syscall(425, 8, ctypes.create_string_buffer(120))
libc.prctl(38, 1, 0, 0, 0)
code = ctypes.create_string_buffer(b"\x06\0\0\0\0\0\xff\x7f", 8)
class Program(ctypes.Structure):
    _fields_ = [("n", ctypes.c_ushort), ("code", ctypes.c_void_p)]
libc.prctl(22, 2, ctypes.byref(Program(1, ctypes.cast(code, ctypes.c_void_p))), 0, 0)
'''
NAMED = r'''
import socket, sys
def ask():
    with socket.create_connection(("localhost", int(sys.argv[1]))) as s:
        pass
with socket.create_server(("127.0.0.1", int(sys.argv[1]))):
    ask()
'''


LOOKS_UP = r'''
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as s:
    s.sendall(b"hello")
    s.recv(100)
'''
HOSTS = {"web.test": "web.test", "WEB.Test.": "web.test", 'we"b': 'we"b',
         "b\\s": "b\\s", "a=b": "a=b",
         ".".join(["x" * 60] * 3): "..." + ".".join(["x" * 60] * 3)[-124:]}


def hosts(service):
    """Names of servers as a program looked them up, of a hosts file that may hold all."""
    shell = "mount --bind $0 /etc/hosts 2>/dev/null || exit 9; exec \"$@\""
    for number, (name, wanted) in enumerate(HOSTS.items()):
        path = flow.put(os.path.join(flow.scratch(), "hosts"), f"{SERVER4} {name}\n")
        words = ["unshare", "-m", "sh", "-c", shell, path, sys.executable, "-c", LOOKS_UP,
                 name, str(service.port)]
        for form in ("info", "info,json"):
            code, writes = run(words, flow.scratch(), form)
            if code == 9:
                flow.skip("hosts", "no hosts file can be mounted")
                return
            named = [e.get("name") for e in readable(f"host-{number}-{form}", code,
                                                     writes, "json" in form)]
            check(f"host-{number}-{form}-named", wanted in named, f"{named}")


def others(service):
    """All other events, at the level that tells all."""
    bad = flow.policy("[listen *]\nkey-file = /nowhere/key\n")
    for form in ("debug", "debug,json"):
        for name, code, policy in (("server", SERVER, bad), ("named", NAMED, None)):
            more = {"TFOSHIM_POLICY": policy} if policy else {}
            code, writes = run([sys.executable, "-c", code, "4001"], flow.scratch(), form,
                               **more)
            readable(f"{name}-{form}", code, writes, "json" in form)
        state = flow.scratch()
        os.chmod(state, 0o755)
        code, writes = run([flow.peer("request"), "blocking", SERVER4, str(service.port)],
                           state, form)
        readable(f"state-{form}", code, writes, "json" in form)
    code, writes = run(["true"], flow.scratch(), "loud")
    readable("setting", code, writes, False)
    wanted = {"connection", "connect", "policy", "listen", "key-file", "io_uring", "cage",
              "state", "setting", "ledger"}
    check("events", wanted <= set(SEEN), f"missing: {sorted(wanted - set(SEEN))}")


def policy_says(service):
    """By the policy: its format; TFOSHIM_LOG comes before it."""
    path = os.path.join(flow.scratch(), "log")
    words = [flow.peer("request"), "blocking", SERVER4, str(service.port)]
    policy = flow.policy(f"[log]\nlevel = info\nformat = json\nfile = {path}\n")
    flow.run(words, flow.scratch(), TFOSHIM_POLICY=policy)
    lines = [take_apart(line.encode() + b"\n", True) for line in flow.lines_of(path)]
    check("policy-json", any(e["event"] == "connection" for e in lines), f"{lines}")
    code, writes = run(words, flow.scratch(), "info", TFOSHIM_POLICY=policy)
    before = len(lines)
    events = readable("setting-first", code, writes, False)
    check("setting-first-alone", events and len(flow.lines_of(path)) == before)


def report():
    """In JSON a report is events too."""
    code, writes = run([flow.peer("unclosed"), "three"], flow.scratch(), "off,json",
                       TFOSHIM_LEAKS="exit")
    events = readable("report", code, writes, True)
    check("report-told", events and {e["event"] for e in events} == {"report"} and
          any("unclosed" in e["message"] for e in events), f"{len(events)}")


def many(service):
    """Into one file, from many at once: each line whole."""
    path = os.path.join(flow.scratch(), "log")
    words = [flow.peer("many"), "shutdown", SERVER4, str(service.port)]
    state = flow.scratch()
    began = time.time()
    flow.together(lambda spec: flow.run(words, state, TFOSHIM_LOG=f"{spec}:{path}"),
                  ["info,json"] * 8, 8)
    lines = flow.lines_of(path)
    good = 0
    for line in lines:
        good += take_apart(line.encode() + b"\n", True)["event"] == "connection"
    check("many", good == len(lines) == 8 * 32, f"{good} of {len(lines)}, "
          f"{time.time() - began:.1f} s")


def manual():
    """tfoshim(7) has each event and each field."""
    if not MANUAL:
        check("manual", False, "SRC is not set")
        return
    with open(MANUAL, encoding="utf-8") as page:
        section = page.read().split("\n.Sh LOG\n")[1].split("\n.Sh ")[0]
    told = set(re.findall(r"^\.It Li ([\w-]+)", section, re.M))
    fields = set().union(*SEEN.values())
    check("manual-fields", fields <= told, f"missing: {sorted(fields - told)}")
    check("manual-events", set(SEEN) <= told, f"missing: {sorted(set(SEEN) - told)}")


def story():
    service = flow.Service()
    for part in (programs, files, hosts, others, policy_says, many):
        part(service)
    report()
    manual()


if __name__ == "__main__":
    flow.main(story, delay=2, limit=200)
