"""Samples clips from the averaged weights: a lean copy of the pipeline (UniPC, guidance, held frames) for
evaluation."""

import export
import tokenizer
import torch
import transformer
import vae
from diffusers import UniPCMultistepScheduler


class Model:
    def __init__(self, state, device="cpu"):
        self.vae, self.text, self.net, self.samples = export.load(state)
        for m in (self.vae, self.text, self.net):
            m.to(device)
        self.device = device
        self.cell = self.vae.config.scale_factor_spatial
        self.tok = tokenizer.Tokenizer(state + "/spiece.model")
        self.mean, self.std = (
            torch.tensor(x, device=device)
            for x in (self.vae.config.latents_mean, self.vae.config.latents_std)
        )

    @torch.no_grad()
    def latents(
        self, captions, frames=17, height=128, width=128, steps=20, guidance=3.0, shift=2.0, seed=0, held=None
    ):
        """-> normalised latents [B,t,h,w,C]; held [B,k,h,w,C] stays clean in the first k latent frames (their
        time is 0)."""
        B = len(captions)
        C = self.net.config.in_channels
        shape = (B, 1 + (frames - 1) // 4, height // self.cell, width // self.cell, C)
        x = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(self.device)
        cond = transformer.text(self.text, *transformer.pad([self.tok(c) for c in captions], self.device))
        none = transformer.text(self.text, *transformer.pad([self.tok("")] * B, self.device))
        s = UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift, solver_order=2
        )
        s.set_timesteps(steps)
        k = 0 if held is None else held.shape[1]
        for t in s.timesteps:
            times = torch.full(shape[:2], float(t) / 1000, device=self.device)
            if k:
                x = torch.cat([held, x[:, k:]], 1)
                times[:, :k] = 0
            v = transformer.forward(self.net, x, times, *cond)
            if guidance != 1:
                u = transformer.forward(self.net, x, times, *none)
                v = u + guidance * (v - u)
            x = s.step(v, t, x).prev_sample
        return torch.cat([held, x[:, k:]], 1) if k else x

    @torch.no_grad()
    def encode(self, clips):
        """uint8 [B,T,H,W,3] -> normalised latents."""
        return (
            vae.encode(self.vae, torch.as_tensor(clips).to(self.device).float() / 127.5 - 1)[0] - self.mean
        ) / self.std

    @torch.no_grad()
    def decode(self, z):
        """normalised latents -> uint8 [B,T,H,W,3]."""
        y = torch.cat([vae.decode(self.vae, a[None] * self.std + self.mean) for a in z])
        return ((y.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu().numpy()

    def generate(self, captions, **k):
        return self.decode(self.latents(captions, **k))
