"""Trains the autoencoder's decoder alone, from the latents that encode.py wrote: the encoder, the latents and the denoiser stay as they are.

    python train_decoder.py STATE DATA --samples 12000

Two things are asked of it.  To give a clip back from its latents; the squared error weighs more where the picture moves, since that is where
a small autoencoder blurs.  And to give it back from latents such as the denoiser makes: a share of the samples (--redone) is noised up to a
random time and denoised again in a few steps, with the clip's caption, which leaves the layout and disturbs the detail.

Crops keep a ring of one cell for context that does not count, except at the clip's own borders.  Goes on from STATE/vae.pt, saves it every
five minutes, stops cleanly on SIGTERM; the rate is flat and falls linearly over the last --decay share.
"""
import argparse
import math
import os
import time

import numpy as np
import torch

import common
import export
import tokenizer
import transformer
import vae
import wording

ap = argparse.ArgumentParser()
ap.add_argument("state"); ap.add_argument("data")
ap.add_argument("--samples", type=int, default=12000, help="crops of this stage"); ap.add_argument("--batch", type=int, default=2); ap.add_argument("--crop", type=int, default=8, help="cells of 8x8 pixels")
ap.add_argument("--lr", type=float, default=1e-3); ap.add_argument("--decay", type=float, default=.6)
ap.add_argument("--redone", type=float, default=.3, help="share of the samples whose latents the denoiser has made over"); ap.add_argument("--denoiser", default="transformer.pt")
ap.add_argument("--moving", type=float, default=2., help="how much more the quickest pixels weigh than the resting ones")
ap.add_argument("--every", type=float, default=300, help="seconds between checkpoints"); ap.add_argument("--seed", type=int, default=0)
o = ap.parse_args()

run = common.Run(o.state, 1)
m, text, net, _ = export.load(o.state, o.denoiser)
tok = tokenizer.Tokenizer(o.state + "/spiece.model")
for part in (m, text, net): part.to(run.device).requires_grad_(False)
mean, std = (torch.tensor(v, device=run.device) for v in (m.config.latents_mean, m.config.latents_std))
unit = lambda a: vae.unit(a, run.device)
file = o.state + "/vae.pt"
start = torch.load(file, weights_only=False, map_location=run.device)
named = [(n, p.requires_grad_(True)) for n, p in m.named_parameters() if n.startswith(("decoder.", "post_quant"))]
params = [p for _, p in named]
matrix = [p for n, p in named if p.ndim >= 4 and "conv_out" not in n and "quant" not in n]
rest = [p for p in params if id(p) not in {id(x) for x in matrix}]
muon = common.Muon(matrix)
adam = torch.optim.AdamW(rest, o.lr, betas=(.9, .97), weight_decay=0.)
ema = [p.detach().clone() for p in params]
done = step = 0
if "decoder" in start:                                             # a stage of this script that was stopped
    with torch.no_grad():
        for p, w in zip(params, start["decoder"]["weights"]): p.copy_(w)
    done, step = start["decoder"]["samples"], start["decoder"]["step"]
    muon.load_state_dict(start["decoder"]["muon"]); adam.load_state_dict(start["decoder"]["adam"])
before = start["samples"] - start.get("decoder", {}).get("samples", 0)

shards = []
for n in common.shards(o.data, "seen"):
    clips, _, a = common.clips(n)
    if os.path.exists(n + ".latents.npy"): shards.append((clips, np.load(n + ".latents.npy", mmap_mode="r"), a))
weight = np.array([len(a) * (3. if c.shape[2] * c.shape[3] > 8000 else .3) for c, _, a in shards]); weight /= weight.sum()
held = {}
for n in common.shards(o.data, "unseen"):
    c = common.clips(n)[0]; held["%dx%d" % c.shape[2:4]] = c


@torch.no_grad()
def redo(z, attributes, rng, steps=3):
    """Latents [1,t,h,w,C] noised up to a random time and denoised again with the caption of the clip."""
    x = (z - mean) / std; t = rng.uniform(.15, .75)
    rows = transformer.text(text, *transformer.pad([tok(wording.caption(attributes, rng))], run.device))
    x = torch.lerp(x, torch.randn_like(x), t)
    for k in range(steps):
        a, b = t * (1 - k / steps), t * (1 - (k + 1) / steps)
        x = x + (b - a) * transformer.forward(net, x, torch.full(x.shape[:2], a, device=run.device), *rows)
    return x * std + mean


