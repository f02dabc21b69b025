"""Writes what bars.py measured as docs/default-model.md. No program of its own: bars.py calls write()."""

import os

import numpy as np
import world

FLOORS = dict(scene=0.95, time=0.95, subject=0.70, colour=0.75, motion=0.70, camera=0.60, all=0.30)
GOALS = dict(scene=0.99, time=0.99, subject=0.92, colour=0.95, motion=0.90, camera=0.85, all=0.70)
KEPT = "\n## What was tried"  # what stands on the page from this title on is kept

INTRODUCTION = """\
# How good the default model is

Written by `scripts/train/bars.py` from {count} clips that the program made ({side}x{side}, 17 frames, the
model's own defaults), half of them of combinations of attributes that were never trained on. Attributes are
read by a small classifier that saw {reader_samples} renders and nothing else. Definitions stand at the head
of the script. The model had seen {samples} samples.

"""
END = """
## To look at

24 fixed prompts, one seed, nothing picked by hand (`scripts/contact_sheet.py`):

![24 prompts](pictures/contact-sheet.png)

What more samples buy: the weighted loss of the training that the log still has, and how well the attributes
are read from the middle of the network (`scripts/train/plot.py`). It rises where training goes over to clips
of four times the area.

![losses](pictures/loss.png)
"""


def line(name, *cells):
    cells = [cell if isinstance(cell, str) else f"{cell:.2f}" for cell in cells]
    return "| " + " | ".join([name, *cells]) + " |\n"


def attributes_table(rows):
    chance = {name: 1 / len(values) for name, values in world.ATTRIBUTES.items()}
    chance["all"] = float(np.prod(list(chance.values())))
    text = "| attribute | chance | renders | after the autoencoder | generated | floor | goal |\n"
    text += "|---|---|---|---|---|---|---|\n"
    for name in (*world.ATTRIBUTES, "all"):
        measured = [rows[kind][name] for kind in ("renders", "trip")]
        made = f"**{rows['made'][name]:.2f}**"
        text += line(name, chance[name], *measured, made, FLOORS.get(name, ""), GOALS.get(name, ""))
    return text


def figures_table(result):
    rows = result["rows"]
    unseen = rows["unseen"]["all"] / max(rows["seen"]["all"], 1e-9)
    wide, narrow = "0.6 to 1.6", "0.8 to 1.25"
    psnr, given = f"{result['psnr']:.2f} dB", f"{result['given']:.1f} dB"
    lines = [
        ("autoencoder on held-out renders, PSNR", "", psnr, "27 dB", "32 dB"),
        ("autoencoder, SSIM", "", result["ssim"], 0.85, 0.94),
        ("unseen over seen combinations, all attributes", unseen, "", 0.8, 0.95),
        ("Fréchet distance over that of other scenes", result["frechet"], "", 0.5, 0.15),
        ("the same after a blur of 2 pixels", result["composed"], "", 0.5, 0.15),
        ("energy of the finest detail over renders", *result["detail"], wide, narrow),
        ("energy of the next band over renders", *result["coarser"], wide, narrow),
        ("energy of motion over renders", *result["energy"], wide, narrow),
        ("error after warping over renders", *result["warp"], 1.8, 1.3),
        ("diversity of 8 seeds over renders", result["diversity"], "", 0.4, 0.8),
        ("steps at cell borders over elsewhere, over renders", *result["edges"], 1.3, 1.1),
    ]
    for verb, ratio in result["joints"].items():
        lines.append((f"first new frame's step over the clip's median, {verb}", ratio, "", 1.5, 1.1))
    lines.append(("given picture against its way through the autoencoder", given, "", "-1 dB", "0 dB"))
    lines.append(("seconds for one clip, on two shared cores", result["seconds"], "", 20, 6))
    head = "\n| what | generated | after the autoencoder | floor | goal |\n|---|---|---|---|---|\n"
    return head + "".join(line(*cells) for cells in lines)


def page(result):
    return INTRODUCTION.format(**result) + attributes_table(result["rows"]) + figures_table(result) + END


def write(result, file):
    kept = ""
    if os.path.exists(file):
        with open(file) as old:
            _, title, rest = old.read().partition(KEPT)
            kept = title + rest
    with open(file, "w") as new:
        new.write(page(result) + kept)
