#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""TFOSHIM_POLICY governs what is on the wire: who does Fast Open at all, by address, port,
name, program and user; which first bytes ride; what listeners offer.  A bad policy is as
no shim at all."""

import os
import shutil
import subprocess

import flow
import tfolab
from flow import OTHER4, OTHER6, SERVER4, SERVER6, check

GET = "GET /page HTTP/1.1\r\nHost: a\r\n\r\n"
POST = "POST /page HTTP/1.1\r\nHost: a\r\n\r\n"
UNKNOWN = "hello there, whoever you are"
NOBODY = 65534
OFF = "tfo = off\n"


def manner(syn):
    """What a SYN does of Fast Open."""
    if syn["payload_length"]:
        return "rides" if syn["cookie"] > 0 else "rides without a cookie"
    return {-1: "plain", 0: "asks"}.get(syn["cookie"], "alone")


def request(text="ping"):
    return lambda host, port: [flow.peer("request"), "blocking", host, port, text]


def knock(host, port):
    return [flow.peer("knock"), "write", 1, host, port]


class Far:
    """A server at the far end, and clients of it who have proven it."""

    def __init__(self, **how):
        self.service = flow.Service(**how)
        self.port = self.service.port
        self.state = flow.scratch()
        os.chmod(self.state, 0o700)

    def prove(self, words, host):
        """The cookie, the answer, the habit; nobody's policy."""
        for _ in range(2):
            flow.run(words(host, self.port), self.state)

    def once(self, words, host, **more):
        """One run: how it ended, and what its SYNs did."""
        tfolab.reset()
        done = flow.run(words(host, self.port), self.state, **more)
        done.manners = [manner(syn) for syn in flow.syns_to(self.port)]
        return done

    def see(self, name, wanted, words, host=SERVER4, **more):
        """Whether the SYN does as wanted.  Who was late, on a busy machine, tries again;
        what must not ride has no such excuse."""
        for _ in range(4):
            self.prove(words, host)
            done = self.once(words, host, **more)
            if done.manners == [wanted] or "rides" not in wanted:
                break
        return check(name, done.manners == [wanted] and done.code == 0 and not done.err,
                     f"{wanted}: " + (", ".join(done.manners) or "no SYN") +
                     ("" if done.code == 0 and not done.err else f", {done}"))


def rules(text, **more):
    return dict(TFOSHIM_POLICY=flow.policy(text), **more)


# --- where a rule holds ---------------------------------------------------------------

def addresses(far):
    """(name, head, who is off, who is not)"""
    next_port = far.port + 1 if far.port < 65535 else far.port - 1
    cases = [
        ("address", SERVER4, [SERVER4], [OTHER4, SERVER6]),
        ("address-ipv6", SERVER6, [SERVER6], [OTHER6, SERVER4]),
        ("cidr", "192.0.2.2/31", [SERVER4, OTHER4], [SERVER6]),
        ("cidr-ipv6", "2001:db8::2/127", [SERVER6, OTHER6], [SERVER4]),
        ("port", f"*:{far.port}", [SERVER4, SERVER6], []),
        ("port-range", f"*:{far.port - 1}-{far.port}", [SERVER4], []),
        ("other-port", f"*:{next_port}", [], [SERVER4, SERVER6]),
        ("address-and-port", f"{SERVER4}:1,{far.port}", [SERVER4], [OTHER4]),
        ("ipv6-and-port", f"[{SERVER6}]:{far.port}", [SERVER6], [SERVER4]),
        ("two-targets", f"{SERVER4} {SERVER6}", [SERVER4, SERVER6], [OTHER4]),
    ]
    for name, head, off, on in cases:
        rule = rules(f"[connect {head}]\n" + OFF)
        for host in off:
            far.see(f"{name}-off-{host}", "plain", request(), host, **rule)
        for host in on:
            far.see(f"{name}-on-{host}", "rides", request(), host, **rule)


def programs(far):
    path = flow.peer("request")
    for name, which in (("basename", "request"), ("path", path)):
        rule = rules(f"[connect * program={which}]\n" + OFF)
        far.see(f"program-{name}", "plain", request(), **rule)
        far.see(f"program-{name}-other", "rides", knock, **rule)
    rule = rules("[connect * program=/bin/request program=reques]\n" + OFF)
    far.see("program-like-it", "rides", request(), **rule)


