"""Draws land: ridges of hills and mountains, ground, roads, and plants. Every function paints over what is
there, from far to near.
"""

import math

import numpy as np
from numba import njit
from paint import box, circle, clamp, ellipse, mix, noise, quad, ramp, rnd, rod, span, triangle


def columns(img):
    """The place u of every column."""
    H, W = img.shape[:2]
    return ((np.arange(W) + 0.5) / W - 0.5) * (W / H)


@njit(cache=True)
def rolling(out, u, wavelength, row, seed, octaves):
    """Smooth hills: heights of 0 to 1 for the places u."""
    for i in range(len(u)):
        total, weight, x = 0.0, 1.0, u[i] / wavelength + 37.0
        whole = 0.0
        for k in range(octaves):
            total += weight * noise(x, row + 11 * k, seed)
            whole += weight
            weight *= 0.42
            x *= 2.1
        out[i] = total / whole


@njit(cache=True)
def peaks(out, u, wavelength, row, seed):
    """Pointed mountains: heights of 0 to 1, the highest of neighbouring triangles with a rough outline."""
    for i in range(len(u)):
        x = u[i] / wavelength + 50.0
        n = int(math.floor(x))
        best = 0.0
        for k in range(n - 1, n + 2):
            apex = k + 0.5 + 0.5 * (rnd(k, row, seed) - 0.5)
            high = 0.45 + 0.55 * rnd(k, row + 1, seed)
            d = abs(x - apex) / (0.85 + 0.3 * rnd(k, row + 2, seed))
            best = max(best, high * (1 - d))
        out[i] = max(best, 0.0) + 0.05 * (noise(x * 5.3, row + 3, seed) - 0.5)


@njit(cache=True)
def slab(img, tops, upper, lower, depth, px):
    """Fills everything below the line `tops` (v of every column), from the upper colour to the lower one over
    `depth`."""
    H, W = img.shape[0], img.shape[1]
    for i in range(W):
        a, b = tops[max(i - 1, 0)], tops[min(i + 1, W - 1)]
        steep = math.sqrt(1 + (0.5 * (b - a) * H) ** 2)
        for j in range(max(0, int((tops[i] - 2 * px) * H)), H):
            y = (j + 0.5) / H - tops[i]
            cover = clamp(0.5 + y / (px * steep))
            if cover > 0:
                k = clamp(y / depth)
                mix(
                    img,
                    j,
                    i,
                    upper[0] + (lower[0] - upper[0]) * k,
                    upper[1] + (lower[1] - upper[1]) * k,
                    upper[2] + (lower[2] - upper[2]) * k,
                    cover,
                )


@njit(cache=True)
def facets(img, tops, u, wavelength, row, seed, scale, height, shade, cap, cap_depth, dark_left, px):
    """Shaded sides and snow caps of the mountains that `peaks` made; tops are their outline on the screen."""
    H, W = img.shape[0], img.shape[1]
    for i in range(W):
        x = u[i] / wavelength + 50.0
        n = int(math.floor(x))
        best, apex, high = 0.0, 0.0, 0.0
        for k in range(n - 1, n + 2):
            a = k + 0.5 + 0.5 * (rnd(k, row, seed) - 0.5)
            h = 0.45 + 0.55 * rnd(k, row + 1, seed)
            value = h * (1 - abs(x - a) / (0.85 + 0.3 * rnd(k, row + 2, seed)))
            if value > best:
                best, apex, high = value, a, h
        for j in range(max(0, int(tops[i] * H)), H):
            y = (j + 0.5) / H - tops[i]
            fall = (high - best) * height * scale + y  # depth below the peak
            zigzag = 0.22 * (noise(fall * 14.0, row + 5, seed) - 0.5) * wavelength
            edge = ((x - apex) * wavelength + zigzag) * scale * (1 if dark_left else -1)
            cover = clamp(0.5 + min(y, -edge) / px)
            if cover > 0:
                mix(img, j, i, shade[0], shade[1], shade[2], 0.75 * cover * ramp(0.42, 0.0, fall))
            if cap[0] >= 0:
                snow = (
                    cap_depth
                    * scale
                    * (0.55 + 0.9 * noise(x * 9.0, row + 6, seed))
                    * (1.35 if high > 0.7 else 0.7)
                )
                white = clamp(0.5 + min(y, snow - fall) / px)
                if white > 0:
                    dim = 0.78 if edge < 0 else 1.0
                    mix(
                        img,
                        j,
                        i,
                        cap[0] * dim,
                        cap[1] * (dim * 0.6 + 0.4) * dim**0.5,
                        cap[2] * dim**0.4,
                        white,
                    )


