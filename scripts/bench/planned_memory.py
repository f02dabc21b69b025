#!/usr/bin/env python3
"""Whether a run needs the memory that its plan says, and passes under a limit of just that.

    scripts/bench/planned_memory.py [--build build/release]

Runs the tests of tests/pipeline/memory_test.cpp that the suite leaves out, because what they measure depends on the
machine, and prints what was said and what was found.
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
options = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    report = os.path.join(folder, "report.json")
    done = subprocess.run(
        [
            os.path.join(options.build, "tests/test_pipeline"),
            "--gtest_filter=DISABLED_MeasuredMemory.*",
            "--gtest_also_run_disabled_tests",
            "--gtest_output=json:" + report,
        ],
        env=dict(os.environ, GOMP_SPINCOUNT="1000"),
        check=False,
    )
    with open(report) as file:
        tests = [test for suite in json.load(file)["testsuites"] for test in suite["testsuite"]]
print(f"{'weights are':14} {'planned GB':>10} {'needed GB':>10}")
for test in tests:
    for way in ("none", "stored", "stream"):
        if way + "_said_gb" in test:
            print(f"{way:14} {float(test[way + '_said_gb']):10.3f} {float(test[way + '_found_gb']):10.3f}")
sys.exit(done.returncode or not tests)
