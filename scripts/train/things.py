"""Subjects that are things: boat, car, ball, hot-air balloon, train.

Each function colours a point (x, y) of a figure that stands upright, looks to the right and reaches from y =
-1 to y = 1 (downwards); px is a pixel's side in these units, c0 c1 c2 the figure's colour, and o = [r, g, b,
least distance to any part].
"""

import math

from numba import njit
from paint import box, circle, clamp, ellipse, fill, quad, ramp, rod, tint, triangle


@njit(cache=True)
def boat(x, y, px, t, way, c0, c1, c2, o):
    """A sailing boat whose sails are full of wind; it leans and nods."""
    lean = 0.05 * math.sin(1.3 * t + 0.4) - 0.03
    x, y = x + lean * (y - 0.6), y - lean * x * 0.7 - 0.03 * math.sin(1.7 * t)
    fill(o, rod(x, y, 0.0, -1.0, 0.0, 0.5, 0.022, 0.03), px, 0.36, 0.24, 0.16)
    full = 0.10 + 0.025 * math.sin(2.1 * t)
    sail = clamp((y + 0.95) / 1.31)
    belly = full * 4 * sail * (1 - sail)
    d = triangle(x, y, -0.03, -0.97, -0.03, 0.34, -0.74, 0.34)
    d = max(d, -(x + 0.745 - 0.71 * (0.34 - y) / 1.31 + belly * 0.25))
    fill(o, d, px, c0, c1, c2)
    tint(o, d, px, c0 * 0.72, c1 * 0.72, c2 * 0.74, 0.9 * ramp(-0.35, -0.02, x) * ramp(-0.6, 0.4, y))
    wind = clamp((y + 0.82) / 1.16)
    e = triangle(x - full * 3.0 * wind * (1 - wind), y, 0.05, -0.84, 0.66, 0.34, 0.05, 0.34)
    fill(o, e, px, 0.35 + 0.65 * c0, 0.35 + 0.65 * c1, 0.35 + 0.65 * c2)
    tint(o, e, px, c0, c1, c2, 0.75 * ramp(0.45, 0.05, x))
    hull = max(quad(x, y, -0.92, 0.44, 0.98, 0.44, 0.66, 0.86, -0.74, 0.86), ellipse(x, y - 0.30, 1.02, 0.62))
    fill(o, hull, px, 0.97, 0.96, 0.93)
    tint(o, max(hull, 0.62 - y), px, 0.16, 0.24, 0.42, 1.0)
    tint(o, max(hull, abs(y - 0.535) - 0.035), px, c0, c1, c2, 1.0)
    flag = -0.97 + 0.02 * math.sin(9 * t + 14 * x)
    fill(o, triangle(x, y, 0.02, flag - 0.03, 0.20, flag + 0.04, 0.02, flag + 0.11), px, 0.95, 0.30, 0.22)


@njit(cache=True)
def wheel(x, y, r, turn, px, o):
    d = circle(x, y, r)
    fill(o, d, px, 0.08, 0.08, 0.10)
    rim = circle(x, y, 0.66 * r)
    tint(o, rim, px, 0.78, 0.80, 0.84, 1.0)
    c, s = math.cos(turn), math.sin(turn)
    p, q = x * c + y * s, -x * s + y * c
    spoke = min(abs(p), abs(q)) - 0.09 * r
    tint(o, max(spoke, rim), px, 0.30, 0.31, 0.35, 1.0)
    tint(o, circle(x, y, 0.18 * r), px, 0.20, 0.20, 0.23, 1.0)


