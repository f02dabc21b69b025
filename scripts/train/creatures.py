"""Subjects that are alive: bird, person, astronaut, dog, fish, butterfly. Coordinates as in things.py."""

import math

from numba import njit
from paint import box, circle, ellipse, fill, quad, ramp, rod, tint, triangle


@njit(cache=True)
def wing(x, y, px, root, beat, r, c0, c1, c2, o):
    """A wing from its root, bent at the joint; beat from -1 (down) to 1 (up)."""
    ex, ey = root - 0.10, -0.02 - 0.46 * beat
    tx, ty = root - 0.42 - 0.16 * (1 - abs(beat)), ey - 0.52 * beat + 0.12 * (1 - beat)
    d = rod(x, y, root, 0.0, ex, ey, 0.21 * r, 0.17 * r)
    e = rod(x, y, ex, ey, tx, ty, 0.17 * r, 0.03)
    fill(o, d, px, c0, c1, c2)
    fill(o, e, px, c0, c1, c2)
    tint(o, e, px, 0.12, 0.12, 0.16, 0.85 * ramp(0.62, 0.95, (abs(y) + 0.3 * abs(x - root))))


@njit(cache=True)
def bird(x, y, px, t, c0, c1, c2, o):
    beat = math.sin(t * 9.0)
    y = y + 0.06 * beat
    wing(x, y + 0.05, px, 0.20, 0.9 * beat + 0.05, 0.9, c0 * 0.62, c1 * 0.62, c2 * 0.66, o)
    fill(
        o,
        quad(x, y, -1.12, -0.08, -0.48, -0.10, -0.48, 0.12, -1.02, 0.22),
        px,
        c0 * 0.75,
        c1 * 0.75,
        c2 * 0.78,
    )
    tilt = 0.10
    xx, yy = x + tilt * y, y + tilt * x
    body = ellipse(xx, yy - 0.02, 0.66, 0.27)
    fill(o, body, px, c0, c1, c2)
    tint(o, max(body, 0.06 - yy), px, 0.55 + 0.45 * c0, 0.55 + 0.45 * c1, 0.55 + 0.45 * c2, 0.9)
    fill(o, triangle(x, y, 0.82, -0.28, 1.16, -0.15, 0.82, -0.06), px, 1.0, 0.62, 0.10)
    head = circle(x - 0.66, y + 0.18, 0.235)
    fill(o, head, px, c0, c1, c2)
    tint(o, circle(x - 0.73, y + 0.23, 0.065), px, 1.0, 1.0, 1.0, 1.0)
    tint(o, circle(x - 0.745, y + 0.23, 0.045), px, 0.05, 0.05, 0.08, 1.0)
    wing(x, y, px, 0.10, beat, 1.0, c0 * 0.86, c1 * 0.86, c2 * 0.88, o)


@njit(cache=True)
def leg(x, y, px, hip_x, hip_y, swing, bend, thigh, shin, r, c0, c1, c2, shoe, o):
    """A leg of two parts; angles from straight down, positive forwards."""
    kx, ky = hip_x + thigh * math.sin(swing), hip_y + thigh * math.cos(swing)
    fx, fy = kx + shin * math.sin(swing - bend), ky + shin * math.cos(swing - bend)
    fill(o, rod(x, y, hip_x, hip_y, kx, ky, r, r * 0.85), px, c0, c1, c2)
    fill(o, rod(x, y, kx, ky, fx, fy, r * 0.85, r * 0.7), px, c0, c1, c2)
    if shoe > 0:
        fill(o, rod(x, y, fx, fy, fx + 0.12, fy + 0.01, r * 0.75, r * 0.65), px, 0.14, 0.11, 0.12)