@njit(cache=True)
def pines(img, aspect, place, foot, size, dark, lit, snow, sway, px):
    """Firs of three tiers: their places, feet and heights on the screen. snow: share of white on the
    tiers."""
    H, W = img.shape[0], img.shape[1]
    for n in range(len(place)):
        u, v, h = place[n], foot[n], size[n]
        half = 0.30 * h
        i0, i1 = span(((u - half * 1.1) / aspect + 0.5) * W, ((u + half * 1.1) / aspect + 0.5) * W, W)
        j0, j1 = span((v - h * 1.02) * H, (v + px) * H, H)
        for j in range(j0, j1):
            y = ((j + 0.5) / H - v) / h  # -1 at the tip, 0 at the foot
            for i in range(i0, i1):
                x = (((i + 0.5) / W - 0.5) * aspect - u) / h - sway * y * y
                d = box(x, y + 0.06, 0.035, 0.07, 0.0)
                tier = 0.0
                for k in range(3):
                    top, low, wide = -1.0 + 0.22 * k, -0.52 + 0.21 * k, 0.15 + 0.065 * k
                    e = triangle(x, y, 0.0, top, wide, low, -wide, low)
                    if e < d:
                        d, tier = e, (y - top) / (low - top)
                a = clamp(0.5 - d * h / px)
                if a > 0:
                    k = ramp(-0.06, 0.10, x)
                    r, g, b = (
                        lit[0] + (dark[0] - lit[0]) * k,
                        lit[1] + (dark[1] - lit[1]) * k,
                        lit[2] + (dark[2] - lit[2]) * k,
                    )
                    if snow > 0 and y < -0.1:
                        w = snow * ramp(0.72, 0.42, tier) * (1.0 - 0.35 * k)
                        r, g, b = r + (1 - r) * w, g + (1 - g) * w, b + (1 - b) * w
                    mix(img, j, i, r, g, b, a)


@njit(cache=True)
def rounds(img, aspect, place, foot, size, trunk, dark, lit, seed, sway, px):
    """Trees with a round crown of a few puffs."""
    H, W = img.shape[0], img.shape[1]
    for n in range(len(place)):
        u, v, h = place[n], foot[n], size[n]
        half = 0.42 * h
        i0, i1 = span(((u - half * 1.2) / aspect + 0.5) * W, ((u + half * 1.2) / aspect + 0.5) * W, W)
        j0, j1 = span((v - h * 1.05) * H, (v + px) * H, H)
        for j in range(j0, j1):
            y = ((j + 0.5) / H - v) / h
            for i in range(i0, i1):
                x = (((i + 0.5) / W - 0.5) * aspect - u) / h - sway * y * y
                stem = rod(x, y, 0.0, 0.02, 0.0, -0.5, 0.05, 0.03)
                a = clamp(0.5 - stem * h / px)
                if a > 0:
                    mix(img, j, i, trunk[0], trunk[1], trunk[2], a)
                d = 9.0
                for k in range(5):
                    angle = 1.257 * k + 6.0 * rnd(n, 9, seed)
                    r = 0.19 + 0.05 * rnd(n, k, seed)
                    d = min(d, circle(x - 0.17 * math.cos(angle), y + 0.66 - 0.13 * math.sin(angle), r))
                a = clamp(0.5 - d * h / px)
                if a > 0:
                    k = ramp(-0.85, -0.42, y + 0.6 * x)
                    mix(
                        img,
                        j,
                        i,
                        lit[0] + (dark[0] - lit[0]) * k,
                        lit[1] + (dark[1] - lit[1]) * k,
                        lit[2] + (dark[2] - lit[2]) * k,
                        a,
                    )


