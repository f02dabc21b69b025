#!/usr/bin/env python3
"""Times sora-gen against diffusers' WanPipeline: same machine, same checkpoint, same steps, taking turns.

    python scripts/bench/against_diffusers.py [--model DIR] [--program build/release/bin/sora-gen]
        [--frames N] [--steps N] [--res WxH] [--guidance G] [--rounds N]

Each round runs both as fresh processes and reads their own clocks: cold start (process start to the first
denoising step), time of a step, time of a decoded frame, the whole, and peak memory (of the process). Prints
the minimum of each over the rounds, and the ratio. Needs diffusers 0.42.1 in this Python.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMPT = "a red ball bouncing by the sea at sunset"


def run(command, **more):
    """Runs a command; returns its stderr lines with the time of each, wall time, CPU time and peak memory."""
    start = time.time()
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, **more)
    lines = [(time.time() - start, line) for line in process.stderr]
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit("".join(line for _, line in lines[-20:]) + f"{command[0]} failed")
    return lines, time.time() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(command, options, **more):
    """Both programs write JSON lines on stderr: {"event": "step", "step": n} and {"event": "frames", "frame":
    n}."""
    lines, wall, cpu, memory = run(command, **more)
    events = []
    for at, line in lines:
        try:
            events.append((at, json.loads(line)))
        except ValueError:
            continue
    steps = [at for at, e in events if e.get("phase") == "denoise" and e.get("step", 0) > 0]
    begin = min(at for at, e in events if e.get("phase") == "denoise")
    decoded = max(at for at, e in events if e.get("phase") == "decode" and e.get("frame", 0) > 0)
    return {
        "cold start s": begin,
        "s a step": (steps[-1] - begin) / options.steps,
        "s a frame decoded": (decoded - steps[-1]) / options.frames,
        "whole s": wall,
        "CPU s": cpu,
        "peak MB": memory,
    }


REFERENCE = """
import json, sys, time
model, prompt, frames, steps, width, height, guidance, output = sys.argv[1:]
say = lambda **event: print(json.dumps(event), file=sys.stderr, flush=True)
import torch
from diffusers import WanPipeline
from diffusers.utils import export_to_video
pipe = WanPipeline.from_pretrained(model, torch_dtype=torch.float32)
pipe.set_progress_bar_config(disable=True)
begun = []
forward = pipe.transformer.forward
def first(*a, **k):
    if not begun: begun.append(say(phase="denoise", step=0))
    return forward(*a, **k)
pipe.transformer.forward = first
def after(pipe, i, t, values):
    say(phase="denoise", step=i + 1)
    return {}
video = pipe(prompt, num_frames=int(frames), num_inference_steps=int(steps), width=int(width),
             height=int(height), guidance_scale=float(guidance), generator=torch.Generator().manual_seed(1),
             output_type="np", callback_on_step_end=after).frames[0]
say(phase="decode", frame=len(video))
export_to_video(video, output, fps=8)
"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=str(ROOT / "models/default"))
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/sora-gen"))
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--res", default="128x128")
    parser.add_argument("--guidance", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    width, height = options.res.split("x")
    results = {"sora-gen": [], "diffusers": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            results["sora-gen"].append(
                measure(
                    [
                        options.program,
                        "--prompt",
                        PROMPT,
                        "--model",
                        options.model,
                        "--frames",
                        str(options.frames),
                        "--steps",
                        str(options.steps),
                        "--res",
                        options.res,
                        "--guidance",
                        str(options.guidance),
                        "--seed",
                        "1",
                        "--device",
                        "cpu",
                        "--progress",
                        "json",
                        "--overwrite",
                        "-o",
                        f"{folder}/a.mp4",
                    ],
                    options,
                )
            )
            results["diffusers"].append(
                measure(
                    [
                        sys.executable,
                        "-c",
                        REFERENCE,
                        options.model,
                        PROMPT,
                        str(options.frames),
                        str(options.steps),
                        width,
                        height,
                        str(options.guidance),
                        f"{folder}/b.mp4",
                    ],
                    options,
                )
            )
    print(
        f"{options.model}, {options.res}, {options.frames} frames, {options.steps} steps, "
        f"guidance {options.guidance}; minimum of {options.rounds} rounds"
    )
    print(f"{'':20}{'sora-gen':>12}{'diffusers':>12}{'ratio':>8}")
    for key in results["sora-gen"][0]:
        ours, theirs = (min(r[key] for r in results[name]) for name in ("sora-gen", "diffusers"))
        print(f"{key:20}{ours:12.3f}{theirs:12.3f}{ours / theirs:8.2f}")


main()
