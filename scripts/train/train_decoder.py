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


def arguments():
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
    return parser.parse_args()


def latents_of(name):
    """The latents of a shard; where it has none, those of the same scenes rendered at half the size, which an
    autoencoder of double.py shares. None: there are neither."""
    folder, shard = os.path.split(name)
    size, rest = shard.split("-", 1)
    half = "x".join(str(int(side) // 2) for side in size.split("x"))
    for file in (f"{name}.latents.npy", f"{folder}/{half}-{rest}.latents.npy"):
        if os.path.exists(file):
            return np.load(file, mmap_mode="r")
    return None


class Clips:
    """Rendered clips with the latents that encode.py wrote, and held-out clips by their size."""

    def __init__(self, data, cell):
        self.shards = []
        for name in common.shards(data, "seen"):
            clips, _, attributes = common.clips(name)
            latents = latents_of(name)
            if latents is not None and clips.shape[2] // latents.shape[2] == cell:
                self.shards.append((clips, latents, attributes))
        shares = [len(a) * (3.0 if c.shape[2] * c.shape[3] > 8000 else 0.3) for c, _, a in self.shards]
        self.weight = np.array(shares) / np.sum(shares)
        self.held = {}
        for name in common.shards(data, "unseen"):
            clips = common.clips(name)[0]
            self.held[f"{clips.shape[2]}x{clips.shape[3]}"] = clips

    def count(self):
        return sum(len(attributes) for _, _, attributes in self.shards)


class DecoderTraining:
    def __init__(self, options):
        self.options, self.run = options, common.Run(options.state, 1)
        device = self.run.device
        self.model, self.text, self.net, _ = export.load(options.state, options.denoiser)
        redoes = os.path.exists(options.state + "/" + options.denoiser)
        self.token = tokenizer.Tokenizer(options.state + "/spiece.model") if redoes else None
        for part in (self.model, self.text, self.net):
            part.to(device).requires_grad_(False)
        config = self.model.config
        self.mean, self.std = (
            torch.tensor(v, device=device) for v in (config.latents_mean, config.latents_std)
        )
        self.cell = config.scale_factor_spatial
        self.clips = Clips(options.data, self.cell)
        self.file = options.state + "/vae.pt"
        self.start = torch.load(self.file, weights_only=False, map_location=device)
        self.named = [
            (n, p.requires_grad_(True))
            for n, p in self.model.named_parameters()
            if n.startswith(("decoder.", "post_quant"))
        ]
        self.params = [p for _, p in self.named]
        matrices = [p for n, p in self.named if p.ndim >= 4 and "conv_out" not in n and "quant" not in n]
        chosen = {id(p) for p in matrices}
        self.muon = common.Muon(matrices)
        others = [p for p in self.params if id(p) not in chosen]
        self.adam = torch.optim.AdamW(others, options.lr, betas=(0.9, 0.97), weight_decay=0.0)
        self.averages = [p.detach().clone() for p in self.params]
        self.done = self.step = 0
        if "decoder" in self.start:  # a stage of this script that was stopped
            self.resume(self.start["decoder"])
        self.before = self.start["samples"] - self.start.get("decoder", {}).get("samples", 0)

    def resume(self, stopped):
        with torch.no_grad():
            for parameter, value in zip(self.params, stopped["weights"]):
                parameter.copy_(value)
        self.done, self.step = stopped["samples"], stopped["step"]
        self.muon.load_state_dict(stopped["muon"])
        self.adam.load_state_dict(stopped["adam"])

    @torch.no_grad()
    def redo(self, latents, attributes, rng, steps=3):
        """Latents [1,t,h,w,C] noised up to a random time and denoised again with the caption of the clip."""
        device = self.run.device
        x = (latents - self.mean) / self.std
        if not self.token:
            return (x + 0.1 * rng.rand() * torch.randn_like(x)) * self.std + self.mean
        noise = rng.uniform(0.15, 0.75)
        caption = self.token(wording.caption(attributes, rng))
        rows = transformer.text(self.text, *transformer.pad([caption], device))
        x = torch.lerp(x, torch.randn_like(x), noise)
        for k in range(steps):
            now, then = noise * (1 - k / steps), noise * (1 - (k + 1) / steps)
            times = torch.full(x.shape[:2], now, device=device)
            x = x + (then - now) * transformer.forward(self.net, x, times, *rows)
        return x * self.std + self.mean

    def sample(self, rng):
        """A crop of latents, its pixels, and the weight of each pixel: [1,t,h,w,C], [1,T,H,W,3],
        [1,T,H,W,1]."""
        options, cell, data = self.options, self.cell, self.clips
        clips, latents, attributes = data.shards[rng.choice(len(data.shards), p=data.weight)]
        which = rng.randint(len(attributes))
        z = torch.from_numpy(latents[which : which + 1].astype(np.float32)).to(self.run.device)
        if rng.rand() < options.redone:
            z = self.redo(z, attributes[which], rng)
        rows, columns = z.shape[2:4]
        h, w = min(options.crop, rows), min(options.crop, columns)
        y, x = rng.randint(rows - h + 1), rng.randint(columns - w + 1)
        pixels = clips[which : which + 1, :, cell * y : cell * (y + h), cell * x : cell * (x + w)]
        pixels = vae.unit(pixels, self.run.device)
        change = (pixels[:, 1:] - pixels[:, :-1]).abs().amax(-1, keepdim=True)
        change = torch.maximum(torch.cat([change[:, :1], change], 1), torch.cat([change, change[:, -1:]], 1))
        counts = torch.zeros_like(change)
        top, left = cell * (y > 0), cell * (x > 0)
        bottom, right = cell * (h - (y + h < rows)), cell * (w - (x + w < columns))
        counts[:, :, top:bottom, left:right] = 1
        weight = counts * (1 + options.moving * (change / 0.5).clamp(max=1))
        return z[:, :, y : y + h, x : x + w], pixels, weight

    def quality(self):
        with common.averaged(self.params, self.averages):
            return vae.quality(self.model, self.clips.held, 4, self.run.device)

    def checkpoint(self):
        whole = {**self.start, "samples": self.before + self.done}
        part = dict(zip([n for n, _ in self.named], self.averages))
        whole["ema"] = [part.get(n, p).detach() for n, p in self.model.named_parameters()]
        whole["model"] = {**self.start["model"], **part}
        whole["decoder"] = dict(
            weights=[p.detach() for p in self.params],
            samples=self.done,
            step=self.step,
            muon=self.muon.state_dict(),
            adam=self.adam.state_dict(),
        )
        for key in ("muon", "adam"):
            whole.pop(key, None)  # of the training of both halves, which would begin anew
        common.save(self.file, **whole)

    def learn(self):
        """One step. Returns the squared error and the learning rate."""
        options, run = self.options, self.run
        rng = run.seed(options.seed, self.step)
        loss, squared = 0.0, 0.0
        for z, pixels, counts in [self.sample(rng) for _ in range(options.batch)]:  # sizes may differ
            with torch.autocast("cuda", torch.bfloat16, enabled=run.cuda):
                made = vae.decode(self.model, z)
            made = pixels + (made.float() - pixels) * counts  # what does not count has no error
            loss = loss + losses.painting(made, pixels, options.edge_weight) / options.batch
            squared += float((made.detach() - pixels).square().mean()) / options.batch
        for parameter in self.params:
            parameter.grad = None
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.params, 1.0)
        rate = common.rate(self.done, options.samples, options.decay, 60 * options.batch)
        lr = options.lr * (0.02 + 0.98 * rate)
        for group in self.adam.param_groups:
            group["lr"] = lr
        self.adam.step()
        self.muon.step(lr)
        self.step += 1
        self.done += options.batch
        with torch.no_grad():
            average = min(0.998, self.step / (self.step + 10.0))
            torch._foreach_lerp_(self.averages, self.params, 1 - average)
        return squared, lr

    def train(self):
        options, run = self.options, self.run
        size = sum(p.numel() for p in self.params) / 1e6
        made_of = f"decoder {size:.2f} M, clips {self.clips.count()}"
        run.say(f"{made_of}, from sample {self.done}", self.quality())
        began = last = time.time()
        first, error = self.done, None
        while self.done < options.samples and not run.stop:
            squared, lr = self.learn()
            error = squared if error is None else 0.98 * error + 0.02 * squared
            if time.time() - last > options.every:
                now = time.time()
                self.checkpoint()
                measured = self.quality()
                last = time.time()
                train = -10 * math.log10(error / 4)
                samples = self.before + self.done
                run.log("decoder", samples, train=train, **measured[0])
                run.log("decoder: energy of motion over the clips'", samples, **measured[1])
                speed = (self.done - first) / (now - began)
                so_far = f"{now - began:5.0f} s  samples {self.done}  lr {lr:.1e}"
                run.say(f"{so_far}  train {train:.2f} dB  held out {measured}  {speed:.2f} samples/s")
                began += last - now
        self.checkpoint()
        run.say(f"end: samples {self.done}, held out {self.quality()}")
        run.end()


def main():
    DecoderTraining(arguments()).train()


if __name__ == "__main__":
    main()
