"""Folds guidance into the denoiser, so that one forward pass a step does what two did.

    python distil.py STATE DATA --sizes 64x64,48x80,80x48 --samples 40000 --guidance 2.5

The teacher is STATE/transformer.pt with its averaged weights.  The student starts there and learns the teacher's guided prediction,
u + guidance (c - u), at all times and frames' noise levels; without a caption it learns u, so that guidance still works on it.  The text
encoder stays as it is.  Writes STATE/distilled.pt (export.py --transformer distilled.pt --guidance 1), resumes from it, and stops cleanly on
SIGTERM.
"""

import argparse
import copy
import os
import time

import common
import export
import numpy as np
import tokenizer
import torch
import transformer
import wording

ap = argparse.ArgumentParser()
ap.add_argument("state")
ap.add_argument("data")
ap.add_argument("--sizes", default="64x64,48x80,80x48")
ap.add_argument("--samples", type=int, default=40000)
ap.add_argument("--guidance", type=float, default=2.5)
ap.add_argument("--batch", type=int, default=12)
ap.add_argument("--lr", type=float, default=6e-4)
ap.add_argument("--decay", type=float, default=0.6)
ap.add_argument("--shift", type=float, default=2.0)
ap.add_argument("--mask-weight", type=float, default=5.0)
ap.add_argument("--ema", type=float, default=0.99)
ap.add_argument("--procs", type=int, default=2)
ap.add_argument("--every", type=float, default=300)
ap.add_argument("--seed", type=int, default=0)
o = ap.parse_args()

run = common.Run(o.state, o.procs)
dev = run.device
transformer.block = run.compiled(transformer.block)
tok = tokenizer.Tokenizer(o.state + "/spiece.model")
lat = torch.load(o.state + "/latents.pt", weights_only=False)
mean, std = torch.tensor(lat["mean"], device=dev), torch.tensor(lat["std"], device=dev)
buckets = common.buckets(o.data, o.sizes, dev)
weight = np.array([len(b[2]) for b in buckets], float)
weight /= weight.sum()
_, enc, teacher, seen = export.load(o.state)
enc, teacher = enc.to(dev), teacher.to(dev)
for p in [*enc.parameters(), *teacher.parameters()]:
    p.requires_grad_(False)
net = copy.deepcopy(teacher).requires_grad_(True).train()
params = list(net.parameters())
adam = torch.optim.AdamW(params, o.lr, betas=(0.9, 0.97), weight_decay=0.0)
ema = [p.detach().clone() for p in params]
done = step = 0
file = o.state + "/distilled.pt"
if os.path.exists(file):
    start = torch.load(file, weights_only=False)
    net.load_state_dict(start["net"])
    adam.load_state_dict(start["adam"])
    done, step = start["distilled"], start["step"]
    for a, b in zip(ema, start["ema"][-len(ema) :]):
        a.copy_(b)
run.share(params)
config = torch.load(o.state + "/transformer.pt", weights_only=False, map_location="cpu")["config"]


def checkpoint():
    if run.rank == 0:
        common.save(
            file,
            config=config,
            text=enc.state_dict(),
            net=net.state_dict(),
            ema=[*enc.parameters(), *ema],
            adam=adam.state_dict(),
            samples=seen,
            distilled=done,
            step=step,
            guidance=o.guidance,
        )


run.say(
    f"teacher of {seen} samples, guidance {o.guidance:.2f}, clips {[len(b[2]) for b in buckets]}, from sample {done}"
)
began = saved = logged = time.time()
first = done
log = None
while done < o.samples and not run.stop:
    Z, M, A = buckets[np.random.RandomState(step * 7 + 1).choice(len(buckets), p=weight)]
    rng = run.seed(o.seed + 77, step)
    pick = rng.randint(len(A), size=o.batch)
    x = (Z[pick].float() - mean) / std
    mask = M[pick].float() / 255
    B, T = x.shape[:2]
    dropped = rng.rand(B) < 0.1
    captions = transformer.pad(
        [tok("" if d else wording.caption(A[i], rng)) for i, d in zip(pick, dropped)], dev
    )
    t = common.times(B, T, o.shift).to(dev)
    noisy = torch.lerp(x, torch.randn(x.shape).to(dev), t[:, :, None, None, None])
    with torch.autocast("cuda", torch.bfloat16, enabled=run.cuda):
        with torch.no_grad():
            rows, bias = transformer.text(enc, *captions)
            v = transformer.forward(teacher, noisy, t, rows, bias).float()
            u = transformer.forward(
                teacher, noisy, t, *transformer.text(enc, *transformer.pad([tok("")] * B, dev))
            ).float()
            target = torch.lerp(u, v, o.guidance)  # of an empty caption it is u
        out = transformer.forward(net, noisy, t, rows, bias).float()
    w = (1 + o.mask_weight * mask) * (t > 0)[:, :, None, None]
    far = lambda y: (w * (y - target).square().mean(-1)).sum() / w.sum()
    loss = far(out)
    for p in params:
        p.grad = None
    loss.backward()
    run.agree(params)
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    for g in adam.param_groups:
        g["lr"] = o.lr * common.rate(done, o.samples, o.decay, 40 * o.batch * run.world)
    adam.step()
    step += 1
    done += B * run.world
    with torch.no_grad():
        torch._foreach_lerp_(ema, params, 1 - min(o.ema, step / (step + 10.0)))
    now = np.array([float(loss.detach()), float(far(v))])
    log = now if log is None else 0.97 * log + 0.03 * now
    if run.rank == 0 and (step == 1 or time.time() - logged > 30):
        run.log("guidance folded in", done, loss=log[0], teacher=log[1])
        logged = time.time()
        run.say(
            "%5.0f s  samples %d  loss %.4f (of the teacher without guidance %.4f)  %.1f samples/s"
            % (logged - began, done, *log, (done - first) / (logged - began))
        )
    if time.time() - saved > o.every:
        saved = time.time()
        checkpoint()
checkpoint()
run.say(f"end: distilled {done}")
run.end()
