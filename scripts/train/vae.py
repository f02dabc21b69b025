"""The video autoencoder: a small residual AutoencoderKLWan (Wan 2.2 form), and a fast whole-clip pass over
it.

Layout: activations are [B,T,H,W,C] contiguous float32. A causal 3x3x3 convolution is one 2-D channels-last
convolution over three time-shifted copies joined along the channels; (3,1,1) convolutions are matrix
products. The weights are the diffusers class's, and the numbers equal its chunked pass (test() compares
them); on a CPU it trains several times as fast.
"""

import math

import losses
import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLWan

LINEAR = False  # True while the closed-form start runs: residual branches (zero there) are skipped


def build(base=24, decoder_base=24, z=48, mult=(1, 2, 2), patch=2, blocks=1, mean=None, std=None):
    """An AutoencoderKLWan that divides space by patch * 2**(len(mult)-1) and time by 4."""
    n = len(mult) - 1
    return AutoencoderKLWan(
        base_dim=base,
        decoder_base_dim=decoder_base,
        z_dim=z,
        dim_mult=list(mult),
        num_res_blocks=blocks,
        temperal_downsample=[False] * (n - 2) + [True, True],
        in_channels=3 * patch * patch,
        out_channels=3 * patch * patch,
        patch_size=patch,
        is_residual=True,
        latents_mean=mean or [0.0] * z,
        latents_std=std or [1.0] * z,
        scale_factor_spatial=patch * 2**n,
        scale_factor_temporal=4,
    )


def test(m, size=(48, 32), frames=9):
    """Largest differences to the diffusers class (latents, pixels)."""
    with torch.no_grad():
        x = torch.rand(1, frames, *size, 3) * 2 - 1
        n = x.permute(0, 4, 1, 2, 3)
        mu = encode(m, x)[0]
        mu2 = m.encode(n).latent_dist.mean
        y = decode(m, mu).clamp(-1, 1)
        y2 = m.decode(mu2).sample
        return float((mu.permute(0, 4, 1, 2, 3) - mu2).abs().max()), float(
            (y.permute(0, 4, 1, 2, 3) - y2).abs().max()
        )


# ---------------------------------------------------------------- the fast whole-clip pass
def conv2(x, w, b, stride=1, padding=1):
    B, T, H, W, C = x.shape
    y = F.conv2d(x.reshape(B * T, H, W, C).permute(0, 3, 1, 2), w, b, stride, padding).permute(0, 2, 3, 1)
    return y.reshape(B, T, y.shape[1], y.shape[2], y.shape[3])


def shifts(x):
    x = F.pad(x, (0, 0, 0, 0, 0, 0, 2, 0))
    T = x.shape[1] - 2
    return torch.cat([x[:, :T], x[:, 1 : T + 1], x[:, 2:]], -1)


def conv(m, x):
    w = m.weight
    outputs = w.shape[0]
    if w.shape[2:] == (1, 1, 1):
        return F.linear(x, w.view(outputs, -1), m.bias)
    w = w.permute(0, 3, 4, 2, 1).reshape(outputs, 3, 3, -1).permute(0, 3, 1, 2)  # channels-last [O,3I,3,3]
    return conv2(shifts(x), w, m.bias)


class NormSilu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, g):
        r = x.square().mean(-1, keepdim=True).add_(1e-12).rsqrt_()
        a = (x * r).mul_(g)
        ctx.save_for_backward(x, r, g)
        return F.silu(a)

    @staticmethod
    def backward(ctx, d):
        x, r, g = ctx.saved_tensors
        n = x * r
        a = n * g
        da = torch.ops.aten.silu_backward(d, a)
        dg = (da * n).flatten(0, -2).sum(0)
        da.mul_(g)
        return (da - n * (da * n).mean(-1, keepdim=True)).mul_(r), dg


def ns(m, x):
    return NormSilu.apply(x, m.gamma.flatten())


def rblock(m, x):
    h = x if isinstance(m.conv_shortcut, torch.nn.Identity) else conv(m.conv_shortcut, x)
    if LINEAR:
        return h
    return conv(m.conv2, ns(m.norm2, conv(m.conv1, ns(m.norm1, x)))) + h


def attn(m, x):
    if LINEAR:
        return x
    B, T, H, W, C = x.shape
    y = F.normalize(x, dim=-1) * (C**0.5 * m.norm.gamma.flatten())
    q, k, v = (
        F.linear(y, m.to_qkv.weight.view(3 * C, C), m.to_qkv.bias).view(B * T, 1, H * W, 3 * C).chunk(3, -1)
    )
    y = F.scaled_dot_product_attention(q, k, v).view(B, T, H, W, C)
    return x + F.linear(y, m.proj.weight.view(C, C), m.proj.bias)


def mid(m, x):
    x = rblock(m.resnets[0], x)
    for a, r in zip(m.attentions, m.resnets[1:]):
        x = rblock(r, attn(a, x))
    return x


