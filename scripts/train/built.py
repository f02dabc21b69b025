"""Draws what people have built: a street with windows, shops and neon signs, a lighthouse, a cabin, a
windmill, lamps.
"""

import math

from numba import njit
from paint import box, circle, clamp, glow, mix, quad, ramp, rnd, rod, span, triangle


@njit(cache=True)
def skyline(img, aspect, shift, scale, foot, step, low, high, wall, seed, lit, window, lamp, px):
    """A far row of towers: plain boxes of many heights, with small windows that are lit or not."""
    H, W = img.shape[0], img.shape[1]
    for i in range(W):
        x = ((((i + 0.5) / W - 0.5) * aspect) / scale + shift) / step + 100.0
        n = int(math.floor(x))
        top = foot - (low + (high - low) * rnd(n, 1, seed) ** 1.4) * scale
        shade = 0.88 + 0.2 * rnd(n, 2, seed)
        if rnd(n, 3, seed) > 0.75 and abs(x - n - 0.5) < 0.06:
            top -= 0.05 * scale  # a mast
        for j in range(max(0, int(top * H)), min(H, int(foot * H) + 1)):
            y = (j + 0.5) / H
            mix(img, j, i, wall[0] * shade, wall[1] * shade, wall[2] * shade, clamp(0.5 + (y - top) / px))
            a, b = (x - n - 0.1) / 0.8 * 4, (y - top) / (0.034 * scale) - 0.5
            if lit > 0 and b > 0 and 0 < a < 4:
                p, q = int(a), int(b)
                if rnd(n * 7 + p, q, seed + 5) < lit:
                    inside = clamp(0.5 + (0.26 - abs(a - p - 0.5)) * 0.2 * step * scale / px) * clamp(
                        0.5 + (0.3 - abs(b - q - 0.5)) * 0.034 * scale / px
                    )
                    mix(img, j, i, lamp[0], lamp[1], lamp[2], inside * window)


@njit(cache=True)
def neon_hue(n, seed):
    k = rnd(n, 21, seed)
    if k < 0.24:
        return 1.0, 0.16, 0.55
    if k < 0.46:
        return 0.10, 0.90, 1.0
    if k < 0.62:
        return 1.0, 0.62, 0.10
    if k < 0.80:
        return 0.72, 0.30, 1.0
    return 0.25, 1.0, 0.50


@njit(cache=True)
def stroke_sign(x, y, n, seed):
    """Distance to the strokes of a made-up sign in a box of -1 to 1: like writing, and none."""
    d = 9.0
    form = int(rnd(n, 31, seed) * 5)
    if form == 0:  # a box with a bar
        d = min(abs(box(x, y, 0.62, 0.62, 0.1)), rod(x, y, -0.6, 0.0, 0.6, 0.0, 0.0, 0.0))
    elif form == 1:  # three bars on a stem
        d = min(
            min(rod(x, y, -0.7, -0.55, 0.7, -0.55, 0.0, 0.0), rod(x, y, -0.5, 0.0, 0.5, 0.0, 0.0, 0.0)),
            min(rod(x, y, -0.75, 0.6, 0.75, 0.6, 0.0, 0.0), rod(x, y, 0.0, -0.55, 0.0, 0.6, 0.0, 0.0)),
        )
    elif form == 2:  # a roof over a cross
        d = min(
            min(rod(x, y, 0.0, -0.75, -0.7, -0.1, 0.0, 0.0), rod(x, y, 0.0, -0.75, 0.7, -0.1, 0.0, 0.0)),
            min(rod(x, y, -0.5, 0.3, 0.5, 0.3, 0.0, 0.0), rod(x, y, 0.0, -0.2, 0.0, 0.75, 0.0, 0.0)),
        )
    elif form == 3:  # a ring with a dot
        d = min(abs(circle(x, y, 0.6)), circle(x, y, 0.12))
    else:  # two legs under a bar
        d = min(
            rod(x, y, -0.7, -0.5, 0.7, -0.5, 0.0, 0.0),
            min(rod(x, y, -0.2, -0.5, -0.55, 0.7, 0.0, 0.0), rod(x, y, 0.2, -0.5, 0.55, 0.7, 0.0, 0.0)),
        )
    return d


