"""What a picture is compared by: pixels, edges, and how much fine detail is there. Clips are [B,T,H,W,3] in
[-1,1].
"""

import torch
import torch.nn.functional as F


def charbonnier(error, softness=0.02):
    """A smooth absolute error, quadratic below `softness`."""
    return ((error.square() + softness**2).sqrt() - softness).mean()


def halved(clip):
    """The clip at half the size, by averaging."""
    B, T, H, W, C = clip.shape
    return clip.reshape(B, T, H // 2, 2, W // 2, 2, C).mean((3, 5))


def edges(made, given, scales=3):
    """Mean smooth absolute error of the steps between neighbours, right and down, at full size and halved
    again and again."""
    total = 0.0
    for scale in range(scales):
        error = made - given
        total = total + charbonnier(error.diff(dim=2)) + charbonnier(error.diff(dim=3))
        if scale + 1 < scales:
            made, given = halved(made), halved(given)
    return total / scales


def painting(made, given, edge_weight):
    """The loss of an autoencoder's late training: pixels and edges by smooth absolute error, and steps in
    time."""
    loss = charbonnier(made - given) + edge_weight * edges(made, given)
    if made.shape[1] > 1:
        loss = loss + 0.5 * charbonnier((made - given).diff(dim=1))
    return loss


@torch.no_grad()
def bands(clips, count=3):
    """Energy of a clip's detail in octave bands, the finest first: what each halving of the size leaves
    out."""
    energies = []
    for _ in range(count):
        small = halved(clips)
        B, T, H, W, C = small.shape
        frames = small.reshape(B * T, H, W, C).permute(0, 3, 1, 2)
        large = F.interpolate(frames, scale_factor=2, mode="bilinear", align_corners=False)
        energies.append(
            float((clips - large.permute(0, 2, 3, 1).reshape(B, T, 2 * H, 2 * W, C)).square().mean())
        )
        clips = small
    return energies
