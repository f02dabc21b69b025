"""Folds guidance into the denoiser, so that one forward pass a step does what two did.

    python distil.py STATE DATA --sizes 64x64,48x80,80x48 --samples 40000 --guidance 2.5

The teacher is STATE/transformer.pt with its averaged weights. The student starts there and learns the
teacher's guided prediction, u + guidance (c - u), at all times and frames' noise levels; without a caption it
learns u, so that guidance still works on it. The text encoder stays as it is. Writes STATE/distilled.pt
(export.py --transformer distilled.pt --guidance 1), resumes from it, and stops cleanly on SIGTERM.
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

parser = argparse.ArgumentParser()
parser.add_argument("state")
parser.add_argument("data")
parser.add_argument("--sizes", default="64x64,48x80,80x48")
parser.add_argument("--samples", type=int, default=40000)
parser.add_argument("--guidance", type=float, default=2.5)
parser.add_argument("--batch", type=int, default=12)
parser.add_argument("--lr", type=float, default=6e-4)
parser.add_argument("--decay", type=float, default=0.6)
parser.add_argument("--shift", type=float, default=2.0)
parser.add_argument("--mask-weight", type=float, default=5.0)
parser.add_argument("--ema", type=float, default=0.99)
parser.add_argument("--procs", type=int, default=2)
parser.add_argument("--every", type=float, default=300)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

run = common.Run(options.state, options.procs)
dev = run.device
transformer.block = run.compiled(transformer.block)
tok = tokenizer.Tokenizer(options.state + "/spiece.model")
scale = torch.load(options.state + "/latents.pt", weights_only=False)
mean, std = torch.tensor(scale["mean"], device=dev), torch.tensor(scale["std"], device=dev)
buckets = common.buckets(options.data, options.sizes, dev)
weight = np.array([len(b[2]) for b in buckets], float)
weight /= weight.sum()
_, enc, teacher, seen = export.load(options.state)
enc, teacher = enc.to(dev), teacher.to(dev)
for p in [*enc.parameters(), *teacher.parameters()]:
    p.requires_grad_(False)
net = copy.deepcopy(teacher).requires_grad_(True).train()
params = list(net.parameters())
adam = torch.optim.AdamW(params, options.lr, betas=(0.9, 0.97), weight_decay=0.0)
ema = [p.detach().clone() for p in params]
done = step = 0
file = options.state + "/distilled.pt"
if os.path.exists(file):
    start = torch.load(file, weights_only=False)
    net.load_state_dict(start["net"])
    adam.load_state_dict(start["adam"])
    done, step = start["distilled"], start["step"]
    for a, b in zip(ema, start["ema"][-len(ema) :]):
        a.copy_(b)
run.share(params)
config = torch.load(options.state + "/transformer.pt", weights_only=False, map_location="cpu")["config"]


def error(made, target, weights):
    return (weights * (made - target).square().mean(-1)).sum() / weights.sum()


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
            guidance=options.guidance,
        )


counts = [len(attributes) for _, _, attributes in buckets]
run.say(f"teacher of {seen} samples, guidance {options.guidance:.2f}, clips {counts}, from sample {done}")
began = saved = logged = time.time()
first = done
log = None
while done < options.samples and not run.stop:
    Z, M, A = buckets[np.random.RandomState(step * 7 + 1).choice(len(buckets), p=weight)]
    rng = run.seed(options.seed + 77, step)
    pick = rng.randint(len(A), size=options.batch)
    x = (Z[pick].float() - mean) / std
    mask = M[pick].float() / 255
    B, T = x.shape[:2]
    dropped = rng.rand(B) < 0.1
    captions = transformer.pad(
        [tok("" if d else wording.caption(A[i], rng)) for i, d in zip(pick, dropped)], dev
    )
    t = common.times(B, T, options.shift).to(dev)
    noisy = torch.lerp(x, torch.randn(x.shape).to(dev), t[:, :, None, None, None])
    with torch.autocast("cuda", torch.bfloat16, enabled=run.cuda):
        with torch.no_grad():
            rows, bias = transformer.text(enc, *captions)
            v = transformer.forward(teacher, noisy, t, rows, bias).float()
            u = transformer.forward(
                teacher, noisy, t, *transformer.text(enc, *transformer.pad([tok("")] * B, dev))
            ).float()
            target = torch.lerp(u, v, options.guidance)  # of an empty caption it is u
        out = transformer.forward(net, noisy, t, rows, bias).float()
    weights = (1 + options.mask_weight * mask) * (t > 0)[:, :, None, None]
    loss = error(out, target, weights)
    for p in params:
        p.grad = None
    loss.backward()
    run.agree(params)
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    for g in adam.param_groups:
        g["lr"] = options.lr * common.rate(
            done, options.samples, options.decay, 40 * options.batch * run.world
        )
    adam.step()
    step += 1
    done += B * run.world
    with torch.no_grad():
        torch._foreach_lerp_(ema, params, 1 - min(options.ema, step / (step + 10.0)))
    now = np.array([float(loss.detach()), float(error(v, target, weights))])
    log = now if log is None else 0.97 * log + 0.03 * now
    if run.rank == 0 and (step == 1 or time.time() - logged > 30):
        run.log("guidance folded in", done, loss=log[0], teacher=log[1])
        logged = time.time()
        seconds = logged - began
        losses = f"loss {log[0]:.4f} (of the teacher without guidance {log[1]:.4f})"
        speed = (done - first) / seconds
        run.say(f"{seconds:5.0f} s  samples {done}  {losses}  {speed:.1f} samples/s")
    if time.time() - saved > options.every:
        saved = time.time()
        checkpoint()
checkpoint()
run.say(f"end: distilled {done}")
run.end()
