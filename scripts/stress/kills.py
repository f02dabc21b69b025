"""Batches that are killed (SIGKILL) at random moments and run again until they are done.

    scripts/stress/kills.py --runs 200

After every kill each file under a final name has the bytes of an unbroken run, and in the end all are there, with
no temporary left beside them.
"""
import os
import random
import shutil
import subprocess
import sys
import time

import program

o = program.arguments(__doc__.splitlines()[0], runs=200, jobs=20, seed=1)
random.seed(o.seed)
bad = kills = 0

with program.Place() as place:
    prompts = place.write("prompts.txt", "".join(f"a red ball {i}\n" for i in range(o.jobs)))

    def command(folder):
        return [o.program, "--model", o.model, "--prompts", prompts, "--out-dir", place.path(folder), "--frames", "5", "--res", "64x48", "--steps", "2", "--threads", "1", "--seed", "1", "-q", "--checkpoint-every", "1"]

    start = time.time()
    subprocess.run(command("whole"), env=place.env, check=True)
    unbroken = time.time() - start
    whole = program.digests(place.path("whole"))
    assert len(whole) == o.jobs
    out = place.path("out")
    for run in range(o.runs):
        print(f"\rrun {run + 1} of {o.runs}, {kills} kills, {bad} wrong", end="", file=sys.stderr, flush=True)
        shutil.rmtree(out, ignore_errors=True)
        killed_here = 0
        while True:
            began = time.time()
            process = subprocess.Popen(command("out"), env=place.env, stderr=subprocess.PIPE, text=True)
            try:
                # The first is killed for sure; later ones may reach the end.
                _, error = process.communicate(timeout=random.uniform(0, unbroken * (1.2 if killed_here else .9)))
                if process.returncode:
                    bad += 1
                    print(f"WRONG: run {run} ends with {process.returncode}: {error}")
                if killed_here or process.returncode:
                    break
                unbroken = time.time() - began
                shutil.rmtree(out, ignore_errors=True)  # it was quicker than its killer: again
                continue
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
                killed_here += 1
            for name, digest in program.digests(out).items():
                if whole.get(name) != digest:
                    bad += 1
                    print(f"WRONG: run {run}: {name} is not whole after a kill")
        if program.digests(out) != whole:
            bad += 1
            print(f"WRONG: run {run} made other files")
        if program.left_over(out):
            bad += 1
            print(f"WRONG: run {run} left {program.left_over(out)}")
print(f"\r{o.runs} runs of {o.jobs} jobs, {kills} kills, {bad} wrong")
sys.exit(bad > 0)
