"""The text encoder (UMT5EncoderModel) and the denoiser (WanTransformer3DModel), and a lean pass over their
weights for training.

Latents are [B,T,H,W,C]; t holds a time in [0,1] for every latent frame, [B,T] (1 is noise). The pipeline pads
a caption of n tokens with rows of zeros to 512 and lets every token attend to all of them. Rows of zeros all
give the same key and value, so one such row whose attention logit is raised by log(512 - n) is exactly
equivalent; text() returns that short form. test() compares both.
"""

import math

import torch
import torch.nn.functional as F
from diffusers import WanTransformer3DModel
from transformers import UMT5Config, UMT5EncoderModel

TEXT_ROWS = 512
LEAST_TIME = 0.05  # clean latents become a velocity as if no time were smaller: a division


def build_text(pieces, width=128):
    return UMT5EncoderModel(
        UMT5Config(
            vocab_size=pieces,
            d_model=width,
            d_kv=32,
            d_ff=2 * width,
            num_layers=2,
            num_heads=4,
            feed_forward_proj="gated-gelu",
            dropout_rate=0.0,
            relative_attention_num_buckets=32,
            relative_attention_max_distance=128,
            is_encoder_decoder=False,
            use_cache=False,
        )
    )


def build(channels=48, width=256, layers=6, ffn=1024, text=128, head=64, patch=2, predicts="velocity"):
    """With predicts="sample" the network's own output is the clean latents, which forward() turns into the
    velocity: a token of many more numbers than the network is wide cannot carry their noise through it, but
    what is under the noise it can."""
    net = WanTransformer3DModel(
        patch_size=(1, patch, patch),
        num_attention_heads=width // head,
        attention_head_dim=head,
        in_channels=channels,
        out_channels=channels,
        text_dim=text,
        freq_dim=256,
        ffn_dim=ffn,
        num_layers=layers,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=1024,
    )
    net.predicts = predicts
    return net


