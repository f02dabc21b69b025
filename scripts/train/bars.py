"""Measures the model that ships, through the program that ships, and writes docs/default-model.md.

    python bars.py STATE --count 256 [--program build/release/bin/sora-gen] [--model models/default] [--page docs/default-model.md]

Reads STATE/reader.pt (evaluate.py reader), a classifier that saw renders only.  Every figure of the model stands beside chance, fresh
renders, and renders that went through the autoencoder.  Seeds are fixed; half of the prompts ask for combinations of attributes that were
never trained on.  All square, at the model's own area, 17 frames.

- Frechet: distance of Gaussians fitted to the reader's features (its last layer but one, the 8 leading components) of generated clips
  and of renders, over the distance between renders of these scenes and of others.
- Energy: mean squared difference of neighbouring frames, over that of renders.
- Warp: mean squared difference that is left after each 8x8 block was moved by the best of -3..3 pixels both ways, over that of renders.
- Diversity: mean distance between the features of 8 seeds of one prompt, over that of 8 renders.
- Held: scripts/bench/verbs.py on 6 renders of 24 frames: the first new frame's step over the clip's median one, the median of the clips, and
  the picture that animate was given against its way through the autoencoder.
- Detail: energy of the finest and of the next octave band (losses.bands), over that of renders.
- Blurred: the Frechet distance after a Gaussian blur of 2 pixels, which leaves the composition.
- Edges: mean absolute step across the borders of 8x8 cells over that elsewhere, over the same for renders.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import cv2
import evaluate
import losses
import numpy as np
import torch
import torch.nn.functional as F
import wording
import world

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(ROOT + "/scripts/bench")
import verbs

SIDE, FRAMES = 64, 17  # SIDE: the model's own, see main()
FLOORS = dict(scene=0.95, time=0.95, subject=0.70, colour=0.75, motion=0.70, camera=0.60, all=0.30)
GOALS = dict(scene=0.99, time=0.99, subject=0.92, colour=0.95, motion=0.90, camera=0.85, all=0.70)


def generate(o, prompts, seeds):
    """uint8 [N,17,SIDE,SIDE,3] and the seconds of one clip, by the program, losslessly."""
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/jobs.jsonl", "w") as file:
            for i, (p, s) in enumerate(zip(prompts, seeds)):
                file.write(json.dumps(dict(prompt=p, seed=s, output="%05d.mkv" % i)) + "\n")
        start = time.time()
        more = [
            x
            for k in ("threads", "steps", "guidance")
            if getattr(o, k) is not None
            for x in ("--" + k, str(getattr(o, k)))
        ]
        subprocess.run(
            [
                o.program,
                "--model",
                o.model,
                "--prompts",
                folder + "/jobs.jsonl",
                "--out-dir",
                folder,
                "--res",
                "%dx%d" % (SIDE, SIDE),
                "--codec",
                "ffv1",
                "--device",
                o.device,
                "-q",
            ]
            + more,
            check=True,
        )
        seconds = (time.time() - start) / len(prompts)
        clips = []
        for i in range(len(prompts)):
            raw = subprocess.run(
                [
                    "ffmpeg",
                    "-v",
                    "error",
                    "-i",
                    folder + "/%05d.mkv" % i,
                    "-f",
                    "rawvideo",
                    "-pix_fmt",
                    "rgb24",
                    "-",
                ],
                check=True,
                capture_output=True,
            ).stdout
            clips.append(np.frombuffer(raw, np.uint8).reshape(FRAMES, SIDE, SIDE, 3))
    return np.stack(clips), seconds


def render(attributes, seed):
    return np.stack([world.render(a, seed + i, FRAMES, SIDE, SIDE)[0] for i, a in enumerate(attributes)])


@torch.no_grad()
def features(reader, clips):
    return np.concatenate(
        [
            F.adaptive_avg_pool3d(reader.body(evaluate.tensor(clips[i : i + 8])), (5, 2, 2))
            .flatten(1)
            .numpy()
            for i in range(0, len(clips), 8)
        ]
    ).astype(np.float64)


def frechet(a, b):
    """Of the Gaussians fitted to two sets of features [N,D]."""
    d = a.mean(0) - b.mean(0)
    ca, cb = np.cov(a.T), np.cov(b.T)
    eigen = np.linalg.eigvals(ca @ cb)  # trace of the root of a product of two covariances
    return float(d @ d + np.trace(ca) + np.trace(cb) - 2 * np.sqrt(np.maximum(eigen.real, 0)).sum())


def energy(clips):
    return float(np.mean(np.diff(clips.astype(np.float32), axis=1) ** 2))


def warp(clips, reach=3, block=8):
    x = torch.from_numpy(np.ascontiguousarray(clips)).float().mean(-1)
    a, b = x[:, :-1].flatten(0, 1), x[:, 1:].flatten(0, 1)  # [N,H,W]
    wide = F.pad(a[:, None], (reach,) * 4, mode="replicate")[:, 0]
    left = [
        F.avg_pool2d(((wide[:, i : i + SIDE, j : j + SIDE] - b) ** 2)[:, None], block)
        for i in range(2 * reach + 1)
        for j in range(2 * reach + 1)
    ]
    return float(torch.stack(left).amin(0).mean())


def edges(clips):
    x = clips.astype(np.float32)
    ratio = []
    for axis in (2, 3):
        step = (
            np.abs(np.diff(x, axis=axis)).mean((0, 1, 4)).mean(2 - (axis - 1))
        )  # one value for each border between neighbours
        border = np.arange(1, SIDE) % 8 == 0
        ratio.append(step[border].mean() / step[~border].mean())
    return float(np.mean(ratio))


def detail(clips, band=0):
    """Mean energy of an octave band, 0 the finest."""
    return float(
        np.mean(
            [
                losses.bands(torch.from_numpy(np.ascontiguousarray(c))[None].float() / 127.5 - 1)[band]
                for c in clips
            ]
        )
    )


def coarser(clips):
    return detail(clips, 1)


def blurred(clips, pixels=2):
    return np.stack([[cv2.GaussianBlur(np.ascontiguousarray(f), (0, 0), pixels) for f in c] for c in clips])


def spread(f):
    return float(np.mean([np.linalg.norm(a - b) for i, a in enumerate(f) for b in f[:i]]))


def ssim(a, b):
    """Mean over frames, grey, windows of 8x8."""
    p = lambda x: F.avg_pool2d(x, 8, 4)
    a, b = (torch.from_numpy(np.ascontiguousarray(x)).float().mean(-1)[:, None] for x in (a, b))
    ma, mb = p(a), p(b)
    va, vb, c = p(a * a) - ma**2, p(b * b) - mb**2, p(a * b) - ma * mb
    return float(((2 * ma * mb + 6.5) * (2 * c + 58.5) / ((ma**2 + mb**2 + 6.5) * (va + vb + 58.5))).mean())


def held(o, model, attributes, frames=24):
    """Joints of the verbs with renders, and what of the given picture comes back: {verb: step over the median}, dB below the round trip."""
    clips = [world.render(a, 5500000 + i, frames, SIDE, SIDE)[0] for i, a in enumerate(attributes)]
    with tempfile.TemporaryDirectory() as folder:
        names = [folder + "/%d.mkv" % i for i in range(len(clips))]
        for n, c in zip(names, clips):
            subprocess.run(
                [
                    "ffmpeg",
                    "-v",
                    "error",
                    "-f",
                    "rawvideo",
                    "-pix_fmt",
                    "rgb24",
                    "-s",
                    "%dx%d" % (SIDE, SIDE),
                    "-r",
                    "8",
                    "-i",
                    "-",
                    "-c:v",
                    "ffv1",
                    n,
                ],
                input=c.tobytes(),
                check=True,
            )
        bench = verbs.Bench(
            argparse.Namespace(
                program=o.program, model=o.model, seed=7, seconds=2, prompt="", threads=o.threads
            ),
            folder,
        )
        found = [bench.measure(n, names[(i + 1) % len(names)])["rows"] for i, n in enumerate(names)]
    middle = lambda verb, key: float(np.median([r[verb][key] for r in found if r[verb].get(key) is not None]))
    trip = [verbs.psnr(model.decode(model.encode(c[None, :1]))[0], c[:1]) for c in clips]
    joints = {
        "extend": middle("extend", "joint"),
        "extend --backward": middle("extend --backward", "joint"),
        "animate": middle("animate", "joint"),
        "loop": middle("loop", "closing"),
        "connect, first": middle("connect", "joint"),
        "connect, second": middle("connect", "closing"),
    }
    return joints, float(np.mean([r["animate"]["given"] - t for r, t in zip(found, trip)]))


def measure(o):
    state = torch.load(o.state + "/reader.pt", weights_only=False)
    reader = evaluate.Reader()
    reader.load_state_dict(state["model"])
    reader.eval()
    import sample

    model = sample.Model(o.state)  # for the autoencoder alone
    rng = np.random.RandomState(4242)
    half = o.count // 2
    attributes = [world.sample(rng, True) for _ in range(half)] + [
        world.sample(rng) for _ in range(o.count - half)
    ]
    prompts = [wording.caption(a, rng, True) for a in attributes]
    made, seconds = generate(o, prompts, range(7000, 7000 + o.count))
    renders = render(attributes, 6000000)
    trip = np.concatenate([model.decode(model.encode(x[None])) for x in renders])
    rows = {
        k: evaluate.read(reader, v, attributes)
        for k, v in dict(renders=renders, trip=trip, made=made).items()
    }
    rows["unseen"], rows["seen"] = (
        evaluate.read(reader, made[:half], attributes[:half]),
        evaluate.read(reader, made[half:], attributes[half:]),
    )

    fm, fr = features(reader, made), features(reader, renders)
    axes = np.linalg.svd(fr - fr.mean(0), full_matrices=False)[2][:8].T
    scenes = np.array([a["scene"] for a in attributes])
    again = features(reader, render(attributes, 8000000)) @ axes
    near = np.mean([frechet(fm[scenes == s] @ axes, fr[scenes == s] @ axes) for s in world.SCENES])
    far = np.mean(
        [
            frechet(again[scenes == t], fr[scenes == s] @ axes)
            for s, t in zip(world.SCENES, world.SCENES[1:] + world.SCENES[:1])
        ]
    )

    soft, softer, others = (
        features(reader, blurred(c)) @ axes for c in (made, renders, render(attributes, 8000000))
    )
    composed = np.mean([frechet(soft[scenes == s], softer[scenes == s]) for s in world.SCENES]) / np.mean(
        [
            frechet(others[scenes == t], softer[scenes == s])
            for s, t in zip(world.SCENES, world.SCENES[1:] + world.SCENES[:1])
        ]
    )

    few = [attributes[i] for i in range(0, o.count, max(1, o.count // 8))][:8]
    texts = [wording.caption(a, rng, True) for a in few]
    many, _ = generate(o, [t for t in texts for _ in range(8)], list(range(100, 108)) * len(few))
    fresh = render([a for a in few for _ in range(8)], 9000000)
    groups = lambda c: np.mean([spread(features(reader, c[i : i + 8]) @ axes) for i in range(0, len(c), 8)])

    joints, given = held(o, model, attributes[:6])
    psnr = [-10 * np.log10(np.mean((a.astype(float) - b) ** 2) / 65025) for a, b in zip(renders, trip)]
    return dict(
        samples=int(model.samples),
        count=o.count,
        side=SIDE,
        reader_samples=int(state["samples"]),
        rows=rows,
        seconds=seconds,
        psnr=float(np.mean(psnr)),
        ssim=float(np.mean([ssim(a, b) for a, b in zip(renders, trip)])),
        frechet=float(near / far),
        composed=float(composed),
        diversity=float(groups(many) / groups(fresh)),
        prompts=prompts,
        joints=joints,
        given=given,
        **{
            f.__name__: [f(made) / f(renders), f(trip) / f(renders)]
            for f in (energy, warp, edges, detail, coarser)
        },
    )


def page(r):
    rows = r["rows"]
    line = lambda name, *cells: (
        "| " + " | ".join([name] + [c if isinstance(c, str) else "%.2f" % c for c in cells]) + " |\n"
    )
    chance = {k: 1 / len(v) for k, v in world.ATTRIBUTES.items()}
    chance["all"] = float(np.prod(list(chance.values())))
    text = (
        "# How good the default model is\n\nWritten by `scripts/train/bars.py` from %d clips that the program made (%dx%d, 17 frames, the model's own defaults), half of them of\n"
        "combinations of attributes that were never trained on. Attributes are read by a small classifier that saw %d renders and nothing else.\n"
        "Definitions stand at the head of the script. The model had seen %d samples.\n\n"
        % (r["count"], r["side"], r["side"], r["reader_samples"], r["samples"])
    )
    text += "| attribute | chance | renders | after the autoencoder | generated | floor | goal |\n|---|---|---|---|---|---|---|\n"
    for k in ("scene", "time", "weather", "subject", "colour", "motion", "camera", "all"):
        text += line(
            k,
            chance[k],
            rows["renders"][k],
            rows["trip"][k],
            "**%.2f**" % rows["made"][k],
            FLOORS.get(k, ""),
            GOALS.get(k, ""),
        )
    text += "\n| what | generated | after the autoencoder | floor | goal |\n|---|---|---|---|---|\n"
    text += line("autoencoder on held-out renders, PSNR", "", "%.2f dB" % r["psnr"], "27 dB", "32 dB") + line(
        "autoencoder, SSIM", "", r["ssim"], 0.85, 0.94
    )
    text += line(
        "unseen over seen combinations, all attributes",
        rows["unseen"]["all"] / max(rows["seen"]["all"], 1e-9),
        "",
        0.8,
        0.95,
    )
    text += line("Fréchet distance over that of other scenes", r["frechet"], "", 0.5, 0.15)
    text += line("the same after a blur of 2 pixels", r["composed"], "", 0.5, 0.15)
    text += line(
        "energy of the finest detail over renders", *r["detail"], "0.6 to 1.6", "0.8 to 1.25"
    ) + line("energy of the next band over renders", *r["coarser"], "0.6 to 1.6", "0.8 to 1.25")
    text += line("energy of motion over renders", *r["energy"], "0.6 to 1.6", "0.8 to 1.25") + line(
        "error after warping over renders", *r["warp"], 1.8, 1.3
    )
    text += line("diversity of 8 seeds over renders", r["diversity"], "", 0.4, 0.8) + line(
        "steps at cell borders over elsewhere, over renders", *r["edges"], 1.3, 1.1
    )
    for verb, ratio in r["joints"].items():
        text += line("first new frame's step over the clip's median, " + verb, ratio, "", 1.5, 1.1)
    text += line(
        "given picture against its way through the autoencoder", "%.1f dB" % r["given"], "", "-1 dB", "0 dB"
    )
    text += line("seconds for one clip, on two shared cores", r["seconds"], "", 20, 6)
    return text + (
        "\n## To look at\n\n24 fixed prompts, one seed, nothing picked by hand (`scripts/contact_sheet.py`):\n\n![24 prompts](pictures/contact-sheet.png)\n\n"
        "What more samples buy: the weighted loss of the training that the log still has, and how well the attributes are read from the middle of\n"
        "the network (`scripts/train/plot.py`). It rises where training goes over to clips of four times the area.\n\n![losses](pictures/loss.png)\n"
    )


def main():
    global SIDE
    ap = argparse.ArgumentParser()
    ap.add_argument("state")
    ap.add_argument("--count", type=int, default=256)
    ap.add_argument("--threads", type=int)
    ap.add_argument("--steps", type=int)
    ap.add_argument("--guidance", type=float)  # default: the model's own
    ap.add_argument("--program", default=ROOT + "/build/release/bin/sora-gen")
    ap.add_argument("--model", default=ROOT + "/models/default")
    ap.add_argument("--device", default="cpu")
    ap.add_argument("--page", default=ROOT + "/docs/default-model.md")
    o = ap.parse_args()
    if o.count < 96:
        ap.error("--count is at least 96, so that each scene has enough clips for a covariance")
    torch.set_num_threads(int(os.environ.get("THREADS", 1)))
    torch.set_flush_denormal(True)
    with open(o.model + "/sora-gen.json") as file:
        SIDE = json.load(file)["native_width"]
    result = measure(o)
    with open(o.state + "/bars.json", "w") as file:
        json.dump(result, file, indent=1)
    tried = ""  # what stands on the page from this title on is kept
    if os.path.exists(o.page):
        with open(o.page) as file:
            title, tried = "\n## What was tried", file.read().partition("\n## What was tried")[2]
    with open(o.page, "w") as file:
        file.write(page(result) + (title + tried if tried else ""))
    print(page(result))


if __name__ == "__main__":
    main()
