"""Trains the video autoencoder on rendered clips.

    python train_vae.py STATE DATA --samples 20000

Starts in closed form (vae_start.py), whose encoder is nearly exact and whose decoder is not: at first the
decoder trains alone (--decoder-first), then both, the encoder's rate rising slowly, since haste destroys the
start. Muon on the kernels and AdamW on the rest. The loss is a squared error with a small KL term on random
crops of 17 frames, small ones at first, since early on many steps count more than large ones; from
--paint-from of the samples on it is losses.painting (smooth absolute errors of pixels, of edges, of steps in
time), which keeps edges crisp. The last quarter of the samples has crops twice as large.

Saves STATE/vae.pt every five minutes, resumes from it exactly, and stops cleanly on SIGTERM. The learning
rate is flat and falls linearly over the last --decay share of the samples, so a run can be prolonged by a
larger --samples. A sample is a crop of 17 frames of 64x64 pixels; larger and smaller crops count by their
area.
"""

import argparse
import math
import os
import time

import common
import losses
import numpy as np
import torch
import vae
import vae_start

parser = argparse.ArgumentParser()
parser.add_argument("state")
parser.add_argument("data")
parser.add_argument(
    "--samples", type=int, default=20000, help="crops of 64x64 in all, earlier calls included"
)
parser.add_argument(
    "--patch", type=int, default=4, help="side of the squares of pixels that are packed into channels"
)
parser.add_argument("--mult", default="1,2,2", help="widths of the stages over --base")
parser.add_argument("--base", type=int, default=48)
parser.add_argument("--decoder-base", type=int, default=0, help="0: as --base")
parser.add_argument("--z", type=int, default=64)
parser.add_argument("--batch", type=int, default=2, help="crops a process and step")
parser.add_argument("--crop", type=int, default=64)
parser.add_argument("--frames", type=int, default=17)
parser.add_argument("--lr", type=float, default=8e-4)
parser.add_argument("--beta", type=float, default=1e-5, help="weight of the KL term beside the squared error")
parser.add_argument("--decay", type=float, default=0.5)
parser.add_argument(
    "--decoder-first", type=float, default=0.15, help="share of the samples with the encoder at rest"
)
parser.add_argument(
    "--paint-from", type=float, default=0.5, help="share of the samples after which edges count"
)
parser.add_argument("--edge-weight", type=float, default=1.0)
parser.add_argument(
    "--small-until", type=float, default=0.2, help="share of the samples with crops half as large: more steps"
)
parser.add_argument("--large-from", type=float, default=0.75)
parser.add_argument(
    "--anchor", type=float, default=0.0, help="weight of the latents' distance to those of the first weights"
)
parser.add_argument(
    "--small",
    type=float,
    default=0.6,
    help="weight of a clip of up to 8,000 pixels, against 3 of a larger one",
)
parser.add_argument("--procs", type=int, default=1)
parser.add_argument("--every", type=float, default=300, help="seconds between checkpoints")
parser.add_argument(
    "--minutes", type=float, default=0, help="stop after so many minutes of processor time in all; 0: never"
)
parser.add_argument(
    "--gate", type=float, default=0, help="dB on held-out clips below which the run ends with exit code 3"
)
parser.add_argument("--held", type=int, default=4, help="held-out clips of a size for the figures")
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

run = common.Run(options.state, options.procs)
torch.manual_seed(options.seed)
config = dict(
    base=options.base,
    decoder_base=options.decoder_base or options.base,
    z=options.z,
    patch=options.patch,
    mult=tuple(map(int, options.mult.split(","))),
)
file = options.state + "/vae.pt"
start = torch.load(file, weights_only=False) if os.path.exists(file) else None
if start:
    config = start["config"]
model = vae.build(**config)

seen = [common.clips(name)[0] for name in common.shards(options.data, "seen")]
weight = np.array([len(c) * (3.0 if c.shape[2] * c.shape[3] > 8000 else options.small) for c in seen])
weight /= weight.sum()
held = {}
for name in common.shards(options.data, "unseen"):
    clips = common.clips(name)[0]
    held[f"{clips.shape[2]}x{clips.shape[3]}"] = clips

if start:
    model.load_state_dict(start["model"])
