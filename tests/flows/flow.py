# SPDX-License-Identifier: MIT
"""What the flows share: the way into the lab, servers at its other end, unmodified
clients with and without the shim, and the lines that say how it went.

The runner gives LIB (libtfoshim.so), LAB (the lab's program), PEERS (the directory of
the compiled peers) and perhaps TFO (the command). Servers are threads of the flow
itself: a socket stays in the network namespace it was born in. They switch Fast Open on
by hand, so that the client is what is tested, unless a flow starts a server of its own
under the shim."""

import concurrent.futures
import ctypes
import functools
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
import tfolab  # noqa: E402

CLONE_NEWNET = 0x40000000
RTT = 20  # ms; what main() asked the lab for
SERVER4, SERVER6 = tfolab.SERVER4, tfolab.SERVER6
OTHER4, OTHER6 = tfolab.OTHER4, tfolab.OTHER6

median = statistics.median
_failed = []
_temporary = []
_say = threading.Lock()


def check(name, good, figures=""):
    """One line, and remembers a failure."""
    with _say:
        print(f"{'ok' if good else 'FAIL'} {name} {figures}".rstrip(), flush=True)
        if not good:
            _failed.append(name)
    return good


def note(text):
    """Something worth knowing that nothing depends on."""
    with _say:
        print(f"# {text}", flush=True)


def skip(name, why):
    """A part that cannot be shown here; a failure where all must work."""
    if os.environ.get("TFOSHIM_MUST_WORK") == "1":
        check(name, False, why)
    else:
        note(f"SKIP {name}: {why}")


def leave():
    for directory in _temporary:
        shutil.rmtree(directory, ignore_errors=True)
    sys.stdout.flush()
    os._exit(1 if _failed else 0)  # servers may still be waiting


def cannot(why):
    print(f"SKIP {why}", flush=True)
    sys.exit(1 if os.environ.get("TFOSHIM_MUST_WORK") == "1" else 77)


def in_lab(delay, *options):
    """The words that run this flow in a lab."""
    for name in ("LIB", "LAB", "PEERS"):
        if name not in os.environ:
            print(f"FAIL {name} is not set")
            sys.exit(1)
    root = [] if os.geteuid() == 0 else ["unshare", "-Urn"]
    if root and subprocess.run([*root, "true"], capture_output=True).returncode:
        cannot("neither root nor a user namespace is to be had")
    return [*root, os.environ["LAB"], "--delay", str(delay), *options, "--",
            sys.executable, os.path.abspath(sys.argv[0]), *sys.argv[1:]]


def in_user_namespace():
    with open("/proc/self/uid_map", encoding="ascii") as ranges:
        return ranges.read().split() != ["0", "0", "4294967295"]


def main(story, delay=20, limit=120, labs=None):
    """Runs story() in a lab of its own with that round trip, in at most limit seconds;
    with labs, once in each: its name in FLOW_LAB, options to the lab."""
    global RTT
    RTT = delay
    if "LAB_CONTROL" not in os.environ and labs:
        codes = [subprocess.run(in_lab(delay, *options), check=False,
                                env=dict(os.environ, FLOW_LAB=name)).returncode
                 for name, options in labs.items()]
        sys.exit(77 if set(codes) == {77} else int(any(codes)))
    if "LAB_CONTROL" not in os.environ:
        words = in_lab(delay)
        os.execvp(words[0], words)
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(limit)
    done = run(["/bin/true"], scratch())
    if done.code != 0 or done.err:
        check("object", False, str(done))
        leave()
    try:
        story()
    except Exception as error:  # the line is what the runner reads
        import traceback
        traceback.print_exc()
        check("story", False, f"{type(error).__name__}: {error}")
    leave()


def _too_long(_number, _frame):
    check("time", False, "the flow did not end in time")
    leave()


# --- clients --------------------------------------------------------------------------

def scratch():
    """A new directory, 0700, gone at the end."""
    directory = tempfile.mkdtemp(prefix="flow.")
    _temporary.append(directory)
    return directory


def peer(name):
    return os.path.join(os.environ["PEERS"], name)


def environment(state=None, **more):
    """A program's environment: under the shim with this state directory, or without.
    Where a flow has no policy of its own, no connection goes plainly to compare with:
    one in sixteen would, and flows count them all."""
    env = {k: v for k, v in os.environ.items()
           if k != "LD_PRELOAD" and not k.startswith("TFOSHIM_")}
    if state is not None:
        env.update(LD_PRELOAD=os.environ["LIB"], TFOSHIM_STATE=state)
        if "TFOSHIM_POLICY" not in more:
            env.update(TFOSHIM_POLICY=_no_baseline())
    env.update(more)
    return env


class Done:
    """How a program ended; code None: it hung and was killed."""

    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    def __str__(self):
        how = "hung" if self.code is None else f"status {self.code}"
        return f"{how}, said {self.out.strip()[-300:]!r} {self.err.strip()[-300:]!r}"


