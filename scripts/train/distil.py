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


def arguments():
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
    return parser.parse_args()


def error(made, target, weights):
    return (weights * (made - target).square().mean(-1)).sum() / weights.sum()


class Distillation:
    def __init__(self, options):
        self.options, self.run = options, common.Run(options.state, options.procs)
        dev = self.run.device
        transformer.block = self.run.compiled(transformer.block)
        self.tok = tokenizer.Tokenizer(options.state + "/spiece.model")
        scale = torch.load(options.state + "/latents.pt", weights_only=False)
        self.mean, self.std = (torch.tensor(scale[name], device=dev) for name in ("mean", "std"))
        self.buckets = common.buckets(options.data, options.sizes, dev)
        weight = np.array([len(b[2]) for b in self.buckets], float)
        self.weight = weight / weight.sum()
        _, enc, teacher, self.seen = export.load(options.state)
        self.enc, self.teacher = enc.to(dev), teacher.to(dev)
        for p in [*self.enc.parameters(), *self.teacher.parameters()]:
            p.requires_grad_(False)
        self.net = copy.deepcopy(self.teacher).requires_grad_(True).train()
        self.params = list(self.net.parameters())
        self.adam = torch.optim.AdamW(self.params, options.lr, betas=(0.9, 0.97), weight_decay=0.0)
        self.ema = [p.detach().clone() for p in self.params]
        self.done = self.step = 0
        self.file = options.state + "/distilled.pt"
        if os.path.exists(self.file):
            self.resume()
        self.run.share(self.params)
        whole = torch.load(options.state + "/transformer.pt", weights_only=False, map_location="cpu")
        self.config = whole["config"]

    def resume(self):
        start = torch.load(self.file, weights_only=False)
        self.net.load_state_dict(start["net"])
        self.adam.load_state_dict(start["adam"])
        self.done, self.step = start["distilled"], start["step"]
        for a, b in zip(self.ema, start["ema"][-len(self.ema) :]):
            a.copy_(b)

    def checkpoint(self):
        if self.run.rank == 0:
            common.save(
                self.file,
                config=self.config,
                text=self.enc.state_dict(),
                net=self.net.state_dict(),
                ema=[*self.enc.parameters(), *self.ema],
                adam=self.adam.state_dict(),
                samples=self.seen,
                distilled=self.done,
                step=self.step,
                guidance=self.options.guidance,
            )

    def batch(self):
        """Latents [B,T,h,w,C], the mask of the subject [B,T,h,w], and padded captions."""
        which = np.random.RandomState(self.step * 7 + 1).choice(len(self.buckets), p=self.weight)
        Z, M, A = self.buckets[which]
        rng = self.run.seed(self.options.seed + 77, self.step)
        pick = rng.randint(len(A), size=self.options.batch)
        x = (Z[pick].float() - self.mean) / self.std
        dropped = rng.rand(len(x)) < 0.1
        words = [self.tok("" if d else wording.caption(A[i], rng)) for i, d in zip(pick, dropped)]
        return x, M[pick].float() / 255, transformer.pad(words, self.run.device)

    def losses(self):
        """Of one batch: the student's loss, and that of the teacher without guidance."""
        options, dev = self.options, self.run.device
        x, mask, captions = self.batch()
        B, T = x.shape[:2]
        t = common.times(B, T, options.shift).to(dev)
        noisy = torch.lerp(x, torch.randn(x.shape).to(dev), t[:, :, None, None, None])
        with torch.autocast("cuda", torch.bfloat16, enabled=self.run.cuda):
            with torch.no_grad():
                rows, bias = transformer.text(self.enc, *captions)
                v = transformer.forward(self.teacher, noisy, t, rows, bias).float()
                none = transformer.text(self.enc, *transformer.pad([self.tok("")] * B, dev))
                u = transformer.forward(self.teacher, noisy, t, *none).float()
                target = torch.lerp(u, v, options.guidance)  # of an empty caption it is u
            out = transformer.forward(self.net, noisy, t, rows, bias).float()
        weights = (1 + options.mask_weight * mask) * (t > 0)[:, :, None, None]
        return error(out, target, weights), error(v, target, weights)

    def learn(self):
        """One step. Returns the two losses."""
        options, run = self.options, self.run
        loss, teacher = self.losses()
        for p in self.params:
            p.grad = None
        loss.backward()
        run.agree(self.params)
        torch.nn.utils.clip_grad_norm_(self.params, 1.0)
        warm = 40 * options.batch * run.world
        for g in self.adam.param_groups:
            g["lr"] = options.lr * common.rate(self.done, options.samples, options.decay, warm)
        self.adam.step()
        self.step += 1
        self.done += options.batch * run.world
        with torch.no_grad():
            average = min(options.ema, self.step / (self.step + 10.0))
            torch._foreach_lerp_(self.ema, self.params, 1 - average)
        return np.array([float(loss.detach()), float(teacher)])

    def train(self):
        options, run = self.options, self.run
        counts = [len(attributes) for _, _, attributes in self.buckets]
        teacher = f"teacher of {self.seen} samples, guidance {options.guidance:.2f}"
        run.say(f"{teacher}, clips {counts}, from sample {self.done}")
        began = saved = logged = time.time()
        first, log = self.done, None
        while self.done < options.samples and not run.stop:
            now = self.learn()
            log = now if log is None else 0.97 * log + 0.03 * now
            if run.rank == 0 and (self.step == 1 or time.time() - logged > 30):
                run.log("guidance folded in", self.done, loss=log[0], teacher=log[1])
                logged = time.time()
                seconds = logged - began
                losses = f"loss {log[0]:.4f} (of the teacher without guidance {log[1]:.4f})"
                speed = (self.done - first) / seconds
                run.say(f"{seconds:5.0f} s  samples {self.done}  {losses}  {speed:.1f} samples/s")
            if time.time() - saved > options.every:
                saved = time.time()
                self.checkpoint()
        self.checkpoint()
        run.say(f"end: distilled {self.done}")
        run.end()


def main():
    Distillation(arguments()).train()


if __name__ == "__main__":
    main()