@njit(cache=True)
def palm(img, aspect, u, v, h, lean, trunk, leaf, sway, px):
    """A palm tree, its trunk bent to the side `lean`, fronds hanging."""
    H, W = img.shape[0], img.shape[1]
    i0, i1 = span(((u - h) / aspect + 0.5) * W, ((u + h) / aspect + 0.5) * W, W)
    j0, j1 = span((v - h * 1.35) * H, (v + px) * H, H)
    top = lean * 0.34 + sway
    for j in range(j0, j1):
        y = ((j + 0.5) / H - v) / h
        for i in range(i0, i1):
            x = (((i + 0.5) / W - 0.5) * aspect - u) / h
            k = clamp(-y)
            bend = lean * 0.34 * k * k + sway * k * k
            d = max(abs(x - bend) - (0.045 - 0.018 * k), max(y, -1.0 - y))
            a = clamp(0.5 - d * h / px)
            if a > 0:
                stripe = 0.85 + 0.15 * math.sin(y * 60)
                mix(img, j, i, trunk[0] * stripe, trunk[1] * stripe, trunk[2] * stripe, a)
            p, q = x - top, y + 1.0
            best = 9.0
            for n in range(7):
                angle = -2.9 + 0.88 * n * 0.98 + 0.12 * math.sin(n * 2.7) + sway
                c, s = math.cos(angle), math.sin(angle)
                if n > 6:
                    break
                # a frond: a bow from the top outwards that hangs down with its length
                away = p * (1 if c > 0 else -1)
                reach = 0.50 * abs(c) + 0.16
                if away < -0.02 or away > reach:
                    continue
                f = clamp(away / reach)
                middle = s * 0.34 * f * (1.6 - f) + 0.34 * f * f
                wide = 0.052 * math.sin(3.14 * min(f * 0.92 + 0.08, 1.0)) + 0.006
                best = min(best, abs(q - middle) - wide)
            a = clamp(0.5 - best * h / px)
            if a > 0:
                shade = 0.82 + 0.18 * ramp(0.2, -0.2, q)
                mix(img, j, i, leaf[0] * shade, leaf[1] * shade, leaf[2] * shade, a)


@njit(cache=True)
def cactus(img, aspect, u, v, h, lit, dark, px):
    H, W = img.shape[0], img.shape[1]
    i0, i1 = span(((u - h * 0.5) / aspect + 0.5) * W, ((u + h * 0.5) / aspect + 0.5) * W, W)
    j0, j1 = span((v - h * 1.05) * H, (v + px) * H, H)
    for j in range(j0, j1):
        y = ((j + 0.5) / H - v) / h
        for i in range(i0, i1):
            x = (((i + 0.5) / W - 0.5) * aspect - u) / h
            d = rod(x, y, 0.0, 0.1, 0.0, -0.88, 0.105, 0.10)
            d = min(
                d,
                min(
                    rod(x, y, 0.0, -0.36, 0.26, -0.36, 0.06, 0.065),
                    rod(x, y, 0.26, -0.36, 0.26, -0.66, 0.065, 0.06),
                ),
            )
            d = min(
                d,
                min(
                    rod(x, y, 0.0, -0.26, -0.25, -0.26, 0.055, 0.06),
                    rod(x, y, -0.25, -0.26, -0.25, -0.50, 0.06, 0.055),
                ),
            )
            a = clamp(0.5 - max(d, y) * h / px)
            if a > 0:
                k = ramp(-0.05, 0.06, x - (0.25 if x > 0.16 else (-0.25 if x < -0.16 else 0.0)))
                mix(
                    img,
                    j,
                    i,
                    lit[0] + (dark[0] - lit[0]) * k,
                    lit[1] + (dark[1] - lit[1]) * k,
                    lit[2] + (dark[2] - lit[2]) * k,
                    a,
                )


@njit(cache=True)
def grass(img, aspect, shift, v, high, colour, step, seed, sway, px):
    """A fringe of blades along the bottom of the picture, standing at v and `high` at most."""
    H, W = img.shape[0], img.shape[1]
    first, last = (
        int(math.floor((shift - aspect * 0.55) / step)) - 1,
        int(math.ceil((shift + aspect * 0.55) / step)) + 1,
    )
    for n in range(first, last):
        u = (n + rnd(n, 1, seed)) * step - shift
        h = high * (0.45 + 0.55 * rnd(n, 2, seed))
        lean = (rnd(n, 3, seed) - 0.5) * 0.5 + sway * (0.7 + 0.6 * rnd(n, 4, seed))
        wide = step * 0.75
        i0, i1 = span(
            ((u - wide - abs(lean) * h) / aspect + 0.5) * W,
            ((u + wide + abs(lean) * h) / aspect + 0.5) * W,
            W,
        )
        j0, j1 = span((v - h) * H, 1.0 * H, H)
        for j in range(j0, j1):
            y = v - (j + 0.5) / H
            f = clamp(y / h)
            for i in range(i0, i1):
                x = ((i + 0.5) / W - 0.5) * aspect - u - lean * h * f * f
                a = clamp(0.5 - (abs(x) - wide * 0.5 * (1 - f)) / px)
                if a > 0:
                    mix(img, j, i, colour[0], colour[1], colour[2], a)


