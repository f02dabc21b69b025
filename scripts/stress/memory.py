#!/usr/bin/env python3
"""Many jobs in one process: how memory grows, and how soon the next job starts to denoise.

    scripts/stress/memory.py [--jobs 500]

Resident memory after the first 50 jobs must grow by no more than 1 MiB in 100 jobs (slope of a straight line
through the samples after each job, so that a page more or less does not decide), and from the second job on
denoising starts within 50 ms (median; the worst is printed too). Ends with 1 where it is not so.
"""

import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import program


def resident(pid):
    """MiB"""
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024


def run(command, place):
    """-> resident memory after each job, and seconds from the start of each to its denoising."""
    process = subprocess.Popen(command, env=place.env, stderr=subprocess.PIPE, text=True)
    memory, waits, began = [], [], None
    for line in process.stderr:
        if not line.startswith("{"):
            continue
        event = json.loads(line)
        now = time.time()
        if event["event"] == "job":
            began = now
        if event.get("phase") == "denoise" and began is not None:
            waits.append(now - began)
            began = None
        if event["event"] == "done":
            memory.append(resident(process.pid))
    if process.wait() != 0:
        sys.exit(f"ended with {process.returncode}")
    return memory, waits


def slope(values):
    """Of a straight line through the values, by least squares."""
    count = len(values)
    mean_x, mean_y = (count - 1) / 2, sum(values) / count
    across = sum((x - mean_x) ** 2 for x in range(count))
    return sum((x - mean_x) * (y - mean_y) for x, y in enumerate(values)) / across


def main():
    default = program.DEFAULT_MODEL
    options = program.arguments(
        __doc__.splitlines()[0], model=default, jobs=500, frames=5, steps=2, threads=1
    )
    colours = ["red", "blue", "green", "white"]
    prompts = "".join(f"a {colours[i % 4]} ball {i}\n" for i in range(options.jobs))
    with program.Place() as place:
        command = [options.program, "--model", options.model, "--seed", "1", "--progress", "json"]
        command += ["--prompts", place.write("prompts.txt", prompts), "--out-dir", place.path("out")]
        for name in ("frames", "steps", "threads"):
            command += ["--" + name, str(getattr(options, name))]
        memory, waits = run(command, place)
    steady = memory[50:]
    growth = 100 * slope(steady)
    later = sorted(waits[1:])
    median = later[len(later) // 2]
    samples = " ".join(f"{value:.1f}" for value in (steady[0], steady[len(steady) // 2], steady[-1]))
    print(f"{len(memory)} jobs; resident MiB after job 50, half way and at the end: {samples}")
    print(f"growth in 100 jobs: {growth:+.2f} MiB")
    print(f"from the start of a job to its denoising: first {waits[0] * 1e3:.0f} ms, then", end=" ")
    print(f"median {median * 1e3:.1f} ms, worst {later[-1] * 1e3:.1f} ms")
    sys.exit(growth > 1 or median > 0.05)


if __name__ == "__main__":
    main()
