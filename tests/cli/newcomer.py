#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The way of somebody new: what stands in the first block of README.md, typed as it stands
there, by root and by a plain user, against an unmodified nginx 20 ms away; with tfo as
`make install` puts it into an empty prefix. What is said to be saved is what the wire and the
server's kernel have seen."""

import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "flows"))
import flow  # noqa: E402
import tfolab  # noqa: E402
from flow import SERVER4, check  # noqa: E402

FIRST_SCREEN = 45  # lines
MINUTES = 5
USER = 65534
INSTALL = "sudo wrappers/quickstart install"
KEEP = 'export TFOSHIM_STATE="$HOME/.tfoshim"'
PAGE = "hello from nginx"
PASSIVE = re.compile(r"^TcpExt: (.*)\nTcpExt: (.*)", re.M)


def first_screen():
    """The lines to type."""
    with open(os.path.join(os.environ["SRC"], "README.md"), encoding="utf-8") as file:
        text = "".join(file.readlines()[:FIRST_SCREEN])
    blocks = [b.split("\n", 1)[1] for b in text.split("\n```")[1::2]]
    typed = [b.splitlines() for b in blocks if INSTALL in b]
    return [line for line in typed[0] if line.strip()] if len(typed) == 1 else []


def prefix():
    """Where this build is to be installed."""
    with open(os.path.join(os.environ["BUILD"], "Makefile"), encoding="utf-8") as file:
        return re.search(r"^prefix = (.*)$", file.read(), re.M).group(1)


def install():
    """What `quickstart install` does once all is built, into an empty directory."""
    to = flow.scratch()
    os.chmod(to, 0o755)
    done = subprocess.run(["make", "-s", "-C", os.environ["BUILD"], "install",
                           f"DESTDIR={to}"], capture_output=True, text=True, check=False)
    there = [f"{to}{prefix()}/{name}" for name in ("bin/tfo", "bin/tfo-run")]
    check("install", done.returncode == 0 and all(os.access(p, os.X_OK) for p in there),
          done.stderr[-300:])
    return to + prefix()


def house(tree, script, user=None, session=True):
    """The words that run a script where the prefix is what was installed, /run is empty,
    and server.example is known."""
    hosts = flow.put(os.path.join(flow.scratch(), "hosts"),
                     f"127.0.0.1 localhost\n{SERVER4} server.example\n")
    os.chmod(hosts, 0o644)
    os.chmod(os.path.dirname(hosts), 0o755)
    became = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user \
        else []
    runtime = f"mkdir -p /run/user; mkdir -m 700 /run/user/{user}; " \
        f"chown {user} /run/user/{user}; export HOME=/run/user/{user};" if user else ""
    runtime += "export XDG_RUNTIME_DIR=$HOME;" if user and session else ""
    return ["unshare", "-m", "sh", "-ec",
            f"mount --make-rprivate /; mount --bind {tree} {prefix()}; "
            f"mount --bind {hosts} /etc/hosts; mount -t tmpfs -o mode=755 none /run; "
            f"{runtime} cd /; exec \"$@\"", "sh", *became, "sh", "-c", script]


def environment():
    env = flow.environment()
    env["PATH"] = f"{prefix()}/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    env["HOME"] = "/nonexistent"
    env.pop("XDG_RUNTIME_DIR", None)
    return env


def passive():
    """SYNs whose data the server's kernel took."""
    text = subprocess.run([os.environ["LAB"], "in", "server", "cat", "/proc/self/net/netstat"],
                          capture_output=True, text=True, check=True).stdout
    names, values = PASSIVE.search(text).groups()
    return int(dict(zip(names.split(), values.split()))["TCPFastOpenPassive"])


def serve(tree):
    """As README.md tells to start a server."""
    work = flow.scratch()
    os.chmod(work, 0o755)
    flow.put(os.path.join(work, "index.html"), PAGE + "\n")
    os.chmod(os.path.join(work, "index.html"), 0o644)
    flow.put(os.path.join(work, "nginx.conf"), f"""
daemon off; master_process off; pid {work}/pid; error_log {work}/error.log;
events {{ }}
http {{ access_log off; client_body_temp_path {work}/b; proxy_temp_path {work}/p;
       fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
       server {{ listen 80; root {work}; }} }}
""")
    words = house(tree, f"exec tfo run -- nginx -c {work}/nginx.conf")
    return flow.start([os.environ["LAB"], "in", "server", *words], env=environment())


