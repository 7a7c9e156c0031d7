# SPDX-License-Identifier: MIT
"""Services of a real systemd as they are, then with the drop-in of tfo install --systemd, then
without it again. The wire and the kernel say who gains."""

import os
import re

import told
from machine import AT_HOME, OBJECT, OURS, Machine, Peer, connect, set_sysctl, wait_port
from wire import passive
import tfolab

LOADED = "/usr/lib /lib /lib64 /usr/bin"

# Name -> the settings of a service, where the object lies, and what is said where it is no use.
CAGES = {
    "home": ("ProtectHome=yes", "/opt/tfo", None),
    "strict": ("ProtectSystem=strict", "/opt/tfo", None),
    "tmp": ("PrivateTmp=yes\nPrivateDevices=yes", "/opt/tfo", None),
    "wx": ("MemoryDenyWriteExecute=yes\nSystemCallArchitectures=native", "/opt/tfo", None),
    "calls": ("SystemCallFilter=@system-service", "/opt/tfo", None),
    "refused-calls": ("SystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM",
                      "/opt/tfo", None),
    "few-calls": ("SystemCallFilter=@system-service\nSystemCallFilter=~@privileged @resources",
                  "/opt/tfo", None),
    "families": ("RestrictAddressFamilies=AF_INET AF_INET6", "/opt/tfo", None),
    "dynamic": ("DynamicUser=yes\nStateDirectory=dynamic\nAmbientCapabilities="
                "CAP_NET_BIND_SERVICE", "/opt/tfo", None),
    "all": ("ProtectHome=yes\nProtectSystem=strict\nPrivateTmp=yes\nPrivateDevices=yes\n"
            "NoNewPrivileges=yes\nMemoryDenyWriteExecute=yes\nSystemCallArchitectures=native\n"
            "SystemCallFilter=@system-service\nSystemCallFilter=~@privileged @resources\n"
            "SystemCallErrorNumber=EPERM\nRestrictAddressFamilies=AF_INET AF_INET6\nRestrictNamespaces=yes\nUser=www-data\n"
            "LockPersonality=yes\nRestrictRealtime=yes\nRestrictSUIDSGID=yes\nUMask=0777\n"
            "ProtectProc=invisible\nProcSubset=pid\nCapabilityBoundingSet=\n"
            "ProtectKernelTunables=yes\nProtectControlGroups=yes\nRemoveIPC=yes",
            "/opt/tfo", None),
    "exec": (f"NoExecPaths=/\nExecPaths={LOADED} /opt", "/opt/tfo", None),
    "root-open": ("RootDirectory=/srv/root\nMountAPIVFS=yes\nBindReadOnlyPaths=/usr /opt",
                  "/opt/tfo", None),
    "home-open": ("ProtectHome=read-only", AT_HOME, None),
    "no-home": ("ProtectHome=yes", AT_HOME, "No such file"),
    "tmp-home": ("ProtectHome=tmpfs", AT_HOME, "No such file"),
    "no-tmp": ("PrivateTmp=yes", "/tmp/tfo", "No such file"),
    "dynamic-tmp": ("DynamicUser=yes", "/tmp/tfo", "No such file"),
    "hidden": ("InaccessiblePaths=-/opt/tfo", "/opt/tfo", "No such file"),
    "hidden-file": ("InaccessiblePaths=/opt/tfo/libtfoshim.so", "/opt/tfo", "file too short"),
    "covered": ("TemporaryFileSystem=/opt:ro", "/opt/tfo", "No such file"),
    "no-exec": ("NoExecPaths=/opt/tfo", "/opt/tfo", "failed to map"),
    "root-closed": ("RootDirectory=/srv/root\nMountAPIVFS=yes\nBindReadOnlyPaths=/usr",
                    "/opt/tfo", "No such file"),
}

# What a client's service has: its connections are those of one process.
CLIENTS = ("home", "strict", "wx", "calls", "refused-calls", "few-calls", "families", "all")

CURL = "/usr/bin/curl -s -S -o /dev/null"


def check(name, good, *seen):
    return told.check("systemd: " + name, good, *(() if good else seen))


class Status:
    """What systemctl says of a service, asked when it is to be shown."""

    def __init__(self, m, name):
        self.m, self.name = m, name

    def __str__(self):
        return self.m.out("systemctl status " + self.name)


def is_done(got):
    return got.returncode == 0 and not got.stderr


def is_refused(got, status, words):
    return got.returncode == status and re.search(words, got.stderr) and \
        got.stderr.count("\n") == 1


