"""Trains the denoiser and the text encoder on encoded clips, by flow matching.

    python train_transformer.py STATE DATA --sizes 64x64,48x80,80x48 --samples 60000 --batch 24 --decay 0
    python train_transformer.py STATE DATA --sizes '128x128,96x176,176x96,64x64*.05,48x80*.2,80x48*.2' \\
        --samples 72000 --batch 6   # goes on at full size
    python train_transformer.py STATE DATA --sizes '64x64,128x128~.7' --batch 6  # drafts, refined

x_t = (1-t) latents + t noise, target noise - latents. Times are logit-normal, shifted to the noisy side, and
every latent frame has its own: most samples use one time for all frames (text to video), some hold frames
clean at t = 0 (extension, image to video, loops, joins), some draw all times freely (common.times). A quarter
of the steps see only the beginnings of clips, of 1 to T - 1 latent frames, so that stills and short videos
look right as well. The autoencoder's latents of a clip's first frames have less power (Clips.power): these
frames weigh more, and short clips get less noise. Clips that show parts of longer ways (render.py --parts)
are for samples with frames held, since what goes on is seldom at its beginning. Cells under the subject weigh
more. Two small heads that read the attributes, from the middle of the denoiser and from the text, exist
during training only. Captions are worded anew each time and dropped one time in ten, three where frames are
held.

--fold W folds guidance W in while training, with no teacher: the target moves away from the model's own
prediction without a caption, u + (1 - 1/W) (v(caption) - v(none)), whose fixed point is the guided
prediction; without a caption it stays u. One forward pass more a step. (Model guidance: Tang et al.,
Diffusion Models without Classifier-free Guidance, 2025.)

A size with ~L is for refining: clips up to the noise level L, which begin between what they are and what a
draft of half their size looks like when it is enlarged (scales.py --soft), with the clip as the goal. With
--crop N most of their steps see squares of N x N cells, which cost as little as drafts: what is where, the
draft says.

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

LEAST_DRAFT = 0.3  # the least time at which latents of a draft take part
EARLY = 0.75  # how much more latent frames of little power weigh: the power to minus this
CROPPED = 0.8  # share of the steps of refining that see squares, with --crop


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("state")
    parser.add_argument("data")
    parser.add_argument(
        "--sizes",
        default="64x64,48x80,80x48",
        help="chosen by their number of clips; 64x64*.1 counts for a tenth of its own; 128x128~.7 refines",
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
    parser.add_argument(
        "--stills", type=float, default=0.0, help="share of those steps that have stills alone"
    )
    parser.add_argument(
        "--crop", type=int, default=0, help="side of the squares, in latent cells, that refining mostly sees"
    )
    parser.add_argument(
        "--held", type=float, default=0.28, help="share of the samples with some frames given"
    )
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
    return parser.parse_args()


class Clips:
    """The encoded clips of each size, normalised by the latents' mean and scale."""

    def __init__(self, options, device):
        scale = torch.load(options.state + "/latents.pt", weights_only=False)
        self.mean, self.std = (torch.tensor(scale[name], device=device) for name in ("mean", "std"))
        shares = []
        self.buckets, self.levels, self.drafts = [], [], []  # drafts: None where clips are not refined
        for entry in options.sizes.split(","):
            size, _, share = entry.partition("*")
            size, _, level = size.partition("~")
            if level:
                *bucket, draft = common.soft_bucket(options.data, size, device)
                found = [(bucket, draft)]
            else:
                found = [(bucket, None) for bucket in common.buckets(options.data, size, device)]
            for bucket, draft in found:
                self.buckets.append(bucket)
                self.levels.append(float(level or 1))
                self.drafts.append(draft)
                shares.append(float(share or 1))
        self.whole = [
            [i for i, a in enumerate(b[2]) if not a.get("part")] or list(range(len(b[2])))
            for b in self.buckets
        ]  # clips that are not parts of longer ways
        weight = np.array([len(b[2]) * share for b, share in zip(self.buckets, shares)])
        self.weight = weight / weight.sum()
        self.cells = max(b[0][0].numel() for b in self.buckets)
        self.channels = self.buckets[0][0].shape[-1]
        some = self.normal(self.buckets[0][0][:300])
        self.power = some.var(0).mean((1, 2, 3)).cpu()  # of each latent frame

    def normal(self, latents):
        return (latents.float() - self.mean) / self.std