def down(m, x):
    s = m.avg_shortcut
    y = x
    for r in m.resnets:
        y = rblock(r, y)
    if m.downsampler is not None:
        d = m.downsampler
        c = d.resample[1]
        y = conv2(F.pad(y, (0, 0, 0, 1, 0, 1)), c.weight, c.bias, 2, 0)
        if d.mode == "downsample3d" and y.shape[1] > 1:
            w = d.time_conv.weight
            w = w[..., 0, 0].permute(0, 2, 1).reshape(w.shape[0], -1)
            y = torch.cat(
                [
                    y[:, :1],
                    F.linear(torch.cat([y[:, 0:-2:2], y[:, 1:-1:2], y[:, 2::2]], -1), w, d.time_conv.bias),
                ],
                1,
            )
    ft, fs = s.factor_t, s.factor_s
    if ft * fs == 1 and s.group_size == 1:
        return y + x
    x = F.pad(x, (0, 0, 0, 0, 0, 0, (-x.shape[1]) % ft, 0))
    B, T, H, W, C = x.shape
    x = x.view(B, T // ft, ft, H // fs, fs, W // fs, fs, C)
    if s.group_size % s.factor == 0:
        x = x.mean((2, 4, 6))
        g = s.group_size // s.factor
        if g > 1:
            x = x.view(*x.shape[:-1], C // g, g).mean(-1)
    else:
        x = (
            x.permute(0, 1, 3, 5, 7, 2, 4, 6)
            .reshape(B, T // ft, H // fs, W // fs, s.out_channels, s.group_size)
            .mean(-1)
        )
    return y + x


def up(m, x):
    y = x
    for r in m.resnets:
        y = rblock(r, y)
    if m.upsampler is None:
        return y
    u = m.upsampler
    c = u.resample[1]
    if u.mode == "upsample3d" and y.shape[1] > 1:
        B, T, H, W, C = y.shape
        w = u.time_conv.weight
        w = w[..., 0, 0].permute(0, 2, 1).reshape(2 * C, -1)
        z = (
            F.linear(shifts(y[:, 1:]), w, u.time_conv.bias)
            .view(B, T - 1, H, W, 2, C)
            .permute(0, 1, 4, 2, 3, 5)
            .reshape(B, 2 * T - 2, H, W, C)
        )
        y = torch.cat([y[:, :1], z], 1)
    B, T, H, W, C = y.shape
    y = y[:, :, :, None, :, None].expand(B, T, H, 2, W, 2, C).reshape(B, T, 2 * H, 2 * W, C)
    y = conv2(y, c.weight, c.bias)
    s = m.avg_shortcut
    ft = s.factor_t
    B, T, H, W, C = x.shape
    if s.repeats % s.factor == 0:
        if s.repeats > s.factor:
            x = x.repeat_interleave(s.repeats // s.factor, -1)
        x = x[:, :, None, :, None, :, None].expand(B, T, ft, H, 2, W, 2, -1)
    else:
        x = (
            x.repeat_interleave(s.repeats, -1)
            .view(B, T, H, W, s.out_channels, ft, 2, 2)
            .permute(0, 1, 5, 2, 6, 3, 7, 4)
        )
    x = x.reshape(B, T * ft, 2 * H, 2 * W, -1)[:, ft - 1 :]
    return y + x


def patch(x, p):  # [B,T,H,W,3] -> [B,T,H/p,W/p,3pp], channel order of diffusers patchify (c, w, h)
    B, T, H, W, C = x.shape
    return (
        x.view(B, T, H // p, p, W // p, p, C)
        .permute(0, 1, 2, 4, 6, 5, 3)
        .reshape(B, T, H // p, W // p, C * p * p)
    )


def unpatch(x, p):
    B, T, H, W, C = x.shape
    return (
        x.view(B, T, H, W, C // p // p, p, p)
        .permute(0, 1, 2, 6, 3, 5, 4)
        .reshape(B, T, H * p, W * p, C // p // p)
    )


def encode(m, x):  # [B,T,H,W,3] in [-1,1] -> mean, logvar [B,t,h,w,z]
    e = m.encoder
    x = conv(e.conv_in, patch(x, m.config.patch_size or 1))
    for b in e.down_blocks:
        x = down(b, x)
    x = conv(e.conv_out, ns(e.norm_out, mid(e.mid_block, x)))
    return conv(m.quant_conv, x).chunk(2, -1)


def decode(m, z):
    d = m.decoder
    x = mid(d.mid_block, conv(d.conv_in, conv(m.post_quant_conv, z)))
    for b in d.up_blocks:
        x = up(b, x)
    return unpatch(conv(d.conv_out, ns(d.norm_out, x)), m.config.patch_size or 1)


def unit(clips, device):  # uint8 [..., 3] -> [-1, 1]
    return torch.from_numpy(np.array(clips)).to(device).float().div_(127.5).sub_(1)


@torch.no_grad()
def quality(m, held, n, device):
    """What n held-out clips of each size keep: {size: mean PSNR in dB}, {size: energy of motion over the
    clips' own}, {size: energy of the finest detail over the clips' own}."""
    psnr, motion, detail = {}, {}, {}
    for size, clips in held.items():
        e, moved, fine = [], [], []
        for a in clips[:n]:
            x = unit(a[None], device)
            y = decode(m, encode(m, x)[0]).clamp(-1, 1)
            e.append(-10 * math.log10(float((x - y).square().mean()) / 4))
            moved.append([float(v.diff(dim=1).square().mean()) for v in (y, x)])
            fine.append([losses.bands(v, 1)[0] for v in (y, x)])
        psnr[size] = round(float(np.mean(e)), 2)
        motion[size] = round(float(np.divide(*np.sum(moved, 0))), 3)
        detail[size] = round(float(np.divide(*np.sum(fine, 0))), 3)
    return psnr, motion, detail