def users(far):
    for user in ("root", "0"):
        rule = rules(f"[connect * user={user}]\n" + OFF)
        far.see(f"user-{user}", "plain", request(), **rule)
    rule = rules(f"[connect * user=nobody user={NOBODY}]\n" + OFF)
    far.see("user-other", "rides", request(), **rule)
    if flow.in_user_namespace() or not shutil.which("setpriv"):
        return flow.skip("user-nobody", "there is no other user here")
    nobody = Far()
    nobody.state = os.path.join("/tmp", os.path.basename(flow.scratch()) + "n")
    os.mkdir(nobody.state, 0o700)
    flow.temporary(nobody.state)
    os.chown(nobody.state, NOBODY, NOBODY)

    def words(host, port):
        return ["setpriv", "--reuid", NOBODY, "--clear-groups",
                *request()(host, port)]

    for user, wanted in (("nobody", "plain"), (NOBODY, "plain"), ("root", "rides")):
        rule = rules(f"[connect * user={user}]\n" + OFF)
        os.chmod(os.path.dirname(rule["TFOSHIM_POLICY"]), 0o755)
        os.chmod(rule["TFOSHIM_POLICY"], 0o644)
        nobody.see(f"user-nobody-under-{user}", wanted, words, **rule)
    nobody.service.stop()


def order(far):
    two = f"[connect {SERVER4}]\ntfo = on\n[connect *]\n" + OFF
    far.see("first-wins-on", "rides", request(), SERVER4, **rules(two))
    far.see("first-wins-off", "plain", request(), OTHER4, **rules(two))
    late = f"[connect *]\n{OFF}[connect {SERVER4}]\ntfo = on\n"
    far.see("second-loses", "plain", request(), SERVER4, **rules(late))
    unset = f"[connect {SERVER4}]\nnodelay = on\n[connect *]\n" + OFF
    far.see("unset-is-default", "rides", request(), SERVER4, **rules(unset))
    directory = flow.scratch()
    for name, text in (("20-late.policy", f"[connect *]\n{OFF}"),
                       ("10-early.policy", f"[connect {SERVER4}]\ntfo = on\n"),
                       ("05-not.policy.bak", f"[connect {SERVER4}]\n{OFF}"),
                       (".hidden.policy", "garbage")):
        flow.put(os.path.join(directory, name), text)
    both = {"TFOSHIM_POLICY": directory}
    far.see("directory-first", "rides", request(), SERVER4, **both)
    far.see("directory-second", "plain", request(), OTHER4, **both)
    path = os.path.join(flow.scratch(), "log")
    log = f"[log]\nlevel = debug\nfile = {path}\n[leaks]\nreport = off\n"
    far.see("log-section", "rides", request(), **rules(f"{log}[connect 10.0.0.1]\n{OFF}"))
    lines = flow.lines_of(path)
    check("log-section-writes", lines and all("event=" in line for line in lines),
          f"{len(lines)} lines")
    far.see("empty-policy", "rides", request(), **rules("# nothing\n"))


# --- what rides -----------------------------------------------------------------------

def payloads(far):
    texts = {"get": GET, "post": POST, "unknown": UNKNOWN}
    ride = {"any": ("get", "post", "unknown"), "auto": ("get", "unknown"),
            "idempotent": ("get",), "none": ()}
    for rule, riders in ride.items():
        for what, text in texts.items():
            def words(host, port, text=text):
                return request(text)(host, port)

            tried = len(far.service.seen)
            for _ in range(4):  # after a GET, as whose SYN its own is held back
                far.prove(request(GET), SERVER4)
                done = far.once(words, SERVER4,
                                **rules(f"[connect *]\npayload = {rule}\n"))
                wanted = "rides" if what in riders else "alone"
                if done.manners == [wanted]:
                    break
            rode = tfolab.counters()["c2s_syn_data_bytes"]
            good = done.manners == [wanted] and done.code == 0 and \
                rode == (len(text) if wanted == "rides" else 0)
            check(f"payload-{rule}-{what}", good, f"{wanted}: {done.manners}, {rode} B")
            far.service.wait(tried + 1)
            last = far.service.seen[-1]
            check(f"payload-{rule}-{what}-read", bytes(last.data) == text.encode(),
                  f"{len(last.data)} B")


# --- names ----------------------------------------------------------------------------

HOSTS = f"""127.0.0.1 localhost
{SERVER4} web.test api.test sub.web.test
{OTHER4} one.corp.test two.one.corp.test corp.test notcorp.test
{SERVER6} six.test
"""