def first_weights(net, options, clips):
    """The best linear guess, where the network is wide enough for one."""
    if options.width > options.patch**2 * clips.channels:
        transformer.passthrough(net)
    elif options.predicts == "sample":
        some = (clips.buckets[0][0][:300].float().cpu() - clips.mean.cpu()) / clips.std.cpu()
        directions, power = transformer.principal_directions(some, options.patch, options.width * 4 // 5)
        transformer.passthrough(net, power, directions)


def squares(rng, count, height, width, side):
    """Of each of count pictures of height x width cells, the rows and columns of a square, as indices."""
    top, left = rng.randint(height - side + 1, size=count), rng.randint(width - side + 1, size=count)
    steps = np.arange(side)
    return (top[:, None] + steps)[:, None, :, None], (left[:, None] + steps)[:, None, None, :]


def noised(x, draft, t):
    """Latents at times t, and the velocity that leads from them to the clean latents x. A draft's latents
    take part where the noise is strong enough to hide which of both there were."""
    t = t[:, :, None, None, None]
    noise = torch.randn(x.shape).to(x.device)
    noisy, goal = torch.lerp(x, noise, t), noise - x
    if draft is None:
        return noisy, goal
    share = torch.rand(len(x), 1, 1, 1, 1, device=x.device) * (t > LEAST_DRAFT)
    away = (1 - t) * share * (draft - x)
    return noisy + away, goal + away / t.clamp_min(LEAST_DRAFT)


class DenoiserTraining:
    def __init__(self, options):
        self.options, self.run = options, common.Run(options.state, options.procs)
        transformer.block = self.run.compiled(transformer.block)
        torch.manual_seed(options.seed)
        self.tok = tokenizer.Tokenizer(options.state + "/spiece.model")
        self.clips = Clips(options, self.run.device)
        self.config = dict(
            channels=self.clips.channels,
            width=options.width,
            layers=options.layers,
            ffn=options.ffn,
            patch=options.patch,
            predicts=options.predicts,
        )
        self.enc, self.net = transformer.build_text(len(self.tok)), transformer.build(**self.config)
        first_weights(self.net, options, self.clips)
        self.heads = torch.nn.ModuleDict(
            dict(
                text=torch.nn.Linear(128, sum(train_text.SIZES)),
                mid=torch.nn.Linear(3 * options.width, sum(train_text.SIZES)),
            )
        )
        self.file = options.state + "/transformer.pt"
        start = torch.load(self.file, weights_only=False) if os.path.exists(self.file) else None
        self.load_weights(start)
        for m in (self.enc, self.net, self.heads):
            m.to(self.run.device)
        self.kept = list(self.enc.parameters()) + list(self.net.parameters())  # averaged and exported
        self.params = self.kept + list(self.heads.parameters())
        self.run.share(self.params)
        self.muon, self.adam = self.optimisers()
        self.ema = [p.detach().clone() for p in self.kept]
        self.done = self.step = self.stage = 0
        self.spent, self.clock = 0.0, time.process_time()  # seconds of processor time
        if start:
            self.resume(start)

    def load_weights(self, start):
        """Those of an earlier call, or the text encoder's head start."""
        text = self.options.state + "/text.pt"
        if start:
            self.enc.load_state_dict(start["text"])
            self.net.load_state_dict(start["net"])
            if "heads" in start:
                self.heads.load_state_dict(start["heads"])
        elif os.path.exists(text):
            k = torch.load(text, weights_only=False)
            self.enc.load_state_dict(k["model"])
            self.heads["text"].load_state_dict(k["head"])

    def optimisers(self):
        options = self.options
        matrices = [
            p
            for n, p in self.net.named_parameters()
            if p.ndim == 2 and n.startswith("blocks.") and options.optimiser == "muon"
        ]
        slow = list(self.enc.parameters())
        elsewhere = {id(p) for p in matrices + slow}
        others = [p for p in self.params if id(p) not in elsewhere]
        groups = [dict(params=others, s=0.7), dict(params=slow, s=0.3)]
        adam = torch.optim.AdamW(groups, options.lr, betas=(0.9, 0.97), weight_decay=0.0)
        return common.Muon(matrices, decay=0.01, run=self.run), adam

    def resume(self, start):
        self.done, self.step, self.spent = start["samples"], start["step"], start.get("seconds", 0.0)
        # a new stage begins where the last ended
        self.stage = start["stage"] if start["sizes"] == self.options.sizes else self.done
        if "adam" in start:
            self.muon.load_state_dict(start["muon"])
            self.adam.load_state_dict(start["adam"])
        for a, b in zip(self.ema, start["ema"]):
            a.copy_(b)

    def seconds(self):
        return self.spent + time.process_time() - self.clock

    def ends(self):
        minutes = self.options.minutes
        return self.seconds() >= 60 * minutes if minutes else self.done >= self.options.samples

    def rate(self):
        """Share of the peak learning rate at this step."""
        options, here = self.options, self.done - self.stage
        warm = 40 * options.batch * self.run.world
        if not options.decay:
            return min(1.0, (here + 1) / warm)
        if options.minutes:
            return common.rate(self.seconds(), 60 * options.minutes, options.decay, 1.2 * options.minutes)
        return common.rate(here, options.samples - self.stage, options.decay, warm)

    def checkpoint(self):
        if self.run.rank == 0:
            common.save(
                self.file,
                config=self.config,
                text=self.enc.state_dict(),
                net=self.net.state_dict(),
                heads=self.heads.state_dict(),
                ema=self.ema,
                muon=self.muon.state_dict(),
                adam=self.adam.state_dict(),
                samples=self.done,
                step=self.step,
                seconds=self.seconds(),
                stage=self.stage,
                sizes=self.options.sizes,
                fold=self.options.fold,
            )

    def batch(self):
        """Latents [B,T,h,w,C], those of their drafts or None, the mask of the subject [B,T,h,w], times [B,T],
        tokens of the captions, the attributes [B,7], and which captions are there [B]."""
        options, dev, clips = self.options, self.run.device, self.clips
        same = np.random.RandomState(self.step * 7 + 1)  # on all processes
        which = same.choice(len(clips.buckets), p=clips.weight)
        Z, M, A = clips.buckets[which]
        frames = Z.shape[1]
        if same.rand() < options.short:
            still = frames == 1 or same.rand() < options.stills
            frames = 1 if still else same.randint(1, frames)
        rng = self.run.seed(options.seed, self.step)
        drafts = clips.drafts[which]
        height, width, channels = Z.shape[2:]
        cropped = drafts is not None and 0 < options.crop <= min(height, width) and same.rand() < CROPPED
        cells = options.crop**2 if cropped else height * width
        B = max(1, round(options.batch * clips.cells / (frames * cells * channels)))
        shift = options.shift * float((clips.power[:frames].mean() / clips.power.mean()).sqrt())
        t = clips.levels[which] * common.times(B, frames, shift, options.held).to(dev)
        given = (t == 0).any(1).cpu().numpy()
        pick = np.where(given, rng.randint(len(A), size=B), rng.choice(clips.whole[which], size=B))
        part = (pick, slice(frames))
        if cropped:
            rows, columns = squares(rng, B, height, width, options.crop)
            part = (pick[:, None, None, None], np.arange(frames)[None, :, None, None], rows, columns)
        x, mask = clips.normal(Z[part]), M[part].float() / 255
        draft = None if drafts is None else clips.normal(drafts[part])
        dropped = rng.rand(B) < np.where(given, 0.3, 0.1)  # a clip is often extended without a word
        tokens = [self.tok("" if d else wording.caption(A[i], rng)) for i, d in zip(pick, dropped)]
        target = torch.tensor([world.labels(A[i]) for i in pick], device=dev)
        live = torch.tensor(~dropped, device=dev).float()
        return x, draft, mask, t, tokens, target, live

    def folded(self, goal, out, live, noisy, t):
        """The goal moved away from the prediction without a caption (--fold)."""
        with torch.no_grad():
            none = transformer.text(self.enc, *transformer.pad([self.tok("")], self.run.device))
            none = [v.expand(len(noisy), *v.shape[1:]) for v in none]
            away = out - transformer.forward(self.net, noisy, t, *none)
            share = (1 - 1 / self.options.fold) * live[:, None, None, None, None]
            return goal + share * away.float()

    def loss(self):
        """Of one batch, and figures of it."""
        options, run, dev = self.options, self.run, self.run.device
        x, draft, mask, t, tokens, target, live = self.batch()
        noisy, goal = noised(x, draft, t)
        with torch.autocast("cuda", torch.bfloat16, enabled=run.cuda):
            ids, length = transformer.pad(tokens, dev)
            rows, bias = transformer.text(self.enc, ids, length)
            out, mid = transformer.forward(self.net, noisy, t, rows, bias, tap=options.layers // 2)
            mid = mid.mean(2)
            mid = torch.cat([mid.mean(1), mid[:, 0], mid[:, -1]], -1)
            read = self.heads["text"](rows.sum(1) / length[:, None])
            la, ra = train_text.classify(read, target, live)
            lb, rb = train_text.classify(self.heads["mid"](mid), target, live)
            if options.fold > 1:
                goal = self.folded(goal, out, live, noisy, t)
        w = (1 + options.mask_weight * mask) * (t > 0)[:, :, None, None]
        w = w * self.clips.power[: t.shape[1]].pow(-EARLY).to(dev)[:, None, None]
        err = (out.float() - goal).square().mean(-1)
        mse = (w * err).sum() / w.sum()
        inside = (mask > 0.5) * (t > 0)[:, :, None, None]
        of_subject = ((w * err) * (mask > 0.5)).sum().detach() / inside.sum().clamp_min(1)
        figures = dict(
            mse=float(mse.detach()),
            subject=float(of_subject / (1 + options.mask_weight)),
            text=float(np.mean(ra)),
            mid=float(np.mean(rb)),
        )
        return mse + options.aux * (la + lb), len(x), figures

    def learn(self):
        """One step. Returns figures of it, and the learning rate."""
        options, run = self.options, self.run
        loss, count, figures = self.loss()
        for p in self.params:
            p.grad = None
        loss.backward()
        run.agree(self.params)
        figures["norm"] = float(torch.nn.utils.clip_grad_norm_(self.params, 1.0))
        lr = options.lr * self.rate()
        for g in self.adam.param_groups:
            g["lr"] = lr * g["s"]
        self.adam.step()
        self.muon.step(lr)
        self.step += 1
        self.done += count * run.world
        with torch.no_grad():
            average = min(options.ema, self.step / (self.step + 10.0))
            torch._foreach_lerp_(self.ema, self.kept, 1 - average)
        return figures, lr

    def train(self):
        options, run = self.options, self.run
        millions = [sum(p.numel() for p in part.parameters()) / 1e6 for part in (self.net, self.enc)]
        counts = [len(attributes) for _, _, attributes in self.clips.buckets]
        sizes = f"denoiser {millions[0]:.2f} M, text {millions[1]:.2f} M"
        run.say(f"{sizes}, clips {counts}, from sample {self.done}")
        began = saved = logged = time.time()
        first, log = self.done, {}
        while not self.ends() and not run.stop:
            figures, lr = self.learn()
            for k, v in figures.items():
                log[k] = 0.97 * log.get(k, v) + 0.03 * v
            if run.rank == 0 and (self.step == 1 or time.time() - logged > 30):
                logged = time.time()
                shown = {k: log[k] for k in ("mse", "subject", "text")}
                run.log("transformer", self.done, **shown, middle=log["mid"], minutes=self.seconds() / 60)
                passed, now = logged - began, {k: round(v, 3) for k, v in log.items()}
                speed = (self.done - first) / passed
                so_far = f"{passed:5.0f} s  samples {self.done}  step {self.step}  lr {lr:.1e}"
                run.say(f"{so_far}  {now}  {speed:.1f} samples/s")
            if time.time() - saved > options.every:
                saved = time.time()
                self.checkpoint()
        self.checkpoint()
        run.say(f"end: samples {self.done}")
        run.end()


def main():
    DenoiserTraining(arguments()).train()


if __name__ == "__main__":
    main()
