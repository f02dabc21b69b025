"""Trains the denoiser and the text encoder on encoded clips, by flow matching.

    python train_transformer.py STATE DATA --sizes 64x64,48x80,80x48 --samples 60000 --batch 24 --decay 0
    python train_transformer.py STATE DATA --sizes '128x128,96x176,176x96,64x64*.05,48x80*.2,80x48*.2' \\
        --samples 72000 --batch 6   # goes on at full size

x_t = (1-t) latents + t noise, target noise - latents. Times are logit-normal, shifted to the noisy side, and
every latent frame has its own: most samples use one time for all frames (text to video), some hold frames
clean at t = 0 (extension, image to video, loops, joins), some draw all times freely (common.times). A quarter
of the steps see only the beginnings of clips, of 1 to T - 1 latent frames, so that stills and short videos
look right as well. Clips that show parts of longer ways (render.py --parts) are for samples with frames held,
since what goes on is seldom at its beginning. Cells under the subject weigh more. Two small heads that read
the attributes, from the middle of the denoiser and from the text, exist during training only. Captions are
worded anew each time and dropped one time in ten, three where frames are held.

--fold W folds guidance W in while training, with no teacher: the target moves away from the model's own
prediction without a caption, u + (1 - 1/W) (v(caption) - v(none)), whose fixed point is the guided
prediction; without a caption it stays u. One forward pass more a step. (Model guidance: Tang et al.,
Diffusion Models without Classifier-free Guidance, 2025.)

Saves STATE/transformer.pt every five minutes, resumes from it, stops cleanly on SIGTERM. Each call is a
stage: the rate warms up briefly, stays flat and falls to zero over the last --decay share of the stage's
samples.
"""

import argparse
import os
import time

import common
import numpy as np
import tokenizer
import torch
import train_text
import transformer
import wording
import world

parser = argparse.ArgumentParser()
parser.add_argument("state")
parser.add_argument("data")
parser.add_argument(
    "--sizes",
    default="64x64,48x80,80x48",
    help="chosen by their number of clips; 64x64*.1 counts for a tenth of its own",
)
parser.add_argument("--samples", type=int, default=60000, help="in all, earlier stages included")
parser.add_argument(
    "--batch",
    type=int,
    default=24,
    help="a process and step, of the largest clips; as many cells of smaller ones",
)
parser.add_argument("--lr", type=float, default=2e-3)
parser.add_argument("--decay", type=float, default=0.4)
parser.add_argument("--width", type=int, default=256)
parser.add_argument("--layers", type=int, default=6)
parser.add_argument("--ffn", type=int, default=1024)
parser.add_argument("--shift", type=float, default=2.0)
parser.add_argument(
    "--short",
    type=float,
    default=0.25,
    help="share of the steps with clips of fewer latent frames, down to one: stills and short videos",
)
parser.add_argument("--held", type=float, default=0.28, help="share of the samples with some frames given")
parser.add_argument("--fold", type=float, default=1.0, help="guidance to fold in; 1 for none")
parser.add_argument("--mask-weight", type=float, default=5.0)
parser.add_argument("--aux", type=float, default=0.05)
parser.add_argument("--ema", type=float, default=0.99)
parser.add_argument(
    "--optimiser",
    choices=["muon", "adam"],
    default="muon",
    help="for the blocks' matrices; Muon needs fewer steps, Adam cheaper ones",
)
parser.add_argument("--patch", type=int, default=2, help="latent cells of a token, along each side")
parser.add_argument(
    "--predicts",
    choices=["velocity", "sample"],
    default="velocity",
    help="what the network puts out; sample where a token has more numbers than the network is wide",
)
parser.add_argument(
    "--minutes",
    type=float,
    default=0,
    help="for comparisons: processor time in all at which the rate has fallen to zero and the run ends, "
    "instead of --samples",
)
parser.add_argument("--procs", type=int, default=2)
parser.add_argument("--every", type=float, default=300)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