@njit(cache=True)
def car(x, y, px, t, way, lit, c0, c1, c2, o):
    """A small car; its wheels turn with the way that it has gone."""
    bob = 0.015 * math.sin(7 * t) if way != 0 else 0.0
    yy = y - bob
    cabin = quad(x, yy, -0.62, -0.88, 0.36, -0.88, 0.84, -0.16, -1.02, -0.16) - 0.06
    fill(o, cabin, px, c0, c1, c2)
    tint(
        o,
        max(cabin, yy + 0.80),
        px,
        min(c0 * 1.25 + 0.1, 1.0),
        min(c1 * 1.25 + 0.1, 1.0),
        min(c2 * 1.25 + 0.1, 1.0),
        0.7,
    )
    glass = quad(x, yy, -0.56, -0.76, 0.30, -0.76, 0.66, -0.22, -0.84, -0.22)
    if lit > 0:
        tint(o, glass, px, 0.98, 0.86, 0.52, 1.0)
    else:
        tint(o, glass, px, 0.55, 0.80, 0.92, 1.0)
        tint(o, max(glass, abs(x + 0.55 * yy + 0.35) - 0.10), px, 0.86, 0.95, 0.99, 0.9)
    tint(o, max(glass, abs(x + 0.14) - 0.045), px, c0, c1, c2, 1.0)
    body = box(x, yy - 0.16, 1.34, 0.38, 0.20)
    fill(o, body, px, c0, c1, c2)
    tint(o, max(body, 0.22 - yy), px, c0 * 0.62, c1 * 0.62, c2 * 0.66, 1.0)
    tint(o, max(body, abs(yy + 0.13) - 0.03), px, 0.5 + 0.5 * c0, 0.5 + 0.5 * c1, 0.5 + 0.5 * c2, 0.8)
    tint(o, box(x + 0.30, yy - 0.02, 0.10, 0.025, 0.02), px, c0 * 0.4, c1 * 0.4, c2 * 0.4, 1.0)
    tint(o, max(body, box(x - 1.26, yy - 0.04, 0.12, 0.10, 0.05)), px, 1.0, 0.95, 0.70, 1.0)
    tint(o, max(body, box(x + 1.30, yy - 0.04, 0.09, 0.10, 0.04)), px, 0.90, 0.10, 0.10, 1.0)
    for k in range(2):
        at = -0.74 + 1.48 * k
        tint(o, max(circle(x - at, yy - 0.50, 0.44), body), px, c0 * 0.25, c1 * 0.25, c2 * 0.28, 1.0)
        wheel(x - at, y - 0.60, 0.38, way / 0.38, px, o)


@njit(cache=True)
def ball(x, y, px, t, way, c0, c1, c2, o):
    """A beach ball of six panels that rolls."""
    d = circle(x, y, 0.94)
    fill(o, d, px, c0, c1, c2)
    turn = way / 0.94
    c, s = math.cos(turn), math.sin(turn)
    p, q = x * c + y * s - 0.22, -x * s + y * c + 0.16
    angle = math.atan2(q, p) * 6 / (2 * math.pi)
    f = angle - math.floor(angle)
    near = min(f, 1 - f) * math.sqrt(p * p + q * q) * 1.05
    inside = -near if int(math.floor(angle)) % 2 == 0 else near
    w0, w1, w2 = 0.98, 0.97, 0.94
    if c0 > 0.9 and c1 > 0.9:
        w0, w1, w2 = 0.62, 0.66, 0.74
    tint(o, max(inside, d), px, w0, w1, w2, 1.0)
    tint(o, circle(p, q, 0.13), px, c0, c1, c2, 1.0)
    shade = ramp(0.45, 1.15, math.sqrt((x + 0.25) ** 2 + (y + 0.35) ** 2))
    tint(o, d, px, 0.05 * c0, 0.05 * c1, 0.12, 0.42 * shade)
    tint(o, d, px, 1.0, 1.0, 1.0, 0.75 * ramp(0.24, 0.05, math.sqrt((x + 0.38) ** 2 * 1.3 + (y + 0.45) ** 2)))


@njit(cache=True)
def balloon(x, y, px, t, lit, c0, c1, c2, o):
    """A hot-air balloon with gores of two shades and a basket; by night its burner lights it from inside."""
    swing = 0.03 * math.sin(1.1 * t)
    x = x - swing * (y + 0.3)
    for k in range(2):
        fill(o, rod(x, y, (k - 0.5) * 0.50, 0.36, (k - 0.5) * 0.26, 0.74, 0.012, 0.012), px, 0.30, 0.22, 0.18)
    r = 0.68
    yy = y + 0.30
    round_part = circle(x, yy, r)
    cone = max(max(abs(x) * 0.86 + yy * 0.51 - 0.645, 0.18 - yy), yy - 0.74)
    d = min(round_part, cone)
    fill(o, d, px, c0, c1, c2)
    half = math.sqrt(max(r * r - min(yy, 0.3) ** 2, 0.02)) * (
        1.0 if yy < 0.3 else max(0.2, 1 - (yy - 0.3) * 1.15)
    )
    gore = x / half
    f = math.asin(max(-1.0, min(1.0, gore))) / math.pi * 6 + 3.5
    k = int(math.floor(f))
    light = 1.0 if k % 2 == 0 else 0.0
    w0, w1, w2 = 0.45 + 0.55 * c0, 0.42 + 0.55 * c1, 0.36 + 0.55 * c2
    if c0 > 0.9 and c1 > 0.9 and c2 > 0.9:
        w0, w1, w2 = 0.80, 0.84, 0.92
    tint(o, d, px, w0, w1, w2, light)
    tint(o, max(d, abs(yy - 0.12) - 0.075), px, 0.99, 0.93, 0.74, 0.9)
    tint(o, d, px, 0.05, 0.03, 0.10, 0.40 * ramp(-0.1, 0.75, x + 0.25 * yy))
    tint(o, d, px, 1.0, 1.0, 1.0, 0.30 * ramp(0.42, 0.05, math.sqrt((x + 0.30) ** 2 + (yy + 0.28) ** 2)))
    if lit > 0:
        tint(o, d, px, 1.0, 0.80, 0.36, lit * 0.65 * ramp(1.1, 0.0, math.sqrt(x * x + (yy - 0.7) ** 2)))
    basket = box(x, y - 0.86, 0.17, 0.13, 0.03)
    fill(o, basket, px, 0.62, 0.38, 0.18)
    tint(o, max(basket, abs(y - 0.76) - 0.03), px, 0.36, 0.20, 0.10, 1.0)
    tint(o, max(basket, abs(y - 0.90) - 0.016), px, 0.44, 0.26, 0.12, 1.0)


