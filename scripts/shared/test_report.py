"""Runs single tests of a test binary for the numbers that they record. A module, not a script."""

import json
import os
import subprocess
import tempfile


def run(program, pattern, *more):
    """-> exit code, and what GoogleTest's JSON report has of each test that `pattern` names."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        words = [program, "--gtest_filter=" + pattern, "--gtest_output=json:" + report, *more]
        code = subprocess.run(words, env=dict(os.environ, GOMP_SPINCOUNT="1000"), check=False).returncode
        with open(report) as file:
            suites = json.load(file)["testsuites"]
    return code, [test for suite in suites for test in suite["testsuite"]]
