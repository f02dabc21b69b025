"""Measures a checkpoint and draws contact sheets.

    python evaluate.py STATE DATA vae                     # PSNR of held-out clips; draws STATE/vae.png
    python evaluate.py STATE DATA reader --samples 30000  # trains the reader of attributes -> STATE/reader.pt
    python evaluate.py STATE DATA read --count 64         # attributes read from generated clips
    python evaluate.py STATE DATA sheet                   # samples of fixed captions -> STATE/samples.png

The reader is a small convolutional network that sees renders only, of --size; larger clips are reduced to
about 64 x 64 pixels for it. `read` asks for combinations of attributes that were never trained on, and prints
what the reader makes of them beside chance, fresh renders and the autoencoder's round trip.
"""

import argparse
import os
import time

import common
import numpy as np
import sheet
import torch
import torch.nn as nn
import torch.nn.functional as F
import wording
import world

SIZES = [len(values) for values in world.ATTRIBUTES.values()]
BATCH = 16  # clips a step of the reader's training
CAPTIONS = [
    "a red boat sailing to the right on the sea at sunset",
    "a yellow car driving left on a desert road on a sunny day",
    "a blue balloon rising in the mountains by day",
    "a person in green walking right in the city at night",
    "a white bird flying left in a forest in daylight",
    "a purple ball bouncing in the snow by day",
    "the sea with a lighthouse at night, the camera pans right",
    "a city street in the rain at sunset, the camera zooms in",
]


class Reader(nn.Module):
    """clips [B,3,T,H,W] in [-1,1] -> logits [B,sum(SIZES)]"""

    def __init__(self, width=24):
        super().__init__()

        def layer(inputs, outputs, stride):
            return nn.Sequential(
                nn.Conv3d(inputs, outputs, 3, stride, 1), nn.GroupNorm(4, outputs), nn.SiLU()
            )

        self.body = nn.Sequential(
            layer(3, width, (1, 2, 2)),
            layer(width, width, 2),
            layer(width, 2 * width, 2),
            layer(2 * width, 4 * width, (1, 2, 2)),
            layer(4 * width, 4 * width, 1),
        )
        self.out = nn.Linear(4 * width * 5 * 4, sum(SIZES))

    def forward(self, clips):
        if clips.shape[-2:] != (64, 64):
            clips = F.interpolate(clips, (clips.shape[2], 64, 64), mode="trilinear", align_corners=False)
        features = F.adaptive_avg_pool3d(self.body(clips), (5, 2, 2))
        return self.out(features.flatten(1))


def tensor(clips):
    return torch.from_numpy(np.ascontiguousarray(clips)).permute(0, 4, 1, 2, 3).float() / 127.5 - 1


def reader_batch(data, rng):
    """-> clips and labels, half of them mirrored."""
    clips, labels = [], []
    for _ in range(BATCH):
        shard, _, attributes = data[rng.randint(len(data))]
        which = rng.randint(len(attributes))
        flip = rng.rand() < 0.5
        clips.append(shard[which][:, :, ::-1] if flip else shard[which])
        labels.append(world.labels(world.mirror(attributes[which]) if flip else attributes[which]))
    return tensor(np.stack(clips)), torch.tensor(labels)


def train_reader(options):
    torch.manual_seed(0)
    run = common.Run(options.state, 1)
    names = [name for name in common.shards(options.data, "seen") if f"/{options.size}-" in name]
    data = [common.clips(name) for name in names]
    reader = Reader()
    optimiser = torch.optim.AdamW(reader.parameters(), 2e-3, weight_decay=0.01)
    done, start = 0, time.time()
    accuracy = np.zeros(len(SIZES))
    while done < options.samples and not run.stop:
        rng = np.random.RandomState(done)
        clips, labels = reader_batch(data, rng)
        if rng.rand() < 0.5:  # so that blur does not mislead it
            clips = F.avg_pool3d(clips, (1, 3, 3), 1, (0, 1, 1), count_include_pad=False)
        loss, right = 0, []
        for k, logits in enumerate(reader(clips + 0.03 * torch.randn_like(clips)).split(SIZES, -1)):
            loss = loss + F.cross_entropy(logits, labels[:, k])
            right.append((logits.argmax(-1) == labels[:, k]).float().mean().item())
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * common.rate(done, options.samples, 0.6, 500)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        done += BATCH
        accuracy = 0.98 * accuracy + 0.02 * np.array(right)
        if done % (BATCH * 50) == 0:
            read_now = dict(zip(world.ATTRIBUTES, accuracy.round(2)))
            seconds = time.time() - start
            print(f"{seconds:4.0f} s  samples {done}  loss {float(loss):.3f}  {read_now}", flush=True)
    common.save(options.state + "/reader.pt", model=reader.state_dict(), samples=done)


