"""Many jobs in one process: how memory grows, and how soon the next job starts to denoise.

    scripts/stress/memory.py [--jobs 500]

Resident memory after the first 50 jobs must grow by no more than 1 MiB in 100 jobs (slope of a straight line through
the samples after each job, so that a page more or less does not decide), and from the second job on denoising
starts within 50 ms (median; the worst is printed too).
"""

import json
import re
import subprocess
import sys
import time

import program

o = program.arguments(__doc__.splitlines()[0], jobs=500, frames=5, steps=2, threads=1)
if o.model.endswith("ti2v"):
    o.model = program.ROOT + "/models/default"


def resident(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024


with program.Place() as place:
    prompts = place.write(
        "prompts.txt",
        "".join(
            f"a {c} ball {i}\n" for i, c in zip(range(o.jobs), ["red", "blue", "green", "white"] * o.jobs)
        ),
    )
    command = [
        o.program,
        "--model",
        o.model,
        "--prompts",
        prompts,
        "--out-dir",
        place.path("out"),
        "--frames",
        str(o.frames),
        "--steps",
        str(o.steps),
        "--threads",
        str(o.threads),
        "--seed",
        "1",
        "--progress",
        "json",
    ]
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

steady = memory[50:]
n = len(steady)
mean_x, mean_y = (n - 1) / 2, sum(steady) / n
slope = (
    100
    * sum((x - mean_x) * (y - mean_y) for x, y in enumerate(steady))
    / sum((x - mean_x) ** 2 for x in range(n))
)
later = sorted(waits[1:])
print(
    f"{len(memory)} jobs; resident MiB after job 50, half way and at the end: {steady[0]:.1f} {steady[n // 2]:.1f} {steady[-1]:.1f}; {slope:+.2f} MiB in 100 jobs"
)
print(
    f"from the start of a job to its denoising: first {waits[0] * 1e3:.0f} ms, then median {later[len(later) // 2] * 1e3:.1f} ms, worst {later[-1] * 1e3:.1f} ms"
)
sys.exit(slope > 1 or later[len(later) // 2] > 0.05)
