"""Trains the autoencoder's decoder alone, from the latents that encode.py wrote: the encoder, the latents and
the denoiser stay as they are.

    python train_decoder.py STATE DATA --samples 12000

Two things are asked of it. To give a clip back from its latents, with crisp edges (losses.painting; the error
weighs more where the picture moves, since that is where a small autoencoder blurs). And to give it back from
latents such as the denoiser makes: a share of the samples (--redone) is noised up to a random time and
denoised again in a few steps, with the clip's caption, which leaves the layout and disturbs the detail.
Without a denoiser (no STATE/transformer.pt) the latents are only blurred by a little noise.

Crops keep a ring of one cell for context that does not count, except at the clip's own borders. Goes on from
STATE/vae.pt, saves it every five minutes, stops cleanly on SIGTERM; the rate is flat and falls linearly over
the last --decay share.
"""

import argparse
import math
import os
import time

import common
import export
import losses
import numpy as np
import tokenizer
import torch
import transformer
import vae
import wording

parser = argparse.ArgumentParser()
parser.add_argument("state")
parser.add_argument("data")
parser.add_argument("--samples", type=int, default=12000, help="crops of this stage")
parser.add_argument("--batch", type=int, default=2)
parser.add_argument("--crop", type=int, default=6, help="cells a side")
parser.add_argument("--lr", type=float, default=6e-4)
parser.add_argument("--decay", type=float, default=0.6)
parser.add_argument(
    "--redone", type=float, default=0.3, help="share of the samples that the denoiser has made over"
)
parser.add_argument("--denoiser", default="transformer.pt")
parser.add_argument(
    "--moving", type=float, default=2.0, help="how much more the quickest pixels weigh than resting ones"
)
parser.add_argument("--edge-weight", type=float, default=1.0)
parser.add_argument("--every", type=float, default=300, help="seconds between checkpoints")
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

run = common.Run(options.state, 1)
model, text, net, _ = export.load(options.state, options.denoiser)
there = os.path.exists(options.state + "/" + options.denoiser)
token = tokenizer.Tokenizer(options.state + "/spiece.model") if there else None
for part in (model, text, net):
    part.to(run.device).requires_grad_(False)
mean, std = (
    torch.tensor(v, device=run.device) for v in (model.config.latents_mean, model.config.latents_std)
)
cell = model.config.scale_factor_spatial
file = options.state + "/vae.pt"
start = torch.load(file, weights_only=False, map_location=run.device)
named = [
    (n, p.requires_grad_(True))
    for n, p in model.named_parameters()
    if n.startswith(("decoder.", "post_quant"))
]
params = [p for _, p in named]
matrices = [p for n, p in named if p.ndim >= 4 and "conv_out" not in n and "quant" not in n]
chosen = {id(p) for p in matrices}
muon = common.Muon(matrices)
adam = torch.optim.AdamW(
    [p for p in params if id(p) not in chosen], options.lr, betas=(0.9, 0.97), weight_decay=0.0
)
averages = [p.detach().clone() for p in params]
done = step = 0
if "decoder" in start:  # a stage of this script that was stopped
    before_stop = start["decoder"]
    with torch.no_grad():
        for parameter, value in zip(params, before_stop["weights"]):
            parameter.copy_(value)
    done, step = before_stop["samples"], before_stop["step"]
    muon.load_state_dict(before_stop["muon"])
    adam.load_state_dict(before_stop["adam"])
before = start["samples"] - start.get("decoder", {}).get("samples", 0)

shards = []
for name in common.shards(options.data, "seen"):
    clips, _, attributes = common.clips(name)
    if os.path.exists(name + ".latents.npy"):
        shards.append((clips, np.load(name + ".latents.npy", mmap_mode="r"), attributes))
weight = np.array([len(a) * (3.0 if c.shape[2] * c.shape[3] > 8000 else 0.3) for c, _, a in shards])
weight /= weight.sum()
held = {}
for name in common.shards(options.data, "unseen"):
    clips = common.clips(name)[0]
    held[f"{clips.shape[2]}x{clips.shape[3]}"] = clips


@torch.no_grad()
def redo(latents, attributes, rng, steps=3):
    """Latents [1,t,h,w,C] noised up to a random time and denoised again with the caption of the clip."""
    x = (latents - mean) / std
    if not there:
        return (x + 0.1 * rng.rand() * torch.randn_like(x)) * std + mean
    noise = rng.uniform(0.15, 0.75)
    rows = transformer.text(text, *transformer.pad([token(wording.caption(attributes, rng))], run.device))
    x = torch.lerp(x, torch.randn_like(x), noise)
    for k in range(steps):
        now, then = noise * (1 - k / steps), noise * (1 - (k + 1) / steps)
        x = x + (then - now) * transformer.forward(
            net, x, torch.full(x.shape[:2], now, device=run.device), *rows
        )
    return x * std + mean


