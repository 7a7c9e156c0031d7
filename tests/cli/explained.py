#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `tfo explain` foretells of a connection is what the wire then sees of it."""

import json
import os
import socket
import sys
import threading

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "flows"))
import flow  # noqa: E402
import tfolab  # noqa: E402
from flow import OTHER4, SERVER4, SERVER6, check  # noqa: E402
from policy import GET, Far, request, rules  # noqa: E402

SYSCTL = "/proc/sys/net/ipv4/tcp_fastopen"


def explain(far, host, program="request", section="connect", port=None, **more):
    """Of that program, as JSON."""
    place = f"[{host}]:{port or far.port}" if ":" in host else f"{host}:{port or far.port}"
    who = ["--program", flow.peer(program)] if program else []
    env = flow.environment(TFOSHIM_STATE=far.state, **more)
    done = flow.run([os.environ["TFO"], "explain", section, place, "--json", *who], **{
        key: value for key, value in env.items() if key.startswith("TFOSHIM_")})
    return json.loads(done.out)[0] if done.code == 0 else {"verdict": str(done)}


def foretold(name, far, host, verdict, wanted, program="request", words=None, **more):
    """What is said, and what then happens.  A busy machine may forget a habit."""
    words = words or request(GET)
    for _ in range(4):
        said = explain(far, host, program, **more)
        done = far.once(words, host, **more)
        if (said["verdict"], done.manners) == (verdict, [wanted]):
            break
        if verdict == "deferred":
            far.prove(words, host)
    check(name, (said["verdict"], done.manners) == (verdict, [wanted]),
          f"{said.get('sentence', said)} | {done.manners}")
    return said


def a_life(host):
    """The first connections of a program to a server it has never seen."""
    far = Far()
    said = foretold(f"{host}: no cookie", far, host, "cookie_requested", "asks")
    check(f"{host}: nothing is known", said["memory"] is None and
          said["cookie"]["state"] == "none", said["memory"])
    said = foretold(f"{host}: deferred", far, host, "deferred", "rides")
    memory = said["memory"]
    check(f"{host}: what is known", memory["proven"] and memory["habit"] == "writes_first"
          and memory["answered_seconds_ago"] < 60 and
          memory["outcomes"]["cookie_requested"] >= 1 and
          said["cookie"]["state"] == "held" and said["cookie"]["bytes"] >= 4,
          f"{memory} {said['cookie']}")
    foretold(f"{host}: another program", far, host, "first_contact", "alone", "native",
             lambda host, port: [flow.peer("knock"), "write", 1, host, port])
    said = explain(far, host, None)
    check(f"{host}: no program", said["verdict"] == "unknown", said["sentence"])


def ruled():
    """What a rule makes of it."""
    far = Far()
    far.prove(request(GET), SERVER4)
    foretold("tfo = off", far, SERVER4, "plain", "plain", **rules("[connect *]\ntfo = off\n"))
    foretold("tfo = off, elsewhere", far, SERVER4, "deferred", "rides",
             **rules(f"[connect {OTHER4}]\ntfo = off\n"))
    said = explain(far, SERVER4, **rules("[connect *]\npayload = none\n"))
    check("payload = none", "payload = none" in said["sentence"], said["sentence"])
    foretold("proven-for = off", far, SERVER4, "first_contact", "alone",
             **rules("[connect *]\nproven-for = off\n"))
    said = explain(far, "0.0.0.0", section="listen", port=80,
                   **rules("[listen *]\nqlen = 77\n"))
    check("qlen", said["verdict"] == "fast_open" and "77" in said["sentence"], said["sentence"])


def others():
    """What another user's programs have seen is not known."""
    far = Far()
    far.prove(request(GET), SERVER4)
    done = flow.run([os.environ["TFO"], "explain", "connect", f"{SERVER4}:{far.port}",
                     "--json", "--program", flow.peer("request"), "--user", "1"])
    said = json.loads(done.out)[0]
    check("another user", said["verdict"] == "unknown" and said["memory"] is None,
          said["sentence"])