@njit(cache=True)
def person(x, y, px, t, way, woman, umbrella, c0, c1, c2, o):
    """Somebody who walks in a coloured coat; in the rain under an umbrella of the same colour."""
    step = math.pi * way / 0.72
    swing = 0.52 * math.sin(step) if way != 0 else 0.0
    lift = 0.03 * abs(math.cos(step)) if way != 0 else 0.0
    y = y + lift - 0.02
    back = 0.55 * max(0.0, math.sin(step + 1.9)) if way != 0 else 0.0
    front = 0.55 * max(0.0, -math.sin(step + 1.9)) if way != 0 else 0.0
    stand = 0.0 if way != 0 else 0.09
    leg(x, y, px, -stand, 0.22, -swing, back, 0.37, 0.36, 0.105, 0.13, 0.14, 0.22, 1, o)
    fill(
        o,
        rod(x, y, -0.02 - stand, -0.40, -0.02 - stand * 2.2 + 0.34 * math.sin(swing), 0.08, 0.085, 0.07),
        px,
        c0 * 0.70,
        c1 * 0.70,
        c2 * 0.72,
    )
    leg(x, y, px, stand, 0.22, swing, front, 0.37, 0.36, 0.11, 0.18, 0.19, 0.30, 1, o)
    if woman > 0:
        hair = rod(x, y, -0.05, -0.76, -0.12, -0.52, 0.175, 0.11)
        fill(o, hair, px, 0.26, 0.14, 0.09)
    coat = quad(x, y, -0.17, -0.50, 0.17, -0.50, 0.24 + 0.05 * woman, 0.34, -0.24 - 0.05 * woman, 0.34) - 0.05
    fill(o, coat, px, c0, c1, c2)
    tint(o, max(coat, x + 0.05), px, c0 * 0.80, c1 * 0.80, c2 * 0.83, 1.0)
    tint(o, max(coat, abs(y + 0.02) - 0.03), px, c0 * 0.45, c1 * 0.45, c2 * 0.48, 1.0)
    fill(o, circle(x - 0.02, y + 0.72, 0.185), px, 0.95, 0.76, 0.62)
    cap = max(circle(x - 0.01, y + 0.745, 0.20), y + 0.74 - 0.35 * (x - 0.02))
    fill(o, cap, px, 0.26, 0.14, 0.09)
    tint(o, circle(x - 0.12, y + 0.70, 0.028), px, 0.08, 0.06, 0.08, 1.0)
    hand_x, hand_y = 0.34 * math.sin(-swing) + stand * 2.2, 0.08
    if umbrella > 0:
        hand_x, hand_y = 0.26, -0.22
        fill(o, rod(x, y, 0.27, -0.20, 0.27, -1.28, 0.022, 0.022), px, 0.20, 0.18, 0.20)
        dome = max(ellipse(x - 0.20, y + 0.98, 0.80, 0.46), y + 0.99 - 0.05 * abs(math.sin(9 * x)))
        fill(o, dome, px, c0, c1, c2)
        k = (x - 0.20) / 0.40 + 10.0
        panel = 1.0 if int(math.floor(k)) % 2 == 0 else 0.0
        tint(o, dome, px, 0.40 + 0.6 * c0, 0.40 + 0.6 * c1, 0.40 + 0.6 * c2, 0.75 * panel)
    fill(o, rod(x, y, 0.02 + stand, -0.40, hand_x, hand_y, 0.09, 0.075), px, c0 * 0.88, c1 * 0.88, c2 * 0.90)
    fill(o, circle(x - hand_x, y - hand_y, 0.07), px, 0.95, 0.76, 0.62)


@njit(cache=True)
def boots(x, y, px, swing, stand, o):
    for k in range(2):
        sign = 1 if k else -1
        angle = sign * swing
        at = sign * stand
        shape = box(
            x - at - 0.66 * math.sin(angle) - 0.03, y - 0.24 - 0.66 * math.cos(angle), 0.19, 0.08, 0.06
        )
        fill(o, shape, px, 0.40, 0.42, 0.48)


@njit(cache=True)
def helmet(x, y, px, o):
    """Round and white, with a dark visor in which a light and the ground are mirrored."""
    fill(o, circle(x, y + 0.64, 0.335), px, 0.96, 0.97, 0.98)
    visor = ellipse(x - 0.09, y + 0.63, 0.215, 0.205)
    tint(o, visor, px, 0.10, 0.14, 0.26, 1.0)
    tint(o, max(visor, circle(x - 0.00, y + 0.74, 0.13)), px, 0.55, 0.75, 0.95, 0.8)
    tint(o, max(visor, 0.10 - (y + 0.63)), px, 0.95, 0.70, 0.30, 0.45)


