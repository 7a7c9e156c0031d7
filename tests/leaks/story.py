# SPDX-License-Identifier: MIT
"""story: what a program's own header says must come out. Lines of the header:

  leaky: COUNT KIND STATE [by FUNCTION [from FUNCTION]...]   while it waits, this is open
  leaky child: ...                                           ... in its child
  finding: COUNT FAULT CALL by F after F born F        and this has gone wrong
  child: nothing          it has a child, and who looks at it finds nothing
  inlined: FUNCTION       that function has no frame of its own
  behind: COUNT           so many were closed behind our back
  declared: FUNCTION N    a pool: so many of that function are no leak
  reports: while it runs  it is told of before anybody asks, and once
  exits: clean            whatever it leaks, all is closed when it ends
  look: no                what is open while it waits is not what is open at the end
  libs: WORDS             what it is linked with
  library: linked|loaded  NAME.lib.c (or library.lib.c) is a library of it

The line that must be named is the one with the word LEAK (CLOSED, AGAIN); where there are
several, with the function behind it."""

import collections
import glob
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
ROLES = ("main", "child")

Leak = collections.namedtuple("Leak", "count kind state chain")
Finding = collections.namedtuple("Finding", "count fault call here closed born")


class Story:
    """One program: its source, and what is expected of it, by mode and role."""

    def __init__(self, source):
        self.source = source
        self.name, self.suffix = os.path.splitext(os.path.basename(source))
        with open(source, encoding="utf-8") as text:
            self.text = text.read()
        self.leaks = collections.defaultdict(list)  # (mode, role): [Leak]
        self.findings = collections.defaultdict(list)
        self.roles = {"main"}
        self.inlined, self.declared, self.looks = None, None, True
        self.reports = self.exits_clean = False
        self.behind, self.libs, self.library = 0, [], None
        for line in self.text.split("#include")[0].splitlines():
            found = re.match(r"[ /*]*(leaky|clean|leaky child|child|finding|inlined|"
                             r"behind|declared|reports|exits|look|libs|library): (.*)", line)
            if found:
                self.take(*found.groups())

    def take(self, key, words):
        words = words.split()
        if key in ("leaky", "leaky child"):
            role = "child" if "child" in key else "main"
            self.roles.add(role)
            self.leaks["leaky", role].append(
                Leak(int(words[0]), *words[1:3], words[4::2]))
        elif key == "finding":
            count, fault, call, _, here, _, closed, _, born = words
            self.findings["leaky", "main"].append(
                Finding(int(count), fault, call, here, closed, born))
        elif key == "child":
            self.roles.add("child")
        elif key == "reports":
            self.reports = True
        elif key == "exits":
            self.exits_clean = True
        elif key == "look":
            self.looks = False
        elif key == "declared":
            self.declared = words[0], int(words[1])
        elif key == "behind":
            self.behind = int(words[0])
        elif key == "inlined":
            self.inlined = words[0]
        elif key == "library":
            self.library = words[0]
        elif key == "libs":
            self.libs = words

    def modes(self):
        wrong = any(self.leaks.values()) or any(self.findings.values())
        return ("leaky", "clean") if wrong else ("clean",)

    def language(self):
        return {".c": "C", ".cc": "C++", ".py": "Python", ".js": "Node",
                ".java": "Java"}[self.suffix]

    def compiled(self):
        return self.suffix in (".c", ".cc")

    def library_source(self):
        own = os.path.join(HERE, "c", f"{self.name}.lib.c")
        return own if os.path.exists(own) else os.path.join(HERE, "c", "library.lib.c")

    def line(self, word, function):
        """(file, line) where that word stands, for that function."""
        for path in (self.source, self.library and self.library_source()):
            if not path:
                continue
            with open(path, encoding="utf-8") as text:
                lines = text.read().splitlines()
            tags = [(number, re.search(rf"(?:/\*|//) {word}(?: (\S+))?", line))
                    for number, line in enumerate(lines, 1)]
            found = [number for number, tag in tags
                     if tag and tag.group(1) in (None, "*/", function)]
            if found:
                return os.path.basename(path), found[0]
        raise ValueError(f"{self.source}: no {word} for {function}")


def all_stories():
    paths = glob.glob(f"{HERE}/c/*.c") + glob.glob(f"{HERE}/c/*.cc") + \
        glob.glob(f"{HERE}/other/*")
    stories = [Story(path) for path in sorted(paths) if not path.endswith(".lib.c")
               and not os.path.basename(path).lower().startswith("leak.")
               and os.path.isfile(path)]
    return [s for s in stories
            if s.leaks or s.findings or re.search(r"^[ /*]*clean: nothing", s.text, re.M)]
