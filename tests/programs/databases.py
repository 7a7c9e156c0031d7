# SPDX-License-Identifier: MIT
"""databases: redis, memcached, PostgreSQL, MariaDB."""

import glob
import pwd
import subprocess

from place import Broken
from row import Row, opens, rides
from web import only

(POSTGRES, *_) = sorted(glob.glob("/usr/lib/postgresql/*/bin/"), reverse=True) or [""]


def redis(place):
    place.serve(["redis-server", "--port", 6379, "--save", "", "--dir", place.dir,
                 "--protected-mode", "no", "--repl-diskless-sync-delay", 0], 6379)


def redis_with_a_key(place):
    redis(place)
    place.run(["redis-cli", "-h", "{host}", "set", "key", "value"], "server", under=False)


def replica(place):
    """A redis that is the client of another: it writes a PING when it is connected."""
    process = place.start("client", [
        "redis-server", "--port", 6380, "--save", "", "--dir", place.folder("replica"),
        "--dbfilename", f"{place.count()}.rdb", "--replicaof", "192.0.2.2", 6379], 6380)
    said = place.run(["sh", "-c", "for n in $(seq 100); do redis-cli -p 6380 role | "
                      "grep connected && break; sleep 0.05; done; redis-cli -p 6380 get key"],
                     under=False)
    place.end(process)
    return said


def memcached(place):
    place.serve(["memcached", "-u", "root", "-l", "192.0.2.2", "-p", 11211, "-U", 0], 11211)


def template(place, name, user, make):
    """A data directory, made once for the whole run and copied."""
    data = place.folder("data", 0o700, user)
    made = place.fill("{shared}/") + name
    subprocess.run(["flock", f"{made}.lock", "sh", "-c",
                    f"[ -e {made}.done ] || {{ {make(made)} && touch {made}.done; }}"],
                   check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    copied = subprocess.run(["cp", "-a", f"{made}/.", data], check=False)
    if copied.returncode:
        raise Broken(f"{name} could not be set up")
    return data


def postgres(place):
    def make(made):
        return (f"install -d -m 700 -o postgres -g postgres {made} && "
                f"setpriv --reuid=postgres --regid={pwd.getpwnam('postgres').pw_gid} "
                f"--clear-groups {POSTGRES}initdb -D {made} -A trust -N -U root "
                "--no-locale -E UTF8")
    data = template(place, "postgres", "postgres", make)
    with open(f"{data}/pg_hba.conf", "a", encoding="ascii") as hba:
        hba.write("host all all 192.0.2.0/24 trust\n")
    place.serve([POSTGRES + "postgres", "-D", data, "-c", "listen_addresses=192.0.2.2",
                 "-c", f"unix_socket_directories={data}", "-c", "fsync=off",
                 "-c", "shared_buffers=16MB"], 5432, user="postgres")


def mariadb(place):
    def make(made):
        return (f"install -d -m 700 -o mysql -g mysql {made} && mariadb-install-db "
                f"--no-defaults --user=mysql --datadir={made} --skip-test-db "
                "--auth-root-authentication-method=normal")
    data = template(place, "mariadb", "mysql", make)
    init = place.file("init.sql", "CREATE USER 'far'@'%';\nGRANT ALL ON *.* TO 'far'@'%';\n"
                      "CREATE DATABASE far;\n")
    place.serve(["mariadbd", "--no-defaults", f"--datadir={data}", "--user=mysql",
                 f"--socket={data}/sock", "--bind-address=192.0.2.2", "--port=3306",
                 "--skip-name-resolve", f"--tmpdir={data}", f"--init-file={init}",
                 "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M"], 3306,
                wait=30)


SCRIPT = b"SET a 1\nINCR a\nGET a\nLPUSH l x y z\nLRANGE l 0 -1\nDEL a l\n"
Row("redis-cli", ["redis-server", "redis-tools"], redis, ["redis-cli", "-h", "{host}"],
    rides(), 6379, stdin=SCRIPT)
Row("redis replica", ["redis-server", "redis-tools"], redis_with_a_key, replica, rides(), 6379)
for tests, share, why in (("get", 0.5, ""), (
        "set,get", 0.04, "after two SETs, unsafe to repeat, nothing is held back")):
    Row(f"redis-benchmark {tests}", ["redis-server", "redis-tools"], redis,
        ["redis-benchmark", "-h", "{host}", "-n", 200, "-c", 10, "-q", "-t", tests,
         "--csv"], rides(share, why), 6379, mask=[(r',".*', "")])
Row("memcached", ["memcached", "netcat-openbsd"], memcached,
    ["sh", "-c", "printf 'set a 0 0 5\\r\\nhello\\r\\nget a\\r\\nquit\\r\\n' | "
     "nc {host} 11211"], opens("a set is unsafe to repeat: it does not ride"), 11211)
Row("memccp, memccat", ["memcached", "libmemcached-tools"], memcached,
    ["sh", "-c", "echo hello > key; memccp --servers={host}:11211 key && "
     "memccat --servers={host}:11211 key; memcexist --servers={host}:11211 none"],
    rides(0.3, "all but the set, which is unsafe to repeat"), 11211, code=1)
SQL = ("CREATE TEMP TABLE t (a int, b text); INSERT INTO t SELECT n, repeat('x', n) "
       "FROM generate_series(1, 50) n; SELECT sum(a), max(length(b)) FROM t;")
Row("psql", ["postgresql", "util-linux"], postgres,
    ["psql", "-X", "-h", "{host}", "-d", "postgres", "-U", "root", "-c", SQL], rides(),
    5432, root=True)
Row("psql wrong name", ["postgresql", "util-linux"], postgres,
    ["psql", "-X", "-h", "{host}", "-d", "none", "-U", "root", "-c", "SELECT 1"], rides(),
    5432, root=True, code=2)
Row("pgbench", ["postgresql", "util-linux"], postgres,
    ["sh", "-c", "set -e; p='-h {host} -U root postgres'; "
     f"{POSTGRES}pgbench -i -q -s 1 $p 2>/dev/null; "
     f"{POSTGRES}pgbench -n -C -c 2 -j 2 -t 10 $p; "], rides(0.5), 5432, root=True,
    mask=only("number of transactions"))
Row("mariadb", ["mariadb-server", "mariadb-client"], mariadb,
    ["mariadb", "--no-defaults", "-h", "{host}", "-u", "far", "-e",
     "SELECT 1+1; CREATE TABLE far.t (a int); INSERT INTO far.t VALUES (1),(2);"
     "SELECT SUM(a) FROM far.t; DROP TABLE far.t"],
    opens("the server speaks first"), 3306, root=True)
Row("mariadb refused", ["mariadb-server", "mariadb-client"], mariadb,
    ["mariadb", "--no-defaults", "-h", "{host}", "-u", "nobody", "-e", "SELECT 1"],
    opens("the server speaks first"), 3306, root=True, code=1)
Row("mariadb-slap", ["mariadb-server", "mariadb-client"], mariadb,
    ["mariadb-slap", "--no-defaults", "-h", "{host}", "-u", "far", "--create-schema=far",
     "--no-drop", "--concurrency=4", "--number-of-queries=20", "--query=SELECT 1"],
    opens("the server speaks first"), 3306, root=True,
    mask=only("number of queries", "Number of clients"))
