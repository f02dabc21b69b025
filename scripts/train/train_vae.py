"""Trains the video autoencoder on rendered clips.

    python train_vae.py STATE DATA --samples 20000

Starts in closed form (vae.ls_init), then Muon on the kernels and AdamW on the rest, squared error and a small KL term on random
crops of 17 frames; the last quarter of the samples has crops twice as large.  Saves STATE/vae.pt every five minutes, resumes from it, and
stops cleanly on SIGTERM.  The learning rate is flat and falls linearly over the last --decay share of the samples, so a run can be
prolonged by a larger --samples.
"""
import argparse
import math
import os
import time

import numpy as np
import torch

import common
import vae

ap = argparse.ArgumentParser()
ap.add_argument("state"); ap.add_argument("data")
ap.add_argument("--samples", type=int, default=20000, help="crops of frames x 32 x 32, over all processes")
ap.add_argument("--base", type=int, default=24); ap.add_argument("--z", type=int, default=48)
ap.add_argument("--batch", type=int, default=2, help="crops a process and step"); ap.add_argument("--crop", type=int, default=32)
ap.add_argument("--frames", type=int, default=17); ap.add_argument("--lr", type=float, default=2e-3); ap.add_argument("--beta", type=float, default=1e-5)
ap.add_argument("--decay", type=float, default=.5); ap.add_argument("--large-from", type=float, default=.75)
ap.add_argument("--anchor", type=float, default=0., help="weight of the latents' squared distance to those of the first weights, so that a denoiser stays of use")
ap.add_argument("--small", type=float, default=.6, help="weight of a clip of up to 8,000 pixels, against 3 of a larger one")
ap.add_argument("--procs", type=int, default=2); ap.add_argument("--every", type=float, default=300, help="seconds between checkpoints"); ap.add_argument("--seed", type=int, default=0)
o = ap.parse_args()

run = common.Run(o.state, o.procs)
torch.manual_seed(o.seed)
config = dict(base=o.base, decoder_base=o.base, z=o.z)
m = vae.build(**config)
unit = lambda a: vae.unit(a, run.device)
seen = [common.clips(n)[0] for n in common.shards(o.data, "seen")]
weight = np.array([len(c) * (3. if c.shape[2] * c.shape[3] > 8000 else o.small) for c in seen]); weight /= weight.sum()
held = {}
for n in common.shards(o.data, "unseen"):
    c = common.clips(n)[0]; held["%dx%d" % c.shape[2:4]] = c
file = o.state + "/vae.pt"
start = torch.load(file, weights_only=False) if os.path.exists(file) else None
if start: m.load_state_dict(start["model"])
elif run.rank == 0:
    some = [c for c in seen if c.shape[2] >= 64 and c.shape[3] >= 64]
    fit = np.concatenate([c[:6, :9, -64:, :64] for c in some[:12]])
    vae.ls_init(m, unit(fit).cpu(), gain=.2)
m.to(run.device)
named = list(m.named_parameters()); params = [p for _, p in named]
run.share(params)
ends = ("conv_in.weight",)
matrix = [p for n, p in named if p.ndim >= 4 and "conv_out" not in n and "quant" not in n and not n.endswith("conv_in.weight")]
ids = {id(p) for p in matrix}
head = [p for n, p in named if id(p) not in ids and ("conv_out" in n or "norm_out" in n or "quant" in n)]; ids |= {id(p) for p in head}
muon = common.Muon(matrix)
adam = torch.optim.AdamW([dict(params=[p for p in params if id(p) not in ids], s=1.), dict(params=head, s=.2)], o.lr, betas=(.9, .97), weight_decay=0.)
ema = [p.detach().clone() for p in params]
done = step = 0
if start:
    done, step = start["samples"], start["step"]
    if "adam" in start: muon.load_state_dict(start["muon"]); adam.load_state_dict(start["adam"])
    for a, b in zip(ema, start["ema"]): a.copy_(b)
first_encoder = None
if o.anchor:
    first_encoder = vae.build(**config); first_encoder.load_state_dict(start["anchor"] if "anchor" in start else start["model"])
    first_encoder = first_encoder.to(run.device).requires_grad_(False)


def batch(rng, crop, n):
    out = []
    for _ in range(n):
        c = seen[rng.choice(len(seen), p=weight)]; _, T, H, W, _ = c.shape
        h, w = min(crop, H), min(crop, W)
        t, y, x = rng.randint(T - o.frames + 1), rng.randint(H - h + 1), rng.randint(W - w + 1)
        a = c[rng.randint(len(c)), t:t + o.frames, y:y + h, x:x + w]
        if h < crop or w < crop: a = np.pad(a, ((0, 0), (0, crop - h), (0, crop - w), (0, 0)), "reflect")
        out.append(a[:, :, ::-1] if rng.rand() < .5 else a)
    return unit(np.stack(out))


def quality(n):
    with common.averaged(params, ema): return vae.quality(m, held, n, run.device)


def checkpoint():
    if run.rank == 0: common.save(file, config=config, model=m.state_dict(), ema=ema, muon=muon.state_dict(), adam=adam.state_dict(), samples=done, step=step,
                                   **({"anchor": first_encoder.state_dict()} if o.anchor else {}))


run.say("parameters %.2f M, clips %d, from sample %d" % (sum(p.numel() for p in params) / 1e6, sum(map(len, seen)), done))
if run.rank == 0: run.say("start", quality(3))
began = last = time.time(); first = done; mse = None
while done < o.samples and not run.stop:
    rng = run.seed(o.seed, step)
    large = done >= o.large_from * o.samples
    x = batch(rng, o.crop * (2 if large else 1), max(1, o.batch // 4) if large else o.batch)
    cost = o.batch if not large else 4 * max(1, o.batch // 4)
    with torch.autocast("cuda", torch.bfloat16, enabled=run.cuda):
        mu, lv = vae.encode(m, x); lv = lv.float().clamp(-20, 10); mu = mu.float()
        y = vae.decode(m, mu + torch.randn_like(mu) * (.5 * lv).exp())
    err = (x - y.float()).square().mean()
    loss = err + o.beta * .5 * (mu.square() + lv.exp() - 1 - lv).mean()
    if o.anchor:
        with torch.no_grad(): there = vae.encode(first_encoder, x)[0]
        drift = (mu - there).square().mean(); loss = loss + o.anchor * drift
    for p in params: p.grad = None
    loss.backward()
    run.agree(params)
    torch.nn.utils.clip_grad_norm_(params, 1. if step > 20 else .3)
    lr = o.lr * (.02 + .98 * common.rate(done, o.samples, o.decay, 60 * o.batch * run.world))
    for g in adam.param_groups: g["lr"] = lr * g["s"]
    adam.step(); muon.step(lr); step += 1; done += cost * run.world
    with torch.no_grad(): torch._foreach_lerp_(ema, params, 1 - min(.998, step / (step + 10.)))
    v = float(err.detach()); mse = v if mse is None else .95 * mse + .05 * v
    if run.rank == 0 and time.time() - last > o.every:
        t = time.time(); checkpoint(); q = quality(3); last = time.time()
        run.log("autoencoder", done, train=-10 * math.log10(mse / 4), **q[0])
        run.say("%5.0f s  samples %d  step %d  lr %.1e  train %.2f dB%s  held out %s  %.1f samples/s" % (t - began, done, step, lr, -10 * math.log10(mse / 4), "  drift %.4f" % float(drift) if o.anchor else "", q, (done - first) / (t - began))); began += last - t
checkpoint()
if run.rank == 0: run.say("end: samples %d, held out %s" % (done, quality(4)))
run.end()
