# SPDX-License-Identifier: MIT
"""verify: what `tfo leaks` said of a program, against its story. Each function here returns
sentences, of what is wrong. Which site is which is found out with binutils, so that a wrong
name is a wrong name and not a site that is missing."""

import functools
import os
import re
import subprocess

import builds
import outside

INTERPRETERS = {"Python", "Node", "Java"}


def same_name(wanted, got):
    """A C++ name may come with its scope and its parameters."""
    got = (got or "").replace("(anonymous namespace)::", "").split("(")[0]
    return got == wanted or got.endswith(("::" + wanted, " " + wanted))


def opinion(frame):
    return builds.second_opinion(frame["module"], int(frame["offset"], 16))


def is_at(frame, function):
    """Does the call that returns to this frame stand in that function?"""
    return any(same_name(function, name) for name in opinion(frame)[0])


@functools.lru_cache(None)
def symbols(path):
    """(address, bytes, name) of the functions that the file itself names."""
    found = []
    for table in ([], ["-D"]):
        done = subprocess.run(["nm", *table, "-S", "--defined-only", path],
                              capture_output=True, text=True, check=False)
        found += re.findall(r"^([0-9a-f]+) ([0-9a-f]+) \w (\S+)$", done.stdout, re.M)
    return [(int(at, 16), int(size, 16), name) for at, size, name in found]


def truly_called(frame):
    """Is a function of that name where the frame is? (Of files that are not ours.)"""
    if frame["function"] is None:
        return True
    at = builds.address_of(frame["module"], int(frame["offset"], 16) - 1)
    names = [name.split("@")[0] for begin, size, name in symbols(frame["module"])
             if begin <= at < begin + size]
    shown = subprocess.run(["c++filt", *names], capture_output=True, text=True,
                           check=False).stdout.split("\n") if names else []
    return any(same_name(frame["function"].split("(")[0], name)
               for name in names + shown)


def check_frame(story, build, frame, function, word):
    """A frame in a program of ours: its function and its line, as far as the file tells."""
    _, tells = builds.BUILDS[build]
    file, line = story.line(word, function)
    got, where = frame["function"], f"{function} is called"
    wrong = []
    if tells == "nothing":
        if got is not None:
            wrong.append(f"{where} {got}, of a file without symbols")
    elif not same_name(function, got) and not (
            function == story.inlined and tells == "functions" and is_at(frame, got)):
        wrong.append(f"{where} {got}")
    if tells == "lines" and (os.path.basename(frame["file"] or ""), frame["line"]) != \
            (file, line):
        wrong.append(f"{where} at {frame['file']}:{frame['line']}, not {file}:{line}")
    if tells != "lines" and (frame["file"] or frame["line"]):
        wrong.append(f"{where} at a line, of a file that has none")
    functions, seen_file, seen_line = opinion(frame)
    if tells != "functions" and (seen_file, seen_line) != (file, line):
        wrong.append(f"{where} at an offset that addr2line calls {functions} "
                     f"{seen_file}:{seen_line}")
    return wrong


def check_chain(leak, stack):
    """With the whole stack: the callers too, in their order."""
    at = 0
    for function in leak.chain:
        while at < len(stack) and not is_at(stack[at], function):
            at += 1
        if at == len(stack):
            return [f"{function} is not in the stack "
                    f"{[frame['function'] for frame in stack]}"]
    return []


def check_site(story, build, leak, site):
    """The place of a leak, as far as the file tells."""
    wrong, place = [], leak.chain[0] if leak.chain else leak.kind
    frame = site["stack"][0]
    if leak.state.isupper() and set(site["states"]) != {leak.state}:
        wrong.append(f"{place}: its states are {site['states']}, not all {leak.state}")
    if not leak.chain:
        if not truly_called(frame):
            wrong.append(f"there is no {frame['function']} at {frame['offset']} "
                         f"of {frame['module']}")
        if "interpreter" not in (site["note"] or ""):
            wrong.append(f"{place}: it is not said that the interpreter's own frames are "
                         "not seen")
    elif os.path.basename(frame["module"]).startswith("libcrypto"):
        if not same_name(leak.chain[0], frame["function"]):
            wrong.append(f"{leak.chain[0]} is called {frame['function']}")
    else:
        wrong += check_frame(story, build, frame, leak.chain[0], "LEAK")
    return wrong


def is_of(story, build, leak, kind, frame):
    """Is this the place of that leak? What has no frame of its own and no debug data, is
    its caller."""
    if kind != leak.kind or not leak.chain:
        return kind == leak.kind
    place = leak.chain[0]
    if place == story.inlined and builds.BUILDS[build][1] == "functions":
        place = leak.chain[1]
    return is_at(frame, place)


