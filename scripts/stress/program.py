"""What the stress scripts share: the program, run in a folder of its own with nothing of the user's in reach."""

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def arguments(description, **more):
    """Parses --program, --model and the options in `more` (name = default; of --model too)."""
    ap = argparse.ArgumentParser(description=description)
    ap.add_argument("--program", type=os.path.abspath, default=ROOT + "/build/release/bin/sora-gen")
    tiny = ROOT + "/tests/data/pipeline/ti2v"  # for which a job takes a moment
    ap.add_argument("--model", type=os.path.abspath, default=more.pop("model", tiny))
    for name, default in more.items():
        ap.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    return ap.parse_args()


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


def measured(place, command, limit=300):
    """Exit code, stderr, processor seconds and peak memory (MB) of the command alone."""
    with tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            command,
            env=place.env,
            cwd=place.folder,
            stdout=subprocess.DEVNULL,
            stderr=err,
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + limit
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(0.002)
        process.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        return process.returncode, err.read(), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


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
