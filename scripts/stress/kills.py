#!/usr/bin/env python3
"""Runs that are killed (SIGKILL) at random moments and begun again until they are done.

    scripts/stress/kills.py [--runs 40] [--only serve]

Batches, serve, extend --copy, storyboards and finish (kill_kinds.py). After every kill each file under a
final name has the bytes of an unbroken run. In the end all are there, and nothing else is: not beside them,
not in the state, cache and temporary folders. Ends with 1 where anything is wrong.
"""

import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import program
from kill_kinds import KINDS


class Count:
    def __init__(self):
        self.runs = self.kills = self.done_before = self.wrong = 0


def listing(place):
    """Every file of the place but what the runs read, relative to it."""
    found = set()
    for part in ("out", "state", "cache", "tmp"):
        for folder, _, names in os.walk(place.path(part)):
            found |= {os.path.relpath(os.path.join(folder, name), place.folder) for name in names}
    return found


def clear(place):
    for part in ("out", "state", "cache", "tmp"):
        shutil.rmtree(place.path(part), ignore_errors=True)
        os.mkdir(place.path(part))


def begin(kind, place, limit=None):
    """The exit code and the error output; None and "" of a run that was killed after `limit` seconds."""
    process = subprocess.Popen(
        kind.command(),
        env=place.env,
        cwd=kind.folder,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _, error = process.communicate(kind.input, timeout=limit)
        return process.returncode, error
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None, ""


def kill_and_go_on(kind, place, expected, seconds, count, wrong):
    """One run: killed once for sure, then as it comes, until it is done."""
    killed = 0
    while True:
        # Longer each time: a machine that has become busier comes to an end too.
        limit = seconds * (1.2 + killed / 5 if killed else 0.95)
        code, error = begin(kind, place, random.uniform(0, limit))
        if code is None:
            killed += 1
            count.kills += 1
            digests = program.digests(kind.folder)
            count.done_before += len(digests) == len(kind.outputs)
            for name, digest in digests.items():
                if expected.get(name) != digest:
                    wrong(f"{name} is not whole after a kill")
            if len(digests) == len(kind.outputs) and len(kind.outputs) == 1:
                break  # killed after its file was whole: nothing is left to begin again
        elif code != 0:
            return wrong(f"ends with {code}: {error.strip()}")
        elif killed:
            break
        else:
            clear(place)  # it was quicker than its killer: again
    if program.digests(kind.folder) != expected:
        wrong("made other files: " + ", ".join(sorted(program.digests(kind.folder))))


def stress(name, options, count):
    with program.Place() as place:
        place.env["TMPDIR"] = place.path("tmp")
        clear(place)
        kind = KINDS[name](options, place)
        clear(place)
        began = time.monotonic()
        code, error = begin(kind, place)
        seconds = time.monotonic() - began
        expected, files = program.digests(kind.folder), listing(place)
        if code != 0 or sorted(expected) != sorted(kind.outputs):
            sys.exit(f"{name}: the unbroken run ends with {code} and {sorted(expected)}: {error}")
        for run in range(options.runs):

            def wrong(text, run=run):
                count.wrong += 1
                print(f"\rWRONG: {name}, run {run}: {text}", flush=True)

            clear(place)
            kill_and_go_on(kind, place, expected, seconds, count, wrong)
            count.runs += 1
            if more := listing(place) - files:
                wrong("leaves " + ", ".join(sorted(more)))
            print(f"\r{name}: run {run + 1} of {options.runs}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        return seconds


def main():
    options = program.arguments(
        __doc__.splitlines()[0], model=program.ROOT + "/models/default", runs=40, seed=1, only=""
    )
    random.seed(options.seed)
    rows = []
    for name in KINDS:
        if options.only in name:
            count = Count()
            rows.append((name, count, stress(name, options, count)))
    print(f"{'kind':<14} {'s':>5} {'runs':>5} {'kills':>6} {'done when killed':>17} {'wrong':>6}")
    for name, count, seconds in rows:
        print(
            f"{name:<14} {seconds:5.1f} {count.runs:5} {count.kills:6} {count.done_before:17} {count.wrong:6}"
        )
    sys.exit(any(count.wrong for _, count, _ in rows))


if __name__ == "__main__":
    main()
