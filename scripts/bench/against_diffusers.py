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
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import program

PROMPT = "a red ball bouncing by the sea at sunset"


def measure(command, options):
    """Both programs write JSON lines on stderr: {"phase": "denoise", "step": n}, {"phase": "decode", "frame":
    n}."""
    run = program.must(program.measured(command), command)
    events = []
    for at, line in run.lines:
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
        "whole s": run.seconds,
        "CPU s": run.cpu_seconds,
        "peak MB": run.peak_mb,
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


def commands(options, folder):
    """The same work for both."""
    how = ["--frames", options.frames, "--steps", options.steps, "--res", options.res]
    how += ["--guidance", options.guidance, "--seed", 1, "--device", "cpu", "--progress", "json"]
    ours = [options.program, "--prompt", PROMPT, "--model", options.model, *how]
    sizes = [options.frames, options.steps, *options.res.split("x"), options.guidance]
    return {
        "sora-gen": [*ours, "--overwrite", "-o", f"{folder}/a.mp4"],
        "diffusers": [sys.executable, "-c", REFERENCE, options.model, PROMPT, *sizes, f"{folder}/b.mp4"],
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=program.DEFAULT_MODEL)
    parser.add_argument("--program", default=program.PROGRAM)
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--res", default="128x128")
    parser.add_argument("--guidance", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    results = {"sora-gen": [], "diffusers": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for name, command in commands(options, folder).items():
                results[name].append(measure(command, options))
    print(
        f"{options.model}, {options.res}, {options.frames} frames, {options.steps} steps, "
        f"guidance {options.guidance}; minimum of {options.rounds} rounds"
    )
    print(f"{'':20}{'sora-gen':>12}{'diffusers':>12}{'ratio':>8}")
    for key in results["sora-gen"][0]:
        ours, theirs = (min(r[key] for r in results[name]) for name in ("sora-gen", "diffusers"))
        print(f"{key:20}{ours:12.3f}{theirs:12.3f}{ours / theirs:8.2f}")


if __name__ == "__main__":
    main()
