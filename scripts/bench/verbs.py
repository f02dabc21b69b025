#!/usr/bin/env python3
"""How the verbs meet the clips that they are given: joints, given frames, remix by strength, measured through
the program.

    python scripts/bench/verbs.py CLIP... [--model models/default] [--seconds 2] [--prompt TEXT] [--json]

For every clip (any file ffmpeg reads; its first --take frames are used), losslessly:

- joint: mean absolute difference of the first new frame to the given one beside it, over the median
  difference of the clip's own neighbouring frames; worst: the same of the largest step inside the new part. A
  bar of 1.5 is what a viewer does not see. animate makes a clip of the model's own rate (say 8 frames a
  second), so its steps are also set beside the clip's over as long a time (joint, worst) and beside its own
  median (own); beside the clip's neighbouring frames, often 30 a second: quick.
- given: PSNR of the given frames in the result against the clip (extend, connect), or of the first frame
  against the image (animate).
- remix: PSNR against the clip at strengths 0 to 1; at 0 it is the autoencoder's round trip, and it must fall
  from there.

connect goes from each clip to the next one given. Needs ffmpeg and numpy.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import clips
import program
from clips import psnr, rate, read

STRENGTHS = (0, 0.25, 0.5, 0.75, 1)


def median_step(frames, apart=1):
    return float(np.median([step(a, b) for a, b in zip(frames, frames[apart:])]))


def step(a, b):
    return float(np.abs(a.astype(np.int16) - b).mean())


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder

    def run(self, *words):
        out = self.folder + "/out.mkv"
        more = ["--prompt", self.options.prompt] if self.options.prompt else []
        if self.options.threads:
            more += ["--threads", str(self.options.threads)]
        more += ["--model", self.options.model, "--seed", str(self.options.seed)]
        command = [self.options.program, *words, *more, "--codec", "ffv1", "--overwrite", "-q", "-o", out]
        subprocess.run(command, check=True)
        return read(out)

    def measure(self, clip, following):
        frames = read(clip)
        count = len(frames)
        median = median_step(frames)

        def inside(part):
            return max(step(a, b) for a, b in zip(part, part[1:])) / median

        length = ["--seconds", str(self.options.seconds)]
        rows = {}

        out = self.run("extend", clip, *length)
        rows["extend"] = dict(
            joint=step(out[count - 1], out[count]) / median,
            worst=inside(out[count:]),
            given=psnr(out[:count], frames),
        )
        out = self.run("extend", clip, "--backward", *length)
        new = len(out) - count
        rows["extend --backward"] = dict(
            joint=step(out[new - 1], out[new]) / median,
            worst=inside(out[:new]),
            given=psnr(out[new:], frames),
        )
        out = self.run("loop", clip)
        rows["loop"] = dict(
            joint=step(out[count - 1], out[count]) / median if len(out) > count else None,
            closing=step(out[-1], out[0]) / median,
            worst=inside(out[count:]) if len(out) > count + 1 else None,
        )
        still = self.folder + "/still.png"
        subprocess.run([*clips.FFMPEG, "-i", clip, "-frames:v", "1", still], check=True)
        out = self.run("animate", still, "--res", f"{frames.shape[2] // 2 * 2}x{frames.shape[1] // 2 * 2}")
        apart = max(1, round(rate(clip) / rate(self.folder + "/out.mkv")))
        slow = median_step(frames, min(apart, count - 1))
        if out.shape[1:] == frames.shape[1:]:
            first = step(out[0], out[1])
            rows["animate"] = dict(
                joint=first / slow,
                worst=inside(out[1:]) * median / slow,
                own=first / median_step(out),
                quick=first / median,
                given=psnr(out[:1], frames[:1]),
            )
        if following:
            out = self.run("connect", clip, following, *length)
            after = len(out) - len(read(following))
            rows["connect"] = dict(
                joint=step(out[count - 1], out[count]) / median,
                closing=step(out[after - 1], out[after]) / median,
                worst=inside(out[count:after]),
            )
        rows["remix"] = {}
        unprompted = [] if self.options.prompt else ["--prompt", " "]
        for strength in STRENGTHS:
            out = self.run("remix", clip, "--strength", str(strength), *unprompted)
            rows["remix"][f"{strength:g}"] = psnr(out[:count], frames[: len(out)])
        return dict(clip=os.path.basename(clip), frames=count, median=median, rows=rows)


def shortened(clip, frames, file):
    """Its first frames, of square pixels and without sound, losslessly."""
    words = ["-i", clip, "-an", "-frames:v", str(frames), "-vf", "scale=iw*sar:ih,setsar=1", "-c:v", "ffv1"]
    subprocess.run([*clips.FFMPEG, *words, file], check=True)
    return file


def show(result):
    print(f"{result['clip']}: {result['frames']} frames, median step {result['median']:.2f}")
    for verb, row in result["rows"].items():
        figures = [f"{name} {value:.2f}" for name, value in row.items() if value is not None]
        print(f"  {verb:<18}", "  ".join(figures), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+")
    parser.add_argument("--program", default=program.PROGRAM)
    parser.add_argument("--model", default=program.DEFAULT_MODEL)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--take", type=int, default=24)
    parser.add_argument("--prompt", default="")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        short = [
            shortened(clip, options.take, f"{folder}/clip{i}.mkv") for i, clip in enumerate(options.clips)
        ]
        bench = Bench(options, folder)
        for i, clip in enumerate(short):
            result = bench.measure(clip, short[i + 1] if i + 1 < len(short) else None)
            result["clip"] = os.path.basename(options.clips[i])
            results.append(result)
            if not options.json:
                show(result)
    if options.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
