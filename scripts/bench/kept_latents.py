#!/usr/bin/env python3
"""What it gains to go on from a clip's kept latents instead of encoding its frames.

    python scripts/bench/kept_latents.py [--model models/default] [--clips 6] [--frames 33] [--crf 18]

Makes a clip of each prompt below with --keep-latents (H.264), extends it from its kept latents and with
--latents none, and prints a line for each way. A clip of 33 frames ends within a window of the default model,
which is continued; one of 29 frames with a full one.

- held: PSNR of the clip's last frames as the conditioning frames show them (decoded), against the same frames
  as the network made them, before they were enlarged, rounded and compressed; and of the last one.
- seam: the mean absolute step to the first new frame over the median step of the new frames; the median and
  the largest over all runs.
- colour: mean absolute difference of the first new frame's mean colour from that of the clip's last frame.

Then the CPU time in seconds of an extension by one second, of both ways in turns, and of finish.

The way "cut" conditions on the clip's last latent frame as it is, cut out of its window, after the encoded
frame before it. Needs numpy, safetensors and ffmpeg.
"""

import argparse
import json
import os
import resource
import subprocess
import tempfile

import numpy as np
from safetensors.numpy import load_file, safe_open, save_file
from verbs import psnr, read, step
from whole_clips import PROMPTS, ROOT


def load(path):
    with safe_open(path, "np") as file:
        return load_file(path), dict(file.metadata())


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder

    def run(self, name, *words):
        out = f"{self.folder}/{name}"
        fixed = ["--model", self.options.model, "--overwrite", "-q", "-o", out]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([self.options.program, *words, *fixed], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return out

    def shown(self, latents):
        """Frames of the latents, [n, H, W, 3] bytes."""
        count = 1 + 4 * (latents.shape[2] - 1)
        size = f"{latents.shape[4] * self.scale}x{latents.shape[3] * self.scale}"
        words = ["--prompt", "x", "--seed", "1", "--frames", str(count), "--res", size]
        lossless = ["--codec", "ffv1", "--pix-fmt", "bgr0"]
        path = self.run("five.mkv", *words, *lossless, "--keep-latents") + ".latents.safetensors"
        tensors, metadata = load(path)
        tensors["window.0"] = np.ascontiguousarray(latents)
        save_file(tensors, path, metadata)
        return read(self.run("held.mkv", "decode", path))

    def cut(self, clip):
        """The clip's latents with its last latent frame in place of the encoded one."""
        tensors, metadata = load(clip + ".latents.safetensors")
        last = tensors[f"window.{int(metadata['windows']) - 1}"]
        tensors["end"][:, :, 1] = last[:, :, int(metadata["continued"]) - 1]
        metadata["continued"] = "0"
        path = f"{self.folder}/cut.safetensors"
        save_file(tensors, path, metadata)
        return path

    def rows(self, words, seed):
        dump = f"{self.folder}/dump.safetensors"
        made = [
            "--prompt",
            words,
            "--seed",
            str(seed),
            "--frames",
            str(self.options.frames),
            "--crf",
            str(self.options.crf),
        ]
        clip = self.run("clip.mp4", *made, "--keep-latents", "--dump-tensors", dump)
        truth = np.round(load_file(dump)["video"] * 255)
        self.scale = truth.shape[1] // load_file(clip + ".latents.safetensors")["end"].shape[3]
        n = len(read(clip))
        for way, words in (
            ("kept", []),
            ("encoded", ["--latents", "none"]),
            ("cut", ["--latents", self.cut(clip)]),
        ):
            out = self.run(
                "longer.mp4", "extend", clip, "--seconds", "2", "--seed", "9", "--keep-latents", *words
            )
            tensors, metadata = load(out + ".latents.safetensors")
            held = self.shown(tensors["window.0"][:, :, : int(metadata["hidden"].split(",")[0])])
            frames = read(out)
            steps = [step(a, b) for a, b in zip(frames[n - 1 :], frames[n:])]
            colour = np.abs(frames[n].mean((0, 1)) - frames[n - 1].mean((0, 1))).mean()
            yield (
                way,
                psnr(held, truth[-len(held) :]),
                psnr(held[-1:], truth[-1:]),
                steps[0] / np.median(steps[1:]),
                colour,
            )

    def seconds_of(self, verb, *words):
        self.run("second.mp4", *verb, f"{self.folder}/clip.mp4", *words)
        return self.seconds


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", default=f"{ROOT}/build/release/bin/sora-gen")
    parser.add_argument("--model", default=f"{ROOT}/models/default")
    parser.add_argument("--clips", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--frames", type=int, default=33)
    parser.add_argument("--crf", type=int, default=18)
    options = parser.parse_args()
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        for words, seed in PROMPTS[: options.clips]:
            for more in range(options.seeds):
                for way, *values in bench.rows(words, seed + 100 * more):
                    rows.setdefault(way, []).append(values)
        times = {}
        extend = ["extend", "--seconds", "1", "--seed", "9"]
        verbs = {
            "extend": extend,
            "backward": [*extend, "--backward"],
            "finish": ["finish", "--res", "512x512"],
        }
        for _ in range(options.times):
            for name, verb in verbs.items():
                times.setdefault(name + " kept", []).append(bench.seconds_of(verb))
                times.setdefault(name, []).append(bench.seconds_of(verb, "--latents", "none"))
    for way, values in rows.items():
        held, last, seam, colour = np.array(values).T
        print(
            f"{way:8} held {held.mean():.1f} dB (last {last.mean():.1f}, least {held.min():.1f}), "
            f"seam {np.median(seam):.2f} x (largest {seam.max():.2f}), colour {colour.mean():.2f} of 255"
        )
    print(json.dumps({way: round(float(np.median(seconds)), 2) for way, seconds in times.items()}))


if __name__ == "__main__":
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    main()