def sample(rng):
    """A crop of latents, its pixels, and the weight of each pixel: [1,t,h,w,C], [1,T,8h,8w,3], [1,T,8h,8w,1]."""
    clips, latents, attributes = shards[rng.choice(len(shards), p=weight)]
    i = rng.randint(len(attributes))
    z = torch.from_numpy(latents[i:i + 1].astype(np.float32)).to(run.device)
    if rng.rand() < o.redone: z = redo(z, attributes[i], rng)
    H, W = z.shape[2:4]; h, w = min(o.crop, H), min(o.crop, W)
    y, x = rng.randint(H - h + 1), rng.randint(W - w + 1)
    c = unit(clips[i:i + 1, :, 8 * y:8 * (y + h), 8 * x:8 * (x + w)])
    d = (c[:, 1:] - c[:, :-1]).abs().amax(-1, keepdim=True)        # how far a pixel goes to its neighbours in time
    d = torch.maximum(torch.cat([d[:, :1], d], 1), torch.cat([d, d[:, -1:]], 1))
    k = 1 + o.moving * (d / .5).clamp(max=1)
    ring = torch.zeros_like(k)
    ring[:, :, 8 * (y > 0):8 * (h - (y + h < H)), 8 * (x > 0):8 * (w - (x + w < W))] = 1
    return z[:, :, y:y + h, x:x + w], c, k * ring


def quality(n):
    with common.averaged(params, ema): return vae.quality(m, held, n, run.device)


def checkpoint():
    whole = {**start, "samples": before + done}
    part = dict(zip([n for n, _ in named], ema))
    whole["ema"] = [part.get(n, p).detach() for n, p in m.named_parameters()]
    whole["model"] = {**start["model"], **{n: e for n, e in part.items()}}
    whole["decoder"] = dict(weights=[p.detach() for p in params], samples=done, step=step, muon=muon.state_dict(), adam=adam.state_dict())
    for k in ("muon", "adam"): whole.pop(k, None)                  # of the training of both halves, which would begin anew
    common.save(file, **whole)


run.say("decoder %.2f M, clips %d, from sample %d" % (sum(p.numel() for p in params) / 1e6, sum(len(a) for _, _, a in shards), done), quality(4))
began = last = time.time(); first = done; error = None
while done < o.samples and not run.stop:
    rng = run.seed(o.seed, step)
    picked = [sample(rng) for _ in range(o.batch)]
    loss = weights = 0.
    for z, x, k in picked:                                         # sizes may differ
        with torch.autocast("cuda", torch.bfloat16, enabled=run.cuda): y = vae.decode(m, z)
        loss = loss + (k * (x - y.float()).square()).sum() / 3; weights = weights + k.sum()
    loss = loss / weights
    for p in params: p.grad = None
    loss.backward()
    torch.nn.utils.clip_grad_norm_(params, 1.)
    lr = o.lr * (.02 + .98 * common.rate(done, o.samples, o.decay, 60 * o.batch))
    for g in adam.param_groups: g["lr"] = lr
    adam.step(); muon.step(lr); step += 1; done += o.batch
    with torch.no_grad(): torch._foreach_lerp_(ema, params, 1 - min(.998, step / (step + 10.)))
    v = float(loss.detach()); error = v if error is None else .98 * error + .02 * v
    if time.time() - last > o.every:
        t = time.time(); checkpoint(); q = quality(4); last = time.time()
        run.log("decoder", before + done, train=-10 * math.log10(error / 4), **q[0])
        run.log("decoder: energy of motion over the clips'", before + done, **q[1])
        run.say("%5.0f s  samples %d  lr %.1e  train %.2f dB  held out %s  %.2f samples/s" % (t - began, done, lr, -10 * math.log10(error / 4), q, (done - first) / (t - began))); began += last - t
checkpoint()
run.say("end: samples %d, held out %s" % (done, quality(4)))
run.end()
