# SPDX-License-Identifier: MIT
"""prepare: what all rows of a run share: the object where every user can read it, a
certificate, compiled clients."""

import os
import shutil
import subprocess
import sys

from place import CLIENTS, PATH, SERVER, shared


def quiet(words, **how):
    done = subprocess.run(words, capture_output=True, text=True, check=False, **how)
    if done.returncode:
        print(f"FAIL: {words[0]}: {done.stdout}{done.stderr}")
        sys.exit(1)


def everything(directory, picked):
    build = os.environ.get("BUILD", os.getcwd())
    lib = os.environ.get("LIB", os.path.join(build, "libtfoshim.so"))
    lab = os.environ.get("LAB", os.path.join(build, "tests/lab/lab"))
    for path in (lib, lab):
        if not os.path.exists(path):
            print(f"FAIL: there is no {path}: set LIB and LAB, or BUILD")
            sys.exit(1)
    os.chmod(directory, 0o755)
    os.environ["PROGRAMS_SHARED"] = directory
    for name in [n for n in os.environ if n.startswith("TFOSHIM_")] + ["LD_PRELOAD"]:
        if name != "TFOSHIM_MUST_WORK":
            os.environ.pop(name, None)
    os.environ.update(LAB=os.path.abspath(lab), PATH=PATH,
                      LIB=shared("libtfoshim.so"), LC_ALL="C.UTF-8")
    shutil.copy(lib, os.environ["LIB"])
    os.chmod(os.environ["LIB"], 0o755)
    if shutil.which("openssl"):
        quiet(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=server",
               "-addext", f"subjectAltName=IP:{SERVER}", "-keyout", shared("key.pem"),
               "-out", shared("cert.pem")])
        os.chmod(shared("key.pem"), 0o644)
    if any("default-jdk-headless" in row.packages for row in picked) and \
            shutil.which("javac"):
        sources = [os.path.join(CLIENTS, name) for name in sorted(os.listdir(CLIENTS))
                   if name.endswith(".java")]
        quiet(["javac", "-Xlint:-deprecation", "-nowarn", "-d", shared("classes"), *sources])