@njit(cache=True)
def train(x, y, px, t, way, lit, c0, c1, c2, o):
    """A steam engine that draws three carriages."""
    for n in range(3):  # carriages
        at = x + 3.02 + 2.78 * n
        if abs(at) > 1.6:
            continue
        fill(o, rod(x, y, -1.4, 0.52, -4.0 - 2.78 * n, 0.52, 0.05, 0.05), px, 0.16, 0.16, 0.18)
        roof = box(at, y + 0.52, 1.30, 0.10, 0.08)
        fill(o, roof, px, 0.30, 0.31, 0.36)
        side = box(at, y - 0.02, 1.26, 0.52, 0.06)
        fill(o, side, px, c0, c1, c2)
        tint(o, max(side, abs(y - 0.32) - 0.05), px, 0.97, 0.90, 0.68, 1.0)
        place = at + 1.1
        k = place / 0.55
        window = box((k - math.floor(k) - 0.5) * 0.55, y + 0.14, 0.17, 0.19, 0.04)
        inside = max(window, abs(at) - 1.06)
        if lit > 0:
            tint(o, inside, px, 1.0, 0.88, 0.52, 1.0)
        else:
            tint(o, inside, px, 0.62, 0.83, 0.93, 1.0)
        for m in range(2):
            wheel(at - 0.72 + 1.44 * m, y - 0.70, 0.27, way / 0.27, px, o)
    if x < -1.7:
        return
    fill(o, quad(x, y, 0.66, -0.98, 1.02, -0.98, 0.94, -0.30, 0.74, -0.30), px, 0.16, 0.16, 0.19)  # chimney
    fill(o, box(x - 0.16, y + 0.44, 0.12, 0.16, 0.06), px, 0.85, 0.66, 0.24)  # dome
    boiler = box(x - 0.42, y + 0.02, 0.98, 0.36, 0.16)
    fill(o, boiler, px, c0, c1, c2)
    tint(o, max(boiler, 0.08 - y), px, c0 * 0.66, c1 * 0.66, c2 * 0.70, 1.0)
    tint(o, max(boiler, min(abs(x - 0.10), abs(x - 0.66)) - 0.035), px, 0.95, 0.78, 0.36, 1.0)
    fill(o, box(x - 1.42, y + 0.02, 0.09, 0.30, 0.04), px, 0.20, 0.20, 0.24)
    house = box(x + 0.98, y + 0.10, 0.46, 0.66, 0.04)
    fill(o, house, px, c0 * 0.92, c1 * 0.92, c2 * 0.94)
    fill(o, box(x + 0.98, y + 0.78, 0.58, 0.07, 0.04), px, 0.20, 0.20, 0.25)
    pane = box(x + 0.98, y + 0.32, 0.26, 0.22, 0.05)
    if lit > 0:
        tint(o, pane, px, 1.0, 0.86, 0.50, 1.0)
    else:
        tint(o, pane, px, 0.62, 0.83, 0.93, 1.0)
    fill(o, box(x - 0.05, y - 0.46, 1.48, 0.13, 0.03), px, 0.22, 0.20, 0.22)
    fill(o, triangle(x, y, 1.40, 0.40, 1.78, 0.92, 1.40, 0.92), px, 0.72, 0.16, 0.14)
    wheel(x + 0.86, y - 0.60, 0.40, way / 0.40, px, o)
    wheel(x - 0.06, y - 0.60, 0.40, way / 0.40, px, o)
    wheel(x - 0.94, y - 0.70, 0.29, way / 0.29, px, o)
    c, s = math.cos(way / 0.40) * 0.2, math.sin(way / 0.40) * 0.2
    fill(o, rod(x, y, -0.86 + c, 0.60 + s, 0.06 + c, 0.60 + s, 0.035, 0.035), px, 0.72, 0.74, 0.78)
    tint(o, circle(x - 1.46, y + 0.12, 0.09), px, 1.0, 0.95, 0.66, 1.0)