run = common.Run(options.state, options.procs)
dev = run.device
transformer.block = run.compiled(transformer.block)
torch.manual_seed(options.seed)
tok = tokenizer.Tokenizer(options.state + "/spiece.model")
scale = torch.load(options.state + "/latents.pt", weights_only=False)
mean, std = torch.tensor(scale["mean"], device=dev), torch.tensor(scale["std"], device=dev)
sizes, shares = zip(
    *((name, float(share or 1)) for name, _, share in (s.partition("*") for s in options.sizes.split(",")))
)
found = [(b, share) for size, share in zip(sizes, shares) for b in common.buckets(options.data, size, dev)]
buckets = [b for b, _ in found]
whole = [
    [i for i, a in enumerate(b[2]) if not a.get("part")] or list(range(len(b[2]))) for b in buckets
]  # clips that are not parts of longer ways
weight = np.array([len(b[2]) * share for b, share in found])
weight /= weight.sum()
cells = max(b[0][0].numel() for b in buckets)
C = buckets[0][0].shape[-1]
config = dict(
    channels=C,
    width=options.width,
    layers=options.layers,
    ffn=options.ffn,
    patch=options.patch,
    predicts=options.predicts,
)
enc, net = transformer.build_text(len(tok)), transformer.build(**config)
if options.width > options.patch**2 * C:
    transformer.passthrough(net)