def shipped(m):
    """nginx, with the unit of its package: in, and out without a trace."""
    m.run("systemctl start nginx; rm -rf /run/tfoshim")  # other parts had this root before
    wait_port(80)
    before = m.picture()
    bare, served = connect(80, 4)
    check("nginx as it is takes no data in a SYN", served and not bare, bare, served)
    pid = m.main_pid("nginx")
    got = m.tfo("install", "nginx")
    shown = m.out("systemctl show -P NeedDaemonReload -P Environment nginx")
    check("nginx: installed, and systemd has read it", is_done(got) and
          shown.split("\n") == ["LD_PRELOAD=" + OBJECT, "no"] and
          "systemctl restart nginx.service" in got.stdout, got, shown)
    check("nginx: it is not started anew", m.main_pid("nginx") == pid and
          not m.mapped("nginx"), pid)
    got = m.run("systemctl restart nginx")
    was = passive()
    taken, served = connect(80, 6)
    check("nginx: started anew it takes data in SYNs", got.returncode == 0 and served and
          taken >= 5 and passive() - was >= taken, got, f"wire {taken}", passive() - was)
    check("nginx: the object is in its main process", m.mapped("nginx") == {OBJECT})
    got = m.run("systemctl reload nginx")
    taken, served = connect(80, 4)
    check("nginx: reloaded it serves as before", got.returncode == 0 and served and taken >= 3,
          got, taken, served)
    got = m.tfo("install", "nginx.service")
    check("nginx: once is enough", is_done(got) and "already" in got.stdout, got)
    got = m.tfo("uninstall", "nginx")
    shown = m.out("systemctl show -P NeedDaemonReload -P Environment nginx")
    check("nginx: uninstalled, and systemd has read it", is_done(got) and
          shown.strip() == "no", got, shown)
    m.run("systemctl restart nginx")
    taken, served = connect(80, 4)
    check("nginx: bare again", served and not taken and not m.mapped("nginx"), taken)
    m.run("systemctl stop nginx; rm -rf /run/tfoshim")
    after = m.picture()
    check("nginx: no byte is left", before == after,
          "\n".join(sorted(set(before.split("\n")) ^ set(after.split("\n")))))


def cages(m):
    """Services with settings: who can gain does, who cannot is told why, and starts as before."""
    for number, (name, (settings, _, _)) in enumerate(CAGES.items()):
        m.server(name, 8100 + number, settings)
    m.run(f"mkdir -p /tmp/tfo; cp {AT_HOME}/* /tmp/tfo; systemctl daemon-reload; systemctl start " +
          " ".join(CAGES))
    before = m.picture()
    for number, (name, (settings, place, why)) in enumerate(CAGES.items()):
        port, short = 8100 + number, settings.replace("\n", " ")[:60]
        wait_port(port)
        bare, served = connect(port, 2)
        got = m.tfo("install", name, place)
        if not check(f"{short}: as it is", served and not bare, bare, served,
                     Status(m, name)):
            continue
        if why:
            check(f"{short}: {place} is of no use, and that is said",
                  is_refused(got, 1, why + ".*nothing was changed") and
                  not os.path.exists(m.root + OURS.format(name)), got)
            m.write(OURS.format(name), f"[Service]\nEnvironment=LD_PRELOAD={place}/libtfoshim.so\n")
        else:
            check(f"{short}: installed", is_done(got), got)
    m.run("systemctl daemon-reload; systemctl restart " + " ".join(CAGES) + "; sleep 1; "
          "journalctl --sync")
    for number, (name, (settings, place, why)) in enumerate(CAGES.items()):
        port, short = 8100 + number, settings.replace("\n", " ")[:60]
        wait_port(port)
        taken, served = connect(port, 4)
        said = m.out(f"journalctl -q -o cat -u {name} _PID={m.main_pid(name)}")
        lines = said.split("\n") if said else []
        wanted = "ld.so: object.*libtfoshim" if why else None
        check(f"{short}: {'serves as before, one line says why' if why else 'gains'}",
              served and (not taken if why else taken >= 3) and
              (len(lines) == 1 and re.search(wanted, lines[0]) if why else not lines),
              taken, served, said, Status(m, name))
        if why:
            os.unlink(m.root + OURS.format(name))
            os.rmdir(os.path.dirname(m.root + OURS.format(name)))
        else:
            m.tfo("uninstall", name, place)
    m.run("systemctl stop " + " ".join(CAGES) + "; rm -rf /run/tfoshim /tmp/tfo; "
          "systemctl daemon-reload")
    after = m.picture()
    check("settings: no byte is left", before == after,
          "\n".join(sorted(set(before.split("\n")) ^ set(after.split("\n")))))
    for name in CAGES:
        os.unlink(f"{m.root}/etc/systemd/system/{name}.service")


