#!/usr/bin/env python3
"""What step caches save, and what they cost.

    python scripts/bench/caches.py [--model models/default] [--prompts 20] [--steps 50] [--guidance 3]
        [--frames 17] [--res 128x128] [--ways easy,first-block]

Makes each of the first prompts below in full and once for each way of --cache, same seed, lossless, one after
the other. Prints for each way, over all prompts: the time of the denoising steps against the full run's (the
median of the ratios; from --json, so loading and decoding are not in it), how many steps were computed, PSNR
and SSIM of the frames against the full run's (mean, and the worst video). The size is the model's own, so
that nothing but the network's own frames is compared. Needs numpy and ffmpeg.
"""

import argparse
import json
import os
import re
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "shared"))
from clips import psnr, read  # noqa: E402
from program import DEFAULT_MODEL, PROGRAM, Place  # noqa: E402

PROMPTS = [
    "a lighthouse by the sea at sunset",
    "a red car on a road",
    "a blue boat on a lake",
    "snow falling on a forest at night",
    "a city street in the rain",
    "waves on a beach",
    "a hot air balloon over mountains",
    "a black cat walking left",
    "a yellow bus in a town",
    "clouds over a green landscape",
    "a white horse on a beach",
    "a fire in a forest",
    "a windmill at dawn",
    "a train in the snow",
    "a woman walking in a street",
    "a bird over the sea",
    "stars over a lake",
    "a house in the rain",
    "a dog running on grass",
    "a ship in a storm",
]


def blurred(x, size=8):
    """Means over size x size squares, of [n, H, W]."""
    sums = np.cumsum(np.cumsum(np.pad(x, ((0, 0), (1, 0), (1, 0))), 1), 2)
    inner = sums[:, size:, size:] - sums[:, :-size, size:] - sums[:, size:, :-size] + sums[:, :-size, :-size]
    return inner / size**2


def ssim(a, b):
    """Of brightness, over squares of 8 x 8, as Wang et al. 2004."""
    a, b = a / 255.0 @ [0.299, 0.587, 0.114], b / 255.0 @ [0.299, 0.587, 0.114]
    mean_a, mean_b = blurred(a), blurred(b)
    var_a, var_b = blurred(a * a) - mean_a**2, blurred(b * b) - mean_b**2
    both = blurred(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    top = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float(np.mean(top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))))


class Bench:
    def __init__(self, options, place):
        self.options, self.place = options, place

    def run(self, number, prompt, way):
        """-> seconds of the steps, computed steps, frames"""
        options, out = self.options, self.place.path("video.mkv")
        words = [options.program, "--prompt", prompt, "--seed", str(number), "--model", options.model]
        words += ["--steps", str(options.steps), "--guidance", str(options.guidance), "--res", options.res]
        words += ["--frames", str(options.frames), "--codec", "ffv1", "--pix-fmt", "bgr0", "-o", out]
        words += ["--overwrite", "--json", "-v", "--progress", "none", "--device", options.device]
        if way != "off":
            words += ["--cache", way]
        done = self.place.run(words)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        computed = [int(n) for n in re.findall(r"cache .*: (\d+) of \d+ steps computed", done.stderr)]
        seconds = json.loads(done.stdout)["step_seconds"]
        return seconds, sum(computed) if computed else options.steps, read(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--prompts", type=int, default=len(PROMPTS))
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--guidance", type=float, default=3)
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--res", default="128x128")
    parser.add_argument("--ways", default="easy,first-block")
    options = parser.parse_args()
    found = {way: [] for way in options.ways.split(",")}
    with Place() as place:
        bench = Bench(options, place)
        for number, prompt in enumerate(PROMPTS[: options.prompts]):
            full_seconds, _, full = bench.run(number, prompt, "off")
            for way, rows in found.items():
                seconds, computed, frames = bench.run(number, prompt, way)
                rows.append((full_seconds / seconds, computed, psnr(frames, full), ssim(frames, full)))
    print(f"{options.steps} steps, guidance {options.guidance}, {len(PROMPTS[: options.prompts])} prompts")
    for way, rows in found.items():
        faster, computed, signal, alike = np.array(rows).T
        print(
            f"{way:>20}  {np.median(faster):.2f} times as fast, {computed.mean():.1f} steps computed, "
            f"PSNR {signal.mean():.1f} dB (worst {signal.min():.1f}), "
            f"SSIM {alike.mean():.3f} (worst {alike.min():.3f})"
        )


if __name__ == "__main__":
    main()