@torch.no_grad()
def passthrough(net, power=0.6, basis=None):
    """Starts the denoiser as the best linear guess of the velocity from the noisy latents alone.

    The patch embedding E is an isometry whose columns are orthogonal to the vector of ones, the head is its
    transpose, the blocks add nothing at first, and the time embedding is fitted so that the head's scale
    makes E' LN(E x) equal a(t) x with a(t) = cov(velocity, x) / var(x) for latents of the given power. Needs
    more width than a token has numbers, or fewer directions that a token is first reduced to (basis,
    orthonormal columns: principal_directions)."""
    D = net.proj_out.weight.shape[1]
    C = net.config.in_channels
    p = net.config.patch_size[1]
    n = p * p * C if basis is None else basis.shape[1]
    q = torch.linalg.qr(torch.cat([torch.ones(D, 1), torch.randn(D, n)], 1))[0][:, 1:]
    whole = q if basis is None else q @ basis.T
    net.patch_embedding.weight.copy_(whole.reshape(D, C, 1, p, p))
    net.patch_embedding.bias.zero_()
    net.proj_out.weight.copy_(whole.T.reshape(C, p * p, D).transpose(0, 1).reshape(-1, D) * (n / D) ** 0.5)
    net.proj_out.bias.zero_()
    for b in net.blocks:
        for m in (b.attn1.to_out[0], b.attn2.to_out[0], b.ffn.net[2]):
            m.weight.zero_()
            m.bias.zero_()
    e = net.condition_embedder.time_embedder
    t = torch.linspace(0, 1, 2000)
    f = torch.exp(-math.log(10000.0) * torch.arange(net.config.freq_dim // 2) / (net.config.freq_dim // 2))
    a = t[:, None] * 1000.0 * f
    h = F.silu(e.linear_1(torch.cat([a.cos(), a.sin()], -1)))
    var = t**2 + (1 - t) ** 2 * power
    shared = (1 - t) * power  # cov(latents, x)
    want = (shared if net.predicts == "sample" else t - shared) / var.sqrt() - 1
    X = torch.cat([h, torch.ones(len(t), 1)], 1).double()
    w = torch.linalg.solve(X.T @ X + 1.0 * torch.eye(X.shape[1]), X.T @ want.double()).float()
    free = torch.eye(D) - q @ q.T - torch.ones(D, D) / D
    e.linear_2.weight.copy_(free @ e.linear_2.weight * 2 + w[:-1])
    e.linear_2.bias.fill_(float(w[-1]))
    net.scale_shift_table.zero_()


@torch.no_grad()
def principal_directions(x, patch, count):
    """The count main directions of the tokens of latents x [B,T,H,W,C], as columns, and the mean power along
    them."""
    B, T, H, W, C = x.shape
    x = x.view(B, T, H // patch, patch, W // patch, patch, C).permute(0, 1, 2, 4, 6, 3, 5)
    x = x.reshape(-1, patch * patch * C)
    power, directions = torch.linalg.eigh(x.T @ x / len(x))
    return directions[:, -count:].flip(1), float(power[-count:].mean())


def pad(lists, device="cpu"):
    """Token lists -> ids [B,n] padded with 0, and the lengths [B]."""
    n = max(map(len, lists))
    return torch.tensor([x + [0] * (n - len(x)) for x in lists], device=device), torch.tensor(
        [len(x) for x in lists], device=device
    )


def text(encoder, ids, length):
    """-> rows [B,n+1,D] (zero from the true length on) and the additive attention bias [B,1,1,n+1]."""
    n = ids.shape[1]
    mask = torch.arange(n, device=ids.device)[None] < length[:, None]
    h = encoder(input_ids=ids, attention_mask=mask.long()).last_hidden_state * mask[..., None]
    bias = torch.full((len(ids), n + 1), -1e9, device=ids.device).masked_fill(F.pad(mask, (0, 1)), 0.0)
    bias[:, n] = (TEXT_ROWS - length).float().log()
    return F.pad(h, (0, 0, 0, 1)), bias[:, None, None]


def _rope(net, T, H, W, device):
    """cos and signed sin [L,1,2,32] for heads whose pairs have been gathered into halves."""
    r = net.rope
    a = r.attention_head_dim
    s = 2 * (a // 6)
    dims = (a - 2 * s, s, s)
    out = []
    for d, n, k in zip(dims, (T, H, W), range(3)):
        f = torch.arange(n, dtype=torch.float64)[:, None] / 10000.0 ** (
            torch.arange(0, d, 2, dtype=torch.float64) / d
        )
        shape = [1, 1, 1, d // 2]
        shape[k] = n
        out.append(f.view(shape).expand(T, H, W, d // 2))
    f = torch.cat(out, -1).view(T * H * W, 1, 1, a // 2)
    return f.cos().float().expand(-1, -1, 2, -1).contiguous().to(device), torch.cat(
        [-f.sin(), f.sin()], 2
    ).float().contiguous().to(device)


def block(b, x, mod, y, bias, cos, sin, pairs, heads, eps):
    """Transformer block b for tokens x [B,L,D], modulations of each latent frame [B,T,6,D], embedded text y
    [B,n,D] and its bias."""
    B, L, D = x.shape
    T = mod.shape[1]
    S = L // T
    n = y.shape[1]
    dh = D // heads
    sh1, sc1, g1, sh2, sc2, g2 = (v[:, :, None] for v in (mod + b.scale_shift_table[:, None]).unbind(2))
    z = torch.addcmul(sh1, F.layer_norm(x, (D,), eps=eps).view(B, T, S, D), 1 + sc1).view(B, L, D)
    s = b.attn1
    q, k, v = F.linear(
        z,
        torch.cat([s.to_q.weight[pairs], s.to_k.weight[pairs], s.to_v.weight]),
        torch.cat([s.to_q.bias[pairs], s.to_k.bias[pairs], s.to_v.bias]),
    ).split(D, -1)
    q = F.rms_norm(q, (D,), s.norm_q.weight[pairs], eps).view(B, L, heads, 2, dh // 2)
    k = F.rms_norm(k, (D,), s.norm_k.weight[pairs], eps).view(B, L, heads, 2, dh // 2)
    q = (q * cos + q.flip(-2) * sin).view(B, L, heads, dh).transpose(1, 2)
    k = (k * cos + k.flip(-2) * sin).view(B, L, heads, dh).transpose(1, 2)
    z = (
        F.scaled_dot_product_attention(q, k, v.view(B, L, heads, dh).transpose(1, 2))
        .transpose(1, 2)
        .reshape(B, L, D)
    )
    x = torch.addcmul(x.view(B, T, S, D), s.to_out[0](z).view(B, T, S, D), g1).view(B, L, D)
    s = b.attn2
    z = F.layer_norm(x, (D,), b.norm2.weight, b.norm2.bias, eps)
    q = F.rms_norm(s.to_q(z), (D,), s.norm_q.weight, eps).view(B, L, heads, dh).transpose(1, 2)
    k, v = F.linear(
        y, torch.cat([s.to_k.weight, s.to_v.weight]), torch.cat([s.to_k.bias, s.to_v.bias])
    ).split(D, -1)
    k = F.rms_norm(k, (D,), s.norm_k.weight, eps).view(B, n, heads, dh).transpose(1, 2)
    z = (
        F.scaled_dot_product_attention(
            q, k, v.view(B, n, heads, dh).transpose(1, 2), attn_mask=bias.to(q.dtype)
        )
        .transpose(1, 2)
        .reshape(B, L, D)
    )
    x = x + s.to_out[0](z)
    z = torch.addcmul(sh2, F.layer_norm(x, (D,), eps=eps).view(B, T, S, D), 1 + sc2).view(B, L, D)
    z = b.ffn.net[2](F.gelu(b.ffn.net[0].proj(z), approximate="tanh"))
    return torch.addcmul(x.view(B, T, S, D), z.view(B, T, S, D), g2).view(B, L, D)


_cache = {}


def forward(net, x, t, rows, bias, tap=None):
    """Velocity [B,T,H,W,C] for latents x at times t [B,T]; with tap=k also the token stream after block k,
    [B,T,H/p*W/p,D]."""
    c = net.config
    B, T, H, W, C = x.shape
    p = c.patch_size[1]
    h, w = H // p, W // p
    noisy = x
    S = h * w
    L = T * S
    heads, dh = c.num_attention_heads, c.attention_head_dim
    D = heads * dh
    key = (T, h, w, x.device)
    if key not in _cache:
        _cache[key] = _rope(net, T, h, w, x.device)
        _cache["halves", D, x.device] = (
            (
                torch.arange(heads)[:, None] * dh
                + torch.cat([torch.arange(0, dh, 2), torch.arange(1, dh, 2)])[None]
            )
            .flatten()
            .to(x.device)
        )
    cos, sin = _cache[key]
    pairs = _cache["halves", D, x.device]
    x = x.view(B, T, h, p, w, p, C).permute(0, 1, 2, 4, 6, 3, 5).reshape(B, L, p * p * C)
    x = F.linear(x, net.patch_embedding.weight.view(D, -1), net.patch_embedding.bias)
    e = net.condition_embedder
    f = torch.exp(-math.log(10000.0) * torch.arange(c.freq_dim // 2, device=x.device) / (c.freq_dim // 2))
    a = (t * 1000.0)[..., None] * f
    temb = e.time_embedder.linear_2(
        F.silu(e.time_embedder.linear_1(torch.cat([a.cos(), a.sin()], -1)))
    )  # [B,T,D]
    mod = e.time_proj(F.silu(temb)).view(B, T, 6, D)
    y = e.text_embedder.linear_2(F.gelu(e.text_embedder.linear_1(rows), approximate="tanh"))
    mid = None
    for k, b in enumerate(net.blocks):
        x = block(b, x, mod, y, bias, cos, sin, pairs, heads, c.eps)
        if k + 1 == tap:
            mid = x.view(B, T, S, D)
    sh, sc = (v[:, :, None] for v in (temb[:, :, None] + net.scale_shift_table[:, None]).unbind(2))
    x = torch.addcmul(sh, F.layer_norm(x, (D,), eps=c.eps).view(B, T, S, D), 1 + sc)
    x = net.proj_out(x).view(B, T, h, w, p, p, C).permute(0, 1, 2, 4, 3, 5, 6).reshape(B, T, H, W, C)
    if net.predicts == "sample":
        x = (noisy - x) / t.clamp(min=LEAST_TIME)[:, :, None, None, None]
    return x if tap is None else (x, mid)


def test(net, encoder, ids, length, T=3, H=6, W=4):
    """Largest difference to the diffusers class with all 512 text rows and per-token times."""
    with torch.no_grad():
        B = len(ids)
        p = net.config.patch_size[1]
        x = torch.randn(B, T, H, W, net.config.in_channels)
        t = torch.randint(0, 1000, (B, T)).float()
        a = forward(net, x, t / 1000, *text(encoder, ids, length))
        full = F.pad(ids, (0, TEXT_ROWS - ids.shape[1]))
        mask = torch.arange(TEXT_ROWS)[None] < length[:, None]
        rows = encoder(input_ids=full, attention_mask=mask.long()).last_hidden_state * mask[..., None]
        tt = t[:, :, None].expand(B, T, H // p * (W // p)).reshape(B, -1)
        b = net(x.permute(0, 4, 1, 2, 3), tt, rows, return_dict=False)[0].permute(0, 2, 3, 4, 1)
        if net.predicts == "sample":
            b = (x - b) / (t / 1000).clamp(min=LEAST_TIME)[:, :, None, None, None]
        return float((a - b).abs().max())