def run_client(m, name):
    """How many SYNs of its carried data that was taken, and how it ended."""
    tfolab.reset()
    got = m.run(f"systemctl start {name}")
    return tfolab.counters()["c2s_synack_data_acked"], got


def clients(m):
    peer = Peer(8099)
    for name in CLIENTS:
        m.unit(f"c-{name}.service", f"[Service]\nType=oneshot\nExecStart={CURL}" + peer.url * 9 +
               f"\n{CAGES[name][0]}\n")
    many = "".join(f"ExecStart={CURL}{peer.url}\n" for _ in range(9))
    m.unit("each.service", f"[Service]\nType=oneshot\nUser=www-data\nProtectSystem=strict\n{many}")
    m.unit("kept.service", f"[Service]\nType=oneshot\nUser=www-data\nProtectSystem=strict\n{many}"
           "RuntimeDirectory=kept\nRuntimeDirectoryMode=0700\nRuntimeDirectoryPreserve=yes\n"
           "Environment=TFOSHIM_STATE=%t/kept\n")  # as tfo-install(1) has it
    m.run("systemctl daemon-reload")
    for name in ["c-" + name for name in CLIENTS] + ["each", "kept"]:
        bare, was = run_client(m, name)
        m.tfo("install", name)
        taken, got = run_client(m, name)
        wanted = name != "each"
        check(f"a client, {name}: {'saves round trips' if wanted else 'learns alone'}",
              was.returncode == got.returncode == 0 and not bare and
              (taken >= 5 if wanted else not taken), bare, taken, got,
              Status(m, name))
        if name == "kept":
            taken, got = run_client(m, name)
            check("a client, kept: also for its next start", taken >= 7, taken, got)
        m.tfo("uninstall", name)
        os.unlink(f"{m.root}/etc/systemd/system/{name}.service")
    peer.sock.close()
    m.run("systemctl daemon-reload; rm -rf /run/tfoshim /run/kept")


def merged(m):
    """What a service had for LD_PRELOAD stays; who has the last word is told."""
    m.server("shop", 8080, "Environment=LD_PRELOAD=/opt/own.so A=b\n"
             "EnvironmentFile=-/etc/default/shop")
    m.write("/etc/default/shop", "OTHER=1\n")
    m.run("systemctl daemon-reload; systemctl start shop")
    check("its own LD_PRELOAD, as it is", m.mapped("shop") == {"/opt/own.so"})
    got = m.tfo("install", "shop")
    m.run("systemctl restart shop")
    wait_port(8080)
    seen, gained = m.environment("shop"), connect(8080, 4)
    check("its own LD_PRELOAD: both objects", is_done(got) and
          m.mapped("shop") == {OBJECT, "/opt/own.so"} and gained in ((3, True), (4, True)) and
          {f"LD_PRELOAD={OBJECT}:/opt/own.so", "A=b", "OTHER=1"} <= set(seen), got, seen, gained)
    m.tfo("uninstall", "shop")
    m.server("shop", 8080)
    m.run("systemctl set-environment LD_PRELOAD=/opt/own.so; systemctl daemon-reload")
    got = m.tfo("install", "shop")
    m.run("systemctl restart shop")
    check("one that systemd gives to all services: both objects", is_done(got) and
          m.mapped("shop") == {OBJECT, "/opt/own.so"}, got, m.environment("shop"))
    m.tfo("uninstall", "shop")
    m.run("systemctl unset-environment LD_PRELOAD")
    late = "[Service]\nEnvironment=LD_PRELOAD=/opt/own.so"
    for root in ("/run/systemd/system", "/usr/lib/systemd/system"):
        path = root + "/shop.service.d/zzz.conf"
        m.run(f"mkdir -p {os.path.dirname(path)}; echo '{late}' > {path}")
        got = m.tfo("install", "shop")
        check(f"a later drop-in in {root}", is_refused(got, 1, "zzz.conf, which wins") and
              not os.path.exists(m.root + OURS.format("shop")), got)
        m.run(f"mv {path} {path.replace('zzz', 'aaa')}")
        m.tfo("install", "shop")
        m.run("systemctl restart shop")
        check(f"an earlier one in {root}", m.mapped("shop") == {OBJECT, "/opt/own.so"},
              m.environment("shop"))
        m.tfo("uninstall", "shop")
        m.run(f"rm -r {os.path.dirname(path)}")
    m.tfo("install", "shop")
    kept = m.root + OBJECT
    os.rename(kept, kept + ".away")
    m.run("systemctl restart shop")
    wait_port(8080)
    served = connect(8080, 2)
    said = m.out(f"journalctl --sync; journalctl -q -o cat -u shop _PID={m.main_pid('shop')}")
    check("the object is gone: it starts all the same, and one line says why",
          served == (0, True) and said.count("ld.so:") == 1, served, said,
          m.out("journalctl -u shop"))
    os.rename(kept + ".away", kept)
    m.tfo("uninstall", "shop")
    m.run("systemctl stop shop")


