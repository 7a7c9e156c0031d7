# SPDX-License-Identifier: MIT
"""builds: the programs compiled, in several ways, and what their files say about an address,
asked of binutils: a second opinion on what `tfo leaks` names."""

import concurrent.futures
import functools
import os
import re
import shutil
import struct
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
C = os.path.join(HERE, "c")
FLAGS = ["-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wno-stringop-truncation"]
# name: (flags, what the file can tell: lines, functions or nothing)
BUILDS = {
    "O2": (["-g", "-O2"], "lines"),
    "O0": (["-g", "-O0"], "lines"),
    "nopie": (["-g", "-O1", "-no-pie", "-fno-pie"], "lines"),
    "split": (["-g", "-O2"], "lines"),      # stripped; .gnu_debuglink names the rest
    "symbols": (["-O2"], "functions"),
    "stripped": (["-g", "-O2", "-DSTRIPPED"], "nothing"),
    "musl": (["-g", "-O2"], "lines"),
}
# Those compiled in all ways; the others as O2.
IN_ALL = ("error_path", "library", "plugin", "inlined", "thread_ended", "double_close",
          "accept_epoll", "passed")


class Unbuilt(Exception):
    """A sentence of a compiler."""


def can(build):
    return build != "musl" or shutil.which("musl-gcc")


def builds_of(story):
    if story.name not in IN_ALL:
        return ["O2"]
    # musl never unloads a library, and has no closefrom(3)
    return [b for b in BUILDS if can(b) and (b, story.name) != ("musl", "plugin")]


def command(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unbuilt(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def compiler(story, build):
    if build == "musl":
        return ["musl-gcc", "-std=gnu11"]
    if story.suffix == ".cc":
        return [os.environ.get("CXX", "g++"), "-std=c++17"]
    return [*os.environ.get("CC", "gcc").split(), "-std=gnu11"]


def strip(path, build, whole):
    """Leaves path as it would be shipped, and what it was in the folder whole."""
    shutil.copy(path, whole)
    if build == "split":
        command("objcopy", "--only-keep-debug", path, f"{path}.debug")
        command("strip", path)
        command("objcopy", f"--add-gnu-debuglink={path}.debug", path)
    elif build == "stripped":
        command("strip", path)


def build_one(story, build, top):
    """The program (and its library), in top/BUILD; what it was unstripped in whole/."""
    into = os.path.join(top, build)
    whole = os.path.join(into, "whole")
    os.makedirs(whole, exist_ok=True)
    flags, _ = BUILDS[build]
    cc = compiler(story, build)
    program = os.path.join(into, story.name)
    words, made = [*cc, *FLAGS, *flags, "-o", program, story.source], [program]
    if story.library:
        # a shared object is position-independent, whoever loads it
        own = [f for f in flags if "pie" not in f]
        library = f"{program}.so"
        command(*cc, *FLAGS, *own, "-fPIC", "-shared", "-o", library,
                story.library_source())
        made.append(library)
        if story.library == "linked":
            words += [library, f"-Wl,-rpath,{into}"]
    command(*words, *story.libs)
    for path in made:
        strip(path, build, whole)


def build_all(stories, top):
    jobs = [(s, b, top) for s in stories if s.compiled() for b in builds_of(s)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: build_one(*job), jobs))
    java = [s.source for s in stories if s.suffix == ".java"]
    if java and shutil.which("javac"):
        command("javac", "-d", os.path.join(top, "classes"), *java,
                os.path.join(HERE, "other", "Leak.java"))


JAVA = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")


def words_of(story, build, top):
    """The command line without its mode."""
    if story.compiled():
        return [os.path.join(top, build, story.name)]
    if story.suffix == ".java":
        return [*JAVA, "-cp", os.path.join(top, "classes"), story.name]
    return [{".py": "/usr/bin/python3", ".js": "node"}[story.suffix], story.source]


def whole(path):
    """The same file before it was stripped."""
    before = os.path.join(os.path.dirname(path), "whole", os.path.basename(path))
    return before if os.path.exists(before) else path


@functools.lru_cache(None)
def segments(path):
    """(offset, address, bytes) of what is loaded from a 64-bit ELF file."""
    with open(path, "rb") as file:
        head = file.read(64)
        at, size, count = struct.unpack_from("<Q", head, 32)[0], \
            *struct.unpack_from("<HH", head, 54)
        file.seek(at)
        rows = file.read(size * count)
    found = []
    for n in range(count):
        kind, _, offset, address, _, in_file = struct.unpack_from("<IIQQQQ", rows, n * size)
        if kind == 1:
            found.append((offset, address, in_file))
    return found


def address_of(path, offset):
    """The address that the file itself has for what is at that offset of it."""
    for begins, address, size in segments(path):
        if begins <= offset < begins + size:
            return address + offset - begins
    return None


@functools.lru_cache(None)
def second_opinion(path, offset):
    """(functions, innermost first; file; line) of the call that returns to that offset."""
    address = address_of(path, offset - 1)
    if address is None:
        return [], None, None
    told = command("addr2line", "-f", "-i", "-C", "-e", whole(path), hex(address))
    lines = told.splitlines()
    functions = lines[0::2]
    place = re.match(r"(.*):(\d+)", lines[1])
    if not place or place.group(1) == "??":
        return functions, None, None
    return functions, os.path.basename(place.group(1)), int(place.group(2))
