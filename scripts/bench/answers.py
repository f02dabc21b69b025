#!/usr/bin/env python3
"""How quickly the program answers where nothing is to be made: help, a plan, a mistake.

    scripts/bench/answers.py [--most-ms 200]

The quickest of ten must stay below the limit, else this ends with 1; a program that loaded libtorch would
take more than half a second.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import program

PLAN = ["--prompt", "a red ball", "--res", "64x48", "--device", "cpu", "--dry-run"]
ANSWERS = {  # what is asked: exit code, words
    "--help": (0, ["--help"]),
    "--version": (0, ["--version"]),
    "a plan": (0, PLAN),
    "a plan as JSON": (0, [*PLAN, "--json"]),
    "a wrong option": (64, ["--prompt", "a red ball", "--secs", "4"]),
    "a file that is missing": (66, ["extend", "missing.mp4"]),
}


def main():
    options = program.arguments(__doc__.splitlines()[0], most_ms=200.0)
    slow = 0
    with program.Place() as place:
        for name, (wanted, words) in ANSWERS.items():
            model = ["--model", options.model] if "plan" in name else []
            times = []
            for _ in range(10):
                began = time.monotonic()
                done = place.run([options.program, *words, *model])
                times.append((time.monotonic() - began) * 1e3)
                if done.returncode != wanted:
                    sys.exit(f"{name}: exit code {done.returncode}, expected {wanted}: {done.stderr}")
            slow += min(times) > options.most_ms
            print(f"{name:24} {min(times):7.1f} ms at best, {sorted(times)[5]:7.1f} ms usually")
    sys.exit(bool(slow))


if __name__ == "__main__":
    main()
