"""Runs sora-gen (or any program) for the scripts in bench/ and stress/. A module, not a script.

A Place is a folder of its own with nothing of the user's in reach; measured() says what a run took.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = ROOT + "/build/release/bin/sora-gen"
DEFAULT_MODEL = ROOT + "/models/default"
TINY_MODEL = ROOT + "/tests/data/pipeline/ti2v"  # for which a job takes a moment

# Files of two runs are compared byte for byte, and a signature differs in every run; frames are compared with
# those of other programs, which have no watermark.
os.environ.setdefault("SORA_GEN_C2PA", "none")
os.environ.setdefault("SORA_GEN_WATERMARK", "none")


def arguments(description, **more):
    """Parses --program, --model and the options in `more` (name = default; of --model too)."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--program", type=os.path.abspath, default=PROGRAM)
    parser.add_argument("--model", type=os.path.abspath, default=more.pop("model", TINY_MODEL))
    for name, default in more.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    return parser.parse_args()


class Place:
    """A temporary folder, removed at the end, with state and cache folders of its own."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="sora-stress-")
        self.env = dict(
            os.environ, XDG_STATE_HOME=self.folder + "/state", XDG_CACHE_HOME=self.folder + "/cache"
        )
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def run(self, command, env=None, **more):
        return subprocess.run(
            command,
            env=dict(self.env, **(env or {})),
            cwd=self.folder,
            text=True,
            capture_output=True,
            timeout=120,
            **more,
        )

    def measured(self, command, limit=300):
        return measured(command, limit, env=self.env, cwd=self.folder)


@dataclass
class Measured:
    """A run that has ended."""

    code: int  # exit code; -N when signal N ended it
    lines: list  # of stderr: (seconds since the start, text)
    seconds: float
    cpu_seconds: float  # of all its threads
    system_seconds: float  # those of them in the kernel
    peak_mb: float  # resident memory

    @property
    def said(self):
        return "".join(line for _, line in self.lines)


def measured(command, limit=None, **more):
    """Runs a command to its end; it is killed after `limit` seconds. `more` goes to subprocess.Popen."""
    start = time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        **more,
    )
    killer = threading.Timer(limit, process.kill) if limit else None
    if killer:
        killer.start()
    lines = [(time.monotonic() - start, line) for line in process.stderr]
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if killer:
        killer.cancel()
    process.stderr.close()
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(process.returncode, lines, seconds, cpu, usage.ru_stime, usage.ru_maxrss / 1024)


def must(run, command):
    """The run, where it ended well; else the script ends with what the run said last."""
    if run.code != 0:
        raise SystemExit(
            f"{''.join(line for _, line in run.lines[-20:])}\n{command[0]} ended with {run.code}"
        )
    return run


def digests(folder, suffix=".mp4"):
    """sha256 of every file that is seen under a final name."""
    found = {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if name.endswith(suffix) and not name.startswith("."):
            with open(os.path.join(folder, name), "rb") as file:
                found[name] = hashlib.sha256(file.read()).hexdigest()
    return found


def left_over(folder):
    return [name for name in os.listdir(folder) if name.endswith(".part")]