@njit(cache=True)
def astronaut(x, y, px, t, way, c0, c1, c2, o):
    """A coloured space suit with a round helmet and a dark visor."""
    step = math.pi * way / 0.62
    swing = 0.42 * math.sin(step) if way != 0 else 0.0
    y = y + (0.06 * abs(math.cos(step)) if way != 0 else 0.0) - 0.02
    stand = 0.0 if way != 0 else 0.12
    d0, d1, d2 = c0 * 0.78, c1 * 0.78, c2 * 0.82
    fill(o, box(x + 0.30, y + 0.22, 0.16, 0.30, 0.07), px, 0.62, 0.65, 0.72)
    bend = 0.25 * max(0.0, math.sin(step + 1.9))
    leg(x, y, px, -0.02 - stand, 0.24, -swing, bend, 0.33, 0.33, 0.15, d0, d1, d2, 0, o)
    bend = 0.25 * max(0.0, -math.sin(step + 1.9))
    leg(x, y, px, 0.02 + stand, 0.24, swing, bend, 0.33, 0.33, 0.15, c0, c1, c2, 0, o)
    boots(x, y, px, swing, stand, o)
    body = box(x, y + 0.06, 0.30, 0.40, 0.14)
    fill(o, body, px, c0, c1, c2)
    tint(o, max(body, x + 0.10), px, d0, d1, d2, 1.0)
    tint(o, box(x - 0.08, y + 0.12, 0.13, 0.09, 0.03), px, 0.25, 0.28, 0.36, 1.0)
    tint(o, circle(x - 0.03, y + 0.12, 0.035), px, 0.95, 0.25, 0.20, 1.0)
    tint(o, circle(x - 0.14, y + 0.12, 0.035), px, 0.30, 0.90, 0.45, 1.0)
    arm = rod(x, y, 0.10, -0.22, 0.16 - 0.42 * math.sin(swing) + stand * 2, 0.16, 0.115, 0.10)
    fill(o, arm, px, c0 * 0.92, c1 * 0.92, c2 * 0.94)
    helmet(x, y, px, o)


@njit(cache=True)
def dog(x, y, px, t, way, c0, c1, c2, o):
    """A dog that trots, its tail wagging."""
    step = math.pi * way / 0.80
    swing = 0.55 * math.sin(step) if way != 0 else 0.0
    y = y + (0.04 * abs(math.cos(step)) if way != 0 else 0.0)
    d0, d1, d2 = c0 * 0.68, c1 * 0.68, c2 * 0.70
    leg(x, y, px, -0.60, 0.22, -swing, -0.25, 0.34, 0.36, 0.12, d0, d1, d2, 0, o)
    leg(x, y, px, 0.46, 0.22, swing, 0.15, 0.34, 0.36, 0.12, d0, d1, d2, 0, o)
    wag = 0.16 * math.sin(t * 11)
    fill(o, rod(x, y, -0.84, -0.12, -1.18 - 0.1 * wag, -0.56 + wag, 0.10, 0.05), px, c0, c1, c2)
    leg(x, y, px, -0.66, 0.22, swing, -0.25, 0.34, 0.36, 0.13, c0, c1, c2, 0, o)
    leg(x, y, px, 0.52, 0.22, -swing, 0.15, 0.34, 0.36, 0.13, c0, c1, c2, 0, o)
    body = rod(x, y, -0.62, 0.04, 0.50, 0.0, 0.31, 0.34)
    fill(o, body, px, c0, c1, c2)
    tint(o, max(body, 0.12 - y), px, 0.45 + 0.55 * c0, 0.45 + 0.55 * c1, 0.45 + 0.55 * c2, 0.7)
    fill(o, rod(x, y, 0.52, -0.10, 0.80, -0.52, 0.24, 0.20), px, c0, c1, c2)
    fill(o, circle(x - 0.88, y + 0.62, 0.29), px, c0, c1, c2)
    fill(
        o,
        rod(x, y, 1.0, -0.54, 1.26, -0.50, 0.16, 0.12),
        px,
        0.40 + 0.6 * c0,
        0.40 + 0.6 * c1,
        0.40 + 0.6 * c2,
    )
    fill(o, circle(x - 1.36, y + 0.55, 0.065), px, 0.06, 0.05, 0.06)
    tint(o, circle(x - 0.97, y + 0.68, 0.05), px, 0.05, 0.04, 0.05, 1.0)
    flop = 0.05 * math.sin(step * 2)
    fill(o, rod(x, y, 0.74, -0.80, 0.62 - flop, -0.42, 0.10, 0.13), px, d0, d1, d2)
    tint(o, rod(x, y, 0.55, -0.34, 0.84, -0.24, 0.05, 0.05), px, 0.85, 0.16, 0.16, 1.0)


