"""Draws single buildings: a lighthouse, a cabin, a windmill. Streets are in street.py."""

import math

from numba import njit
from paint import box, circle, clamp, glow, mix, quad, ramp, span, triangle


@njit(cache=True)
def lighthouse(img, aspect, u, v, h, key, red, night, t, turn, px):
    """A striped tower that stands at v; by night its beam goes round."""
    H, W = img.shape[0], img.shape[1]
    j0, j1 = span((v - h * 1.1) * H, (v + px) * H, H)
    i0, i1 = span(((u - 0.3 * h) / aspect + 0.5) * W, ((u + 0.3 * h) / aspect + 0.5) * W, W)
    for j in range(j0, j1):
        y = ((j + 0.5) / H - v) / h
        for i in range(i0, i1):
            x = (((i + 0.5) / W - 0.5) * aspect - u) / h
            tower = quad(x, y, -0.075, -0.80, 0.075, -0.80, 0.125, 0.02, -0.125, 0.02)
            a = clamp(0.5 - tower * h / px)
            if a > 0:
                stripe = ramp(-0.5, 0.5, math.sin(y * 19.6 + 0.3) * 0.02 * h / px * 6)
                light = (1.0 - 0.38 * ramp(-0.02, 0.10, x)) * key
                green = (0.96 - 0.82 * stripe * red) * light
                blue = (0.93 - 0.80 * stripe * red) * light + 0.05 * night
                mix(img, j, i, 0.97 * light, green, blue, a)
            gallery = clamp(0.5 - box(x, y + 0.81, 0.115, 0.018, 0.0) * h / px)
            mix(img, j, i, 0.16 * key + 0.03, 0.15 * key + 0.03, 0.18 * key + 0.05, gallery)
            lantern = clamp(0.5 - box(x, y + 0.88, 0.062, 0.055, 0.0) * h / px)
            if night > 0:
                mix(img, j, i, 1.0, 0.95, 0.68, lantern)
            else:
                mix(img, j, i, 0.72 * key, 0.86 * key, 0.92 * key, lantern)
            roof = clamp(0.5 - triangle(x, y, 0.0, -1.04, 0.09, -0.93, -0.09, -0.93) * h / px)
            mix(img, j, i, 0.80 * max(key, 0.5) * red + 0.2 * (1 - red), 0.16 * key, 0.16 * key, roof)
    if night > 0:
        beam(img, aspect, u, v - 0.88 * h, night, math.cos(turn + 1.1 * t))


@njit(cache=True)
def beam(img, aspect, u, v, night, swing):
    """The light of a lantern at (u, v); swing: -1 to 1, how far its beam points to the left or right."""
    H, W = img.shape[0], img.shape[1]
    for j in range(H):
        y = (j + 0.5) / H - v
        for i in range(W):
            x = ((i + 0.5) / W - 0.5) * aspect - u
            far = abs(x)
            a = 0.85 * math.exp(-math.sqrt(x * x + y * y) / (0.055 + 0.05 * max(0.0, 1 - 3 * abs(swing))))
            if x * swing > 0:
                wide = 0.012 + 0.13 * far
                edge = ramp(wide, wide * 0.25, abs(y + 0.02 * far))
                a += 0.62 * abs(swing) ** 0.7 * edge * math.exp(-far * 0.9) * night
            if a > 0.01:
                glow(img, j, i, 1.0, 0.93, 0.68, min(a, 1.0))


