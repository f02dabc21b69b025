"""Compares denoisers on the same held-out clips, captions and noise: what is left of a clip at each time.

    python compare.py DATA STATE STATE... --count 12     # figures of each, and STATE/compare.png to look at

A clip is noised up to time t and its clean form is predicted at once. Given are the squared error of the
normalised latents (all cells, and cells under the subject), and the PSNR of the decoded prediction against
the decoded latents, which two states can be compared by even where their latents differ. Then some captions
are sampled: the energy of the detail in octave bands over that of the held-out clips' round trip, the finest
first.
"""

import argparse
import json

import common
import evaluate
import losses
import numpy as np
import sample
import sheet
import torch
import transformer
import vae
import wording

TIMES = (0.1, 0.3, 0.5, 0.7, 0.9)


def psnr(a, b):
    return float(-10 * torch.log10((a.clamp(-1, 1) - b.clamp(-1, 1)).square().mean() / 4))


def held_out(data, size, count):
    """Clips [N,T,H,W,3], masks, attributes of up to `count` held-out clips of a size, evenly taken."""
    clips, masks, attributes = common.clips(
        next(n for n in common.shards(data, "unseen") if size + "-unseen" in n)
    )
    pick = np.linspace(0, len(clips) - 1, min(count, len(clips))).round().astype(int)
    return clips[pick], masks[pick], [attributes[i] for i in pick]


@torch.no_grad()
def errors(model, clips, masks, attributes):
    """{time: (latents' error, that under the subject, dB in pixels)} of the prediction of clean latents."""
    rng = np.random.RandomState(5)
    captions = [wording.caption(a, rng, True) for a in attributes]
    noise = torch.Generator().manual_seed(5)
    rows = []
    for clip, mask, caption in zip(clips, masks, captions):
        x = model.encode(clip[None])
        under = torch.from_numpy(common.coarse(mask[None], x.numpy())) > 127
        given = vae.decode(model.vae, x * model.std + model.mean)
        text = transformer.text(model.text, *transformer.pad([model.tok(caption)]))
        for t in TIMES:
            noisy = torch.lerp(x, torch.randn(x.shape, generator=noise), t)
            clean = noisy - t * transformer.forward(model.net, noisy, torch.full(x.shape[:2], t), *text)
            error = (clean - x).square().mean(-1)
            made = vae.decode(model.vae, clean * model.std + model.mean)
            subject = float(error[under].mean()) if under.any() else np.nan
            rows.append((t, float(error.mean()), subject, psnr(made, given)))
    rows = np.array(rows)
    return {t: np.nanmean(rows[rows[:, 0] == t, 1:], 0).round(4).tolist() for t in TIMES}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("states", nargs="+")
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--size", default="128x128")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--best", default="", help="file for the name of the state whose pixels are best")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    height, width = map(int, options.size.split("x"))
    clips, masks, attributes = held_out(options.data, options.size, options.count)
    found = {}
    for state in options.states:
        model = sample.Model(state)
        print(state, "samples", model.samples, flush=True)
        rows = errors(model, clips, masks, attributes)
        found[state] = sum(row[-1] for t, row in rows.items() if t >= 0.5)  # where shapes are decided
        for t, (latents, subject, pixels) in rows.items():
            print(
                f"  t {t:.1f}  latents {latents:.4f}  subject {subject:.4f}  pixels {pixels:.2f} dB",
                flush=True,
            )
        made = [
            model.generate(
                [c], height=height, width=width, steps=options.steps, guidance=options.guidance, seed=i
            )[0]
            for i, c in enumerate(evaluate.CAPTIONS)
        ]
        trip = model.decode(model.encode(clips))
        ratio = np.divide(losses.bands(vae.unit(np.stack(made), "cpu")), losses.bands(vae.unit(trip, "cpu")))
        print("  detail over the round trip's, finest first", json.dumps(ratio.round(2).tolist()), flush=True)
        sheet.sheet(made, state + "/compare.png", evaluate.CAPTIONS)
    if options.best:
        with open(options.best, "w") as file:
            file.write(max(found, key=found.get) + "\n")


if __name__ == "__main__":
    main()
