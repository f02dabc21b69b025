"""Draws water and wet ground: mirrors what stands above, broken by waves; glitter below the sun, surf, and
life under water.
"""

import math

from numba import njit
from paint import box, circle, clamp, glow, mix, noise, ramp, rnd, rod, span


@njit(cache=True)
def mirror(img, copy, line, stretch, rough, speed, t, shift, colour, share, deepen, aspect):
    """Water from v = line down: what is above, upside down and broken, under the water's colour. stretch:
    rows above for one row below; rough: how far waves throw the picture; share: of the colour at the line,
    and `deepen` more at the bottom of the picture."""
    H, W = img.shape[0], img.shape[1]
    first = max(0, int(line * H))
    for j in range(first, H):
        y = (j + 0.5) / H - line
        cover = clamp(0.5 + y * H)
        k = clamp(y / (1.0 - line + 1e-6))
        z = 1.0 / (k + 0.12)  # rows of waves lie closer towards the horizon
        a = clamp(share + deepen * k)
        for i in range(W):
            u = ((i + 0.5) / W - 0.5) * aspect + shift * (0.25 + k)
            swell = math.sin(
                z * 5.5 + speed * t + 1.4 * math.sin(u * 3.2 * z * 0.35 + 0.6 * t)
            ) + 0.5 * math.sin(z * 11.0 - 1.3 * speed * t + u * 9.0)
            from_row = line - y * stretch - rough * (0.25 + k) * swell * 0.055
            from_column = i + rough * swell * 0.012 * W * (0.3 + k)
            r = int(from_row * H)
            r = 0 if r < 0 else (first - 1 if r > first - 1 else r)
            c = int(from_column)
            c = 0 if c < 0 else (W - 1 if c > W - 1 else c)
            light = 1.0 + 0.10 * rough * swell
            mix(
                img,
                j,
                i,
                (copy[r, c, 0] + (colour[0] - copy[r, c, 0]) * a) * light,
                (copy[r, c, 1] + (colour[1] - copy[r, c, 1]) * a) * light,
                (copy[r, c, 2] + (colour[2] - copy[r, c, 2]) * a) * light,
                cover,
            )


@njit(cache=True)
def waves(img, line, bottom, shift, t, height, count, light, dark, foam, aspect, seed, px):
    """Rows of waves that travel towards the viewer: each has a lit crest and a dark face; foam where they are
    high."""
    H, W = img.shape[0], img.shape[1]
    for n in range(count):
        f = ((n + 0.35 * t) % count) / count  # 0 at the horizon, 1 at the bottom
        near = f**1.7
        level = line + 0.012 + (bottom - line) * near
        high = height * (0.12 + near)
        fade = ramp(0.0, 0.12, f) * ramp(1.0, 0.92, f)
        key = int(n + math.floor((n + 0.35 * t) / count) * count)
        for i in range(W):
            u = (((i + 0.5) / W - 0.5) * aspect + shift * (0.2 + near)) / (0.25 + 0.9 * near)
            crest = level - high * (0.25 + 0.75 * noise(u * 3.2 + 0.25 * t + 9.7 * key, 4, seed + key))
            low = crest + high * 1.3 + 2 * px
            for j in range(max(0, int((crest - 2 * px) * H)), min(H, int(low * H) + 1)):
                y = (j + 0.5) / H - crest
                edge = clamp(0.5 + y / px)
                k = clamp(y / (low - crest))
                a = edge * fade * (1 - k) * 0.85
                mix(img, j, i, dark[0], dark[1], dark[2], a * ramp(0.0, 0.35, k))
                mix(img, j, i, light[0], light[1], light[2], 0.75 * edge * fade * ramp(0.32, 0.05, k))
                if foam > 0:
                    top = noise(u * 3.2 + 0.25 * t + 9.7 * key, 4, seed + key)
                    mix(
                        img,
                        j,
                        i,
                        0.96,
                        0.98,
                        1.0,
                        foam
                        * edge
                        * fade
                        * ramp(0.5, 0.9, top)
                        * ramp(0.55, 0.15, k + 0.3 * noise(u * 14 + t, 5, seed)),
                    )


