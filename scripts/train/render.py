"""Renders captioned clips into shards that can be read by memory map.

    python render.py DATA 128x128 1200 --seed 1            # training clips
    python render.py DATA 128x128 64 --seed 900 --unseen   # clips of attribute combinations that training never sees
    python render.py DATA 128x128 1200 --seed 2 --parts    # of ways that began before and end after, for going on from other clips

A shard DATA/HxW-seen-SEED-0000 is three files: .clips.npy uint8 [N,T,H,W,3], .masks.npy uint8 [N,1+(T-1)/4,H/8,W/8] (share
of the subject in a cell) and .json (a list of attributes, with "part" in clips of --parts).  Existing shards are kept, so the command
can be repeated.
"""

import argparse
import json
import multiprocessing
import os

import numpy as np
import world


def shard(o, k):
    h, w = map(int, o.size.split("x"))
    name = f"{o.data}/{o.size}-{'unseen' if o.unseen else 'seen'}-{o.seed:03d}-{k:04d}"
    if os.path.exists(name + ".json"):
        return
    rng = np.random.RandomState(o.seed * 100003 + k)
    n = min(o.shard, o.count - k * o.shard)
    attributes = [world.sample(rng, o.unseen) for _ in range(n)]
    spans = [world.part(a, rng) if o.parts else (0.0, 1.0) for a in attributes]
    if o.parts:
        attributes = [dict(a, part=True) for a in attributes]
    clips, masks = zip(
        *(world.render(a, int(rng.randint(2**31)), o.frames, h, w, span=s) for a, s in zip(attributes, spans))
    )
    np.save(name + ".clips.npy", np.stack(clips))
    np.save(name + ".masks.npy", np.stack(masks))
    with open(name + ".tmp", "w") as f:
        json.dump(attributes, f)
    os.replace(name + ".tmp", name + ".json")  # the list is written last: a shard without it is not there


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("data")
    ap.add_argument("size")
    ap.add_argument("count", type=int)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--unseen", action="store_true")
    ap.add_argument("--parts", action="store_true")
    ap.add_argument("--procs", type=int, default=len(os.sched_getaffinity(0)))
    ap.add_argument("--frames", type=int, default=17)
    ap.add_argument("--shard", type=int, default=100)
    o = ap.parse_args()
    os.makedirs(o.data, exist_ok=True)
    shards = range((o.count + o.shard - 1) // o.shard)
    if o.procs < 2 or len(shards) < 2:
        list(map(shard, [o] * len(shards), shards))
    else:
        with multiprocessing.Pool(o.procs) as pool:
            pool.starmap(shard, [(o, k) for k in shards], chunksize=1)