def named(*names, way="addrinfo"):
    """Its hosts file is our own."""
    hosts = flow.put(os.path.join(flow.scratch(), "hosts"), HOSTS)
    mount = 'mount --bind "$0" /etc/hosts && exec "$@"'

    def words(_host, port):
        return ["unshare", "-m", "sh", "-c", mount, hosts, flow.peer("named"), way, port,
                "ping", *names]

    return words


def names(far):
    if flow.run(named()(None, 1)).code != 0:
        return flow.skip("names", "no hosts file can be mounted")
    exact = rules("[connect web.test]\n" + OFF)
    suffix = rules("[connect *.corp.test]\n" + OFF)
    ports = rules(f"[connect web.test:{far.port}]\n" + OFF)
    elsewhere = rules(f"[connect web.test:{far.port ^ 1}]\n" + OFF)
    cases = [
        ("exact", exact, "plain", "web.test"), ("capitals", exact, "plain", "Web.TEST"),
        ("dot", rules("[connect web.test.]\n" + OFF), "plain", "web.test"), ("shared", exact, "rides", "api.test"),
        ("below-exact", exact, "rides", "sub.web.test"),
        ("number", exact, "rides", SERVER4),
        ("last-is-it", exact, "plain", "api.test,web.test"),
        ("last-is-other", exact, "rides", "web.test,api.test"),
        ("last-is-number", exact, "plain", f"web.test,{SERVER4}"),
        ("suffix", suffix, "plain", "one.corp.test"),
        ("suffix-deep", suffix, "plain", "two.one.corp.test"),
        ("suffix-itself", suffix, "rides", "corp.test"),
        ("suffix-alike", suffix, "rides", "notcorp.test"),
        ("port", ports, "plain", "web.test"), ("no-port", elsewhere, "rides", "web.test"),
        ("ipv6", rules("[connect six.test]\n" + OFF), "plain", "six.test"),
    ]
    for name, rule, wanted, asked in cases:
        far.see(f"name-{name}", wanted, named(asked), **rule)
    for way in ("host", "host2", "reentrant"):
        far.see(f"name-by-{way}", "plain", named("web.test", way=way), **exact)
        far.see(f"name-by-{way}-other", "rides", named("api.test", way=way), **exact)
    far.prove(named("web.test"), None)
    done = far.once(named("web.test", "api.test", "web.test"), None, **exact)
    check("name-in-turns", done.manners == ["plain", "rides", "plain"],
          f"{done.manners}")


def respond(conn, seen):
    """One answer in HTTP."""
    while b"\r\n\r\n" not in seen.data:
        seen.data += conn.recv(4096)
    conn.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")


def names_of_curl():
    """Its resolver is another thread."""
    if not shutil.which("curl"):
        return flow.skip("curl", "curl is not here")
    far = Far(handler=respond)

    def words(_host, port, name="web.test"):
        prefix = named()(None, 1)
        return [*prefix[:prefix.index(flow.peer("named"))], "curl", "-sS", "-4",
                f"http://{name}:{port}/"]

    rule = rules("[connect web.test]\n" + OFF)
    far.see("curl-name", "plain", words, **rule)
    far.see("curl-other-name", "rides",
            lambda host, port: words(host, port, "api.test"), **rule)
    far.service.stop()


# --- listeners ------------------------------------------------------------------------

