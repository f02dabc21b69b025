"""Renders captioned clips into shards that can be read by memory map.

    python render.py DATA 128x128 1200 --seed 1            # training clips
    python render.py DATA 128x128 64 --seed 900 --unseen   # of combinations that training never sees
    python render.py DATA 128x128 1200 --seed 2 --parts    # clips whose subject has begun its way before

A shard DATA/HxW-seen-SEED-0000 is three files: .clips.npy uint8 [N,T,H,W,3], .masks.npy uint8
[N,1+(T-1)/4,H/8,W/8] (share of the subject in a cell) and .json (a list of attributes, with "part" in clips
of --parts). Existing shards are kept, so the command can be repeated.
"""

import argparse
import json
import multiprocessing
import os

import numpy as np
import world


def shard(options, k):
    h, w = map(int, options.size.split("x"))
    kind = "unseen" if options.unseen else "seen"
    name = f"{options.data}/{options.size}-{kind}-{options.seed:03d}-{k:04d}"
    if os.path.exists(name + ".json"):
        return
    rng = np.random.RandomState(options.seed * 100003 + k)
    n = min(options.shard, options.count - k * options.shard)
    attributes = [world.sample(rng, options.unseen) for _ in range(n)]
    spans = [world.part(a, rng) if options.parts else (0.0, 1.0) for a in attributes]
    if options.parts:
        attributes = [dict(a, part=True) for a in attributes]
    clips, masks = zip(
        *(
            world.render(a, int(rng.randint(2**31)), options.frames, h, w, span=s)
            for a, s in zip(attributes, spans)
        )
    )
    np.save(name + ".clips.npy", np.stack(clips))
    np.save(name + ".masks.npy", np.stack(masks))
    with open(name + ".tmp", "w") as f:
        json.dump(attributes, f)
    os.replace(name + ".tmp", name + ".json")  # the list is written last: a shard without it is not there


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("size")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--unseen", action="store_true")
    parser.add_argument("--parts", action="store_true")
    parser.add_argument("--procs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--shard", type=int, default=100)
    options = parser.parse_args()
    os.makedirs(options.data, exist_ok=True)
    shards = range((options.count + options.shard - 1) // options.shard)
    if options.procs < 2 or len(shards) < 2:
        list(map(shard, [options] * len(shards), shards))
    else:
        with multiprocessing.Pool(options.procs) as pool:
            pool.starmap(shard, [(options, k) for k in shards], chunksize=1)


if __name__ == "__main__":
    main()