@njit(cache=True)
def street(img, aspect, shift, scale, foot, step, low, high, walls, key, seed, night, lit, lamp, t, px):
    """The near row of houses of a street: windows, shops with awnings, and by night lit signs. walls [n,3]
    are their colours in light."""
    H, W = img.shape[0], img.shape[1]
    wide = step * scale
    for i in range(W):
        x = ((((i + 0.5) / W - 0.5) * aspect) / scale + shift) / step + 100.0
        n = int(math.floor(x))
        f = (x - n - 0.5) * wide  # distance from the middle of the house
        half = wide * (0.5 - 0.02 * rnd(n, 8, seed))
        tall = (low + (high - low) * rnd(n, 1, seed)) * scale
        top = foot - tall
        wall = walls[int(rnd(n, 2, seed) * len(walls))]
        shop = 0.115 * scale
        hue = neon_hue(n, seed)
        cover = clamp(0.5 + (half - abs(f)) / px)
        for j in range(max(0, int((top - 0.01) * H)), min(H, int(foot * H) + 1)):
            y = (j + 0.5) / H
            a = cover * clamp(0.5 + (y - top) / px)
            if a <= 0:
                continue
            shade = (0.86 + 0.14 * ramp(foot, top, y)) * key
            mix(
                img, j, i, wall[0] * shade, wall[1] * shade, wall[2] * (shade + 0.35 * (1 - shade) * night), a
            )
            cornice = clamp(0.5 - (abs(y - top - 0.008 * scale) - 0.008 * scale) / px)
            mix(img, j, i, wall[0] * shade * 0.7, wall[1] * shade * 0.7, wall[2] * shade * 0.75, a * cornice)
            under = foot - shop - y
            if under > 0.01 * scale:  # windows
                columns = 3
                p = (f + half) / (2 * half) * columns
                q = (y - top - 0.035 * scale) / (0.088 * scale)
                if q > 0 and 0 < p < columns and under > 0.03 * scale:
                    c, r = int(p), int(q)
                    if (r + 1) * 0.088 * scale + 0.02 * scale < tall - shop:
                        d = box(
                            (p - c - 0.5) * 2 * half / columns,
                            (q - r - 0.5) * 0.088 * scale,
                            0.024 * scale * wide / 0.26,
                            0.029 * scale,
                            0.004,
                        )
                        inside = clamp(0.5 - d / px)
                        if inside > 0:
                            on = rnd(n * 8 + c, r, seed + 80) < lit
                            if on:
                                mix(img, j, i, lamp[0], lamp[1], lamp[2], inside)
                            else:
                                mix(img, j, i, 0.36 * key, 0.50 * key, (0.62 * key + 0.08 * night), inside)
            else:  # the shop: a window under an awning or a lit board
                glass = box(f, y - foot + 0.045 * scale, half * 0.78, 0.038 * scale, 0.004)
                inside = clamp(0.5 - glass / px)
                if night > 0.5:
                    k = 0.75 + 0.25 * ramp(foot - 0.09 * scale, foot, y)
                    mix(
                        img,
                        j,
                        i,
                        (0.45 * hue[0] + 0.55) * k,
                        (0.45 * hue[1] + 0.42) * k,
                        (0.45 * hue[2] + 0.28) * k,
                        inside,
                    )
                else:
                    mix(img, j, i, 0.30 * key + 0.25 * lit, 0.42 * key + 0.18 * lit, 0.50 * key, inside)
                board = clamp(0.5 - box(f, y - foot + 0.100 * scale, half * 0.86, 0.016 * scale, 0.004) / px)
                if board > 0:
                    stripe = 1.0 if int(math.floor((f + half) / (0.035 * scale))) % 2 == 0 else 0.72
                    glowing = 1.0 if night > 0.5 else 0.78 * key
                    mix(
                        img,
                        j,
                        i,
                        hue[0] * glowing * stripe,
                        hue[1] * glowing * stripe,
                        hue[2] * glowing * stripe,
                        board,
                    )


@njit(cache=True)
def signs(img, aspect, shift, scale, foot, step, low, high, seed, t, px):
    """Upright neon signs on the houses that `street` drew, by night: a dark board, a lit frame, three
    figures, and their light around."""
    H, W = img.shape[0], img.shape[1]
    first = int(math.floor((shift - aspect * 0.6 / scale) / step + 100.0)) - 1
    last = int(math.ceil((shift + aspect * 0.6 / scale) / step + 100.0)) + 1
    for n in range(first, last):
        if rnd(n, 22, seed) < 0.22:
            continue
        tall = (low + (high - low) * rnd(n, 1, seed)) * scale
        h = min(0.30 * scale, (tall - 0.16 * scale))
        if h < 0.12 * scale:
            continue
        w = h / 6.0
        left = -1.0 if rnd(n, 23, seed) < 0.5 else 1.0
        u = ((n + 0.5 - 100.0) * step - shift + left * step * 0.36) * scale
        v = foot - 0.135 * scale - h * 0.5 - 0.02 * scale * rnd(n, 24, seed)
        hue = neon_hue(n + 500, seed)
        flicker = 1.0 - 0.55 * (1.0 if rnd(int(t * 7), n, seed) < 0.06 else 0.0)
        i0, i1 = span(((u - 5 * w) / aspect + 0.5) * W, ((u + 5 * w) / aspect + 0.5) * W, W)
        j0, j1 = span((v - h) * H, (v + h) * H, H)
        thick = max(0.12 * w, 0.42 * px)
        for j in range(j0, j1):
            for i in range(i0, i1):
                x, y = ((i + 0.5) / W - 0.5) * aspect - u, (j + 0.5) / H - v
                d = box(x, y, w, h * 0.5, w * 0.2)
                inside = clamp(0.5 - d / px)
                halo = 0.55 * math.exp(-max(d, 0.0) / (0.9 * w)) * (1 - inside)
                glow(img, j, i, hue[0], hue[1], hue[2], halo * flicker)
                if inside > 0:
                    mix(img, j, i, 0.06 + 0.16 * hue[0], 0.05 + 0.16 * hue[1], 0.09 + 0.16 * hue[2], inside)
                    k = (y + h * 0.5) / (h / 3.0)
                    m = min(max(int(k), 0), 2)
                    e = stroke_sign(x / w * 1.15, (k - m - 0.5) * 2.35, n * 3 + m, seed) * w / 1.15
                    e = min(e, abs(d + 0.14 * w) + 0.02 * w)
                    line = clamp(0.5 - (e - thick) / px)
                    soft = 0.55 * math.exp(-max(e, 0.0) / (0.35 * w))
                    glow(img, j, i, hue[0], hue[1], hue[2], soft * flicker * inside)
                    mix(
                        img,
                        j,
                        i,
                        0.35 + 0.65 * hue[0],
                        0.35 + 0.65 * hue[1],
                        0.35 + 0.65 * hue[2],
                        line * flicker * inside,
                    )