def listening(port, **more):
    """A server under the shim that says its options and waits for one connection."""
    words = [os.environ["LAB"], "in", "server", flow.peer("options"), "server", "none",
             port]
    server = flow.start(words, env=flow.environment(flow.scratch(), **more),
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = server.stdout.readline().decode().split()
    flow.wait_for(server)
    server.options = dict(pair.split("=") for pair in said[1:])
    return server


def offered(name, text, wanted, port, options):
    """Whether a cookie is offered to who asks for one."""
    server = listening(port, **(rules(text) if text is not None else {}))
    tfolab.reset()
    tfolab.fault("strip-option-reply")  # so that the next one asks again
    done = flow.run([flow.peer("native"), SERVER4, port])
    tfolab.clear()
    asked, got = (tfolab.counters()[key] for key in
                  ("c2s_syn_cookie_request", "s2c_synack_cookie"))
    flow.end(server)
    shown = {key: server.options.get(key) for key in options}
    check(f"listen-{name}", asked == 1 and got == wanted and shown == options and
          done.out.split()[1:] == ["pong"], f"{got} offers to {asked}, {shown}")


def listeners():
    at = f"[listen *:8000-8100]\n"
    offered("default", None, 1, 8001, {"fastopen": "256", "no-cookie": "0"})
    offered("off", at + OFF, 0, 8002, {"fastopen": "0"})
    offered("qlen", at + "qlen = 7\n", 1, 8003, {"fastopen": "7"})
    offered("other-port", at + OFF, 1, 8101, {"fastopen": "256"})
    offered("program", "[listen * program=options]\n" + OFF, 0, 8004, {"fastopen": "0"})
    offered("no-cookie", at + "no-cookie = on\n", 0, 8005,
            {"fastopen": "256", "no-cookie": "1"})
    offered("bad", "[listen *]\nqlen = 0\n", 0, 8007, {"fastopen": "0"})
    offered("connect-is-not-listen", "[connect *]\n" + OFF, 1, 8006, {"fastopen": "256"})
    no_cookie(8008)


def no_cookie(port):
    """Neither end has ever seen a cookie of the other's, and the data rides."""
    words = [os.environ["LAB"], "in", "server", flow.peer("answer"), port]
    env = flow.environment(flow.scratch(), **rules("[listen *]\nno-cookie = on\n"))
    server = flow.start(words, env=env, stdout=subprocess.PIPE)
    flow.wait_for(server)
    tfolab.reset()
    done = flow.run([flow.peer("knock"), "write", 4, SERVER4, port], flow.scratch(),
                    **rules("[connect *]\nno-cookie = on\n"))
    manners = [manner(syn) for syn in flow.syns_to(port)]
    acked = tfolab.counters()["s2c_synack_data_acked"]
    flow.end(server)
    rode = manners.count("rides without a cookie")
    check("listen-no-cookie-rides", done.out == "ok, ok, answer\n" * 4 and rode >= 1 and
          acked == rode, f"{manners}, {acked} accepted, {done}")


# --- a bad policy ---------------------------------------------------------------------

def bad_ones():
    directory = flow.scratch()
    flow.put(os.path.join(directory, "10.policy"), "[connect *]\ntfo = on\n")
    flow.put(os.path.join(directory, "20.policy"), "[connect *]\ntfo = maybe\n")
    fifo = os.path.join(flow.scratch(), "fifo")
    os.mkfifo(fifo)
    noise = os.path.join(flow.scratch(), "noise")
    with open(noise, "wb") as file:
        file.write(bytes((i * 2654435761 >> 13) & 255 for i in range(4096)))
    return {
        "value": flow.policy("[connect *]\ntfo = maybe\n"),
        "key": flow.policy("[connect *]\ntfo = on\ntof = off\n"),
        "section": flow.policy("[conect *]\n"), "target": flow.policy("[connect 1.2]\n"),
        "no-section": flow.policy("tfo = on\n"), "noise": noise, "fifo": fifo,
        "missing": "/no/such/policy", "one-of-two": directory,
    }


def bad(far):
    for name, path in bad_ones().items():
        far.prove(request(), SERVER4)
        bare = flow.run(request()(SERVER4, far.port))
        quiet = far.once(request(), SERVER4, TFOSHIM_POLICY=path)
        check(f"bad-{name}", quiet.manners == ["plain"] and not quiet.err and
              (quiet.code, quiet.out.split()[1]) == (0, bare.out.split()[1]),
              f"{quiet.manners}, {quiet}")
        loud = far.once(knock, SERVER4, TFOSHIM_POLICY=path, TFOSHIM_LOG="error")
        lines = loud.err.splitlines()
        check(f"bad-{name}-is-told", len(lines) == 1 and "event=policy" in lines[0] and
              path in lines[0] and loud.manners == ["plain"], loud.err.strip())
    again = flow.run([flow.peer("knock"), "write", 5, SERVER4, far.port], far.state,
                     TFOSHIM_POLICY=path, TFOSHIM_LOG="error")
    check("bad-is-told-once", len(again.err.splitlines()) == 1, again.err.strip())


def story():
    listeners()  # nobody has a cookie yet
    far = Far()
    for part in (addresses, programs, users, order, payloads, names, bad):
        part(far)
    names_of_curl()


if __name__ == "__main__":
    flow.main(story, delay=5)