@njit(cache=True)
def cabin(img, aspect, u, v, h, wall, roof, window, t, smoke, px):
    """A small house with a pitched roof, a lit or dark window and smoke from its chimney."""
    H, W = img.shape[0], img.shape[1]
    i0, i1 = span(((u - 1.2 * h) / aspect + 0.5) * W, ((u + 1.2 * h) / aspect + 0.5) * W, W)
    j0, j1 = span((v - h * 2.4) * H, (v + px) * H, H)
    for j in range(j0, j1):
        y = ((j + 0.5) / H - v) / h
        for i in range(i0, i1):
            x = (((i + 0.5) / W - 0.5) * aspect - u) / h
            mix(
                img,
                j,
                i,
                wall[0] * 0.6,
                wall[1] * 0.55,
                wall[2] * 0.5,
                clamp(0.5 - box(x - 0.35, y + 0.95, 0.075, 0.2, 0.0) * h / px),
            )
            a = clamp(0.5 - box(x, y + 0.28, 0.52, 0.30, 0.0) * h / px)
            k = 1.0 - 0.25 * ramp(0.0, 0.5, x)
            mix(img, j, i, wall[0] * k, wall[1] * k, wall[2] * k, a)
            mix(
                img,
                j,
                i,
                wall[0] * 0.45,
                wall[1] * 0.40,
                wall[2] * 0.38,
                clamp(0.5 - box(x + 0.22, y + 0.2, 0.10, 0.2, 0.0) * h / px),
            )
            mix(
                img,
                j,
                i,
                window[0],
                window[1],
                window[2],
                clamp(0.5 - box(x - 0.2, y + 0.3, 0.13, 0.11, 0.0) * h / px),
            )
            a = clamp(0.5 - quad(x, y, -0.30, -0.98, 0.30, -0.98, 0.66, -0.52, -0.66, -0.52) * h / px)
            mix(img, j, i, roof[0], roof[1], roof[2], a)
            for n in range(4):
                p = ((n + 0.5 * t) % 4) / 4
                d = circle(x - 0.35 - 0.5 * p * p, y + 1.2 + 1.1 * p, 0.06 + 0.16 * p)
                mix(img, j, i, 0.92, 0.92, 0.95, smoke * (1 - p) * ramp(0.04, -0.06, d))


@njit(cache=True)
def windmill(img, aspect, u, v, h, wall, cap, sail, t, px):
    """A round tower with four turning sails."""
    H, W = img.shape[0], img.shape[1]
    i0, i1 = span(((u - 0.75 * h) / aspect + 0.5) * W, ((u + 0.75 * h) / aspect + 0.5) * W, W)
    j0, j1 = span((v - h * 1.5) * H, (v + px) * H, H)
    for j in range(j0, j1):
        y = ((j + 0.5) / H - v) / h
        for i in range(i0, i1):
            x = (((i + 0.5) / W - 0.5) * aspect - u) / h
            a = clamp(0.5 - quad(x, y, -0.13, -0.74, 0.13, -0.74, 0.23, 0.02, -0.23, 0.02) * h / px)
            k = 1.0 - 0.30 * ramp(-0.06, 0.16, x)
            mix(img, j, i, wall[0] * k, wall[1] * k, wall[2] * k, a)
            mix(
                img,
                j,
                i,
                cap[0] * 0.7,
                cap[1] * 0.7,
                cap[2] * 0.7,
                clamp(0.5 - box(x, y + 0.10, 0.055, 0.10, 0.0) * h / px),
            )
            mix(
                img,
                j,
                i,
                cap[0],
                cap[1],
                cap[2],
                clamp(0.5 - triangle(x, y, 0.0, -0.98, 0.17, -0.72, -0.17, -0.72) * h / px),
            )
            for n in range(4):
                angle = 0.9 * t + n * 1.5708
                c, s = math.cos(angle), math.sin(angle)
                p, q = x * c + (y + 0.80) * s, -x * s + (y + 0.80) * c
                stick = max(abs(q) - 0.013, max(-p, p - 0.60))
                cloth = max(abs(q - 0.055) - 0.052, max(0.12 - p, p - 0.58))
                mix(img, j, i, sail[0], sail[1], sail[2], clamp(0.5 - cloth * h / px))
                mix(img, j, i, cap[0] * 0.6, cap[1] * 0.6, cap[2] * 0.6, clamp(0.5 - stick * h / px))
            mix(
                img,
                j,
                i,
                cap[0] * 0.5,
                cap[1] * 0.5,
                cap[2] * 0.5,
                clamp(0.5 - circle(x, y + 0.80, 0.03) * h / px),
            )