@torch.no_grad()
def read(reader, clips, attributes):
    """Share of right answers of every attribute (colour and motion only where there is a subject), and of all
    at once."""
    logits = torch.cat([reader(tensor(clips[i : i + 8])) for i in range(0, len(clips), 8)]).split(SIZES, -1)
    labels = np.array([world.labels(a) for a in attributes])
    right = np.stack([part.argmax(-1).numpy() == labels[:, k] for k, part in enumerate(logits)], 1)
    some = np.array([a["subject"] != "none" for a in attributes])
    shares = {}
    for i, name in enumerate(world.ATTRIBUTES):
        counted = right[some, i] if name in ("colour", "motion") else right[:, i]
        shares[name] = round(float(counted.mean()), 3)
    return dict(shares, all=round(float(right.all(1).mean()), 3))


def measure_autoencoder(options, model):
    """Prints the PSNR of held-out clips; draws three of each size beside what comes back."""
    pairs, captions = [], []
    for name in common.shards(options.data, "unseen"):
        clips, _, attributes = common.clips(name)
        psnr = []
        for i, clip in enumerate(clips[: options.count]):
            again = model.decode(model.encode(clip[None]))[0]
            error = ((again.astype(float) - clip) ** 2).mean((1, 2, 3))
            psnr.append(-10 * np.log10(error.mean() / 65025))
            if i < 3:
                pairs += [clip, again]
                captions += ["render " + attributes[i]["scene"], f"round trip {psnr[-1]:.1f} dB"]
        mean, worst = np.mean(psnr), min(psnr)
        name = os.path.basename(name)
        print(f"{name}: {mean:.2f} dB of {len(psnr)} clips, worst {worst:.2f}", flush=True)
    sheet.sheet(pairs, options.out or options.state + "/vae.png", captions)


def generate(options, model, captions, seed):
    height, width = map(int, options.size.split("x"))
    how = dict(steps=options.steps, guidance=options.guidance, shift=options.shift)
    return model.generate(captions, height=height, width=width, seed=seed, **how)


def draw_samples(options, model):
    clips = [generate(options, model, [text], options.seed + i)[0] for i, text in enumerate(CAPTIONS)]
    sheet.sheet(clips, options.out or options.state + "/samples.png", CAPTIONS)


def read_generated(options, model):
    height, width = map(int, options.size.split("x"))
    reader = Reader()
    reader.load_state_dict(torch.load(options.state + "/reader.pt", weights_only=False)["model"])
    reader.eval()
    rng = np.random.RandomState(777 + options.seed)
    attributes = [world.sample(rng, True) for _ in range(options.count)]
    fresh = np.stack([world.render(a, 5000000 + i, 17, height, width)[0] for i, a in enumerate(attributes)])
    print("chance       ", {k: round(1 / len(v), 3) for k, v in world.ATTRIBUTES.items()})
    print("renders      ", read(reader, fresh, attributes), flush=True)
    trip = np.concatenate([model.decode(model.encode(clip[None])) for clip in fresh])
    print("round trip   ", read(reader, trip, attributes), flush=True)
    made = []
    for i in range(0, options.count, 8):
        captions = [wording.caption(a, rng, True) for a in attributes[i : i + 8]]
        made.append(generate(options, model, captions, 9000 + i + options.seed))
    print("generated    ", read(reader, np.concatenate(made), attributes), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("state")
    parser.add_argument("data")
    parser.add_argument("what", choices=["vae", "reader", "read", "sheet"])
    parser.add_argument("--samples", type=int, default=30000)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--size", default="128x128")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--shift", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="")
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("THREADS", 1)))
    torch.set_flush_denormal(True)
    if options.what == "reader":
        train_reader(options)
        return
    import sample  # diffusers takes seconds to import, and the reader needs none of it

    what = {"vae": measure_autoencoder, "sheet": draw_samples, "read": read_generated}
    what[options.what](options, sample.Model(options.state))


if __name__ == "__main__":
    main()
