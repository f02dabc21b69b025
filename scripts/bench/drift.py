#!/usr/bin/env python3
"""How a long video ends, measured against how it began.

    python scripts/bench/drift.py [--program build/release/bin/sora-gen] [--model DIR] [--seconds S]
        [--seed N] [--res WxH] [--keep DIR] [--markdown] [--prompt TEXT ...] [-- OPTIONS OF THE PROGRAM]

For each prompt the program makes one video, and each of its frames gives four numbers:

    saturation   mean of HSV saturation, (max - min) / max
    contrast     standard deviation of luma (BT.601) over the picture
    sharpness    mean length of the gradient of luma, central differences
    Laplacian    variance of the 3x3 Laplacian of luma, a second measure of sharpness, which squares what
                 changes

The table has, for each, the mean over the last second divided by the mean over the first: 1 is no drift.
"worst second" is the ratio that lies farthest from 1 over all seconds of the video, and "seam" the mean
difference between the two frames that meet where two windows do, over that between frames that meet at other
borders of latent frames (a latent frame is four frames, and a border between two is a larger step than those
within one): 1 is no visible seam. --keep DIR writes the frames as DIR/<n>.rgb, for a look.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import program

PROMPTS = [
    "a red hot-air balloon over a mountain lake at sunset",
    "a city street at night in the rain",
    "a green car driving left on a desert road in daylight",
    "a forest in daylight",
    "a white boat by the sea with a lighthouse at sunset",
    "snowy hills at night",
]
NAMES = ["saturation", "contrast", "sharpness", "Laplacian"]


def measures(frames):
    """[n, h, w, 3] uint8 -> [n, 4]"""
    x = frames.astype(np.float32) / 255
    high, low = x.max(-1), x.min(-1)
    saturation = np.where(high > 0, (high - low) / np.maximum(high, 1e-6), 0).mean((1, 2))
    luma = x @ np.array([0.299, 0.587, 0.114], np.float32)
    across = (luma[:, 1:-1, 2:] - luma[:, 1:-1, :-2]) / 2
    down = (luma[:, 2:, 1:-1] - luma[:, :-2, 1:-1]) / 2
    laplacian = (
        luma[:, 1:-1, 2:]
        + luma[:, 1:-1, :-2]
        + luma[:, 2:, 1:-1]
        + luma[:, :-2, 1:-1]
        - 4 * luma[:, 1:-1, 1:-1]
    )
    return np.stack(
        [saturation, luma.std((1, 2)), np.hypot(across, down).mean((1, 2)), laplacian.var((1, 2))], 1
    )


def make(options, prompt, more):
    """-> frames, their rate, and the frames at which windows and other latent frames begin."""
    command = [options.program, "--prompt", prompt, "--model", options.model, "--res", options.res]
    command += ["--seconds", str(options.seconds), "--seed", str(options.seed), *more]
    plan = json.loads(
        subprocess.run(command + ["--dry-run", "--json"], check=True, capture_output=True).stdout
    )
    video = subprocess.run(
        command + ["--format", "rgb24", "-o", "-", "--progress", "none"], check=True, capture_output=True
    ).stdout
    frames = np.frombuffer(video, np.uint8).reshape(-1, plan["height"], plan["width"], 3)
    if len(frames) != plan["frames"]:
        sys.exit(f"{len(frames)} frames came, the plan has {plan['frames']}")
    # The first frame of latent frame t is 1 + 4 (t - 1), at the model's own rate.
    seams = {1 + 4 * (w["first"] + w["conditioning"] - 1) for w in plan["windows"][1:]}
    borders = set(range(5, len(frames), 4)) - seams
    return frames, plan["fps"], sorted(s for s in seams if s < len(frames)), sorted(borders)


def drift(frames, fps, seams, borders):
    """-> [4] last second over first, [4] the second that is farthest off, seam"""
    values = measures(frames)
    second = max(1, round(fps))
    first = values[:second].mean(0)
    starts = range(0, len(values) - second + 1, second)
    over_time = np.stack([values[i : i + second].mean(0) for i in starts]) / first
    worst = over_time[np.abs(over_time - 1).argmax(0), np.arange(4)]
    # [n - 1]; step i leads to frame i + 1
    steps = np.abs(np.diff(frames.astype(np.float32), axis=0)).mean((1, 2, 3))
    seam = steps[np.array(seams) - 1].mean() / steps[np.array(borders) - 1].mean() if seams else float("nan")
    return values[-second:].mean(0) / first, worst, seam


def show(prompt, ratios, worst, seam):
    named = ", ".join(f"{name} {ratio:.2f}" for name, ratio in zip(NAMES, ratios))
    farthest = " ".join(f"{value:.2f}" for value in worst)
    print(f"{prompt}: {named}; worst second {farthest}; seam {seam:.2f}", flush=True)


def summary(rows, options):
    first_three = np.array([ratios[:3] for _, ratios, _, _ in rows])
    off = np.abs(first_three - 1).max(1)
    means = ", ".join(f"{name} {mean:.2f}" for name, mean in zip(NAMES, first_three.mean(0)))
    print(
        f"\n{len(rows)} prompts, {options.seconds:g} s, seed {options.seed}: "
        f"{int((off <= 0.15).sum())} with all three within 15%, {int((off <= 0.10).sum())} within 10%; "
        f"mean {means}"
    )


def table(rows):
    print(f"\n| prompt | {' | '.join(NAMES)} | worst second of the first three | seam |")
    print("|---|---|---|---|---|---|---|")
    for prompt, ratios, worst, seam in rows:
        columns = " | ".join(f"{ratio:.2f}" for ratio in ratios)
        farthest = " ".join(f"{value:.2f}" for value in worst[:3])
        print(f"| {prompt} | {columns} | {farthest} | {seam:.2f} |")


def arguments():
    """-> options, and what stands after --: options of the program"""
    words, more = sys.argv[1:], []
    if "--" in words:
        at = words.index("--")
        words, more = words[:at], words[at + 1 :]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", default=program.PROGRAM)
    parser.add_argument("--model", default=program.DEFAULT_MODEL)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--res", default="64x64")
    parser.add_argument("--keep")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--prompt", action="append")
    return parser.parse_args(words), more


def main():
    options, more = arguments()
    rows = []
    for number, prompt in enumerate(options.prompt or PROMPTS):
        frames, fps, seams, borders = make(options, prompt, more)
        if options.keep:
            pathlib.Path(options.keep).mkdir(parents=True, exist_ok=True)
            (pathlib.Path(options.keep) / f"{number}.rgb").write_bytes(frames.tobytes())
        rows.append((prompt, *drift(frames, fps, seams, borders)))
        show(*rows[-1])
    summary(rows, options)
    if options.markdown:
        table(rows)


if __name__ == "__main__":
    main()
