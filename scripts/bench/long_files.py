#!/usr/bin/env python3
"""Whether the ends of hours of video are found without decoding the whole.

    scripts/bench/long_files.py [--build build/release] [--seconds 1]

Prints processor seconds for three containers; ends with 1 where one takes more than --seconds.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import program
import test_report


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(program.ROOT, "build/release"))
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    binary = os.path.join(options.build, "tests/test_media")
    code, tests = test_report.run(binary, "ReaderTime.TheEndsOfALongFileAreItsTrueEnds")
    times = {name: float(value) for test in tests for name, value in test.items() if name.startswith("long.")}
    for name, seconds in times.items():
        print(f"{name:10} {seconds:6.2f} s")
    sys.exit(code or not times or max(times.values()) > options.seconds)


if __name__ == "__main__":
    main()
