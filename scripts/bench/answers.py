#!/usr/bin/env python3
"""How quickly the program answers where nothing is to be made: help, a plan, a mistake.

    scripts/bench/answers.py [--most-ms 200]

The quickest of ten must stay below the limit; a program that loaded libtorch would take more than half a second.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../stress"))
import program

o = program.arguments(__doc__.splitlines()[0], most_ms=200.0)
LINES = {
    "--help": (0, ["--help"]),
    "--version": (0, ["--version"]),
    "a plan": (0, ["--prompt", "a red ball", "--res", "64x48", "--device", "cpu", "--dry-run"]),
    "a plan as JSON": (
        0,
        ["--prompt", "a red ball", "--res", "64x48", "--device", "cpu", "--dry-run", "--json"],
    ),
    "a wrong option": (64, ["--prompt", "a red ball", "--secs", "4"]),
    "a file that is missing": (66, ["extend", "missing.mp4"]),
}
slow = 0
with program.Place() as place:
    for name, (wanted, words) in LINES.items():
        times = []
        for _ in range(10):
            began = time.monotonic()
            done = place.run([o.program, *words, *(["--model", o.model] if "plan" in name else [])])
            times.append((time.monotonic() - began) * 1e3)
            if done.returncode != wanted:
                sys.exit(f"{name}: exit code {done.returncode}, expected {wanted}: {done.stderr}")
        slow += min(times) > o.most_ms
        print(f"{name:24} {min(times):7.1f} ms at best, {sorted(times)[5]:7.1f} ms usually")
sys.exit(bool(slow))
