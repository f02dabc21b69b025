#!/usr/bin/env python3
"""Signed files of each format, and one byte changed in each: what sora-gen and the C2PA project's reader say.

    python scripts/stress/credentials.py [--program build/release/bin/sora-gen] [--count 20]
        [--library third_party/c2pa/libc2pa_c.so]

The program makes and signs --count files of each format with a tiny model. Each is read as it is, and again
with one bit of one byte turned over, at a place that a fixed seed chooses; by `sora-gen detect`, and by the
Python package c2pa-python where it is installed (without it, that column is empty). Every file as it was made
has to be whole for both. A changed byte has to be noticed, unless it is in a part that the standard leaves
out (`free` boxes of MP4 and their like); those are counted, with their places. Exits 1 where the two
disagree, or where a file as it was made is not whole.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import program

try:
    import c2pa
except ImportError:
    c2pa = None

TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
}


def make(options: object, folder: str, env: dict) -> list:
    """Signed files, and the Result of each as the program's JSON says it."""
    files = []
    jobs = os.path.join(folder, "jobs.jsonl")
    with open(jobs, "w") as file:
        for ending in TYPES:
            for i in range(options.count):
                path = os.path.join(folder, f"{i}.{ending}")
                frames = 1 if ending in ("png", "jpg") else 5
                job = {"prompt": "a boat", "seed": i, "frames": frames, "steps": 1, "output": path}
                file.write(json.dumps(job) + "\n")
                files.append(path)
    words = [
        options.program,
        "--prompts",
        jobs,
        "--out-dir",
        folder,
        "--model",
        options.model,
        "-q",
        "--credentials",
    ]
    subprocess.run(words, check=True, env=env)
    return files


def states(options: object, files: list, env: dict) -> list:
    words = [options.program, "detect", "--json", *files]
    lines = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env).stdout.decode()
    return [(json.loads(line).get("credentials") or {}).get("state", "error") for line in lines.splitlines()]


def theirs(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return json.loads(c2pa.Reader(TYPES[path.rsplit(".", 1)[1]], file).json())["validation_state"]
    except c2pa.C2paError:
        return "error"


def change(path: str, chosen: random.Random) -> int:
    data = bytearray(pathlib.Path(path).read_bytes())
    at = chosen.randrange(len(data))
    data[at] ^= 1 << chosen.randrange(8)
    pathlib.Path(path).write_bytes(data)
    return at


def main() -> None:
    library = program.ROOT + "/third_party/c2pa/libc2pa_c.so"
    options = program.arguments(__doc__, count=20, library=library)
    chosen = random.Random(3)
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        env = dict(os.environ, SORA_GEN_C2PA=options.library, XDG_CONFIG_HOME=folder, XDG_STATE_HOME=folder)
        files = make(options, folder, env)
        whole = states(options, files, env)
        whole_theirs = [theirs(path) if c2pa else "-" for path in files]
        places = [change(path, chosen) for path in files]
        changed = states(options, files, env)
        changed_theirs = [theirs(path) if c2pa else "-" for path in files]
        print("format  files  whole  whole (c2pa)  changed: noticed  noticed (c2pa)  not noticed at")
        for n, ending in enumerate(TYPES):
            part = slice(n * options.count, (n + 1) * options.count)
            noticed = [state != "untrusted" for state in changed[part]]
            noticed_theirs = [state not in ("Valid", "Trusted") for state in changed_theirs[part]]
            left = [place for place, seen in zip(places[part], noticed) if not seen]
            print(
                f"{ending:7}{options.count:6}{whole[part].count('untrusted'):7}{whole_theirs[part].count('Valid'):14}"
                f"{sum(noticed):18}{sum(noticed_theirs) if c2pa else '-':>16}  {left}"
            )
            faults += options.count - whole[part].count("untrusted")
            if c2pa:
                faults += options.count - whole_theirs[part].count("Valid")
                faults += sum(a != b for a, b in zip(noticed, noticed_theirs))
    if c2pa is None:
        print("the Python package c2pa-python is not installed: its reader was not asked")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
