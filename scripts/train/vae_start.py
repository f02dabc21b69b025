"""The autoencoder's start in closed form: its linear path becomes a hierarchical PCA codec, so that training
begins at 20 dB or more.

Encoder, exact: PCA of the packed pixels in conv_in; each stride-2 convolution takes the PCA of 2x2 cells;
each time convolution keeps the strongest means and differences of two frames. What the averaging shortcut
adds is subtracted. Decoder: least squares, stage by stage. The heads' RMS norm and SiLU are made nearly
linear by constant channels and small gammas, then fitted. All residual branches start at zero.

Feature scales are kept near one: collinear constant channels or large weights make the first steps of
training collapse.
"""

import torch
import torch.nn.functional as F
import vae
from diffusers.models.autoencoders import autoencoder_kl_wan as wan

CONSTANT = 4.0  # value of the constant channels


def principal(rows, count):
    """The first principal directions of rows [N,D] as a matrix [count,D]; not centred, which keeps the map
    linear."""
    vectors = torch.linalg.eigh((rows.double().T @ rows.double()) / len(rows))[1]
    return vectors.flip(1)[:, :count].T.float()


def least_squares(inputs, outputs, ridge=1e-7):
    """-> weights [K,D] and biases [K] that map rows of inputs to rows of outputs."""
    X = torch.cat([inputs, torch.ones(len(inputs), 1)], 1).double()
    gram = X.T @ X / len(X)
    gram += ridge * torch.diag(gram.diag()) + 3e-6 * gram.diag().mean() * torch.eye(len(gram))
    solved = torch.linalg.solve(gram, X.T @ outputs.double() / len(X)).T.float()
    return solved[:, :-1], solved[:, -1]


def neighbourhoods(x, frames):
    """Rows of (frames,)3*3*C neighbours, in the order of weight.permute(0,2,3,4,1)."""
    x = F.pad(x, (0, 0, 1, 1, 1, 1, frames - 1, 0))
    T, H, W = x.shape[1] - frames + 1, x.shape[2] - 2, x.shape[3] - 2
    shifts = [(t, i, j) for t in range(frames) for i in range(3) for j in range(3)]
    return torch.cat([x[:, t : t + T, i : i + H, j : j + W] for t, i, j in shifts], -1)


def level(x, total=4.0):
    """A scale for each channel: its deviation to the power of -1/2; the whole vector's norm is about
    `total`."""
    deviation = x.flatten(0, -2).square().mean(0).sqrt().clamp_min(1e-4)
    scale = deviation**-0.5
    return scale * total / (deviation * scale).square().sum().sqrt()


def rows(inputs, outputs, most=60000):
    """Both flattened to rows, at most so many, drawn at random."""
    inputs, outputs = inputs.flatten(0, -2), outputs.flatten(0, -2)
    if len(inputs) > most:
        some = torch.randperm(len(inputs))[:most]
        inputs, outputs = inputs[some], outputs[some]
    return inputs, outputs


def silence(model):
    """Zeroes the residual branches and makes shortcuts and the latents' convolutions identities."""
    for module in model.modules():
        if isinstance(module, wan.WanResidualBlock):
            for p in (module.conv2.weight, module.conv2.bias, module.conv1.bias):
                p.zero_()
            if not isinstance(module.conv_shortcut, torch.nn.Identity):
                weight = module.conv_shortcut.weight.zero_()
                module.conv_shortcut.bias.zero_()
                same = range(min(weight.shape[:2]))
                weight[same, same] = 1.0
        elif isinstance(module, wan.WanAttentionBlock):
            module.proj.weight.zero_()
            module.proj.bias.zero_()
    same = range(model.config.z_dim)
    for convolution in (model.quant_conv, model.post_quant_conv):
        convolution.weight.zero_()
        convolution.bias.zero_()
        convolution.weight[same, same] = 1.0