def sample(rng):
    """A crop of latents, its pixels, and the weight of each pixel: [1,t,h,w,C], [1,T,H,W,3], [1,T,H,W,1]."""
    clips, latents, attributes = shards[rng.choice(len(shards), p=weight)]
    which = rng.randint(len(attributes))
    z = torch.from_numpy(latents[which : which + 1].astype(np.float32)).to(run.device)
    if rng.rand() < options.redone:
        z = redo(z, attributes[which], rng)
    rows, columns = z.shape[2:4]
    h, w = min(options.crop, rows), min(options.crop, columns)
    y, x = rng.randint(rows - h + 1), rng.randint(columns - w + 1)
    pixels = clips[which : which + 1, :, cell * y : cell * (y + h), cell * x : cell * (x + w)]
    pixels = vae.unit(pixels, run.device)
    change = (pixels[:, 1:] - pixels[:, :-1]).abs().amax(-1, keepdim=True)
    change = torch.maximum(torch.cat([change[:, :1], change], 1), torch.cat([change, change[:, -1:]], 1))
    counts = torch.zeros_like(change)
    top, left = cell * (y > 0), cell * (x > 0)
    bottom, right = cell * (h - (y + h < rows)), cell * (w - (x + w < columns))
    counts[:, :, top:bottom, left:right] = 1
    return z[:, :, y : y + h, x : x + w], pixels, counts * (1 + options.moving * (change / 0.5).clamp(max=1))


def quality():
    with common.averaged(params, averages):
        return vae.quality(model, held, 4, run.device)


def checkpoint():
    whole = {**start, "samples": before + done}
    part = dict(zip([n for n, _ in named], averages))
    whole["ema"] = [part.get(n, p).detach() for n, p in model.named_parameters()]
    whole["model"] = {**start["model"], **part}
    whole["decoder"] = dict(
        weights=[p.detach() for p in params],
        samples=done,
        step=step,
        muon=muon.state_dict(),
        adam=adam.state_dict(),
    )
    for key in ("muon", "adam"):
        whole.pop(key, None)  # of the training of both halves, which would begin anew
    common.save(file, **whole)


size = sum(p.numel() for p in params) / 1e6
run.say(f"decoder {size:.2f} M, clips {sum(len(a) for _, _, a in shards)}, from sample {done}", quality())
began = last = time.time()
first, error = done, None
while done < options.samples and not run.stop:
    rng = run.seed(options.seed, step)
    loss, squared = 0.0, 0.0
    for z, pixels, counts in [sample(rng) for _ in range(options.batch)]:  # sizes may differ
        with torch.autocast("cuda", torch.bfloat16, enabled=run.cuda):
            made = vae.decode(model, z)
        made = pixels + (made.float() - pixels) * counts  # what does not count has no error
        loss = loss + losses.painting(made, pixels, options.edge_weight) / options.batch
        squared += float((made.detach() - pixels).square().mean()) / options.batch
    for parameter in params:
        parameter.grad = None
    loss.backward()
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    lr = options.lr * (0.02 + 0.98 * common.rate(done, options.samples, options.decay, 60 * options.batch))
    for group in adam.param_groups:
        group["lr"] = lr
    adam.step()
    muon.step(lr)
    step += 1
    done += options.batch
    with torch.no_grad():
        torch._foreach_lerp_(averages, params, 1 - min(0.998, step / (step + 10.0)))
    error = squared if error is None else 0.98 * error + 0.02 * squared
    if time.time() - last > options.every:
        now = time.time()
        checkpoint()
        measured = quality()
        last = time.time()
        train = -10 * math.log10(error / 4)
        run.log("decoder", before + done, train=train, **measured[0])
        run.log("decoder: energy of motion over the clips'", before + done, **measured[1])
        speed = (done - first) / (now - began)
        so_far = f"{now - began:5.0f} s  samples {done}  lr {lr:.1e}"
        run.say(f"{so_far}  train {train:.2f} dB  held out {measured}  {speed:.2f} samples/s")
        began += last - now
checkpoint()
run.say(f"end: samples {done}, held out {quality()}")
run.end()
