#!/usr/bin/env python3
"""What finish adds to a draft that is merely enlarged, and what it costs.

    python scripts/bench/finish.py [--program build/release/bin/sora-gen] [--model default] [--draft 256x144]
        [--res 1280x720] [--strength S] [--steps N] [--keep DIR] [PROMPT ...]

For each prompt: drafts, enlarges the draft's file with Lanczos (by ffmpeg's scaler), finishes it, and prints

    gradient    mean squared difference of neighbouring pixels' luma, of the finished video over the Lanczos
                one
    laplacian   variance of the Laplacian of luma, likewise; both above 1: sharper than Lanczos
    psnr        of the finished video reduced to the draft's size (area) against the draft, in dB
    seams       mean difference of neighbouring rows and columns across the edges of the tiles in the first,
                third, ... step of the last stage, over that across the edges in the others, which are
                borders of the network's patches too; 1: no seam is to be seen
    seconds     wall time of draft and of finish
    peak GiB    of the finishing process

Both large videos are compared losslessly coded. Needs ffmpeg, and numpy in this Python.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import clips
import program

PROMPTS = [
    "a red hot-air balloon over a mountain lake at sunset",
    "a forest in daylight",
    "a city street at night in the rain",
    "a white boat on the sea, a lighthouse, at noon",
]


def luma(video):
    return video.astype(numpy.float32) @ numpy.array([0.2126, 0.7152, 0.0722], numpy.float32)


def gradient(y):
    return float((numpy.diff(y, axis=2) ** 2).mean() + (numpy.diff(y, axis=1) ** 2).mean())


def laplacian(y):
    inner = y[:, 1:-1, 1:-1]
    return float((y[:, 1:-1, :-2] + y[:, 1:-1, 2:] + y[:, :-2, 1:-1] + y[:, 2:, 1:-1] - 4 * inner).var())


def seams(y, tiles, scale):
    """Tiles of `tiles` = (rows, columns) cells overlap by half, and every other step lies a quarter
    further."""
    shares = []
    for axis, cells in ((1, tiles[0]), (2, tiles[1])):
        change = numpy.abs(numpy.diff(y, axis=axis)).mean(axis=(0, 3 - axis))
        half = cells * scale // 2
        place = numpy.arange(1, len(change) + 1) % half
        shares.append(change[place == 0].mean() / change[place == half // 2].mean())
    return shares


def make(options, prompt, number, folder):
    """-> paths of the draft and the finished video, the runs that made them, the finishing one's plan"""
    draft, finished = folder / f"draft-{number}.mp4", folder / f"finished-{number}.mkv"
    usual = ["--overwrite", "-q", "-o"]
    drafting = [options.program, "--draft", "--prompt", prompt, "--seed", 5 + number]
    drafting += ["--res", options.draft, "--model", options.model, *usual, draft]
    finishing = [options.program, "finish", draft, "--res", options.res, "--codec", "ffv1"]
    finishing += ["--pix-fmt", "bgr0", *usual, finished]
    for name in ("strength", "steps"):
        if getattr(options, name):
            finishing += ["--" + name, getattr(options, name)]
    drafted = program.must(program.measured(drafting), drafting)
    words = [str(word) for word in finishing] + ["--dry-run", "--json"]
    plan = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
    return draft, finished, drafted, program.must(program.measured(finishing), finishing), plan


def compare(options, prompt, number, folder):
    """One line of the table."""
    small, large = (tuple(map(int, size.split("x"))) for size in (options.draft, options.res))
    draft, finished, drafting, finishing, plan = make(options, prompt, number, folder)
    made, enlarged = luma(clips.read(finished, large)), luma(clips.read(draft, large))
    reduced = clips.read(finished, small, "area").astype(numpy.float32)
    error = ((reduced - clips.read(draft, small)) ** 2).mean()
    tiles = plan["tiles"]
    scale = plan["model_width"] // plan["latents"][3]
    edge = seams(made, (tiles["rows"], tiles["columns"]), scale) if tiles else [1, 1]
    print(
        f"{gradient(made) / gradient(enlarged):9.2f} {laplacian(made) / laplacian(enlarged):9.2f} "
        f"{10 * numpy.log10(255**2 / error):6.2f} {edge[0]:5.3f} {edge[1]:5.3f}  {drafting.seconds:8.1f} "
        f"{finishing.seconds:8.1f} {finishing.peak_mb / 1024:8.2f}  {prompt}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("prompts", nargs="*", default=PROMPTS)
    parser.add_argument("--program", default=program.PROGRAM)
    parser.add_argument("--model", default="default")
    parser.add_argument("--draft", default="256x144")
    parser.add_argument("--res", default="1280x720")
    parser.add_argument("--strength")
    parser.add_argument("--steps")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the videos")
    options = parser.parse_args()
    print(
        f"{'gradient':>9} {'laplacian':>9} {'psnr':>6} {'seams':>12} "
        f"{'draft s':>8} {'finish s':>8} {'peak GiB':>8}"
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for number, prompt in enumerate(options.prompts):
            compare(options, prompt, number, folder)


if __name__ == "__main__":
    main()