@njit(cache=True)
def glitter(img, line, u, wide, t, colour, strength, aspect):
    """The path of light below the sun or the moon, in sparkling dashes."""
    H, W = img.shape[0], img.shape[1]
    for j in range(max(0, int(line * H)), H):
        y = (j + 0.5) / H - line
        k = clamp(y / (1.0 - line))
        z = 1.0 / (k + 0.10)
        half = wide * (0.35 + 1.1 * k)
        for i in range(W):
            x = ((i + 0.5) / W - 0.5) * aspect - u
            wave = math.sin(z * 9.0 + 2.2 * t + 2.5 * math.sin(x * 7.0 * z * 0.3 + t)) + 0.4 * math.sin(
                z * 17.0 - 3 * t
            )
            a = (
                strength
                * ramp(half, half * 0.2, abs(x + 0.012 * wave))
                * ramp(0.15, 0.85, wave)
                * ramp(0.0, 0.04, k)
            )
            if a > 0.01:
                mix(img, j, i, colour[0], colour[1], colour[2], a)


@njit(cache=True)
def surf(img, line, t, shift, sand, aspect, seed, px):
    """A beach at the bottom: sand below `line`, a white edge of water that comes and goes, wet sand behind
    it."""
    H, W = img.shape[0], img.shape[1]
    reach = line + 0.028 * math.sin(t * 1.15)
    for i in range(W):
        u = ((i + 0.5) / W - 0.5) * aspect + shift
        edge = reach + 0.035 * (noise(u * 2.1, 6, seed) - 0.5) + 0.012 * math.sin(u * 9 + t)
        shore = line + 0.045 + 0.035 * (noise(u * 2.1, 6, seed) - 0.5)
        for j in range(max(0, int((edge - 0.05) * H)), H):
            y = (j + 0.5) / H
            on_sand = clamp(0.5 + (y - edge) / px)
            wet = ramp(0.05, 0.0, y - shore)
            k = clamp((y - line) / (1.0 - line))
            r, g, b = (
                sand[0] * (1 - 0.22 * wet) * (1 - 0.12 * k),
                sand[1] * (1 - 0.22 * wet) * (1 - 0.12 * k),
                sand[2] * (1 - 0.16 * wet) * (1 - 0.12 * k),
            )
            mix(img, j, i, r, g, b, on_sand)
            foam = clamp(0.5 - (abs(y - edge + 0.006) - 0.009) / px) + 0.6 * clamp(
                0.5 - (abs(y - edge + 0.032 + 0.01 * math.sin(u * 12)) - 0.004) / px
            )
            if foam > 0:
                mix(img, j, i, 0.97, 0.99, 1.0, min(foam, 1.0) * 0.92)


# ---------------------------------------------------------------- under water
@njit(cache=True)
def rays(img, t, strength, aspect, shift, seed):
    """Beams of light from the surface, slowly swaying."""
    H, W = img.shape[0], img.shape[1]
    for j in range(H):
        v = (j + 0.5) / H
        for i in range(W):
            u = ((i + 0.5) / W - 0.5) * aspect + shift
            x = (u + 0.20 * v) / (0.55 + 0.75 * v)
            beam = noise(x * 5.0 + 0.25 * t, 2, seed) * noise(x * 8.5 - 0.35 * t + 7, 3, seed)
            a = strength * ramp(0.18, 0.62, beam) * (1 - v) ** 1.2
            if a > 0.01:
                glow(img, j, i, 0.75, 0.95, 1.0, a)


@njit(cache=True)
def weed(img, aspect, u, v, h, colour, t, seed, px):
    """A bunch of seaweed whose blades swing."""
    H, W = img.shape[0], img.shape[1]
    i0, i1 = span(((u - h * 0.5) / aspect + 0.5) * W, ((u + h * 0.5) / aspect + 0.5) * W, W)
    j0, j1 = span((v - h) * H, (v + px) * H, H)
    for n in range(4):
        tall = h * (0.6 + 0.4 * rnd(n, 1, seed))
        root = u + (n - 1.5) * 0.10 * h
        for j in range(j0, j1):
            f = (v - (j + 0.5) / H) / tall
            if f < 0 or f > 1:
                continue
            middle = (
                root
                + 0.16 * h * f * math.sin(3.2 * f - 1.6 * t + n + 6 * rnd(n, 2, seed))
                + (n - 1.5) * 0.07 * h * f
            )
            half = 0.050 * h * (1 - f) ** 0.6 + 0.2 * px
            for i in range(i0, i1):
                a = clamp(0.5 - (abs(((i + 0.5) / W - 0.5) * aspect - middle) - half) / px)
                if a > 0:
                    shade = 0.65 + 0.45 * f
                    mix(img, j, i, colour[0] * shade, colour[1] * shade, colour[2] * shade, a)