def put(path, text):
    """Writes a file as editors do: whoever looks sees the one before it, or all."""
    with open(path + "~", "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path + "~", 0o600)
    os.rename(path + "~", path)
    return path


def lines_of(path):
    """Of a file; none where there is no file."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def temporary(path):
    """It is taken away at the end."""
    _temporary.append(path)


@functools.lru_cache(maxsize=1)
def _no_baseline():
    return policy("[connect *]\nbaseline = off\n")


def policy(text):
    """The path of a new policy file."""
    return put(os.path.join(scratch(), "policy"), text)


def start(words, state=None, **popen):
    env = popen.pop("env", None) or environment(state)
    return subprocess.Popen([str(w) for w in words], env=env, start_new_session=True,
                            **popen)


def end(process):
    """Ends a program that start() started, and its children."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run(words, state=None, timeout=5, text=True, **more):
    """Runs a program to its end; with a state directory, under the shim."""
    began = time.monotonic()
    process = start(words, env=environment(state, **more), stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=timeout)
        code = process.returncode
    except subprocess.TimeoutExpired:
        end(process)
        code, (out, err) = None, process.communicate()
    took = time.monotonic() - began
    if text:
        out, err = out.decode(errors="replace"), err.decode(errors="replace")
    return Done(code, out, err, took)


def together(function, inputs, at_once=25):
    """function of each input, so many at a time; the results in order."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(function, inputs))


# --- servers --------------------------------------------------------------------------

_namespaces = {}


def _enter(side):
    libc = ctypes.CDLL(None, use_errno=True)
    if side not in _namespaces:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.connect(os.environ["LAB_CONTROL"])
            sock.sendall(f"namespace {side}\n".encode())
            _, descriptors, _, _ = socket.recv_fds(sock, 256, 1)
        _namespaces[side] = descriptors[0]
    if libc.setns(_namespaces[side], CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"setns to {side}")


_at_home = threading.Lock()


def listen(port=0, fastopen=256, backlog=1024):
    """A listening socket at the far end, for IPv4 and IPv6."""
    with _at_home:
        _enter("server")
        try:
            sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        finally:
            _enter("client")
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if fastopen:
        sock.setsockopt(socket.IPPROTO_TCP, tfolab.TCP_FASTOPEN, fastopen)
    sock.bind(("::", port))
    sock.listen(backlog)
    return sock


def closed_port():
    """A port nobody listens on."""
    with listen() as sock:
        return sock.getsockname()[1]


class Connection:
    """What a server saw of one connection; times are time.monotonic()."""

    def __init__(self):
        self.accepted = time.monotonic()
        self.data = bytearray()
        self.first = None   # its first bytes came
        self.ended = None   # EOF or error ...
        self.eof = False    # ... and which
        self.error = None


def http(conn, seen):
    """One request, one answer, the end."""
    while b"\r\n\r\n" not in seen.data:
        got = conn.recv(1 << 16)
        if not got:
            return
        seen.data += got
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\npong")


def answer(conn, seen):
    """Reads to the end; "pong" to the first bytes, at the end "bye" and a count."""
    while True:
        got = conn.recv(1 << 18)
        if not got:
            break
        if not seen.data:
            seen.first = time.monotonic()
            conn.sendall(b"pong")
        seen.data += got
    seen.ended, seen.eof = time.monotonic(), True
    conn.sendall(f"bye {len(seen.data)}".encode())


def greet(conn, seen):
    """Speaks first."""
    conn.sendall(b"220 hello\r\n")
    answer(conn, seen)


class Service:
    """A server at the far end: handler(socket, Connection) for each connection, in a
    thread of its own."""

    def __init__(self, handler=answer, **how):
        self.seen = []
        self.handler = handler
        self.socket = listen(**how)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            seen = Connection()
            self.seen.append(seen)
            threading.Thread(target=self._handle, args=(conn, seen),
                             daemon=True).start()

    def _handle(self, conn, seen):
        with conn:
            try:
                self.handler(conn, seen)
            except OSError as error:
                seen.error = error
                seen.ended = seen.ended or time.monotonic()

    def stop(self):
        """Nobody listens any more: refused from now on."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def wait(self, count, seconds=5, of=lambda seen: seen.ended):
        """Until so many connections have ended (or are otherwise as asked)."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if sum(1 for seen in list(self.seen) if of(seen)) >= count:
                return True
            time.sleep(0.002)
        return False


def wait_for(line_of, word="ready", seconds=10):
    """Reads a started server's output until it says the word."""
    timer = threading.Timer(seconds, end, (line_of,))
    timer.start()
    line = line_of.stdout.readline()
    timer.cancel()
    if word.encode() not in line:
        raise RuntimeError(f"a server said {line!r}, not {word}")


def syns_to(port):
    """The wire's record of the SYNs to a port, oldest first."""
    return [s for s in tfolab.syns() if s["direction"] == "c2s"
            and s["destination"].endswith(f":{port}")]
