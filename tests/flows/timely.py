#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many connections by one loop, over 100 ms: none waits for another, also when the
destination has died; who fails over does so from the second time on."""

import os
import shutil
import time

import flow
import tfolab
from flow import SERVER4, OTHER4, check

AT_MOST = {  # ms under the shim, where the destination has died
    "wait": 1600, "write": 1600, "spawn": 1600, "close": 60,
}
NGINX = """daemon off; master_process off; pid %(dir)s/pid; error_log %(dir)s/error;
events {}
http {
    access_log off; client_body_temp_path %(dir)s; proxy_temp_path %(dir)s;
    fastcgi_temp_path %(dir)s; uwsgi_temp_path %(dir)s; scgi_temp_path %(dir)s;
    upstream both {
        server %(first)s max_fails=0; server %(second)s backup;
    }
    server {
        listen 127.0.0.1:8090;
        location / {
            proxy_pass http://both;
            proxy_connect_timeout 1s; proxy_read_timeout 5s;
        }
    }
}
"""


def many(what, service, state):
    return flow.run([flow.peer("many"), what, SERVER4, service.port], state, 20)


def shutdowns():
    """A FIN is owed, not waited for: one loop, thirty connections."""
    bare = many("shutdown", flow.Service(), None)
    done = many("shutdown", flow.Service(), flow.scratch())
    check("shutdowns", bare.code == done.code == 0 and
          int(done.out) <= 2 * int(bare.out),
          f"{done.out.strip()} ms, bare {bare.out.strip()} {done.err}")


def dead(what):
    """Ten connections wait no longer than one."""
    state, service = flow.scratch(), flow.Service()
    for _ in range(2):
        many("prime", service, state)
    tfolab.fault("drop-all")
    bare, done = many(what, service, None), many(what, service, state)
    tfolab.clear()
    check(f"dead-{what}", done.code == 0 and int(done.out) <= AT_MOST[what],
          f"{done.out.strip()} ms, at most {AT_MOST[what]}, bare {bare.out.strip()}; "
          f"{done.err}")


def timeouts():
    """A program that gives connect() a second: the first that finds it dead may be told
    by its answer; the second by connect(), as bare."""
    state, service = flow.scratch(), flow.Service()
    proven = [many("timeout", service, state) for _ in range(4)]
    check("timeout-proven", all(d.code == 0 for d in proven) and
          int(proven[-1].out) < flow.RTT // 2, str(proven[-1]))
    tfolab.fault("drop-all")
    bare = many("timeout", service, None)
    first, *later = [many("timeout", service, state) for _ in range(3)]
    tfolab.clear()
    flow.note(f"the first after its death: {first.err.strip()}")
    for number, done in enumerate(later, 2):
        check(f"timeout-{number}", (done.code, done.err) == (bare.code, bare.err) and
              abs(done.seconds - bare.seconds) < 0.3,
              f"{done}, {done.seconds:.2f} s; bare {bare} {bare.seconds:.2f} s")


def page(conn, seen):
    seen.data += conn.recv(4096)
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")


def fails_over():
    """nginx before a primary that dies, and its backup: one request is late."""
    if not shutil.which("nginx") or not shutil.which("curl"):
        return flow.skip("fail-over", "nginx or curl is missing")
    directory, state = flow.scratch(), flow.scratch()
    os.chmod(directory, 0o777)
    first, second = flow.Service(page), flow.Service(page)
    with open(os.path.join(directory, "conf"), "w", encoding="ascii") as file:
        file.write(NGINX % {"dir": directory, "first": f"{SERVER4}:{first.port}",
                            "second": f"{OTHER4}:{second.port}"})
    nginx = flow.start(["nginx", "-c", os.path.join(directory, "conf")], state)
    time.sleep(0.5)

    def get():
        done = flow.run(["curl", "-s", "-m", "20", "-o", "/dev/null", "-w",
                         "%{http_code} %{time_total}", "http://127.0.0.1:8090/"],
                        None, 25).out.split()
        return int(done[0]), float(done[1])

    before = [get() for _ in range(4)]
    tfolab.fault("drop-all", f"on port={first.port}")
    after = [get() for _ in range(4)]
    tfolab.clear()
    flow.end(nginx)
    check("fail-over-before", all(code == 200 for code, _ in before), str(before))
    check("fail-over", all(code == 200 and took < 1.5 for code, took in after[1:]),
          f"{after}, the first may be late")


def story():
    with open("/proc/sys/net/ipv4/tcp_fastopen", "w", encoding="ascii") as file:
        file.write("3")
    flow.run([flow.peer("native"), SERVER4, flow.Service().port])  # the cookie
    shutdowns()
    for what in AT_MOST:
        dead(what)
    timeouts()
    fails_over()


if __name__ == "__main__":
    flow.main(story, delay=100, limit=180)
