"""How close generated clips come to renders, in numbers: what bars.py and its page are made of.

No program of its own. Clips are uint8 [N,T,H,W,3] of one size, features float64 [N,D].
"""

import cv2
import evaluate
import losses
import numpy as np
import torch
import torch.nn.functional as F


@torch.no_grad()
def features(reader, clips):
    """The reader's last layer but one."""
    found = []
    for start in range(0, len(clips), 8):
        body = reader.body(evaluate.tensor(clips[start : start + 8]))
        found.append(F.adaptive_avg_pool3d(body, (5, 2, 2)).flatten(1).numpy())
    return np.concatenate(found).astype(np.float64)


def leading_components(found, count=8):
    """[D,count]: the directions in which features differ most."""
    return np.linalg.svd(found - found.mean(0), full_matrices=False)[2][:count].T


def frechet(a, b):
    """Distance of the Gaussians fitted to two sets of features."""
    distance = a.mean(0) - b.mean(0)
    covariance_a, covariance_b = np.cov(a.T), np.cov(b.T)
    # trace of the root of a product of two covariances
    eigen = np.linalg.eigvals(covariance_a @ covariance_b)
    root = np.sqrt(np.maximum(eigen.real, 0)).sum()
    return float(distance @ distance + np.trace(covariance_a) + np.trace(covariance_b) - 2 * root)


def frechet_by_scene(made, renders, others, of_scene, scenes):
    """Mean distance of generated clips to renders of their scene, over that of other renders, of the
    next scene in the list. of_scene: the scene of each clip."""
    next_scene = scenes[1:] + scenes[:1]
    near = [frechet(made[of_scene == s], renders[of_scene == s]) for s in scenes]
    far = [frechet(others[of_scene == t], renders[of_scene == s]) for s, t in zip(scenes, next_scene)]
    return float(np.mean(near) / np.mean(far))


def spread(found):
    """Mean distance between the features of clips."""
    return float(np.mean([np.linalg.norm(a - b) for i, a in enumerate(found) for b in found[:i]]))


def energy(clips):
    """Of motion: mean squared difference of neighbouring frames."""
    return float(np.mean(np.diff(clips.astype(np.float32), axis=1) ** 2))


def warp(clips, reach=3, block=8):
    """What is left of that after each block was moved by the best of -reach..reach pixels both ways."""
    side = clips.shape[2]
    grey = torch.from_numpy(np.ascontiguousarray(clips)).float().mean(-1)
    first, second = grey[:, :-1].flatten(0, 1), grey[:, 1:].flatten(0, 1)  # [N,H,W]
    wide = F.pad(first[:, None], (reach,) * 4, mode="replicate")[:, 0]
    left = [
        F.avg_pool2d(((wide[:, i : i + side, j : j + side] - second) ** 2)[:, None], block)
        for i in range(2 * reach + 1)
        for j in range(2 * reach + 1)
    ]
    return float(torch.stack(left).amin(0).mean())


def edges(clips):
    """Mean absolute step across the borders of 8x8 cells over that elsewhere."""
    side = clips.shape[2]
    values = clips.astype(np.float32)
    border = np.arange(1, side) % 8 == 0
    ratio = []
    for axis in (2, 3):
        # one value for each border between neighbours
        step = np.abs(np.diff(values, axis=axis)).mean((0, 1, 4)).mean(2 - (axis - 1))
        ratio.append(step[border].mean() / step[~border].mean())
    return float(np.mean(ratio))


def detail(clips, band=0):
    """Mean energy of an octave band, 0 the finest."""

    def of(clip):
        return losses.bands(torch.from_numpy(np.ascontiguousarray(clip))[None].float() / 127.5 - 1)[band]

    return float(np.mean([of(clip) for clip in clips]))


def coarser(clips):
    return detail(clips, 1)


def blurred(clips, pixels=2):
    return np.stack(
        [[cv2.GaussianBlur(np.ascontiguousarray(f), (0, 0), pixels) for f in clip] for clip in clips]
    )


def psnr(a, b):
    return -10 * np.log10(np.mean((a.astype(float) - b) ** 2) / 65025)


def ssim(a, b):
    """Mean over frames, grey, windows of 8x8."""

    def mean(x):
        return F.avg_pool2d(x, 8, 4)

    a, b = (torch.from_numpy(np.ascontiguousarray(x)).float().mean(-1)[:, None] for x in (a, b))
    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    both = mean(a * b) - mean_a * mean_b
    above = (2 * mean_a * mean_b + 6.5) * (2 * both + 58.5)
    return float((above / ((mean_a**2 + mean_b**2 + 6.5) * (var_a + var_b + 58.5))).mean())
