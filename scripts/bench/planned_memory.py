#!/usr/bin/env python3
"""Whether a run needs the memory that its plan says, and passes under a limit of just that.

    scripts/bench/planned_memory.py [--build build/release]

Runs the tests of tests/pipeline/memory_test.cpp that the suite leaves out, because what they measure depends
on the machine, and prints what the plan said and what was needed. Ends with 1 where a test failed.
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
    options = parser.parse_args()
    binary = os.path.join(options.build, "tests/test_pipeline")
    disabled = "--gtest_also_run_disabled_tests"
    code, tests = test_report.run(binary, "DISABLED_MeasuredMemory.*", disabled)
    print(f"{'weights are':14} {'planned GB':>10} {'needed GB':>10}")
    for test in tests:
        for way in ("none", "stored", "stream"):
            if way + "_said_gb" in test:
                said, found = (float(test[f"{way}_{which}_gb"]) for which in ("said", "found"))
                print(f"{way:14} {said:10.3f} {found:10.3f}")
    sys.exit(code or not tests)


if __name__ == "__main__":
    main()