@njit(cache=True)
def coral(img, aspect, u, v, h, kind, colour, seed, px):
    """Coral: 0 a branching one, 1 a round one, 2 a fan of tubes."""
    H, W = img.shape[0], img.shape[1]
    i0, i1 = span(((u - h * 0.8) / aspect + 0.5) * W, ((u + h * 0.8) / aspect + 0.5) * W, W)
    j0, j1 = span((v - h * 1.1) * H, (v + 2 * px) * H, H)
    for j in range(j0, j1):
        y = ((j + 0.5) / H - v) / h
        for i in range(i0, i1):
            x = (((i + 0.5) / W - 0.5) * aspect - u) / h
            if kind == 0:
                d = rod(x, y, 0.0, 0.1, 0.0, -0.5, 0.10, 0.07)
                d = min(
                    d,
                    min(
                        rod(x, y, 0.0, -0.25, -0.34, -0.62, 0.07, 0.055),
                        rod(x, y, 0.0, -0.35, 0.32, -0.66, 0.07, 0.055),
                    ),
                )
                d = min(
                    d,
                    min(
                        rod(x, y, 0.0, -0.5, -0.10, -0.90, 0.06, 0.055),
                        rod(x, y, -0.20, -0.45, -0.52, -0.50, 0.05, 0.05),
                    ),
                )
                d = min(
                    d,
                    min(
                        rod(x, y, 0.18, -0.5, 0.50, -0.44, 0.05, 0.05),
                        rod(x, y, 0.0, -0.5, 0.16, -0.92, 0.06, 0.05),
                    ),
                )
            elif kind == 1:
                d = circle(x, y + 0.25, 0.48)
            else:
                d = 9.0
                for n in range(5):
                    tall = 0.45 + 0.5 * rnd(n, 1, seed)
                    d = min(d, rod(x, y, (n - 2) * 0.17, 0.1, (n - 2) * 0.23, -tall, 0.085, 0.10))
            a = clamp(0.5 - max(d, y - 0.02) * h / px)
            if a > 0:
                shade = 0.72 + 0.38 * ramp(0.0, -0.9, y)
                if kind == 1:
                    shade *= 0.88 + 0.12 * math.sin(
                        22 * math.sqrt(x * x + (y + 0.25) ** 2) + 3 * math.sin(8 * x)
                    )
                mix(
                    img,
                    j,
                    i,
                    min(colour[0] * shade, 1.0),
                    min(colour[1] * shade, 1.0),
                    min(colour[2] * shade, 1.0),
                    a,
                )


@njit(cache=True)
def bubbles(img, aspect, t, seed, count, px):
    H, W = img.shape[0], img.shape[1]
    for n in range(count):
        way = (rnd(n, 1, seed) + t * (0.10 + 0.08 * rnd(n, 2, seed))) % 1.0
        u = (rnd(n, 3, seed) - 0.5) * aspect + 0.02 * math.sin(4 * t + 6 * rnd(n, 4, seed))
        v, r = 1.05 - 1.1 * way, 0.008 + 0.014 * rnd(n, 5, seed)
        i0, i1 = span(((u - 2 * r) / aspect + 0.5) * W, ((u + 2 * r) / aspect + 0.5) * W, W)
        j0, j1 = span((v - 2 * r) * H, (v + 2 * r) * H, H)
        for j in range(j0, j1):
            for i in range(i0, i1):
                x, y = ((i + 0.5) / W - 0.5) * aspect - u, (j + 0.5) / H - v
                d = circle(x, y, r)
                glow(
                    img,
                    j,
                    i,
                    0.85,
                    0.97,
                    1.0,
                    0.75 * clamp(0.5 - (abs(d) - 0.5 * px) / px) + 0.22 * clamp(0.5 - d / px),
                )


@njit(cache=True)
def post(img, aspect, u, v, wide, high, r, g, b, px):
    """An upright plank or box that stands at v."""
    H, W = img.shape[0], img.shape[1]
    i0, i1 = span(((u - wide - px) / aspect + 0.5) * W, ((u + wide + px) / aspect + 0.5) * W, W)
    j0, j1 = span((v - high - px) * H, (v + px) * H, H)
    for j in range(j0, j1):
        for i in range(i0, i1):
            d = box(((i + 0.5) / W - 0.5) * aspect - u, (j + 0.5) / H - v + high * 0.5, wide, high * 0.5, 0.0)
            mix(img, j, i, r, g, b, clamp(0.5 - d / px))
