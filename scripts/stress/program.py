"""What the stress scripts share: the program, run in a folder of its own with nothing of the user's in reach."""
import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def arguments(description, **more):
    """Parses --program, --model and the options in `more` (name = default)."""
    ap = argparse.ArgumentParser(description=description)
    ap.add_argument("--program", default=ROOT + "/build/release/bin/sora-gen")
    ap.add_argument("--model", default=ROOT + "/tests/data/pipeline/ti2v", help="default: a tiny one, for which a job takes a moment")
    for name, default in more.items():
        ap.add_argument("--" + name, type=type(default), default=default)
    return ap.parse_args()


class Place:
    """A temporary folder, removed at the end, with state and cache folders of its own."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="sora-stress-")
        self.env = dict(os.environ, XDG_STATE_HOME=self.folder + "/state", XDG_CACHE_HOME=self.folder + "/cache")
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
        return subprocess.run(command, env=dict(self.env, **(env or {})), cwd=self.folder, text=True, capture_output=True, timeout=120, **more)


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
