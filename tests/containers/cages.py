# SPDX-License-Identifier: MIT
"""seccomp profiles: one that refuses what a program of no network does not need, and one that kills
for whatever a shell that starts programs does not call itself."""

import json
import os
import re
import subprocess

REFUSED = ["futex_requeue", "process_vm_readv", "pidfd_open", "pidfd_getfd", "ftruncate",
           "fallocate", "flock", "socket", "getsockopt", "mremap", "openat2", "mincore",
           "memfd_create", "getrandom", "statx", "mkdir", "mkdirat"]
# The runtime's own, between the filter and the program.
RUNTIME = ("futex execve close fstat newfstatat openat read write epoll_ctl epoll_pwait getdents64 "
           "fcntl capset capget setuid setgid setgroups prctl rt_sigprocmask rt_sigaction "
           "rt_sigreturn sigaltstack mmap munmap nanosleep getpid gettid tgkill madvise exit "
           "exit_group faccessat2 statfs fstatfs fchdir chdir dup3 unlinkat readlinkat eventfd2 "
           "pipe2 clone sched_yield getppid getcwd").split()
SHELL = ("x=$(exec 2>&1 < /dev/null; /bin/sh -c :; exit $?); [ -w /run ]; "
         "read -r x < /etc/group; id -u")


def option(path):
    return ["--security-opt", "seccomp=" + path]


def write(place, name, default, names, action):
    path = os.path.join(place, name)
    with open(path, "w", encoding="ascii") as to:
        json.dump({"defaultAction": default, "architectures": ["SCMP_ARCH_X86_64"],
                   "syscalls": [{"names": names, "action": action,
                                 **({"errnoRet": 1} if action.endswith("ERRNO") else {})}]}, to)
    return path


def refuses(place):
    return write(place, "refuses.json", "SCMP_ACT_ALLOW", REFUSED, "SCMP_ACT_ERRNO")


def kills(place, root):
    """What a shell of this root calls, strace saw."""
    trace = os.path.join(place, "trace")
    subprocess.run(["strace", "-f", "-qq", "-o", trace, "chroot", root, "/bin/sh", "-c", SHELL],
                   env={"PATH": "/usr/sbin:/usr/bin:/bin"}, capture_output=True, check=True)
    with open(trace, encoding="utf-8", errors="replace") as file:
        seen = set(re.findall(r"^\d+ +(\w+)\(", file.read(), re.M))
    return write(place, "kills.json", "SCMP_ACT_KILL_PROCESS", sorted(seen.union(RUNTIME)),
                 "SCMP_ACT_ALLOW")
