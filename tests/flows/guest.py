#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a guest does not do: write its log into a connection that has got the number of
a closed stderr, let the kernel's table of descriptors grow, leave its options behind on
a socket whose connect() failed."""

import subprocess

import flow
from flow import SERVER4, check

MOST = 8192  # descriptors the kernel keeps room for


def log_without_stderr():
    """As daemons do: closed, and the next socket has its number."""
    service, state = flow.Service(), flow.scratch()
    words = [flow.peer("request"), "blocking", SERVER4, service.port]
    for _ in range(3):
        done = flow.run(["sh", "-c", 'exec "$@" 2>&-', "sh", *words], state,
                        TFOSHIM_LOG="info")
        check("log-client", done.code == 0 and "pong" in done.out, str(done))
    service.wait(3)
    read = [bytes(seen.data) for seen in service.seen]
    check("log-not-in-the-connection", read == [b"ping"] * 3, str(read)[:300])


def table(state):
    """FDSize of a program that stays after a close; its limit is twenty thousand."""
    words = [flow.peer("closer"), "sleep", SERVER4, flow.Service().port]
    process = flow.start(["sh", "-c", 'ulimit -n 20000; exec "$@"', "sh", *words],
                         state, stdout=subprocess.PIPE)
    process.stdout.read(2)  # it has closed
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        size = [line.split()[1] for line in file if line.startswith("FDSize:")]
    process.wait(5)
    process.stdout.close()
    return int(size[0])


def small_table():
    bare, size = table(None), table(flow.scratch())
    check("small-table", size <= MOST, f"{size}, bare {bare}, at most {MOST}")


def tries_until_it_is_up():
    """One socket, refused until the server is up, on this host."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=False)
    state = flow.scratch()
    bare = [flow.run([flow.peer("retry"), how]) for how in ("greet", "again")]
    for _ in range(2):
        flow.run([flow.peer("retry"), "greet"], state)
    for number in range(8):  # one of eight is a first contact again
        done = flow.run([flow.peer("retry"), "again"], state)
        if (done.code, done.out) != (bare[1].code, bare[1].out):
            break
    check("tries-until-it-is-up", (done.code, done.out) == (bare[1].code, bare[1].out),
          f"{number + 1} times; {done}, bare {bare[1]}")


def story():
    flow.run([flow.peer("native"), SERVER4, flow.Service().port])  # the cookie
    log_without_stderr()
    small_table()
    tries_until_it_is_up()


if __name__ == "__main__":
    flow.main(story, delay=100)
