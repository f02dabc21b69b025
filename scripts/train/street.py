"""Draws a street: far towers, a near row of houses with windows and shops, neon signs, lamps.

Colours are triples of 0 to 1, lengths are in heights of the frame, `px` is the height of a pixel. `shift` and
`scale` are the camera's (stage.Eye), `foot` is the level on the screen that houses stand at.
"""

import math

from numba import njit
from paint import box, circle, clamp, glow, mix, ramp, rnd, rod, span

SHOP = 0.115  # height of the shops on the ground floor


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
    """Pink, blue, orange, violet or green."""
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
def windows(img, j, i, n, f, half, down, tall, scale, wide, key, seed, night, lit, lamp, px):
    """What pixel (j, i) shows of the windows of house n. f: distance from the middle of the house, half: of
    its width; down: distance from the roof; wide: of a house and the gap beside it."""
    columns = 3
    p = (f + half) / (2 * half) * columns
    q = (down - 0.035 * scale) / (0.088 * scale)
    if not (q > 0 and 0 < p < columns):
        return
    column, row = int(p), int(q)
    if (row + 1) * 0.088 * scale + 0.02 * scale >= tall - SHOP * scale:
        return
    d = box(
        (p - column - 0.5) * 2 * half / columns,
        (q - row - 0.5) * 0.088 * scale,
        0.024 * scale * wide / 0.26,
        0.029 * scale,
        0.004,
    )
    inside = clamp(0.5 - d / px)
    if inside <= 0:
        return
    if rnd(n * 8 + column, row, seed + 80) < lit:
        mix(img, j, i, lamp[0], lamp[1], lamp[2], inside)
    else:
        mix(img, j, i, 0.36 * key, 0.50 * key, (0.62 * key + 0.08 * night), inside)


@njit(cache=True)
def shop(img, j, i, f, half, y, foot, scale, hue, key, night, lit, px):
    """What pixel (j, i) at level y shows of a shop: a window under an awning, by night under a lit board."""
    glass = box(f, y - foot + 0.045 * scale, half * 0.78, 0.038 * scale, 0.004)
    inside = clamp(0.5 - glass / px)
    if night > 0.5:
        k = 0.75 + 0.25 * ramp(foot - 0.09 * scale, foot, y)
        red, green, blue = 0.45 * hue[0] + 0.55, 0.45 * hue[1] + 0.42, 0.45 * hue[2] + 0.28
        mix(img, j, i, red * k, green * k, blue * k, inside)
    else:
        mix(img, j, i, 0.30 * key + 0.25 * lit, 0.42 * key + 0.18 * lit, 0.50 * key, inside)
    board = clamp(0.5 - box(f, y - foot + 0.100 * scale, half * 0.86, 0.016 * scale, 0.004) / px)
    if board > 0:
        stripe = 1.0 if int(math.floor((f + half) / (0.035 * scale))) % 2 == 0 else 0.72
        glowing = 1.0 if night > 0.5 else 0.78 * key
        red, green, blue = hue[0] * glowing * stripe, hue[1] * glowing * stripe, hue[2] * glowing * stripe
        mix(img, j, i, red, green, blue, board)


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
        hue = neon_hue(n, seed)
        cover = clamp(0.5 + (half - abs(f)) / px)
        for j in range(max(0, int((top - 0.01) * H)), min(H, int(foot * H) + 1)):
            y = (j + 0.5) / H
            a = cover * clamp(0.5 + (y - top) / px)
            if a <= 0:
                continue
            shade = (0.86 + 0.14 * ramp(foot, top, y)) * key
            blue = wall[2] * (shade + 0.35 * (1 - shade) * night)
            mix(img, j, i, wall[0] * shade, wall[1] * shade, blue, a)
            cornice = clamp(0.5 - (abs(y - top - 0.008 * scale) - 0.008 * scale) / px)
            mix(img, j, i, wall[0] * shade * 0.7, wall[1] * shade * 0.7, wall[2] * shade * 0.75, a * cornice)
            under = foot - SHOP * scale - y
            if under <= 0.01 * scale:
                shop(img, j, i, f, half, y, foot, scale, hue, key, night, lit, px)
            elif under > 0.03 * scale:
                windows(img, j, i, n, f, half, y - top, tall, scale, wide, key, seed, night, lit, lamp, px)


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