def names(m):
    m.server("web@", "%i")
    m.run("systemctl daemon-reload; systemctl start web@8081 web@8082")
    got = m.tfo("install", "web@8081")
    m.run("systemctl restart web@8081 web@8082")
    check("an instance, and not its sister", is_done(got) and m.mapped("web@8081") == {OBJECT} and
          not m.mapped("web@8082"), got)
    m.tfo("uninstall", "web@8081")
    got = m.tfo("install", "web@")
    m.run("systemctl restart web@8081 web@8082")
    check("a template for all of its instances", is_done(got) and
          m.mapped("web@8081") == m.mapped("web@8082") == {OBJECT}, got)
    m.tfo("uninstall", "web@.service")
    m.server("web@", "%i", "InaccessiblePaths=/opt/tfo")
    m.run("systemctl daemon-reload")
    got = m.tfo("install", "web@")
    check("a template that sees no object", is_refused(got, 1, "No such file"), got)
    m.run("systemctl stop web@8081 web@8082")
    m.server("real", 8083, more="[Install]\nAlias=other.service\nWantedBy=multi-user.target\n")
    m.run("systemctl enable real; systemctl start other")
    got = m.tfo("install", "other")
    m.run("systemctl restart other")
    check("an alias is its service", is_done(got) and m.mapped("real") == {OBJECT} and
          os.path.exists(m.root + OURS.format("real")), got)
    got = m.run("systemctl revert real 2>&1")
    check("systemctl revert: nothing of ours is left", not
          os.path.exists(os.path.dirname(m.root + OURS.format("real"))), got)
    got = m.tfo("uninstall", "real")
    check("... and nothing is there to uninstall", is_done(got) and "no drop-in" in got.stdout, got)
    m.run("systemctl disable real; systemctl stop real; rm -f /etc/systemd/system/real.service; "
          "ln -s /dev/null /etc/systemd/system/real.service; systemctl daemon-reload")
    for unit, words in (("real", "masked"), ("missing", "no unit of this system"),
                        ("dbus.socket", "is no service")):
        got = m.tfo("install", unit)
        check(f"refused: {words}", is_refused(got, 125, words), got)
    m.run("rm /etc/systemd/system/real.service")


def activated(m):
    """systemd listens, so it is not the service that could ask for Fast Open: as before."""
    m.unit("door.socket", "[Socket]\nListenStream=8084\nAccept=yes\n")
    m.unit("door@.service", "[Service]\nExecStart=/bin/busybox httpd -i -h /etc\n"
           "StandardInput=socket\n")
    m.run("systemctl daemon-reload; systemctl start door.socket")
    bare = connect(8084, 3)
    got = m.tfo("install", "door@")
    seen = connect(8084, 3)
    check("a service that a socket starts: as before", is_done(got) and
          bare == seen == (0, True), got, bare, seen)
    m.tfo("uninstall", "door@")
    for value, wanted in (("0x403", 3), ("3", 0)):
        set_sysctl(value)
        m.run("systemctl restart door.socket")
        seen = connect(8084, 4)
        check(f"... with the sysctl {value}: {'gains' if wanted else 'as before'}",
              seen[1] and (seen[0] >= wanted if wanted else not seen[0]), seen)
    m.run("systemctl stop door.socket")


def run(world):
    root = world.roots.get("bookworm")
    if not root or not os.path.exists(root + "/lib/systemd/systemd"):
        return told.skip("systemd", "there is no root with systemd in it")
    m = Machine(world)
    try:
        if check("it runs as process 1", m.boot and m.boot.stdout.strip() == "running", m.boot,
                 m.out("systemctl --failed") if m.boot else m.end()):
            for part in (shipped, cages, clients, merged, names, activated):
                part(m)
    finally:
        m.end()
    return True