def check_sites(story, build, leaks, document, whole_stack):
    """Each leak has its sites, one if only the caller is known, and there is no other."""
    wrong, left = [], list(document["sites"])
    for leak in leaks:
        found = [s for s in left if s["stack"] and
                 is_of(story, build, leak, s["kind"], s["stack"][0])]
        left = [s for s in left if s not in found]
        for key in ("count", "live"):
            if sum(s[key] for s in found) != leak.count:
                wrong.append(f"{leak}: {key} is {[s[key] for s in found]}")
        if len(found) > 1 and leak.chain and not whole_stack:
            wrong.append(f"{leak}: told of as {len(found)} places")
        for site in found:
            wrong += check_site(story, build, leak, site)
            if site["total"] < site["count"]:
                wrong.append(f"{leak}: total is {site['total']}")
            if whole_stack and leak.chain:
                wrong += check_chain(leak, site["stack"])
    for site in left:
        frame = (site["stack"] or [None])[0]
        wrong.append(f"falsely accused: {site['count']} {site['kind']} at {frame}")
    return wrong


def check_findings(story, build, findings, document):
    """Of bad closes and uses: the three places."""
    wrong, left = [], list(document["findings"])
    for wanted in findings:
        found = [f for f in left if (f["kind"], f["call"]) == (wanted.fault, wanted.call)
                 and is_at(f["stacks"]["this"][0], wanted.here)]
        left = [f for f in left if f not in found]
        if sum(f["count"] for f in found) != wanted.count:
            wrong.append(f"{wanted}: {[f['count'] for f in found]} times")
        for finding in found:
            if finding["errno"] != "EBADF":
                wrong.append(f"{wanted.here}: {finding['errno']}")
            for stack, function, word in (("this", wanted.here, "AGAIN"),
                                          ("earlier_close", wanted.closed, "CLOSED"),
                                          ("birth", wanted.born, "LEAK")):
                wrong += check_frame(story, build, finding["stacks"][stack][0], function,
                                     word)
    return wrong + [f"falsely found: {f['kind']} {f['call']} at {f['stacks']['this'][:1]}"
                    for f in left]


HEADS = {"socket": "socket", "accept": "accept", "dup": "dup", "received": "recvmsg",
         "socketpair": "socketpair"}


def groups(text):
    """Of a report on stderr: (count, call, frame) of each place."""
    for count, call, name, module, offset in re.findall(
            r"^tfoshim:   (\d+) sockets? by (\w+)\(.*\n"
            r"tfoshim:     (?:(\S+) )?\((\S+)\+(0x[0-9a-f]+)\)$", text, re.M):
        yield int(count), call, {"function": name or None, "module": module,
                                 "offset": offset}


def check_report(story, build, leaks, wanted, text):
    """The report that a program prints by itself: the same places."""
    if not wanted:
        return [f"a report: {text[-900:]}"] if "tfoshim" in text else []
    if "tfoshim: " not in text:
        return [f"no report, but {text[-300:]!r}"]
    wrong, left = [], list(groups(text))
    for leak in leaks:
        found = [g for g in left if g[1] == HEADS[leak.kind]
                 and is_of(story, build, leak, leak.kind, g[2])]
        left = [g for g in left if g not in found]
        if sum(g[0] for g in found) not in (leak.count, story.reports * 2 * leak.count):
            wrong.append(f"{leak} in the report: {[g[0] for g in found]}")
        names = {g[2]["function"] for g in found if leak.chain}
        if not (story.reports or build in ("split", "stripped")) and None in names:
            wrong.append(f"the report has no name for {leak.chain[0]}")
        wrong += [f"the report calls {leak.chain[0]} {name}" for name in names
                  if name and leak.chain[0].split("::")[-1] not in name
                  and story.inlined != leak.chain[0]]
    return wrong + [f"falsely accused by the report: {g}" for g in left]


def check(story, build, mode, role, document, whole_stack=False):
    """All that `tfo leaks` says of one process."""
    wrong = check_sites(story, build, story.leaks[mode, role], document, whole_stack)
    wrong += check_findings(story, build, story.findings[mode, role], document)
    found = bool(document["findings"]) or \
        any(set(site["states"]) != {"LISTEN"} for site in document["sites"])
    if document is not outside.NOTHING and document["status"] != found:
        wrong.append(f"tfo leaks ended with {document['status']}")
    if role == "main" and document["closed_behind"] != story.behind:
        wrong.append(f"{document['closed_behind']} were closed behind our back, not "
                     f"{story.behind}")
    return wrong
