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


def arguments():
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
    parser.add_argument(
        "--beta", type=float, default=1e-5, help="weight of the KL term beside the squared error"
    )
    parser.add_argument("--decay", type=float, default=0.5)
    parser.add_argument(
        "--decoder-first", type=float, default=0.15, help="share of the samples with the encoder at rest"
    )
    parser.add_argument(
        "--paint-from", type=float, default=0.5, help="share of the samples after which edges count"
    )
    parser.add_argument("--edge-weight", type=float, default=1.0)
    parser.add_argument(
        "--small-until",
        type=float,
        default=0.2,
        help="share of the samples with crops half as large: more steps",
    )
    parser.add_argument("--large-from", type=float, default=0.75)
    parser.add_argument(
        "--anchor",
        type=float,
        default=0.0,
        help="weight of the latents' distance to those of the first weights",
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
        "--minutes",
        type=float,
        default=0,
        help="stop after so many minutes of processor time in all; 0: never",
    )
    parser.add_argument(
        "--gate", type=float, default=0, help="dB on held-out clips below which the run ends with exit code 3"
    )
    parser.add_argument("--held", type=int, default=4, help="held-out clips of a size for the figures")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


class Clips:
    """Rendered clips to crop from, and held-out clips by their size."""

    def __init__(self, options):
        self.frames = options.frames
        self.seen = [common.clips(name)[0] for name in common.shards(options.data, "seen")]
        shares = [len(c) * (3.0 if c.shape[2] * c.shape[3] > 8000 else options.small) for c in self.seen]
        self.weight = np.array(shares) / np.sum(shares)
        self.held = {}
        for name in common.shards(options.data, "unseen"):
            clips = common.clips(name)[0]
            self.held[f"{clips.shape[2]}x{clips.shape[3]}"] = clips

    def some(self):
        """A few crops of 64x64 for the start in closed form."""
        some = [c for c in self.seen if c.shape[2] >= 64 and c.shape[3] >= 64]
        each = max(1, 72 // len(some[:24]))
        fit = np.concatenate([c[:each, : self.frames, -64:, :64] for c in some[:24]])
        return vae.unit(fit, "cpu")

    def crops(self, rng, crop, count):
        """Random crops of random clips, mirrored half of the time."""
        crops = []
        for _ in range(count):
            clips = self.seen[rng.choice(len(self.seen), p=self.weight)]
            _, frames, height, width, _ = clips.shape
            h, w = min(crop, height), min(crop, width)
            t, y, x = (
                rng.randint(frames - self.frames + 1),
                rng.randint(height - h + 1),
                rng.randint(width - w + 1),
            )
            picture = clips[rng.randint(len(clips)), t : t + self.frames, y : y + h, x : x + w]
            if h < crop or w < crop:
                picture = np.pad(picture, ((0, 0), (0, crop - h), (0, crop - w), (0, 0)), "reflect")
            crops.append(picture[:, :, ::-1] if rng.rand() < 0.5 else picture)
        return np.stack(crops)


class AutoencoderTraining:
    def __init__(self, options):
        self.options, self.run = options, common.Run(options.state, options.procs)
        torch.manual_seed(options.seed)
        self.file = options.state + "/vae.pt"
        start = torch.load(self.file, weights_only=False) if os.path.exists(self.file) else None
        self.config = start["config"] if start else self.asked_for()
        self.model = vae.build(**self.config)
        self.clips = Clips(options)
        if start:
            self.model.load_state_dict(start["model"])
        elif self.run.rank == 0:
            vae_start.closed_form(self.model, self.clips.some(), gain=0.2)
        self.model.to(self.run.device)
        self.params = list(self.model.parameters())
        self.run.share(self.params)
        self.muon, self.adam = self.optimisers()
        self.averages = [p.detach().clone() for p in self.params]
        self.done, self.step, self.spent = 0.0, 0, 0.0  # samples, steps, seconds of processor time
        if start:
            self.resume(start)
        self.first_encoder = self.anchor(start) if options.anchor else None
        self.clock = time.process_time()

    def asked_for(self):
        options = self.options
        return dict(
            base=options.base,
            decoder_base=options.decoder_base or options.base,
            z=options.z,
            patch=options.patch,
            mult=tuple(map(int, options.mult.split(","))),
        )

    def optimisers(self):
        """Muon of each half, for its kernels, and AdamW for the rest."""
        halves = {"encoder": ([], [], []), "decoder": ([], [], [])}  # kernels, heads, the rest
        for name, parameter in self.model.named_parameters():
            half = "encoder" if name.startswith(("encoder.", "quant_conv")) else "decoder"
            matrices, heads, rest = halves[half]
            if "conv_out" in name or "norm_out" in name or "quant" in name:
                heads.append(parameter)
            elif parameter.ndim >= 4 and not name.endswith("conv_in.weight"):
                matrices.append(parameter)
            else:
                rest.append(parameter)
        groups = []
        for half, (_, heads, rest) in halves.items():
            groups += [dict(params=rest, scale=1.0, half=half), dict(params=heads, scale=0.2, half=half)]
        adam = torch.optim.AdamW(groups, self.options.lr, betas=(0.9, 0.97), weight_decay=0.0)
        return {half: common.Muon(kinds[0]) for half, kinds in halves.items()}, adam

    def resume(self, start):
        self.done, self.step = float(start["samples"]), start["step"]
        self.spent = start.get("seconds", 0.0)
        if "adam" in start:
            for half, momentum in start["muon"].items():
                self.muon[half].load_state_dict(momentum)
            self.adam.load_state_dict(start["adam"])
        for average, value in zip(self.averages, start["ema"]):
            average.copy_(value)

    def anchor(self, start):
        """The autoencoder of the first weights, whose latents are to stay near."""
        first = vae.build(**self.config)
        first.load_state_dict(start["anchor"] if "anchor" in start else start["model"])
        return first.to(self.run.device).requires_grad_(False)

    def quality(self):
        with common.averaged(self.params, self.averages):
            return vae.quality(self.model, self.clips.held, self.options.held, self.run.device)

    def seconds(self):
        return self.spent + time.process_time() - self.clock

    def checkpoint(self):
        if self.run.rank == 0:
            more = {"anchor": self.first_encoder.state_dict()} if self.first_encoder else {}
            common.save(
                self.file,
                config=self.config,
                model=self.model.state_dict(),
                ema=self.averages,
                muon={half: optimiser.state_dict() for half, optimiser in self.muon.items()},
                adam=self.adam.state_dict(),
                samples=self.done,
                step=self.step,
                seconds=self.seconds(),
                **more,
            )

    def batch(self):
        options = self.options
        rng = self.run.seed(options.seed, self.step)
        large = self.done >= options.large_from * options.samples
        count = max(1, options.batch // 4) if large else options.batch
        small = self.done < options.small_until * options.samples
        crop = options.crop * 2 if large else options.crop // 2 if small else options.crop
        return vae.unit(self.clips.crops(rng, crop, count), self.run.device)

    def losses(self, clips):
        """The loss of a batch, and its squared error."""
        options = self.options
        alone = self.done < options.decoder_first * options.samples  # the decoder trains, the encoder rests
        with torch.autocast("cuda", torch.bfloat16, enabled=self.run.cuda):
            with torch.set_grad_enabled(not alone):
                mean, variance = vae.encode(self.model, clips)
            mean, variance = mean.float(), variance.float().clamp(-20, 10)
            latents = mean + torch.randn_like(mean) * (0.5 * variance).exp()
            made = vae.decode(self.model, latents).float()
        squared = (clips - made).square().mean()
        painting = self.done >= options.paint_from * options.samples
        loss = losses.painting(made, clips, options.edge_weight) * 0.1 if painting else squared
        loss = loss + options.beta * 0.5 * (mean.square() + variance.exp() - 1 - variance).mean()
        if self.first_encoder:
            with torch.no_grad():
                there = vae.encode(self.first_encoder, clips)[0]
            loss = loss + options.anchor * (mean - there).square().mean()
        return loss, squared

    def learn(self):
        """One step. Returns the squared error and the learning rate."""
        options, run = self.options, self.run
        clips = self.batch()
        loss, squared = self.losses(clips)
        for parameter in self.params:
            parameter.grad = None
        loss.backward()
        run.agree(self.params)
        torch.nn.utils.clip_grad_norm_(self.params, 1.0 if self.step > 20 else 0.3)
        rate = common.rate(self.done, options.samples, options.decay, 200 * options.batch * run.world)
        lr = options.lr * (0.02 + 0.98 * rate)
        joined = (self.done - options.decoder_first * options.samples) / (0.1 * options.samples)
        share = {"decoder": 1.0, "encoder": max(0.0, min(1.0, joined))}
        for group in self.adam.param_groups:
            group["lr"] = lr * group["scale"] * share[group["half"]]
        self.adam.step()
        for half, optimiser in self.muon.items():
            optimiser.step(lr * share[half])
        self.step += 1
        self.done += run.world * clips.shape[0] * clips.shape[2] * clips.shape[3] / 64**2
        with torch.no_grad():
            average = min(0.998, self.step / (self.step + 10.0))
            torch._foreach_lerp_(self.averages, self.params, 1 - average)
        return float(squared.detach()), lr

    def train(self):
        """Returns whether the autoencoder has passed the gate."""
        options, run = self.options, self.run
        size, count = sum(p.numel() for p in self.params) / 1e6, sum(map(len, self.clips.seen))
        run.say(f"parameters {size:.2f} M, clips {count}, from sample {self.done:.0f}")
        if run.rank == 0:
            run.say("start", self.quality())
        last, error = time.time(), None
        while self.done < options.samples and not run.stop and not 0 < 60 * options.minutes < self.seconds():
            value, lr = self.learn()
            error = value if error is None else 0.95 * error + 0.05 * value
            if run.rank == 0 and time.time() - last > options.every:
                self.checkpoint()
                measured = self.quality()
                last = time.time()
                train = -10 * math.log10(error / 4)
                minutes = self.seconds() / 60
                run.log("autoencoder", self.done, train=train, minutes=minutes, **measured[0])
                so_far = f"{minutes:.1f} min  samples {self.done:.0f}  step {self.step}  lr {lr:.1e}"
                run.say(f"{so_far}  train {train:.2f} dB  held out {measured}")
        self.checkpoint()
        passed = run.rank != 0 or self.passes()
        run.end()
        return passed

    def passes(self):
        options, run, measured = self.options, self.run, self.quality()
        run.say(f"end: {self.seconds() / 60:.1f} min  samples {self.done:.0f}, held out {measured}")
        passed = run.stop or not measured[0] or max(measured[0].values()) >= options.gate
        if not passed:
            run.say(f"below the gate of {options.gate:.1f} dB; a larger --samples goes on")
        return passed


def main():
    raise SystemExit(0 if AutoencoderTraining(arguments()).train() else 3)


if __name__ == "__main__":
    main()