elif run.rank == 0:
    some = [c for c in seen if c.shape[2] >= 64 and c.shape[3] >= 64]
    each = max(1, 72 // len(some[:24]))
    fit = np.concatenate([c[:each, : options.frames, -64:, :64] for c in some[:24]])
    vae_start.closed_form(model, vae.unit(fit, "cpu"), gain=0.2)
model.to(run.device)
named = list(model.named_parameters())
params = [p for _, p in named]
run.share(params)
halves = {"encoder": ([], [], []), "decoder": ([], [], [])}  # kernels, heads, the rest
for name, parameter in named:
    matrices, heads, rest = halves["encoder" if name.startswith(("encoder.", "quant_conv")) else "decoder"]
    if "conv_out" in name or "norm_out" in name or "quant" in name:
        heads.append(parameter)
    elif parameter.ndim >= 4 and not name.endswith("conv_in.weight"):
        matrices.append(parameter)
    else:
        rest.append(parameter)
muon = {half: common.Muon(kinds[0]) for half, kinds in halves.items()}
groups = []
for half, (_, heads, rest) in halves.items():
    groups += [dict(params=rest, scale=1.0, half=half), dict(params=heads, scale=0.2, half=half)]
adam = torch.optim.AdamW(groups, options.lr, betas=(0.9, 0.97), weight_decay=0.0)
averages = [p.detach().clone() for p in params]
done, step, spent = 0.0, 0, 0.0  # samples, steps, seconds of processor time
if start:
    done, step, spent = float(start["samples"]), start["step"], start.get("seconds", 0.0)
    if "adam" in start:
        for half, momentum in start["muon"].items():
            muon[half].load_state_dict(momentum)
        adam.load_state_dict(start["adam"])
    for average, value in zip(averages, start["ema"]):
        average.copy_(value)
first_encoder = None
if options.anchor:
    first_encoder = vae.build(**config)
    first_encoder.load_state_dict(start["anchor"] if "anchor" in start else start["model"])
    first_encoder = first_encoder.to(run.device).requires_grad_(False)


def batch(rng, crop, count):
    """Random crops of random clips, mirrored half of the time."""
    crops = []
    for _ in range(count):
        clips = seen[rng.choice(len(seen), p=weight)]
        _, frames, height, width, _ = clips.shape
        h, w = min(crop, height), min(crop, width)
        t, y, x = (
            rng.randint(frames - options.frames + 1),
            rng.randint(height - h + 1),
            rng.randint(width - w + 1),
        )
        picture = clips[rng.randint(len(clips)), t : t + options.frames, y : y + h, x : x + w]
        if h < crop or w < crop:
            picture = np.pad(picture, ((0, 0), (0, crop - h), (0, crop - w), (0, 0)), "reflect")
        crops.append(picture[:, :, ::-1] if rng.rand() < 0.5 else picture)
    return vae.unit(np.stack(crops), run.device)


def quality():
    with common.averaged(params, averages):
        return vae.quality(model, held, options.held, run.device)


def seconds():
    return spent + time.process_time() - clock


def checkpoint():
    if run.rank == 0:
        more = {"anchor": first_encoder.state_dict()} if options.anchor else {}
        common.save(
            file,
            config=config,
            model=model.state_dict(),
            ema=averages,
            muon={half: optimiser.state_dict() for half, optimiser in muon.items()},
            adam=adam.state_dict(),
            samples=done,
            step=step,
            seconds=seconds(),
            **more,
        )


clock = time.process_time()
size = sum(p.numel() for p in params) / 1e6
run.say(f"parameters {size:.2f} M, clips {sum(map(len, seen))}, from sample {done:.0f}")
if run.rank == 0:
    run.say("start", quality())
last, error = time.time(), None
while done < options.samples and not run.stop and not 0 < 60 * options.minutes < seconds():
    rng = run.seed(options.seed, step)
    large = done >= options.large_from * options.samples
    count = max(1, options.batch // 4) if large else options.batch
    small = done < options.small_until * options.samples
    clips = batch(rng, options.crop * 2 if large else options.crop // 2 if small else options.crop, count)
    alone = done < options.decoder_first * options.samples  # the decoder trains, the encoder rests
    with torch.autocast("cuda", torch.bfloat16, enabled=run.cuda):
        with torch.set_grad_enabled(not alone):
            mean, variance = vae.encode(model, clips)
        mean, variance = mean.float(), variance.float().clamp(-20, 10)
        made = vae.decode(model, mean + torch.randn_like(mean) * (0.5 * variance).exp()).float()
    squared = (clips - made).square().mean()
    painting = done >= options.paint_from * options.samples
    loss = losses.painting(made, clips, options.edge_weight) * 0.1 if painting else squared
    loss = loss + options.beta * 0.5 * (mean.square() + variance.exp() - 1 - variance).mean()
    if options.anchor:
        with torch.no_grad():
            there = vae.encode(first_encoder, clips)[0]
        loss = loss + options.anchor * (mean - there).square().mean()
    for parameter in params:
        parameter.grad = None
    loss.backward()
    run.agree(params)
    torch.nn.utils.clip_grad_norm_(params, 1.0 if step > 20 else 0.3)
    rate = common.rate(done, options.samples, options.decay, 200 * options.batch * run.world)
    lr = options.lr * (0.02 + 0.98 * rate)
    joined = (done - options.decoder_first * options.samples) / (0.1 * options.samples)
    share = {"decoder": 1.0, "encoder": max(0.0, min(1.0, joined))}
    for group in adam.param_groups:
        group["lr"] = lr * group["scale"] * share[group["half"]]
    adam.step()
    for half, optimiser in muon.items():
        optimiser.step(lr * share[half])
    step += 1
    done += run.world * clips.shape[0] * clips.shape[2] * clips.shape[3] / 64**2
    with torch.no_grad():
        torch._foreach_lerp_(averages, params, 1 - min(0.998, step / (step + 10.0)))
    value = float(squared.detach())
    error = value if error is None else 0.95 * error + 0.05 * value
    if run.rank == 0 and time.time() - last > options.every:
        checkpoint()
        measured = quality()
        last = time.time()
        train = -10 * math.log10(error / 4)
        run.log("autoencoder", done, train=train, minutes=seconds() / 60, **measured[0])
        so_far = f"{seconds() / 60:.1f} min  samples {done:.0f}  step {step}  lr {lr:.1e}"
        run.say(f"{so_far}  train {train:.2f} dB  held out {measured}")
checkpoint()
passed = True
if run.rank == 0:
    measured = quality()
    run.say(f"end: {seconds() / 60:.1f} min  samples {done:.0f}, held out {measured}")
    passed = run.stop or not measured[0] or max(measured[0].values()) >= options.gate
    if not passed:
        run.say(f"below the gate of {options.gate:.1f} dB; a larger --samples goes on")
run.end()
raise SystemExit(0 if passed else 3)