def cells(x, first):
    """2x2 cells of x [B,T,H,W,C] joined along the channels, channels from `first` on."""
    B, T, H, W, C = x.shape
    x = x.view(B, T, H // 2, 2, W // 2, 2, C).permute(0, 1, 2, 4, 3, 5, 6)
    return x[..., first:].reshape(B, T, H // 2, W // 2, -1)


def fit_down(block, h, report):
    """Sets one stage of the encoder for its input h; -> its output and the spatial features before frames are
    joined."""
    convolution = block.downsampler.resample[1]
    in_time = block.downsampler.mode == "downsample3d"
    width, out = h.shape[-1], convolution.weight.shape[0]
    convolution.weight.zero_()
    convolution.bias.zero_()
    if in_time:
        time = block.downsampler.time_conv
        time.weight.zero_()
        time.bias.zero_()
    shortcut = vae.down(block, h)
    constants = 1 if out == width else out // width
    parts = cells(h, 1)
    axes = principal(rows(parts, parts)[0], out - constants)
    axes = axes * level(rows(parts @ axes.T, parts)[0])[:, None]
    spatial = parts @ axes.T
    wanted = torch.full((*spatial.shape[:-1], out), CONSTANT)
    wanted[..., constants : constants + spatial.shape[-1]] = spatial
    wanted[..., constants + spatial.shape[-1] :] = 0
    alone = (
        torch.cat([vae.down(block, h[:, t : t + 1]) for t in range(h.shape[1])], 1) if in_time else shortcut
    )
    weight, bias = least_squares(*rows(cells(h, 0), wanted - alone))
    convolution.weight[:, :width, :2, :2] = weight.view(out, 2, 2, width).permute(0, 3, 1, 2)
    convolution.bias.copy_(bias)
    if in_time:
        target = join_frames(spatial, out, constants)
        y = h
        for resnet in block.resnets:
            y = vae.rblock(resnet, y)
        y = vae.conv2(F.pad(y, (0, 0, 0, 1, 0, 1)), convolution.weight, convolution.bias, 2, 0)
        pairs = torch.cat([y[:, 1::2], y[:, 2::2]], -1)
        weight, bias = least_squares(*rows(pairs, target - shortcut[:, 1:]))
        time.weight[:, :, 1, 0, 0], time.weight[:, :, 2, 0, 0] = weight[:, :out], weight[:, out:]
        time.bias.copy_(bias)
        got = vae.down(block, h)[:, 1:]
    else:
        target, got = wanted, vae.down(block, h)
    error = (got - target).square().sum(-1).mean() / target.square().sum(-1).mean()
    report(f"down to {out} channels, error {error:.4f}")
    return vae.down(block, h), spatial


def join_frames(spatial, out, constants):
    """Of pairs of frames the strongest means and differences, as many as there are channels; means stay in
    their place."""
    count = out - constants
    early, late = spatial[:, 1::2], spatial[:, 2::2]
    mean, change = (early + late) / 2, (early - late) / 2
    have = spatial.shape[-1]
    energy = torch.cat([mean.square().flatten(0, -2).mean(0), change.square().flatten(0, -2).mean(0)])
    keep = energy.argsort(descending=True)[:count].tolist()
    means = sorted(i for i in keep if i < have)
    changes = [i - have for i in keep if i >= have]
    free = [i for i in range(count) if i not in means]
    target = torch.zeros(*mean.shape[:-1], out)
    target[..., :constants] = CONSTANT
    for i in means:
        target[..., constants + i] = mean[..., i]
    for place, i in zip(free, changes):
        like = spatial[..., min(place, have - 1)].square().mean().sqrt()
        target[..., constants + place] = change[..., i] * (
            like / change[..., i].square().mean().sqrt()
        ).clamp(max=4.0)
    return target


def fit_head(norm, convolution, h, target, frames, gain):
    """Makes norm, SiLU and convolution nearly linear and fits them; frames 0: a convolution of one tap, else
    (frames,3,3)."""
    normal = F.normalize(h, dim=-1) * h.shape[-1] ** 0.5
    gamma = (gain / normal.flatten(0, -2).std(0).clamp_min(0.02)).clamp(max=1.0)
    norm.gamma.copy_(gamma.view_as(norm.gamma))
    features = vae.ns(norm, h)
    if frames:
        features = neighbourhoods(features, frames)
    weight, bias = least_squares(*rows(features, target))
    count = len(weight)
    convolution.weight[:count] = 0
    if frames:
        convolution.weight[:count] = weight.view(count, frames, 3, 3, -1).permute(0, 4, 1, 2, 3)
    else:
        convolution.weight[:count, :, 2, 1, 1] = weight
    convolution.bias.zero_()
    convolution.bias[:count] = bias
    return vae.conv(convolution, vae.ns(norm, h))


def fit_encoder(model, packed, gain, report):
    """-> the features after conv_in and each stage, the spatial features of each stage, and the constants in
    the last features."""
    encoder = model.encoder
    convolution = encoder.conv_in
    axes = principal(packed.flatten(0, -2), min(packed.shape[-1], convolution.weight.shape[0] - 1))
    axes = axes * level(packed @ axes.T)[:, None]
    convolution.weight.zero_()
    convolution.bias.zero_()
    convolution.bias[0] = CONSTANT
    convolution.weight[1 : 1 + len(axes), :, 2, 1, 1] = axes
    h = vae.conv(convolution, packed)
    features, spatials = [h], []
    for block in encoder.down_blocks[:-1]:
        h, spatial = fit_down(block, h, report)
        features.append(h)
        spatials.append(spatial)
    h = vae.mid(encoder.mid_block, vae.down(encoder.down_blocks[-1], h))
    last, before = features[-1].shape[-1], features[-2].shape[-1]
    constants = 1 if last == before else last // before
    z = model.config.z_dim
    varying = features[-1][..., constants:]
    latents = varying @ principal(varying.flatten(0, -2), min(z, varying.shape[-1])).T
    deviation = latents.flatten(0, -2).std(0).clamp_min(1e-3)
    latents = latents / deviation.sqrt() / deviation.mean().sqrt()
    encoder.conv_out.weight.zero_()
    fit_head(encoder.norm_out, encoder.conv_out, h, latents, 0, gain)
    model.quant_conv.bias[z:] = -7.0
    model.quant_conv.weight[z:] = 0
    return features, spatials, constants


def fit_up(block, x, features, spatial, constants, report):
    """Sets one stage of the decoder for its input x, to give back the features; -> its output."""
    convolution = block.upsampler.resample[1]
    convolution.weight.zero_()
    convolution.bias.zero_()
    y = x
    for resnet in block.resnets:
        y = vae.rblock(resnet, y)
    B, T, H, W, C = y.shape
    large = y
    if block.upsampler.mode == "upsample3d":
        time = block.upsampler.time_conv
        time.weight.zero_()
        time.bias.zero_()
        target = torch.zeros(B, T - 1, H, W, 2, C)
        target[..., :constants] = CONSTANT
        count = spatial.shape[-1]
        target[..., 0, constants : constants + count] = spatial[:, 1::2]
        target[..., 1, constants : constants + count] = spatial[:, 2::2]
        weight, bias = least_squares(*rows(y[:, 1:], target.flatten(-2)), 1e-6)
        time.weight[:, :, 2, 0, 0] = weight
        time.bias.copy_(bias)
        pairs = F.linear(y[:, 1:], weight, bias).view(B, T - 1, H, W, 2, C).permute(0, 1, 4, 2, 3, 5)
        large = torch.cat([y[:, :1], pairs.reshape(B, 2 * T - 2, H, W, C)], 1)
    shortcut = vae.up(block, x)  # alone, since the convolution is zero
    wanted = torch.zeros_like(shortcut)
    wanted[..., : features.shape[-1]] = features
    large = large.repeat_interleave(2, 2).repeat_interleave(2, 3)
    weight, bias = least_squares(*rows(neighbourhoods(large, 1), wanted - shortcut), 1e-6)
    convolution.weight.copy_(weight.view(len(weight), 3, 3, -1).permute(0, 3, 1, 2))
    convolution.bias.copy_(bias)
    x = vae.up(block, x)
    report(f"up, error {(x - wanted).square().sum(-1).mean() / features.square().sum(-1).mean():.4f}")
    return x


@torch.no_grad()
def closed_form(model, clips, gain=0.2, report=print):
    """Sets the weights of a fresh model from clips [B,T,H,W,3] in [-1,1]."""
    vae.LINEAR = True
    try:
        silence(model)
        packed = vae.patch(clips, model.config.patch_size or 1)
        features, spatials, constants = fit_encoder(model, packed, gain, report)
        latents = vae.encode(model, clips)[0]
        decoder = model.decoder
        decoder.conv_in.weight.zero_()
        weight, bias = least_squares(*rows(latents, features[-1]))
        decoder.conv_in.weight[: len(weight), :, 2, 1, 1] = weight
        decoder.conv_in.bias.zero_()
        decoder.conv_in.bias[: len(bias)] = bias
        x = vae.mid(decoder.mid_block, vae.conv(decoder.conv_in, latents))
        for i, block in enumerate(decoder.up_blocks[:-1]):
            spatial = spatials[-1 - i]
            constants = features[-1 - i].shape[-1] - spatial.shape[-1]
            x = fit_up(block, x, features[-2 - i], spatial, constants, report)
        x = vae.up(decoder.up_blocks[-1], x)
        made = fit_head(decoder.norm_out, decoder.conv_out, x, packed, 3, gain)
        made = vae.unpatch(made, model.config.patch_size or 1)
        psnr = -10 * torch.log10((made - clips).square().mean() / 4)
        report(f"the codec's PSNR on what it was fitted to: {psnr:.2f} dB")
    finally:
        vae.LINEAR = False
