"""Smaller copies of rendered clips, and what a denoiser starts from when it refines an enlarged draft.

    python scales.py DATA 128x128                # 64x64 shards: each pixel the mean of four
    python scales.py DATA 128x128 --soft STATE   # SHARD.soft.npy beside the latents of the 128x128 shards

A draft is made at half the size, decoded, enlarged and encoded again. SHARD.soft.npy [N,t,h,w,C] float16 has
the latents of the clips on that way with a denoiser that makes no mistakes: halved, through the autoencoder,
enlarged, encoded.
"""

import argparse
import os

import common
import cv2
import encode
import numpy as np
import torch
import vae


def names_of(data, size, kind):
    return [n for n in common.shards(data, kind) if os.path.basename(n).startswith(size + "-")]


def halved(clips):
    """uint8 [N,T,H,W,3] -> uint8 [N,T,H/2,W/2,3]."""
    N, T, H, W, _ = clips.shape
    small = clips.reshape(N, T, H // 2, 2, W // 2, 2, 3).astype(np.uint16).sum((3, 5))
    return ((small + 2) // 4).astype(np.uint8)


def enlarged(clips):
    """uint8 [N,T,H,W,3] -> twice as high and wide, by Lanczos."""
    return np.stack(
        [[cv2.resize(f, None, fx=2, fy=2, interpolation=cv2.INTER_LANCZOS4) for f in clip] for clip in clips]
    )


def half_of(size):
    return "x".join(str(int(side) // 2) for side in size.split("x"))


def write_small(data, size):
    for kind in ("seen", "unseen"):
        for name in names_of(data, size, kind):
            target = os.path.join(data, os.path.basename(name).replace(size, half_of(size)))
            if os.path.exists(target + ".json"):
                continue
            clips, masks, _ = common.clips(name)
            np.save(target + ".clips.npy", halved(clips))
            N, T, h, w = masks.shape
            masks = masks.reshape(N, T, h // 2, 2, w // 2, 2).mean((3, 5)).astype(np.uint8)
            np.save(target + ".masks.npy", masks)
            with open(name + ".json") as source, open(target + ".tmp", "w") as copy:
                copy.write(source.read())
            os.replace(target + ".tmp", target + ".json")


@torch.no_grad()
def soft(run, model, clips):
    found = []
    for start in range(0, len(clips), 2):
        small = vae.unit(halved(np.ascontiguousarray(clips[start : start + 2])), run.device)
        draft = vae.decode(model, vae.encode(model, small)[0])
        draft = ((draft.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu().numpy()
        found.append(vae.encode(model, vae.unit(enlarged(draft), run.device))[0].half().cpu().numpy())
        if run.stop:
            raise SystemExit
    return np.concatenate(found)


def write_soft(data, size, state, procs):
    run = common.Run(state, procs)
    model = encode.load(state).to(run.device)
    for name in names_of(data, size, "seen")[run.rank :: run.world]:
        if os.path.exists(name + ".soft.npy"):
            continue
        np.save(name + ".tmp.npy", soft(run, model, common.clips(name)[0]))
        os.replace(name + ".tmp.npy", name + ".soft.npy")
    run.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("size")
    parser.add_argument("--soft")
    parser.add_argument("--procs", type=int, default=1)
    options = parser.parse_args()
    if options.soft:
        write_soft(options.data, options.size, options.soft, options.procs)
    else:
        write_small(options.data, options.size)


if __name__ == "__main__":
    main()
