"""Measures the model that ships, through the program that ships, and writes docs/default-model.md.

    python bars.py STATE --count 256 [--program build/release/bin/sora-gen] [--model models/default]
                         [--page docs/default-model.md]

Reads STATE/reader.pt (evaluate.py reader), a classifier that saw renders only, and writes STATE/bars.json and
the page. Every figure of the model stands beside chance, fresh renders, and renders that went through the
autoencoder. Seeds are fixed; half of the prompts ask for combinations of attributes that were never trained
on. All square, at the model's own area, 17 frames. measures.py computes, bars_page.py writes.

- Frechet: distance of Gaussians fitted to the reader's features (its last layer but one, the 8 leading
  components) of generated clips and of renders, over the distance between renders of these scenes and of
  others.
- Energy: mean squared difference of neighbouring frames, over that of renders.
- Warp: mean squared difference that is left after each 8x8 block was moved by the best of -3..3 pixels both
  ways, over that of renders.
- Diversity: mean distance between the features of 8 seeds of one prompt, over that of 8 renders.
- Held: scripts/bench/verbs.py on 6 renders of 24 frames: the first new frame's step over the clip's median
  one, the median of the clips, and the picture that animate was given against its way through the
  autoencoder.
- Detail: energy of the finest and of the next octave band (losses.bands), over that of renders.
- Blurred: the Frechet distance after a Gaussian blur of 2 pixels, which leaves the composition.
- Edges: mean absolute step across the borders of 8x8 cells over that elsewhere, over the same for renders.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time

import bars_page
import evaluate
import measures
import numpy as np
import sample
import torch
import wording
import world

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path += [ROOT + "/scripts/bench", ROOT + "/scripts/shared"]
clips = importlib.import_module("clips")  # of scripts/shared
verbs = importlib.import_module("verbs")  # of scripts/bench

FRAMES = 17


def generate(options, prompts, seeds):
    """uint8 [N,17,side,side,3] and the seconds of one clip, by the program, losslessly."""
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/jobs.jsonl", "w") as file:
            for number, (prompt, seed) in enumerate(zip(prompts, seeds)):
                job = dict(prompt=prompt, seed=seed, output=f"{number:05d}.mkv")
                file.write(json.dumps(job) + "\n")
        command = [options.program, "--model", options.model, "--prompts", folder + "/jobs.jsonl"]
        command += ["--out-dir", folder, "--res", f"{options.side}x{options.side}", "--codec", "ffv1"]
        command += ["--device", options.device, "-q"]
        for name in ("threads", "steps", "guidance"):
            if getattr(options, name) is not None:
                command += ["--" + name, str(getattr(options, name))]
        start = time.time()
        subprocess.run(command, check=True)
        seconds = (time.time() - start) / len(prompts)
        made = [clips.read(f"{folder}/{number:05d}.mkv") for number in range(len(prompts))]
    return np.stack(made), seconds


def render(options, attributes, seed):
    side = options.side
    return np.stack([world.render(a, seed + i, FRAMES, side, side)[0] for i, a in enumerate(attributes)])


def held(options, model, attributes, frames=24):
    """Joints of the verbs with renders, and what of the given picture comes back: {verb: step over the
    median}, dB below the round trip."""
    side = options.side
    renders = [world.render(a, 5500000 + i, frames, side, side)[0] for i, a in enumerate(attributes)]
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{folder}/{number}.mkv" for number in range(len(renders))]
        for name, clip in zip(names, renders):
            clips.write(clip, name)
        chosen = dict(program=options.program, model=options.model, threads=options.threads)
        bench = verbs.Bench(argparse.Namespace(**chosen, seed=7, seconds=2, prompt=""), folder)
        found = [bench.measure(n, names[(i + 1) % len(names)])["rows"] for i, n in enumerate(names)]

    def middle(verb, key):
        return float(np.median([rows[verb][key] for rows in found if rows[verb].get(key) is not None]))

    trips = [clips.psnr(model.decode(model.encode(clip[None, :1]))[0], clip[:1]) for clip in renders]
    joints = {
        "extend": middle("extend", "joint"),
        "extend --backward": middle("extend --backward", "joint"),
        "animate": middle("animate", "joint"),
        "loop": middle("loop", "closing"),
        "connect, first": middle("connect", "joint"),
        "connect, second": middle("connect", "closing"),
    }
    lost = [rows["animate"]["given"] - trip for rows, trip in zip(found, trips)]
    return joints, float(np.mean(lost))


def distances(options, reader, axes, made, renders, attributes):
    """Frechet distances as they are and after a blur."""
    others = render(options, attributes, 8000000)
    scenes = np.array([a["scene"] for a in attributes])
    result = {}
    for name, change in (("frechet", lambda same: same), ("composed", measures.blurred)):
        found = [measures.features(reader, change(some)) @ axes for some in (made, renders, others)]
        result[name] = measures.frechet_by_scene(*found, scenes, world.SCENES)
    return result


def diversity(options, reader, axes, attributes, rng):
    """Of 8 seeds of each of 8 prompts, over that of renders."""
    few = [attributes[i] for i in range(0, options.count, max(1, options.count // 8))][:8]
    texts = [wording.caption(a, rng, True) for a in few]
    many, _ = generate(options, [t for t in texts for _ in range(8)], list(range(100, 108)) * len(few))
    fresh = render(options, [a for a in few for _ in range(8)], 9000000)

    def groups(found):
        starts = range(0, len(found), 8)
        return np.mean([measures.spread(measures.features(reader, found[i : i + 8]) @ axes) for i in starts])

    return float(groups(many) / groups(fresh))


def measure(options):
    state = torch.load(options.state + "/reader.pt", weights_only=False)
    reader = evaluate.Reader()
    reader.load_state_dict(state["model"])
    reader.eval()
    model = sample.Model(options.state)  # for the autoencoder alone
    rng = np.random.RandomState(4242)
    half = options.count // 2
    attributes = [world.sample(rng, i < half) for i in range(options.count)]
    prompts = [wording.caption(a, rng, True) for a in attributes]
    made, seconds = generate(options, prompts, range(7000, 7000 + options.count))
    renders = render(options, attributes, 6000000)
    trip = np.concatenate([model.decode(model.encode(clip[None])) for clip in renders])
    rows = {
        name: evaluate.read(reader, found, which)
        for name, found, which in (
            ("renders", renders, attributes),
            ("trip", trip, attributes),
            ("made", made, attributes),
            ("unseen", made[:half], attributes[:half]),
            ("seen", made[half:], attributes[half:]),
        )
    }
    axes = measures.leading_components(measures.features(reader, renders))
    result = dict(
        samples=int(model.samples),
        count=options.count,
        side=options.side,
        reader_samples=int(state["samples"]),
        rows=rows,
        seconds=seconds,
        psnr=float(np.mean([measures.psnr(a, b) for a, b in zip(renders, trip)])),
        ssim=float(np.mean([measures.ssim(a, b) for a, b in zip(renders, trip)])),
        prompts=prompts,
        **distances(options, reader, axes, made, renders, attributes),
        diversity=diversity(options, reader, axes, attributes, rng),
    )
    for name in ("energy", "warp", "edges", "detail", "coarser"):
        of = getattr(measures, name)
        result[name] = [of(made) / of(renders), of(trip) / of(renders)]
    result["joints"], result["given"] = held(options, model, attributes[:6])
    return result


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("state")
    parser.add_argument("--count", type=int, default=256)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--guidance", type=float, help="default: the model's own")
    parser.add_argument("--program", default=ROOT + "/build/release/bin/sora-gen")
    parser.add_argument("--model", default=ROOT + "/models/default")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--page", default=ROOT + "/docs/default-model.md")
    options = parser.parse_args()
    if options.count < 96:
        parser.error("--count is at least 96, so that each scene has enough clips for a covariance")
    with open(options.model + "/sora-gen.json") as file:
        options.side = json.load(file)["native_width"]
    return options


def main():
    options = arguments()
    torch.set_num_threads(int(os.environ.get("THREADS", 1)))
    torch.set_flush_denormal(True)
    result = measure(options)
    with open(options.state + "/bars.json", "w") as file:
        json.dump(result, file, indent=1)
    bars_page.write(result, options.page)
    print(bars_page.page(result))


if __name__ == "__main__":
    main()
