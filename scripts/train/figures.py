"""Stamps a subject into a picture: its figure with a dark outline, its reflection in water, what it raises
(dust, smoke, a wake).
"""

import math

import creatures
import numpy as np
import things
from numba import njit
from paint import clamp, mix, ramp, rnd, span

KINDS = [
    "none",
    "boat",
    "car",
    "ball",
    "bird",
    "balloon",
    "person",
    "astronaut",
    "dog",
    "fish",
    "butterfly",
    "train",
]
# width of each figure over its height, left and right of its middle
REACH = np.array([1, 1.25, 1.5, 1.05, 1.35, 0.85, 1.1, 0.75, 1.5, 1.3, 1.15, 9.5])


@njit(cache=True)
def figure(kind, x, y, px, t, way, lit, form, c0, c1, c2, o):
    if kind == 1:
        things.boat(x, y, px, t, way, c0, c1, c2, o)
    elif kind == 2:
        things.car(x, y, px, t, way, lit, c0, c1, c2, o)
    elif kind == 3:
        things.ball(x, y, px, t, way, c0, c1, c2, o)
    elif kind == 4:
        creatures.bird(x, y, px, t, c0, c1, c2, o)
    elif kind == 5:
        things.balloon(x, y, px, t, lit, c0, c1, c2, o)
    elif kind == 6:
        creatures.person(x, y, px, t, way, form & 1, form >> 1, c0, c1, c2, o)
    elif kind == 7:
        creatures.astronaut(x, y, px, t, way, c0, c1, c2, o)
    elif kind == 8:
        creatures.dog(x, y, px, t, way, c0, c1, c2, o)
    elif kind == 9:
        creatures.fish(x, y, px, t, c0, c1, c2, o)
    elif kind == 10:
        creatures.butterfly(x, y, px, t, c0, c1, c2, o)
    elif kind == 11:
        things.train(x, y, px, t, way, lit, c0, c1, c2, o)


@njit(cache=True)
def stamp(
    img,
    cover,
    aspect,
    kind,
    u,
    v,
    size,
    face,
    squash,
    t,
    way,
    lit,
    form,
    colour,
    light,
    reach,
    clip_below,
    strength,
):
    """Draws the figure with its middle at (u, v), `size` high, looking right (face 1) or left (-1).
    clip_below: v under which nothing is drawn; strength below 1 lets what is behind shine through."""
    H, W = img.shape[0], img.shape[1]
    half = size * 0.5
    px = 1.0 / (H * half)
    line = max(0.030, 0.75 * px)  # the outline's width
    o = np.zeros(4)
    top = 1.5 if kind == 6 else 1.15
    i0, i1 = span(((u - reach * half) / aspect + 0.5) * W, ((u + reach * half) / aspect + 0.5) * W, W)
    j0, j1 = span((v - top * half * squash) * H, min((v + 1.15 * half), clip_below) * H, H)
    for j in range(j0, j1):
        y = ((j + 0.5) / H - v) / half
        y = 1 - (1 - y) / squash
        below = clamp(0.5 + (clip_below - (j + 0.5) / H) * H)
        for i in range(i0, i1):
            x = (((i + 0.5) / W - 0.5) * aspect - u) / half * face * squash**0.5
            o[0], o[1], o[2], o[3] = (
                0.22 * colour[0] + 0.02,
                0.22 * colour[1] + 0.02,
                0.22 * colour[2] + 0.03,
                9.0,
            )
            figure(kind, x, y, px, t, way, lit, form, colour[0], colour[1], colour[2], o)
            a = clamp(0.5 - (o[3] - line) / px) * strength * below
            if a > 0:
                mix(img, j, i, o[0] * light[0], o[1] * light[1], o[2] * light[2], a)
                if a > cover[j, i]:
                    cover[j, i] = a


