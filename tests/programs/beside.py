# SPDX-License-Identifier: MIT
"""beside: the shim together with what else stands in front of libc, watches a program, or
locks it in."""

import os
import re
import signal
import subprocess
import time

from place import Broken, PATH
from row import LIBS, Row, opens, passed_by, rides
from web import URL, nginx

PORT = 7700
BUILDS = {
    "plain": (["gcc"], ()),
    "ASan": (["gcc"], ("-fsanitize=address",)),
    "TSan": (["gcc"], ("-fsanitize=thread",)),
    "clang ASan": (["clang", "libclang-rt-14-dev"], ("-fsanitize=address",)),
    "clang TSan": (["clang", "libclang-rt-14-dev"], ("-fsanitize=thread",)),
}


def built(place, source, build="plain"):
    """A program of clients/, compiled once for the whole run."""
    (compiler, *_), flags = BUILDS[build]
    to = place.fill("{shared}/") + f"{source}-{build.replace(' ', '-')}"
    done = subprocess.run(
        ["flock", f"{to}.lock", "sh", "-c", 'to=$1; shift; [ -e "$to" ] || "$@"', "sh", to,
         compiler, "-g", "-O1", *flags, "-o", to, place.fill("{clients}/") + f"{source}.c",
         "-lpthread"], env={"PATH": PATH}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(f"{source} does not compile: {done.stderr[-300:]}")
    return to


def mill_server(build):
    def start(place):
        place.serve(["env", "ASAN_OPTIONS=verify_asan_link_order=0",
                     built(place, "mill", build), "serve", PORT], PORT)
    return start


def mill(build, threads=4, rounds=6):
    def client(place):
        return place.run(["env", "ASAN_OPTIONS=verify_asan_link_order=0",
                          built(place, "mill", build), "ask", "{host}", PORT, threads,
                          rounds], timeout=40)
    return client


for name, (packages, _) in BUILDS.items():
    if name != "plain":
        Row(f"{name} build", packages + ["libc6-dev"], mill_server(name), mill(name),
            rides(0.5), PORT)


# --- other preloaded objects

def after(library):
    """Behind the shim, in LD_PRELOAD."""
    return ["sh", "-c", f'LD_PRELOAD="${{LD_PRELOAD:+$LD_PRELOAD:}}{library}" '
            f"exec curl -sS {URL}"]


def before(library):
    return ["sh", "-c", f'LD_PRELOAD="{library}${{LD_PRELOAD:+:$LD_PRELOAD}}" '
            f"exec curl -sS {URL}"]


for name, package, library in (
        ("jemalloc", "libjemalloc2", LIBS + "libjemalloc.so.2"),
        ("tcmalloc", "libtcmalloc-minimal4", LIBS + "libtcmalloc_minimal.so.4")):
    Row(f"{name} behind", [package, "curl", "nginx"], nginx, after(library), rides())
    Row(f"{name} in front", [package, "curl", "nginx"], nginx, before(library), rides())


Row("faketime", ["libfaketime", "curl", "nginx"], nginx,
    ["sh", "-c", f'FAKETIME=-1d LD_PRELOAD="${{LD_PRELOAD:+$LD_PRELOAD:}}{LIBS}faketime/'
     f'libfaketime.so.1" exec curl -sS {URL}'], rides())


def socks(place):
    nginx(place)
    place.serve(["/usr/bin/python3", "{clients}/server_socks.py", 1080], 1080)


def proxychains(place):
    conf = place.file("proxychains.conf", "strict_chain\nquiet_mode\n[ProxyList]\n"
                      "socks5 192.0.2.2 1080\n")
    return place.run(["proxychains4", "-q", "-f", conf, "curl", "-sS", URL])


def torsocks(place):
    conf = place.file("torsocks.conf", "TorAddress 192.0.2.2\nTorPort 1080\n")
    return place.run(["env", f"TORSOCKS_CONF_FILE={conf}", "torsocks", "curl", "-sS", URL])


Row("proxychains", ["proxychains4", "curl", "nginx", "python3"], socks, proxychains,
    rides(), 1080)
Row("torsocks", ["torsocks", "curl", "nginx", "python3"], socks, torsocks,
    passed_by("it asks libc itself, not what stands behind it"), 1080)

# --- who watches
Row("valgrind", ["valgrind", "gcc", "libc6-dev"], mill_server("plain"),
    lambda place: place.run(["valgrind", "-q", "--error-exitcode=9",
                             built(place, "mill"), "ask", "{host}", PORT, 2, 4],
                            timeout=40), rides(0.3), PORT)
Row("strace", ["strace", "curl", "nginx"], nginx,
    ["strace", "-f", "-o", "/dev/null", "curl", "-sS", URL], rides())


def gdb_attach(place):
    """A debugger stops it again and again, wherever it is."""
    process = place.start("client", [built(place, "mill"), "ask", "{host}", PORT, 2, 150])
    while process.poll() is None:
        subprocess.run(["gdb", "-q", "-batch", "-nx", "-p", str(process.pid), "-ex", "bt 1",
                        "-ex", "detach"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20,
                       check=False)
    return place.finish(process)


def stopped(place):
    """SIGSTOP and SIGCONT, two hundred times a second."""
    process = place.start("client", [built(place, "mill"), "ask", "{host}", PORT, 2, 60])
    while process.poll() is None:
        for number in (signal.SIGSTOP, signal.SIGCONT):
            os.kill(process.pid, number)
            time.sleep(0.0025)
    return place.finish(process)


Row("gdb attach", ["gdb", "gcc", "libc6-dev"], mill_server("plain"), gdb_attach,
    rides(0.3), PORT)
Row("SIGSTOP and SIGCONT", ["gcc", "libc6-dev"], mill_server("plain"), stopped,
    rides(0.1), PORT)


# --- a sandbox

def caged(*words):
    """What the program calls without us is found out by strace; all else kills it but what
    the shim is known to call."""
    def client(place):
        cage = built(place, "cage")
        filled = [place.fill(str(w)) for w in words]
        if filled[0] == "mill":
            filled[0] = built(place, "mill")
        if not hasattr(place, "calls"):
            log = place.file("calls")
            for _ in range(2):
                done = place.run(["strace", "-f", "-n", "-qq", "-A", "-o", log, *filled],
                                 under=False)
            with open(log, encoding="utf-8", errors="replace") as lines:
                found = re.findall(r"^\d+ +\[ *(\d+)\]", lines.read(), flags=re.M)
            place.calls = ",".join(sorted(set(found), key=int))
            if len(place.calls) < 20:
                raise Broken(f"strace did not say what the program calls: {done}")
        return place.run([cage, place.calls, *filled])
    return client


CAGE = ["strace", "gcc", "libc6-dev"]
Row("seccomp: curl", CAGE + ["curl", "nginx"], nginx, caged("curl", "-sS", URL), rides())
Row("seccomp: wget", CAGE + ["wget", "nginx"], nginx, caged("wget", "-q", "-O", "-", URL),
    rides())
Row("seccomp: nc", CAGE + ["netcat-openbsd", "nginx"], nginx,
    caged("nc", "-z", "-v", "{host}", "78-82"), opens("it only knocks"))
Row("seccomp: python", CAGE + ["python3", "nginx"], nginx,
    caged("/usr/bin/python3", "{clients}/http_client.py"), rides(0.5))
Row("seccomp: threads", CAGE, mill_server("plain"),
    caged("mill", "ask", "{host}", PORT, 3, 6), rides(0.3), PORT)
