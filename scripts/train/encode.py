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
    """The autoencoder with its averaged weights."""
    start = torch.load(state + "/vae.pt", weights_only=False, map_location="cpu")
    model = vae.build(**start["config"])
    with torch.no_grad():
        for parameter, average in zip(model.parameters(), start["ema"]):
            parameter.copy_(average)
    return model.eval()


def encoded(data):
    """Latents of all shards: cells [N,C] of 40 clips of each, and pieces [1,3,4,4,C] of four of them."""
    cells, pieces = [], []
    for name in common.shards(data, "seen"):
        if os.path.exists(name + ".latents.npy"):
            latents = np.load(name + ".latents.npy", mmap_mode="r")
            cells.append(latents[:40].reshape(-1, latents.shape[-1]).astype(np.float32))
            if len(pieces) < 4:
                pieces.append(torch.from_numpy(latents[:1, :3, -4:, :4].astype(np.float32)))
    return np.concatenate(cells), pieces


@torch.no_grad()
def reach(model, pieces, deviation):
    """[C]: mean squared change of the pixels when a channel changes by a normal variable of its deviation."""
    torch.manual_seed(0)
    found = np.zeros(len(deviation))
    for piece in pieces:
        before = vae.decode(model, piece)
        for channel in range(len(deviation)):
            changed = piece.clone()
            changed[..., channel] += deviation[channel] * 0.3 * torch.randn(changed.shape[:-1])
            found[channel] += float((vae.decode(model, changed) - before).square().mean()) / 0.09
    return found / len(pieces)


def stats(state, data):
    cells, pieces = encoded(data)
    mean, deviation = cells.mean(0), cells.std(0)
    share = np.sqrt(reach(load(state), pieces, deviation))
    wanted = np.sqrt(share)
    wanted /= np.sqrt((wanted**2).mean())
    wanted = np.clip(wanted, 0.35, None)
    wanted /= np.sqrt((wanted**2).mean())
    scale = deviation / wanted
    common.save(state + "/latents.pt", mean=[float(x) for x in mean], std=[float(x) for x in scale])
    print(f"cells {len(cells)}\ndeviation {deviation.round(2)}")
    print(f"share {share.round(3)}\nnormalised deviation {wanted.round(2)}")


@torch.no_grad()
def encode(run, model, clips):
    """float16 [N,t,h,w,C], two clips at a time; ends the program where it has been asked to stop."""
    found = []
    for start in range(0, len(clips), 2):
        pixels = vae.unit(np.ascontiguousarray(clips[start : start + 2]), run.device)
        found.append(vae.encode(model, pixels)[0].half().cpu().numpy())
        if run.stop:
            raise SystemExit
    return np.concatenate(found)


def encode_shards(options):
    run = common.Run(options.state, options.procs)
    model = load(options.state).to(run.device)
    size, kind = options.kind.split("-")
    names = [
        name for name in common.shards(options.data, kind) if os.path.basename(name).startswith(size + "-")
    ]
    for name in names[: options.count][run.rank :: run.world]:
        for flip, end in ((False, ".latents.npy"), (True, ".mirror.npy")):
            if (flip and not options.mirror) or os.path.exists(name + end):
                continue
            clips = common.clips(name)[0]
            np.save(name + ".tmp.npy", encode(run, model, clips[:, :, :, ::-1] if flip else clips))
            os.replace(name + ".tmp.npy", name + end)
    run.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
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
    else:
        encode_shards(options)


if __name__ == "__main__":
    main()