def is_up():
    for _ in range(50):
        if PAGE in flow.run(["curl", "-s", f"http://{SERVER4}/"]).out:
            return True
        time.sleep(0.1)
    return False


def follow(tree, lines, user, session):
    """One newcomer; another one, where the second connection went plainly to compare with,
    as one in sixteen does, or where this machine was so busy that curl was late to write."""
    script = "\n".join(lines) + "\ntfo status --json >&2\n"
    for _ in range(4):
        # the kernel keeps cookies for all users
        subprocess.run(["ip", "tcp_metrics", "flush"], check=False, capture_output=True)
        tfolab.reset()
        before = passive()
        done = subprocess.run(house(tree, script, user, session), env=environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False)
        status = json.loads(done.stderr) if done.stderr.startswith("{") else {}
        if not any(status.get("reasons", {}).get(r) for r in ("baseline", "first_contact")):
            break
    return done, status, tfolab.counters(), passive() - before


def newcomer(tree, lines, user=None, session=True):
    def check(what, good, *seen):
        flow.check(f"{name}: {what}", good, "" if good else "; ".join(map(str, seen)))

    name = "a plain user" if user else "root"
    name += "" if session else " without a session"
    done, status, wire, taken = follow(tree, lines, user, session)
    out = done.stdout
    check("all that was typed is understood", done.returncode == 0 and status,
          done.returncode, out, done.stderr)
    check("doctor says that clients gain", "\nclients: yes; " in out, out)
    check("curl got its page twice", out.count(PAGE) == 2, out)
    check("the second request rode in its SYN", wire["c2s_syn_data"] == 1 and
          wire["c2s_syn_cookie_request"] >= 1 and taken == 1 and
          bytes.fromhex(wire["last_syn_payload"]).startswith(b"GET / "), taken, wire)
    check("status says so", re.search(r"^ *saved +1 round trip, 0\.02 s$", out, re.M)
          and status["round_trips_saved"] == 1 and
          status["outcomes"]["data_acked"] == taken, out)


def without(tree, lines):
    """Who has no place where anything can be kept is told so, twice."""
    script = "\n".join(lines)
    done = subprocess.run(house(tree, script, USER, session=False), env=environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False)
    check("nothing can be kept: doctor and status say what to give",
          done.stdout.count(f"    {KEEP}\n") == 2)


def story():
    if flow.in_user_namespace():
        flow.note("in a user namespace: no plain user")
    began = time.monotonic()
    lines = first_screen()
    verbs = [re.match(r"(sudo )?(\S+)( \S+)?", line).group(0) for line in lines]
    check("README.md: what to type is on its first screen", verbs ==
          ["sudo wrappers/quickstart install", "tfo doctor", "tfo run", "tfo run",
           "tfo status"] and lines[2].split("#")[0] == lines[3].split("#")[0], str(verbs))
    if not shutil.which("nginx") or not shutil.which("curl"):
        return flow.skip("newcomer", "nginx and curl are not installed")
    if not os.path.isdir(prefix()):
        return flow.skip("newcomer", f"there is no {prefix()} to put the installation in")
    tree = install()
    server = serve(tree)
    if check("nginx runs under the shim", is_up()):
        newcomer(tree, lines[1:])
        if not flow.in_user_namespace():
            newcomer(tree, lines[1:], USER)
            newcomer(tree, [KEEP] + lines[1:], USER, session=False)
            without(tree, lines[1:])
    flow.end(server)
    took = time.monotonic() - began
    return check(f"under {MINUTES} minutes", took < MINUTES * 60, f"{took:.0f} s")


if __name__ == "__main__":
    flow.main(story, labs={"as it comes": ("--client-sysctl", "1")})
