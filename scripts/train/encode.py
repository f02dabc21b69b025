"""Encodes rendered clips with the frozen encoder, once, and measures the latents' mean and scale.

    python encode.py STATE DATA "64x64-seen" 40 --procs 2      # the first 40 shards of that size and kind
    python encode.py STATE DATA --stats                        # STATE/latents.pt, from what is encoded

Writes SHARD.latents.npy float16 [N,t,h,w,C] (the posterior's means, not normalised), and with --mirror
SHARD.mirror.npy of the clips reflected left to right.

The scale of a channel (latents_std in the checkpoint) is not its plain deviation: that would give the finest
detail the same weight as the layout. It is chosen so that a normalised channel's deviation is proportional to
the square root of its share in the picture (deviation times the change of the pixels for a unit step), with
mean square 1.
"""

import argparse
import os

import common
import numpy as np
import torch
import vae


def load(state):
    k = torch.load(state + "/vae.pt", weights_only=False, map_location="cpu")
    m = vae.build(**k["config"])
    with torch.no_grad():
        for p, e in zip(m.parameters(), k["ema"]):
            p.copy_(e)
    return m.eval()


@torch.no_grad()
def stats(state, data):
    m = load(state)
    z = []
    few = []
    for n in common.shards(data, "seen"):
        if os.path.exists(n + ".latents.npy"):
            a = np.load(n + ".latents.npy", mmap_mode="r")
            z.append(a[:40].reshape(-1, a.shape[-1]).astype(np.float32))
            if len(few) < 4:
                few.append(torch.from_numpy(a[:1, :3, -4:, :4].astype(np.float32)))
    z = np.concatenate(z)
    mean, std = z.mean(0), z.std(0)
    torch.manual_seed(0)
    C = len(mean)
    reach = np.zeros(C)
    for a in few:
        y = vae.decode(m, a)
        for c in range(C):
            b = a.clone()
            b[..., c] += std[c] * 0.3 * torch.randn(b.shape[:-1])
            reach[c] += float((vae.decode(m, b) - y).square().mean()) / 0.09
    share = np.sqrt(reach / len(few))
    want = np.sqrt(share)
    want /= np.sqrt((want**2).mean())
    want = np.clip(want, 0.35, None)
    want /= np.sqrt((want**2).mean())
    common.save(state + "/latents.pt", mean=[float(x) for x in mean], std=[float(x) for x in std / want])
    print(f"cells {len(z)}\ndeviation {std.round(2)}")
    print(f"share {share.round(3)}\nnormalised deviation {want.round(2)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("state")
    parser.add_argument("data")
    parser.add_argument("kind", nargs="?")
    parser.add_argument("count", type=int, nargs="?", default=10**9)
    parser.add_argument("--mirror", action="store_true")
    parser.add_argument("--stats", action="store_true")
    parser.add_argument("--procs", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.stats:
        stats(options.state, options.data)
        raise SystemExit
    run = common.Run(options.state, options.procs)
    m = load(options.state).to(run.device)
    size, kind = options.kind.split("-")
    names = [n for n in common.shards(options.data, kind) if os.path.basename(n).startswith(size + "-")][
        : options.count
    ]
    for n in names[run.rank :: run.world]:
        for flip, end in ((False, ".latents.npy"), (True, ".mirror.npy")):
            if (flip and not options.mirror) or os.path.exists(n + end):
                continue
            c = common.clips(n)[0]
            out = []
            with torch.no_grad():
                for k in range(0, len(c), 2):
                    a = np.ascontiguousarray(c[k : k + 2, :, :, ::-1] if flip else c[k : k + 2])
                    out.append(
                        vae.encode(m, torch.from_numpy(a).to(run.device).float().div_(127.5).sub_(1))[0]
                        .half()
                        .cpu()
                        .numpy()
                    )
                    if run.stop:
                        raise SystemExit
            np.save(n + ".tmp.npy", np.concatenate(out))
            os.replace(n + ".tmp.npy", n + end)
    run.end()