@njit(cache=True)
def reflect(
    img,
    aspect,
    kind,
    u,
    line,
    v,
    size,
    face,
    t,
    way,
    lit,
    form,
    colour,
    light,
    reach,
    strength,
    rough,
    blur_down,
):
    """The figure's picture in water or on a wet street below v = line, upside down and broken."""
    H, W = img.shape[0], img.shape[1]
    half = size * 0.5
    px = 1.0 / (H * half) * (1.5 + blur_down)
    o = np.zeros(4)
    i0, i1 = span(((u - reach * half) / aspect + 0.5) * W, ((u + reach * half) / aspect + 0.5) * W, W)
    j0, j1 = span(line * H, (line + (line - v + 1.15 * half)) * H, H)
    for j in range(j0, j1):
        below = (j + 0.5) / H - line
        sway = rough * math.sin(below * 95 + 3.2 * t) * (0.3 + 4 * below)
        y = (line - below * (1.0 + 0.15 * rough) - v) / half
        fade = strength * ramp(1.35 * size, 0.0, below)
        for i in range(i0, i1):
            x = (((i + 0.5) / W - 0.5) * aspect - u + sway * 0.03) / half * face
            o[0], o[1], o[2], o[3] = 0.2 * colour[0], 0.2 * colour[1], 0.2 * colour[2], 9.0
            figure(kind, x, y, px, t, way, lit, form, colour[0], colour[1], colour[2], o)
            a = clamp(0.5 - o[3] / px) * fade
            if a > 0:
                mix(img, j, i, o[0] * light[0], o[1] * light[1], o[2] * light[2], a)


@njit(cache=True)
def puffs(img, aspect, u, v, size, face, t, count, spread, rise, start, growth, r, g, b, strength, seed):
    """Dust, snow or smoke behind a subject: puffs that grow, rise and thin out."""
    H, W = img.shape[0], img.shape[1]
    for k in range(count):
        p = (k / count + t * 0.75 + 0.1 * rnd(k, 1, seed)) % 1.0
        radius = size * (start + growth * p)
        x0 = u - face * size * spread * p
        y0 = v - size * rise * p * (0.7 + 0.6 * rnd(k, 2, seed))
        a0 = strength * (1 - p) ** 1.2 * ramp(0.0, 0.06, p)
        i0, i1 = span(((x0 - radius) / aspect + 0.5) * W, ((x0 + radius) / aspect + 0.5) * W, W)
        j0, j1 = span((y0 - radius) * H, (y0 + radius) * H, H)
        for j in range(j0, j1):
            for i in range(i0, i1):
                x, y = ((i + 0.5) / W - 0.5) * aspect - x0, (j + 0.5) / H - y0
                d = math.sqrt(x * x + y * y) / radius
                a = a0 * ramp(1.0, 0.55, d)
                if a > 0.01:
                    k2 = 0.9 + 0.1 * ramp(0.6, -0.6, y / radius)
                    mix(img, j, i, r * k2, g * k2, b * k2, a)


@njit(cache=True)
def wake(img, aspect, u, v, half, face, t, r, g, b, strength):
    """Foam along a boat's waterline and a streak of it behind."""
    H, W = img.shape[0], img.shape[1]
    j0, j1 = span((v - 0.02) * H, (v + 0.05) * H, H)
    i0, i1 = span(((u - 4 * half) / aspect + 0.5) * W, ((u + 4 * half) / aspect + 0.5) * W, W)
    for j in range(j0, j1):
        y = (j + 0.5) / H - v
        for i in range(i0, i1):
            x = (((i + 0.5) / W - 0.5) * aspect - u) * face / half
            if x > 1.05 or x < -3.5:
                continue
            thick = (
                0.010
                + 0.004 * math.sin(x * 9 + 7 * t)
                + 0.010 * ramp(0.6, 1.0, x)
                + 0.006 * ramp(-0.8, -2.5, x)
            )
            middle = 0.006 + 0.004 * math.sin(x * 5 - 6 * t)
            a = strength * ramp(thick, thick * 0.35, abs(y - middle)) * ramp(-3.5, -0.8, x)
            if a > 0.01:
                mix(img, j, i, r, g, b, a)