@njit(cache=True)
def lamps(img, aspect, shift, scale, foot, step, seed, lit, px):
    """Street lamps along a pavement; lit: how much they shine."""
    H, W = img.shape[0], img.shape[1]
    first, last = (
        int(math.floor((shift - aspect * 0.6) / step)) - 1,
        int(math.ceil((shift + aspect * 0.6) / step)) + 1,
    )
    for n in range(first, last):
        u, h = ((n + 0.5) * step - shift) * scale, 0.34 * scale
        i0, i1 = span(((u - 0.25 * scale) / aspect + 0.5) * W, ((u + 0.25 * scale) / aspect + 0.5) * W, W)
        j0, j1 = span((foot - h - 0.2) * H, (foot + px) * H, H)
        for j in range(j0, j1):
            for i in range(i0, i1):
                x, y = ((i + 0.5) / W - 0.5) * aspect - u, (j + 0.5) / H - foot
                d = min(
                    rod(x, y, 0.0, 0.0, 0.0, -h, 0.008 * scale, 0.005 * scale),
                    rod(x, y, 0.0, -h, 0.05 * scale, -h, 0.005 * scale, 0.005 * scale),
                )
                mix(img, j, i, 0.10, 0.11, 0.14, clamp(0.5 - d / px))
                e = box(x - 0.05 * scale, y + h - 0.008 * scale, 0.022 * scale, 0.009 * scale, 0.005 * scale)
                if lit > 0:
                    glow(img, j, i, 1.0, 0.80, 0.45, lit * 0.6 * math.exp(-max(e, 0.0) / (0.06 * scale)))
                    mix(img, j, i, 1.0, 0.93, 0.72, clamp(0.5 - e / px))
                else:
                    mix(img, j, i, 0.85, 0.86, 0.82, clamp(0.5 - e / px))


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
                mix(
                    img,
                    j,
                    i,
                    0.97 * light,
                    (0.96 - 0.82 * stripe * red) * light,
                    (0.93 - 0.80 * stripe * red) * light + 0.05 * night,
                    a,
                )
            gallery = box(x, y + 0.81, 0.115, 0.018, 0.0)
            mix(
                img,
                j,
                i,
                0.16 * key + 0.03,
                0.15 * key + 0.03,
                0.18 * key + 0.05,
                clamp(0.5 - gallery * h / px),
            )
            lantern = clamp(0.5 - box(x, y + 0.88, 0.062, 0.055, 0.0) * h / px)
            if night > 0:
                mix(img, j, i, 1.0, 0.95, 0.68, lantern)
            else:
                mix(img, j, i, 0.72 * key, 0.86 * key, 0.92 * key, lantern)
            roof = triangle(x, y, 0.0, -1.04, 0.09, -0.93, -0.09, -0.93)
            mix(
                img,
                j,
                i,
                0.80 * max(key, 0.5) * red + 0.2 * (1 - red),
                0.16 * key,
                0.16 * key,
                clamp(0.5 - roof * h / px),
            )
    if night <= 0:
        return
    lamp_v = v - 0.88 * h
    swing = math.cos(turn + 1.1 * t)
    for j in range(H):
        y = (j + 0.5) / H - lamp_v
        for i in range(W):
            x = ((i + 0.5) / W - 0.5) * aspect - u
            far = abs(x)
            a = 0.85 * math.exp(-math.sqrt(x * x + y * y) / (0.055 + 0.05 * max(0.0, 1 - 3 * abs(swing))))
            if x * swing > 0:
                wide = 0.012 + 0.13 * far
                a += (
                    0.62
                    * abs(swing) ** 0.7
                    * ramp(wide, wide * 0.25, abs(y + 0.02 * far))
                    * math.exp(-far * 0.9)
                    * night
                )
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
