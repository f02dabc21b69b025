"""Measures a checkpoint and draws contact sheets.

    python evaluate.py STATE DATA vae                    # PSNR of held-out clips, sheet STATE/vae.png
    python evaluate.py STATE DATA reader --samples 30000 # trains the attribute reader on renders of --size -> STATE/reader.pt
    python evaluate.py STATE DATA read --count 64        # attributes read from generated clips of held-out combinations, beside chance,
                                                         # fresh renders and the autoencoder's round trip
    python evaluate.py STATE DATA sheet                  # samples of fixed captions -> STATE/samples.png

The reader is a small convolutional network that sees renders only; larger clips are reduced to about 64 x 64 pixels for it.
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

SIZES = [len(v) for v in world.ATTRIBUTES.values()]
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

    def __init__(self, w=24):
        super().__init__()
        c = lambda i, o, s: nn.Sequential(nn.Conv3d(i, o, 3, s, 1), nn.GroupNorm(4, o), nn.SiLU())
        self.body = nn.Sequential(
            c(3, w, (1, 2, 2)), c(w, w, 2), c(w, 2 * w, 2), c(2 * w, 4 * w, (1, 2, 2)), c(4 * w, 4 * w, 1)
        )
        self.out = nn.Linear(4 * w * 5 * 4, sum(SIZES))

    def forward(self, x):
        h = self.body(
            F.interpolate(x, (x.shape[2], 64, 64), mode="trilinear", align_corners=False)
            if x.shape[-2:] != (64, 64)
            else x
        )
        h = F.adaptive_avg_pool3d(h, (5, 2, 2))
        return self.out(h.flatten(1))


def tensor(clips):
    return torch.from_numpy(np.ascontiguousarray(clips)).permute(0, 4, 1, 2, 3).float() / 127.5 - 1


def train_reader(o):
    torch.manual_seed(0)
    run = common.Run(o.state, 1)
    names = [n for n in common.shards(o.data, "seen") if "/%s-" % o.size in n]
    data = [common.clips(n) for n in names]
    m = Reader()
    opt = torch.optim.AdamW(m.parameters(), 2e-3, weight_decay=0.01)
    done = 0
    t = time.time()
    acc = np.zeros(len(SIZES))
    B = 16
    while done < o.samples and not run.stop:
        rng = np.random.RandomState(done)
        x, y = [], []
        for _ in range(B):
            c, _, a = data[rng.randint(len(data))]
            i = rng.randint(len(a))
            flip = rng.rand() < 0.5
            x.append(c[i][:, :, ::-1] if flip else c[i])
            y.append(world.labels(world.mirror(a[i]) if flip else a[i]))
        x = tensor(np.stack(x))
        y = torch.tensor(y)
        if rng.rand() < 0.5:  # so that blur does not mislead it
            x = F.avg_pool3d(x, (1, 3, 3), 1, (0, 1, 1), count_include_pad=False)
        loss = 0
        right = []
        for k, l in enumerate(m(x + 0.03 * torch.randn_like(x)).split(SIZES, -1)):
            loss = loss + F.cross_entropy(l, y[:, k])
            right.append((l.argmax(-1) == y[:, k]).float().mean().item())
        for g in opt.param_groups:
            g["lr"] = 2e-3 * common.rate(done, o.samples, 0.6, 500)
        opt.zero_grad()
        loss.backward()
        opt.step()
        done += B
        acc = 0.98 * acc + 0.02 * np.array(right)
        if done % (B * 50) == 0:
            print(
                "%4.0f s  samples %d  loss %.3f  %s"
                % (time.time() - t, done, float(loss), dict(zip(world.ATTRIBUTES, acc.round(2)))),
                flush=True,
            )
    common.save(o.state + "/reader.pt", model=m.state_dict(), samples=done)


@torch.no_grad()
def read(reader, clips, attributes):
    """Share of right answers of every attribute (colour and motion only where there is a subject), and of all at once."""
    logits = torch.cat([reader(tensor(clips[i : i + 8])) for i in range(0, len(clips), 8)]).split(SIZES, -1)
    y = np.array([world.labels(a) for a in attributes])
    ok = np.stack([l.argmax(-1).numpy() == y[:, k] for k, l in enumerate(logits)], 1)
    some = np.array([a["subject"] != "none" for a in attributes])
    out = {
        k: round(float((ok[some, i] if k in ("colour", "motion") else ok[:, i]).mean()), 3)
        for i, k in enumerate(world.ATTRIBUTES)
    }
    return dict(out, all=round(float(ok.all(1).mean()), 3))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("state")
    ap.add_argument("data")
    ap.add_argument("what", choices=["vae", "reader", "read", "sheet"])
    ap.add_argument("--samples", type=int, default=30000)
    ap.add_argument("--count", type=int, default=64)
    ap.add_argument("--size", default="128x128")
    ap.add_argument("--steps", type=int, default=20)
    ap.add_argument("--guidance", type=float, default=3.0)
    ap.add_argument("--shift", type=float, default=2.0)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--out", default="")
    o = ap.parse_args()
    torch.set_num_threads(int(os.environ.get("THREADS", 1)))
    torch.set_flush_denormal(True)
    if o.what == "reader":
        return train_reader(o)
    import sample

    m = sample.Model(o.state)
    h, w = map(int, o.size.split("x"))
    if o.what == "vae":
        pairs, names = [], []
        for n in common.shards(o.data, "unseen"):
            c, _, a = common.clips(n)
            e = []
            for i, x in enumerate(c[: o.count]):
                y = m.decode(m.encode(x[None]))[0]
                d = ((y.astype(float) - x) ** 2).mean((1, 2, 3))
                e.append(-10 * np.log10(d.mean() / 65025))
                if i < 3:
                    pairs += [x, y]
                    names += ["render " + a[i]["scene"], "round trip %.1f dB" % e[-1]]
            print(
                "%s: %.2f dB of %d clips, worst %.2f" % (os.path.basename(n), np.mean(e), len(e), min(e)),
                flush=True,
            )
        sheet.sheet(pairs, o.out or o.state + "/vae.png", names)
    elif o.what == "sheet":
        clips = [
            m.generate(
                [c], height=h, width=w, steps=o.steps, guidance=o.guidance, shift=o.shift, seed=o.seed + i
            )[0]
            for i, c in enumerate(CAPTIONS)
        ]
        sheet.sheet(clips, o.out or o.state + "/samples.png", CAPTIONS)
    else:
        reader = Reader()
        reader.load_state_dict(torch.load(o.state + "/reader.pt", weights_only=False)["model"])
        reader.eval()
        rng = np.random.RandomState(777 + o.seed)
        A = [world.sample(rng, True) for _ in range(o.count)]
        fresh = np.stack([world.render(a, 5000000 + i, 17, h, w)[0] for i, a in enumerate(A)])
        print("chance       ", {k: round(1 / len(v), 3) for k, v in world.ATTRIBUTES.items()})
        print("renders      ", read(reader, fresh, A), flush=True)
        print(
            "round trip   ",
            read(reader, np.concatenate([m.decode(m.encode(x[None])) for x in fresh]), A),
            flush=True,
        )
        made = np.concatenate(
            [
                m.generate(
                    [wording.caption(a, rng, True) for a in A[i : i + 8]],
                    height=h,
                    width=w,
                    steps=o.steps,
                    guidance=o.guidance,
                    shift=o.shift,
                    seed=9000 + i + o.seed,
                )
                for i in range(0, o.count, 8)
            ]
        )
        print("generated    ", read(reader, made, A), flush=True)


if __name__ == "__main__":
    main()
