"""Draws what falls and drifts in front of everything: rain, snow, mist, petals."""

import math

from numba import njit
from paint import clamp, mix, noise, ramp, rnd, span


@njit(cache=True)
def rain(img, aspect, t, seed, count, slant, speed, length, strength):
    """Streaks of rain at two depths, falling along their own direction."""
    H, W = img.shape[0], img.shape[1]
    wide = aspect + 0.4 + abs(slant)
    for n in range(count):
        near = 0.6 + 0.6 * rnd(n, 7, seed)
        fall = (rnd(n, 2, seed) * 1.3 + t * speed * near) / 1.3
        turn = math.floor(fall)
        y0 = (fall - turn) * 1.3 - 0.15
        x0 = ((n + rnd(n, int(turn), seed)) / count - 0.5) * wide + slant * (y0 - 0.5)
        long, half = length * near, 0.0030 * near
        j0, j1 = span((y0 - long) * H, y0 * H, H)
        for j in range(j0, j1):
            f = ((j + 0.5) / H - y0) / long + 1.0  # 0 at the upper end
            if f < 0 or f > 1:
                continue
            x = x0 - slant * long * (1 - f)
            i0, i1 = span(((x - 0.02) / aspect + 0.5) * W - 1, ((x + 0.02) / aspect + 0.5) * W + 1, W)
            for i in range(i0, i1):
                d = abs(((i + 0.5) / W - 0.5) * aspect - x) - half
                a = strength * f * clamp(0.5 - d * H) * near
                if a > 0.01:
                    mix(img, j, i, 0.82, 0.88, 0.96, a)


@njit(cache=True)
def snow(img, aspect, t, seed, count, strength):
    """Large flakes at several depths, swinging as they fall."""
    H, W = img.shape[0], img.shape[1]
    wide = aspect + 0.3
    for n in range(count):
        near = 0.55 + 0.75 * rnd(n, 7, seed)
        fall = (rnd(n, 2, seed) * 1.2 + t * 0.26 * near) / 1.2
        turn = math.floor(fall)
        y0 = (fall - turn) * 1.2 - 0.1
        x0 = ((n + rnd(n, int(turn), seed)) / count - 0.5) * wide + 0.035 * math.sin(1.3 * t + n)
        r = 0.0105 * near
        i0, i1 = span(((x0 - 2 * r) / aspect + 0.5) * W, ((x0 + 2 * r) / aspect + 0.5) * W, W)
        j0, j1 = span((y0 - 2 * r) * H, (y0 + 2 * r) * H, H)
        for j in range(j0, j1):
            for i in range(i0, i1):
                x, y = ((i + 0.5) / W - 0.5) * aspect - x0, (j + 0.5) / H - y0
                a = strength * ramp(1.5 * r, 0.5 * r, math.sqrt(x * x + y * y))
                if a > 0.01:
                    mix(img, j, i, 1.0, 1.0, 1.0, a)


@njit(cache=True)
def mist(img, aspect, level, thick, colour, strength, t, shift, seed):
    """A bank of mist around a level, its upper edge in slow waves."""
    H, W = img.shape[0], img.shape[1]
    j0, j1 = span((level - 1.6 * thick) * H, (level + 1.6 * thick) * H, H)
    for i in range(W):
        u = ((i + 0.5) / W - 0.5) * aspect + shift
        wave = (
            0.55
            * thick
            * (noise(u * 2.2 + 0.10 * t, 4, seed) + 0.5 * noise(u * 5.0 - 0.14 * t, 5, seed) - 0.75)
        )
        for j in range(j0, j1):
            y = (j + 0.5) / H - level - wave
            a = strength * (ramp(-thick, 0.0, y) if y < 0 else ramp(1.5 * thick, 0.2 * thick, y))
            if a > 0.01:
                mix(img, j, i, colour[0], colour[1], colour[2], a)


@njit(cache=True)
def vignette(img, strength):
    """A little darker towards the corners."""
    H, W = img.shape[0], img.shape[1]
    for j in range(H):
        y = 2 * (j + 0.5) / H - 1
        for i in range(W):
            x = 2 * (i + 0.5) / W - 1
            k = 1 - strength * ramp(0.75, 1.45, math.sqrt(x * x + y * y))
            img[j, i, 0] *= k
            img[j, i, 1] *= k
            img[j, i, 2] *= k