elif options.predicts == "sample":
    some = (buckets[0][0][:300].float().cpu() - mean.cpu()) / std.cpu()
    directions, power = transformer.principal_directions(some, options.patch, options.width * 4 // 5)
    transformer.passthrough(net, power, directions)
heads = torch.nn.ModuleDict(
    dict(
        text=torch.nn.Linear(128, sum(train_text.SIZES)),
        mid=torch.nn.Linear(3 * options.width, sum(train_text.SIZES)),
    )
)
file = options.state + "/transformer.pt"
start = torch.load(file, weights_only=False) if os.path.exists(file) else None
if not start and os.path.exists(options.state + "/text.pt"):
    k = torch.load(options.state + "/text.pt", weights_only=False)
    enc.load_state_dict(k["model"])
    heads["text"].load_state_dict(k["head"])
elif start:
    enc.load_state_dict(start["text"])
    net.load_state_dict(start["net"])
    if "heads" in start:
        heads.load_state_dict(start["heads"])
for m in (enc, net, heads):
    m.to(dev)
kept = list(enc.parameters()) + list(net.parameters())  # what is averaged and exported
params = kept + list(heads.parameters())
run.share(params)
matrix = [
    p
    for n, p in net.named_parameters()
    if p.ndim == 2 and n.startswith("blocks.") and options.optimiser == "muon"
]
ids = {id(p) for p in matrix}
muon = common.Muon(matrix, decay=0.01, run=run)
slow = {id(p) for p in enc.parameters()}
adam = torch.optim.AdamW(
    [
        dict(params=[p for p in params if id(p) not in ids and id(p) not in slow], s=0.7),
        dict(params=list(enc.parameters()), s=0.3),
    ],
    options.lr,
    betas=(0.9, 0.97),
    weight_decay=0.0,
)
ema = [p.detach().clone() for p in kept]
done = step = stage = 0
spent, clock = 0.0, time.process_time()  # seconds of processor time
name = options.sizes
if start:
    done, step, spent = start["samples"], start["step"], start.get("seconds", 0.0)
    stage = start["stage"] if start["sizes"] == name else done  # a new stage begins where the last ended
    if "adam" in start:
        muon.load_state_dict(start["muon"])
        adam.load_state_dict(start["adam"])
    for a, b in zip(ema, start["ema"]):
        a.copy_(b)


def seconds():
    return spent + time.process_time() - clock


def rate():
    """Share of the peak learning rate at this step."""
    warm = 40 * options.batch * run.world
    if not options.decay:
        return min(1.0, (done - stage + 1) / warm)
    if options.minutes:
        return common.rate(seconds(), 60 * options.minutes, options.decay, 1.2 * options.minutes)
    return common.rate(done - stage, options.samples - stage, options.decay, warm)


def checkpoint():
    if run.rank == 0:
        common.save(
            file,
            config=config,
            text=enc.state_dict(),
            net=net.state_dict(),
            heads=heads.state_dict(),
            ema=ema,
            muon=muon.state_dict(),
            adam=adam.state_dict(),
            samples=done,
            step=step,
            seconds=seconds(),
            stage=stage,
            sizes=name,
            fold=options.fold,
        )


millions = [sum(p.numel() for p in part.parameters()) / 1e6 for part in (net, enc)]
counts = [len(attributes) for _, _, attributes in buckets]
run.say(f"denoiser {millions[0]:.2f} M, text {millions[1]:.2f} M, clips {counts}, from sample {done}")
began = saved = logged = time.time()
first = done
log = {}
while (seconds() < 60 * options.minutes if options.minutes else done < options.samples) and not run.stop:
    same = np.random.RandomState(step * 7 + 1)  # on all processes
    which = same.choice(len(buckets), p=weight)
    frames = buckets[which][0].shape[1]
    if same.rand() < options.short:
        frames = same.randint(1, frames) if frames > 1 else 1
    rng = run.seed(options.seed, step)
    Z, M, A = buckets[which]
    W = whole[which]
    B = max(1, round(options.batch * cells / Z[0, :frames].numel()))
    t = common.times(B, frames, options.shift, options.held).to(dev)
    given = (t == 0).any(1).cpu().numpy()
    pick = np.where(given, rng.randint(len(A), size=B), rng.choice(W, size=B))
    x = (Z[pick, :frames].float() - mean) / std
    mask = M[pick, :frames].float() / 255
    dropped = rng.rand(B) < np.where(given, 0.3, 0.1)  # a clip is often extended without a word
    tokens = [tok("" if d else wording.caption(A[i], rng)) for i, d in zip(pick, dropped)]
    target = torch.tensor([world.labels(A[i]) for i in pick], device=dev)
    live = torch.tensor(~dropped, device=dev).float()
    noise = torch.randn(x.shape).to(dev)
    s = t[:, :, None, None, None]
    noisy = torch.lerp(x, noise, s)
    goal = noise - x
    with torch.autocast("cuda", torch.bfloat16, enabled=run.cuda):
        rows, bias = transformer.text(enc, *(v := transformer.pad(tokens, dev)))
        out, mid = transformer.forward(net, noisy, t, rows, bias, tap=options.layers // 2)
        mid = mid.mean(2)
        mid = torch.cat([mid.mean(1), mid[:, 0], mid[:, -1]], -1)
        la, ra = train_text.classify(heads["text"](rows.sum(1) / v[1][:, None]), target, live)
        lb, rb = train_text.classify(heads["mid"](mid), target, live)
        if options.fold > 1:
            with torch.no_grad():
                none = [
                    v.expand(B, *v.shape[1:]) for v in transformer.text(enc, *transformer.pad([tok("")], dev))
                ]
                goal = (
                    goal
                    + (1 - 1 / options.fold)
                    * live[:, None, None, None, None]
                    * (out - transformer.forward(net, noisy, t, *none)).float()
                )
    w = (1 + options.mask_weight * mask) * (t > 0)[:, :, None, None]
    err = (out.float() - goal).square().mean(-1)
    mse = (w * err).sum() / w.sum()
    loss = mse + options.aux * (la + lb)
    for p in params:
        p.grad = None
    loss.backward()
    run.agree(params)
    norm = torch.nn.utils.clip_grad_norm_(params, 1.0)
    lr = options.lr * rate()
    for g in adam.param_groups:
        g["lr"] = lr * g["s"]
    adam.step()
    muon.step(lr)
    step += 1
    done += B * run.world
    with torch.no_grad():
        torch._foreach_lerp_(ema, kept, 1 - min(options.ema, step / (step + 10.0)))
    for k, v in dict(
        mse=float(mse.detach()),
        subject=float(
            ((w * err) * (mask > 0.5)).sum().detach()
            / ((mask > 0.5) * (t > 0)[:, :, None, None]).sum().clamp_min(1)
            / (1 + options.mask_weight)
        ),
        text=float(np.mean(ra)),
        mid=float(np.mean(rb)),
        norm=float(norm),
    ).items():
        log[k] = 0.97 * log.get(k, v) + 0.03 * v
    if run.rank == 0 and (step == 1 or time.time() - logged > 30):
        run.log(
            "transformer",
            done,
            mse=log["mse"],
            subject=log["subject"],
            text=log["text"],
            middle=log["mid"],
            minutes=seconds() / 60,
        )
        logged = time.time()
        passed, now = logged - began, {k: round(v, 3) for k, v in log.items()}
        speed = (done - first) / passed
        run.say(f"{passed:5.0f} s  samples {done}  step {step}  lr {lr:.1e}  {now}  {speed:.1f} samples/s")
    if time.time() - saved > options.every:
        saved = time.time()
        checkpoint()
checkpoint()
run.say(f"end: samples {done}")
run.end()