@njit(cache=True)
def tail(x, y, fold):
    """A forked tail fin behind x = -0.6, folded to a share of its length."""
    d = triangle(x, y, -0.60, 0.0, -0.66 - 0.50 * fold, 0.58, -0.66 - 0.50 * fold, -0.58)
    return max(d, -(circle(x + 0.66 + 0.66 * fold, y, 0.30)))


@njit(cache=True)
def fish(x, y, px, t, c0, c1, c2, o):
    """A fish whose tail beats; two pale bands around it."""
    beat = math.sin(t * 7.0)
    bend = 0.10 * beat * ramp(0.1, -1.0, x) * (1 if x < 0.1 else 0)
    y = y - bend
    fold = 0.70 + 0.30 * beat
    fill(o, tail(x, y, fold), px, c0 * 0.80, c1 * 0.80, c2 * 0.82)
    fill(
        o,
        quad(x, y, -0.30, -0.80, 0.22, -0.56, 0.30, -0.30, -0.45, -0.30),
        px,
        c0 * 0.80,
        c1 * 0.80,
        c2 * 0.82,
    )
    fill(o, triangle(x, y, -0.10, 0.40, 0.20, 0.40, -0.22, 0.76), px, c0 * 0.80, c1 * 0.80, c2 * 0.82)
    body = ellipse(x - 0.10, y, 0.86, 0.55)
    fill(o, body, px, c0, c1, c2)
    tint(o, max(body, 0.10 - y), px, 0.5 + 0.5 * c0, 0.5 + 0.5 * c1, 0.5 + 0.5 * c2, 0.55)
    w0, w1, w2 = 0.98, 0.97, 0.92
    if c0 > 0.9 and c1 > 0.9 and c2 > 0.9:
        w0, w1, w2 = 0.95, 0.55, 0.15
    tint(
        o,
        max(body, min(abs(x - 0.42 - 0.12 * y * y), abs(x + 0.18 - 0.12 * y * y)) - 0.085),
        px,
        w0,
        w1,
        w2,
        1.0,
    )
    tint(o, circle(x - 0.70, y + 0.12, 0.13), px, 1.0, 1.0, 1.0, 1.0)
    tint(o, circle(x - 0.73, y + 0.12, 0.075), px, 0.04, 0.04, 0.08, 1.0)
    fin = 0.16 * math.sin(t * 8 + 1)
    fill(o, triangle(x, y, 0.16, 0.04, 0.16, 0.30, -0.20, 0.34 + fin), px, c0 * 0.70, c1 * 0.70, c2 * 0.74)


@njit(cache=True)
def butterfly(x, y, px, t, c0, c1, c2, o):
    """A butterfly seen from above and the side; its wings open and close."""
    open_ = 0.30 + 0.70 * abs(math.sin(t * 5.5))
    y = y + 0.08 * math.sin(t * 11.0)
    p = abs(x) / open_
    upper = ellipse(p - 0.52, y + 0.36 - 0.25 * (p - 0.5), 0.50, 0.42)
    lower = ellipse(p - 0.42, y - 0.42, 0.36, 0.36)
    scale = 0.5 + 0.5 * open_
    fill(o, lower * scale, px, 0.10, 0.08, 0.12)
    fill(o, upper * scale, px, 0.10, 0.08, 0.12)
    tint(o, (lower + 0.075) * scale, px, c0 * 0.82, c1 * 0.82, c2 * 0.84, 1.0)
    tint(o, (upper + 0.075) * scale, px, c0, c1, c2, 1.0)
    tint(
        o,
        ellipse(p - 0.40, y + 0.30, 0.22, 0.17) * scale,
        px,
        0.50 + 0.5 * c0,
        0.50 + 0.5 * c1,
        0.45 + 0.5 * c2,
        1.0,
    )
    tint(o, circle(p - 0.40, y - 0.44, 0.12) * scale, px, 0.99, 0.93, 0.70, 1.0)
    tint(o, circle(p - 0.84, y + 0.52, 0.065) * scale, px, 1.0, 1.0, 1.0, 1.0)
    fill(o, rod(x, y, 0.0, -0.42, 0.0, 0.52, 0.075, 0.045), px, 0.10, 0.08, 0.10)
    fill(o, circle(x, y + 0.50, 0.10), px, 0.10, 0.08, 0.10)
    for k in range(2):
        s = 1.0 if k else -1.0
        fill(o, rod(x, y, 0.03 * s, -0.56, 0.22 * s, -0.90, 0.018, 0.022), px, 0.10, 0.08, 0.10)