def habits():
    """Who reads first, and where nobody listens any more."""
    far = Far(handler=flow.greet)
    words = [flow.peer("reader"), "recv", SERVER4, far.port]
    for _ in range(3):
        done = flow.run(words, far.state)
    said = explain(far, SERVER4, "reader")
    check("reads first", said["verdict"] == "reads_first" and
          said["memory"]["habit"] == "reads_first", f"{said['sentence']} {done}")
    far = Far()
    far.prove(request(GET), SERVER4)
    far.service.stop()
    flow.run(request(GET)(SERVER4, far.port), far.state)
    said = explain(far, SERVER4)
    check("refused since", said["verdict"] == "first_contact" and
          "answered_seconds_ago" not in said["memory"], said["sentence"])


def kernel():
    """The kernel's switch; addresses of this host, and none."""
    far = Far()
    far.prove(request(GET), SERVER4)
    with open(SYSCTL, encoding="ascii") as file:
        was = file.read()
    for bits, section, bit in ("2", "connect", "client bit"), ("1", "listen", "server bit"):
        with open(SYSCTL, "w", encoding="ascii") as to:
            to.write(bits)
        said = explain(far, SERVER4, section=section)
        check(f"{section}: the {bit} is off", said["verdict"] == "plain" and
              bit in said["sentence"], said["sentence"])
    with open(SYSCTL, "w", encoding="ascii") as to:
        to.write(was)
    said = explain(far, "203.0.113.1")
    check("no way", "no way" in said["sentence"] and
          said["cookie"]["state"] == "unknown", said["sentence"])
    said = explain(far, "fe80::1")
    check("link-local", said["verdict"] == "first_contact", said["sentence"])
    tfolab.fault("drop-syn-data")
    flow.run(request(GET)(SERVER4, far.port), far.state)
    tfolab.clear()
    said = explain(far, SERVER4)
    check("SYNs that were lost", said["cookie"].get("lost_syns", 0) >= 1, said["cookie"])
    check("strikes", said["memory"]["strikes"] == 1 and said["memory"]["pause"] is None,
          said["memory"])
    forget(far, SERVER4)


def forget(far, host):
    """tfo reset: one, then all."""
    def reset(*place):
        return flow.run([os.environ["TFO"], "reset", *place], **{
            "TFOSHIM_STATE": far.state})

    other = Far()
    other.state = far.state
    other.prove(request(GET), host)
    done = reset(f"{host}:{far.port}")
    said = explain(far, host)
    check("forgotten", done.code == 0 and said["memory"]["outcomes"]["plain"] == 0 and
          said["memory"]["strikes"] == 0 and said["memory"]["habit"] == "unknown",
          f"{done} {said['memory']}")
    check("the other is not", explain(other, host)["memory"]["proven"], "")
    check("all are forgotten", reset().code == 0 and
          not explain(other, host)["memory"]["proven"], "")


def own_host():
    """A server beside the client: its listener is asked for, not the memory."""
    far = Far()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.IPPROTO_TCP, tfolab.TCP_FASTOPEN, 16)
        far.port = server.getsockname()[1]

        def serve():
            for _ in range(2):
                conn, _ = server.accept()
                conn.recv(1000)
                conn.sendall(b"pong")
                conn.close()

        thread = threading.Thread(target=serve)
        thread.start()
        far.prove(request(GET), "127.0.0.1")
        thread.join(5)
    said = explain(far, "127.0.0.1")
    check("this host", said["verdict"] == "deferred" and "this host" in said["sentence"],
          said["sentence"])


def story():
    """Each server anew."""
    a_life(SERVER4)
    a_life(SERVER6)
    for part in (ruled, others, habits, own_host, kernel):
        part()


if __name__ == "__main__":
    flow.main(story, delay=5)
