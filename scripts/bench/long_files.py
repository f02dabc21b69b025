#!/usr/bin/env python3
"""Whether the ends of hours of video are found without decoding the whole: processor seconds for three containers.

scripts/bench/long_files.py [--build build/release] [--seconds 1]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--build", default=os.path.join(ROOT, "build/release"))
parser.add_argument("--seconds", type=float, default=1.0)
options = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    report = os.path.join(folder, "report.json")
    test = "ReaderTime.TheEndsOfALongFileAreItsTrueEnds"
    program = os.path.join(options.build, "tests/test_media")
    subprocess.run([program, "--gtest_filter=" + test, "--gtest_output=json:" + report], check=True)
    with open(report) as file:
        result = json.load(file)["testsuites"][0]["testsuite"][0]
times = {name: float(value) for name, value in result.items() if name.startswith("long.")}
for name, seconds in times.items():
    print(f"{name:10} {seconds:6.2f} s")
sys.exit(not times or max(times.values()) > options.seconds)