@njit(cache=True)
def rock(img, aspect, u, v, half, high, lit, dark, seed, px):
    """A boulder with a lit and a dark side."""
    H, W = img.shape[0], img.shape[1]
    i0, i1 = span(((u - half * 1.1) / aspect + 0.5) * W, ((u + half * 1.1) / aspect + 0.5) * W, W)
    j0, j1 = span((v - high * 1.1) * H, (v + px) * H, H)
    lean = 0.5 * (rnd(1, 1, seed) - 0.5)
    for j in range(j0, j1):
        y = (j + 0.5) / H - v
        for i in range(i0, i1):
            x = ((i + 0.5) / W - 0.5) * aspect - u
            d = quad(
                x, y, (lean - 0.35) * half, -high * 0.9, (lean + 0.4) * half, -high, half, 0.0, -half, 0.0
            )
            a = clamp(0.5 - (d - 0.1 * high) / px) * clamp(0.5 - y / px)
            if a > 0:
                k = clamp(0.5 + (x - lean * half - 0.35 * (y + high)) / (px * 2))
                mix(
                    img,
                    j,
                    i,
                    lit[0] + (dark[0] - lit[0]) * k,
                    lit[1] + (dark[1] - lit[1]) * k,
                    lit[2] + (dark[2] - lit[2]) * k,
                    a,
                )


@njit(cache=True)
def band(img, v0, v1, upper, lower, px):
    """A level strip from v0 to v1."""
    H, W = img.shape[0], img.shape[1]
    j0, j1 = span(v0 * H - 1, v1 * H + 1, H)
    for j in range(j0, j1):
        y = (j + 0.5) / H
        cover = clamp(0.5 + min(y - v0, v1 - y) / px)
        k = clamp((y - v0) / (v1 - v0))
        r, g, b = (
            upper[0] + (lower[0] - upper[0]) * k,
            upper[1] + (lower[1] - upper[1]) * k,
            upper[2] + (lower[2] - upper[2]) * k,
        )
        for i in range(W):
            mix(img, j, i, r, g, b, cover)


@njit(cache=True)
def dashes(img, aspect, shift, v, thick, period, length, colour, px):
    """The line along the middle of a road."""
    H, W = img.shape[0], img.shape[1]
    j0, j1 = span((v - thick) * H - 1, (v + thick) * H + 1, H)
    for j in range(j0, j1):
        y = abs((j + 0.5) / H - v) - thick
        for i in range(W):
            x = (((i + 0.5) / W - 0.5) * aspect + shift) / period
            f = abs(x - math.floor(x) - 0.5) * period - length * 0.5
            a = clamp(0.5 - y / px) * clamp(0.5 - f / px)
            if a > 0:
                mix(img, j, i, colour[0], colour[1], colour[2], a)


@njit(cache=True)
def shadow(img, aspect, u, v, half, thick, strength):
    """A soft dark ellipse on the ground."""
    H, W = img.shape[0], img.shape[1]
    i0, i1 = span(((u - half * 1.6) / aspect + 0.5) * W, ((u + half * 1.6) / aspect + 0.5) * W, W)
    j0, j1 = span((v - thick * 1.8) * H, (v + thick * 1.8) * H, H)
    for j in range(j0, j1):
        y = ((j + 0.5) / H - v) / thick
        for i in range(i0, i1):
            x = (((i + 0.5) / W - 0.5) * aspect - u) / half
            a = strength * ramp(1.35, 0.55, math.sqrt(x * x + y * y))
            img[j, i, 0] *= 1 - a
            img[j, i, 1] *= 1 - a
            img[j, i, 2] *= 1 - a * 0.85


@njit(cache=True)
def blobs(img, aspect, place, level, wide, high, red, green, blue, px):
    """Ellipses, such as flowers, stones, craters and pads."""
    H, W = img.shape[0], img.shape[1]
    for n in range(len(place)):
        i0, i1 = span(
            ((place[n] - wide[n] - px) / aspect + 0.5) * W, ((place[n] + wide[n] + px) / aspect + 0.5) * W, W
        )
        j0, j1 = span((level[n] - high[n] - px) * H, (level[n] + high[n] + px) * H, H)
        for j in range(j0, j1):
            for i in range(i0, i1):
                d = ellipse(
                    ((i + 0.5) / W - 0.5) * aspect - place[n], (j + 0.5) / H - level[n], wide[n], high[n]
                )
                a = clamp(0.5 - d / px)
                if a > 0:
                    mix(img, j, i, red[n], green[n], blue[n], a)
