"""Draws one frame of the procedural world: sky, land and water, the subject, rain and snow.

Coordinates: u runs to the right, v downwards, both in units of the frame's height; v is 0 at the top and 1 at the bottom, u is 0 in the
middle.  Numbers for scenes, times of day, weathers and subjects are those of world.ATTRIBUTES.  One numba function, frame(), draws column by
column on a grid twice as fine as the frame; all that it calls stands in this file, so that numba's cache notices every change.

The look is chosen to be easy to compress and to learn: smooth gradients, large clean shapes, three strongly different
palettes (day, sunset, night), few and large weather particles, one large subject.
"""
import math

import numpy as np
from numba import njit


@njit(cache=True, inline="always")
def rnd(a, b, s):
    """A fixed random number in [0,1) for two integers and a seed."""
    n = np.uint32(np.int64(a) * 374761393 + np.int64(b) * 668265263 + np.int64(s) * 974711)
    n = np.uint32((n ^ (n >> np.uint32(13))) * np.uint32(1274126177))
    n = np.uint32(n ^ (n >> np.uint32(16)))
    return float(n & np.uint32(0xFFFFFF)) / 16777216.0


@njit(cache=True)
def wave(x, s):
    """Smooth one-dimensional noise in [0,1] of wavelength about 1."""
    i = math.floor(x); f = x - i; f = f * f * (3 - 2 * f)
    a = rnd(i, 17, s)
    return a + (rnd(i + 1, 17, s) - a) * f


@njit(cache=True, inline="always")
def ramp(a, b, x):
    t = (x - a) / (b - a)
    t = 0.0 if t < 0 else (1.0 if t > 1 else t)
    return t * t * (3 - 2 * t)


@njit(cache=True, inline="always")
def put(o, r, g, b, a):
    o[0] += (r - o[0]) * a; o[1] += (g - o[1]) * a; o[2] += (b - o[2]) * a


@njit(cache=True)
def sky(u, v, t, tod, weather, aspect, seed, plain, o):
    """Sky colour at (u, v).  plain leaves out the stars, the disc and the clouds (used for haze and reflections)."""
    k = min(max(v / .58, 0.), 1.)
    if tod == 0: o[0] = .25 + .52 * k; o[1] = .55 + .35 * k; o[2] = .95 + .04 * k
    elif tod == 1:
        q = k * k
        o[0] = .45 + .55 * min(k * 1.25, 1.); o[1] = .22 + .22 * k + .30 * q; o[2] = .52 - .20 * k + .02 * q
    else: o[0] = .05 + .11 * k; o[1] = .07 + .17 * k; o[2] = .24 + .26 * k
    if weather > 0:
        g = .30 * o[0] + .5 * o[1] + .2 * o[2]; w = .62 if tod != 1 else .42
        d = .92 if weather == 1 else (.74 if weather == 2 else 1.02)
        o[0] += (g - o[0]) * w; o[1] += (g - o[1]) * w; o[2] += (g * 1.06 - o[2]) * w
        o[0] *= d; o[1] *= d; o[2] *= d
    if plain: return
    sx = (rnd(1, 2, seed) - .5) * .7 * aspect; sy = .14 + .08 * rnd(3, 2, seed)
    if tod == 1: sy = .36 + .08 * rnd(3, 2, seed)
    if weather == 0:
        if tod == 2:
            x = u * 7 + 500; y = v * 7; cx = math.floor(x); cy = math.floor(y)
            if rnd(cx, cy, seed + 7) > .62:
                dx = x - cx - .3 - .4 * rnd(cx, cy, seed + 8); dy = y - cy - .3 - .4 * rnd(cx, cy, seed + 9)
                put(o, 1., 1., .92, math.exp(-(dx * dx + dy * dy) * 90) * (.75 + .2 * math.sin(t * 2 + 30 * rnd(cx, cy, seed))))
        d = math.sqrt((u - sx) ** 2 + (v - sy) ** 2)
        r = .075 if tod != 1 else .11
        if tod == 0: put(o, 1., .98, .75, .45 * math.exp(-d * 7)); put(o, 1., .97, .70, ramp(r + .012, r, d))
        elif tod == 1: put(o, 1., .80, .40, .6 * math.exp(-d * 5)); put(o, 1., .90, .55, ramp(r + .012, r, d))
        else: put(o, .75, .80, .95, .3 * math.exp(-d * 8)); put(o, .97, .96, .88, ramp(r + .012, r, d))
    n = 2 if weather == 0 else 5
    if tod == 0: c0 = 1.; c1 = 1.; c2 = 1.
    elif tod == 1: c0 = 1.; c1 = .70; c2 = .60
    else: c0 = .26; c1 = .32; c2 = .52
    if weather == 1: c0 *= .90; c1 *= .91; c2 *= .93
    elif weather == 2: c0 *= .66; c1 *= .68; c2 *= .74
    for i in range(n):
        span = aspect + .6
        x = (rnd(i, 5, seed) * span + t * .02) % span - span / 2
        y = .08 + .26 * rnd(i, 6, seed) if weather == 0 else .03 + .30 * (i + .5 * rnd(i, 6, seed)) / n
        w = .16 + .08 * rnd(i, 7, seed)
        if weather > 0: w *= 1.6
        dx = (u - x) / w; dy = (v - y) / (w * .34)
        if dy > 0: dy *= 1.7                                # flat underside
        dx2 = (u - x - w * .4) / (w * .7); dy2 = (v - y - w * .03) / (w * .26)
        d = min(dx * dx + dy * dy, dx2 * dx2 + dy2 * dy2)
        put(o, c0, c1, c2, ramp(1., .35, d) * (.9 if weather else .8))


@njit(cache=True)
def terrain(scene, u, px, aspect, seed, c):
    """Everything of a scene that depends on the column alone; px is the camera's sideways move."""
    if scene == 0:
        side = 1.0 if rnd(5, 5, seed) > .5 else -1.0
        q = side * (u + px * .6) - max(aspect * .5 - .36, .02)   # cliff grows towards the edge
        c[0] = .55 - .34 * ramp(.0, .42, q) + .02 * (wave(u * 6 + px * 3, seed) - .5) if q > 0 else 2.
        c[1] = q
    elif scene == 1:
        for k in range(2):
            x = (u + px * (.15 + .2 * k)) * (2.1 + .9 * k) + 20 + 7.3 * k; i = math.floor(x); f = x - i
            p = .95 - .35 * rnd(i, 3 + k, seed)                   # pointed peaks with random heights
            e = 1 - abs(2 * f - 1) * (1.0)
            top = .58 - (.10 + .36 * p * e if k == 0 else .02 + .20 * p * e)
            c[k] = top
    elif scene == 2:
        for k in range(2):
            x = (u + px * (.25 + .25 * k)) * (6.5 - 2 * k) + 40; i = math.floor(x); f = x - i
            c[3 * k] = .16 + .15 * k + .26 * rnd(i, k, seed + 70); c[3 * k + 1] = f; c[3 * k + 2] = i
            if k == 1 and (f < .06 or f > .94): c[3] = 2.
    elif scene == 3:
        for k in range(3):
            x = (u + px * (.2 + .25 * k)) * (7. - 1.9 * k) + 30; i = math.floor(x)
            best = 9.; who = 0.
            for j in range(-1, 2):
                a = i + j; cx = a + .5 + .3 * (rnd(a, 3 + k, seed) - .5)
                h = (.30 + .12 * rnd(a, 5 + k, seed)) * (1. + .18 * k); b = .60 + .055 * k
                d = abs(x - cx) / .56                              # a cone: half width .56 at the bottom
                if d < 1 and b - h * (1 - d) < best: best = b - h * (1 - d); who = cx
            c[2 * k] = best; c[2 * k + 1] = x - who
    elif scene == 4:
        x = (u + px * .2) * 1.6 + 9.
        c[0] = .56 - .20 * ramp(.50, .60, wave(x, seed + 3)) - .05 * ramp(.66, .70, wave(x, seed + 3))
        c[1] = .60 - .11 * wave((u + px * .4) * 1.7 + 5, seed + 4)
        c[2] = .70 - .09 * wave((u + px * .7) * 1.9 + 3, seed + 5)
        x = (u + px * .7) * 1.5 + 20.; i = math.floor(x)           # one large cactus in some cells
        c[3] = (x - i - .5) / 1.5 if rnd(i, 9, seed) > .45 else 9.
    else:
        for k in range(3): c[k] = .50 + .11 * k - .14 * wave((u + px * (.2 + .25 * k)) * (1.3 + .2 * k) + 3 * k + 4, seed + 20 + k)
        for k in range(2):
            x = (u + px * (.3 + .3 * k)) * (4. - 1.2 * k) + 20; i = math.floor(x)
            c[3 + 2 * k] = 9.
            if rnd(i, k, seed + 7) > .40:
                xc = (i + .5 - 20) / (4. - 1.2 * k)                 # in layer coordinates
                c[4 + 2 * k] = .63 + .11 * k - .14 * wave((xc + px * 0 - px * (.3 + .3 * k) + px * (.2 + .25 * (k + 1))) * (1.3 + .2 * (k + 1)) + 3 * (k + 1) + 4, seed + 20 + k + 1)
                c[3 + 2 * k] = (x - i - .5) / (4. - 1.2 * k)


@njit(cache=True)
def neon_colour(i, seed, h):
    """Sets h to the colour of building i's lights; False for one that has none."""
    k = rnd(i, 21, seed)
    if k < .25: return False
    if k < .45: h[0] = 1.; h[1] = .22; h[2] = .62
    elif k < .65: h[0] = .15; h[1] = .88; h[2] = 1.
    elif k < .83: h[0] = 1.; h[1] = .55; h[2] = .12
    else: h[0] = .30; h[1] = 1.; h[2] = .45
    return True


@njit(cache=True)
def neon(f, y, v, i, seed, h, o):
    """A lit shop and an upright sign of building i by night; f is the place along its front, y the distance below its roof."""
    if not neon_colour(i, seed, h): return
    if v > .625 and v < .70 and f > .14 and f < .86:              # shop window, brighter below
        k = .65 + .35 * ramp(.625, .69, v)
        o[0] = h[0] * k; o[1] = h[1] * k; o[2] = h[2] * k
    side = .80 if rnd(i, 22, seed) > .5 else .20
    dx = abs(f - side) * .22; dy = abs(y - .15)                    # in heights of the frame
    if dx < .022 and dy < .085: o[0] = .25 + .75 * h[0]; o[1] = .25 + .75 * h[1]; o[2] = .25 + .75 * h[2]
    else: put(o, h[0], h[1], h[2], .45 * math.exp(-max(dx - .022, 0.) * 30 - max(dy - .085, 0.) * 25))


@njit(cache=True)
def dust(x, y, t, r, g, b, o):
    """Puffs behind a car, in its coordinates (x behind it is negative); they grow, rise and thin out."""
    if x > -.7 or x < -3.4 or y < -.9: return
    for k in range(5):
        p = (k / 5. + t * .8) % 1.
        s = .20 + .50 * p
        d = ((x + 1.2 + 1.7 * p) ** 2 + (y - .62 + .55 * p) ** 2) / (s * s)
        put(o, r, g, b, .85 * (1 - p) * math.exp(-d * 1.4))


@njit(cache=True)
def backdrop(scene, u, v, t, tod, weather, px, aspect, seed, c, h, o):
    """Colour of the scene at (u, v); h is a scratch colour."""
    l0 = 1.; l1 = 1.; l2 = 1.                                      # light on the land
    if tod == 1: l0 = 1.0; l1 = .70; l2 = .62
    elif tod == 2: l0 = .46; l1 = .53; l2 = .78
    if weather == 1 or weather == 2: l0 *= .84; l1 *= .86; l2 *= .90
    sky(u + px * .12, v, t, tod, weather, aspect, seed, False, o)
    if v < .02: return
    if scene == 0:                                                 # sea with a lighthouse on a cliff
        if v > .55:
            sky(u, .50, t, tod, weather, aspect, seed, True, h)
            k = (v - .55) / .45
            b0 = .05 * l0; b1 = .34 * l1; b2 = .56 * l2
            if tod == 1: b0 = .30; b1 = .24; b2 = .44
            f = .55 * math.exp(-k * 4)
            o[0] = b0 + (h[0] - b0) * f; o[1] = b1 + (h[1] - b1) * f; o[2] = b2 + (h[2] - b2) * f
            z = .5 / (k + .28)                                     # rows of waves, narrower towards the horizon
            w = .5 + .5 * math.sin(z * 16 + t * 2.2 + 1.2 * math.sin((u + px) * 6 / (k + .4) + t))
            a = .13 * w * ramp(0., .12, k)
            put(o, h[0], h[1], h[2], a)
            if weather == 0:
                sx = (rnd(1, 2, seed) - .5) * .7 * aspect - px * .12
                put(o, 1., .93 if tod != 1 else .78, .75 if tod != 1 else .45, math.exp(-abs(u - sx) * 12 / (.4 + k)) * (.25 + .3 * w) * (1. if tod == 1 else .7))
        if c[0] < 1.5:
            lx = .20
            if v > c[0] and v < .585:
                g = ramp(.05, .02, v - c[0])
                o[0] = (.50 * (1 - g) + .32 * g) * l0; o[1] = (.40 * (1 - g) + .62 * g) * l1; o[2] = (.32 * (1 - g) + .24 * g) * l2
        q = c[1]; lx = .22; top = .10; dx = q - lx
        wd = .026 + .03 * (v - top)
        if abs(dx) < wd and v > top and v < .41:
            red = 1. if math.floor((v - top) / .07) % 2 == 1 else 0.
            s = 1. - .25 * (dx / wd)
            m = max(l0, .55); o[0] = .95 * m * s; o[1] = (.94 - .74 * red) * m * s; o[2] = (.92 - .74 * red) * m * s
        if abs(dx) < .034 and v > .055 and v <= top: put(o, 1., .92, .55, 1.)
        if abs(dx) < .04 - (v - .055) * -.9 and v > .02 and v <= .055: put(o, .80 * max(l0, .6), .15, .15, 1.)
        if tod == 2:
            put(o, 1., .92, .6, .8 * math.exp(-math.sqrt(dx * dx + (v - .08) ** 2) * 14))
            turn = math.cos(t * .9 + 6 * rnd(8, 2, seed)); far = abs(dx)   # the beam goes round: towards one side, towards us, towards the other
            if dx * turn > 0 and v < .55: put(o, 1., .94, .70, .9 * abs(turn) * math.exp(-far * 1.4) * ramp(.03 + .13 * far, .04 * far, abs(v - .08)))
            if v > .55: put(o, 1., .92, .6, .45 * math.exp(-far * 16) * math.exp(-(v - .55) * 4) * (.5 + .5 * math.sin(v * 70 + t * 3)))
    elif scene == 1:                                               # a lake below mountains
        vv = v; lake = v > .60
        if lake: vv = 1.2 - v + .008 * math.sin(v * 60 - t * 3)
        if lake: sky(u + px * .12, max(vv, .1), t, tod, weather, aspect, seed, True, o)
        sky(u, .5, t, tod, weather, aspect, seed, True, h)
        if vv > c[0] and (not lake or vv > .36):
            cap = ramp(.10, .075, vv - c[0]) if c[0] < .34 else 0.
            s = .85 + .15 * math.sin((u + px * .15) * 13.2)
            r = .46 * s * (1 - cap) + .97 * cap; g = .48 * s * (1 - cap) + .97 * cap; b = .58 * s * (1 - cap) + 1. * cap
            f = .25
            o[0] = r * l0 * (1 - f) + h[0] * f; o[1] = g * l1 * (1 - f) + h[1] * f; o[2] = b * l2 * (1 - f) + h[2] * f
        if vv > c[1]: o[0] = .30 * l0; o[1] = .46 * l1; o[2] = .34 * l2
        if not lake and v > .575: o[0] = .40 * l0; o[1] = .62 * l1; o[2] = .28 * l2
        if lake:
            k = (v - .60) / .40
            put(o, .10 * l0, .36 * l1, .52 * l2, .42 + .38 * k)
            w = .5 + .5 * math.sin(20 / (k + .35) + t * 1.6)
            put(o, h[0], h[1], h[2], .10 * w * ramp(0., .2, k))
    elif scene == 2:                                               # city street
        for k in range(2):
            top = c[3 * k]
            if v > top and v < .74:
                i = int(c[3 * k + 2]); f = c[3 * k + 1]; hue = rnd(i, 9, seed + k)
                if k == 0: r = .60; g = .64; b = .74
                elif hue < .34: r = .78; g = .55; b = .44
                elif hue < .67: r = .55; g = .62; b = .70
                else: r = .82; g = .76; b = .62
                m = 1. if k == 1 else .9
                o[0] = r * l0 * m; o[1] = g * l1 * m; o[2] = b * l2 * m
                if k == 1:
                    x = (f - .08) / .84 * 3; y = (v - top - .03) / .085; jx = math.floor(x); jy = math.floor(y)
                    if jy >= 0 and v < .70 and x - jx > .22 and x - jx < .78 and y - jy > .2 and y - jy < .75:
                        on = rnd(i * 8 + jx, jy, seed + 80)
                        if tod == 0: o[0] = .38 * l0; o[1] = .50 * l1; o[2] = .66 * l2
                        elif on > (.35 if tod == 2 else .6): o[0] = 1.; o[1] = .84; o[2] = .42
                        else: o[0] *= .6; o[1] *= .6; o[2] *= .7
                    if tod == 2: neon(f, v - top, v, i, seed, h, o)
        if v > .70:
            if v < .76: m = .72
            else: m = .40 - .10 * (v - .76) / .24
            o[0] = m * l0; o[1] = m * l1; o[2] = m * 1.05 * l2
            x = (u + px) * 3.2
            if v > .895 and v < .92 and x - math.floor(x) < .5: o[0] = .95 * l0; o[1] = .93 * l1; o[2] = .85 * l2
            if tod == 2 and c[3] < 1.5 and neon_colour(int(c[5]), seed, h):    # lights of the shop in front, on the pavement and the wet street
                shine = ramp(.04, .24, c[4]) * ramp(.96, .76, c[4]) * math.exp(-(v - .70) * (9. if weather != 2 else 4.))
                if weather == 2: shine *= .75 + .25 * math.sin(v * 80 + 3 * math.sin(u * 25) + t * 4)
                put(o, h[0], h[1], h[2], (.38 if weather != 2 else .72) * shine)
    elif scene == 3:                                               # forest
        sky(u, .5, t, tod, weather, aspect, seed, True, h)
        for k in range(3):
            f = .42 - .20 * k; b = .60 + .055 * k
            if v > c[2 * k] and v < b:
                s = 1. - .5 * c[2 * k + 1]                         # lit from the left
                r = .10 * s; g = (.40 - .03 * k) * s; bl = .20 * s
                o[0] = r * l0 * (1 - f) + h[0] * f; o[1] = g * l1 * (1 - f) + h[1] * f; o[2] = bl * l2 * (1 - f) + h[2] * f
            if v >= b:
                g = .60 - .06 * k
                o[0] = .34 * l0 * (1 - f) + h[0] * f; o[1] = g * l1 * (1 - f) + h[1] * f; o[2] = .20 * l2 * (1 - f) + h[2] * f
        if v > .82: put(o, .62 * l0, .46 * l1, .28 * l2, ramp(.82, .85, v))
    elif scene == 4:                                               # desert road
        sky(u, .5, t, tod, weather, aspect, seed, True, h)
        if v > c[0]: o[0] = .70 * l0 * .75 + h[0] * .25; o[1] = .36 * l1 * .75 + h[1] * .25; o[2] = .28 * l2 * .75 + h[2] * .25
        if v > c[1]:
            s = 1. - .25 * ramp(.0, .2, v - c[1])
            o[0] = .93 * l0 * s; o[1] = .70 * l1 * s; o[2] = .42 * l2 * s
        y = v - .62; x = abs(c[3])
        if y < .1 and y > -.22 and (x < .024 or (x < .085 and x > .05 and y < -.06 and y > -.15) or (x < .085 and y > -.085 and y < -.05)):
            o[0] = .18 * l0; o[1] = .50 * l1; o[2] = .24 * l2
        if v > c[2]:
            s = 1. - .18 * ramp(.0, .25, v - c[2])
            o[0] = .98 * l0 * s; o[1] = .78 * l1 * s; o[2] = .50 * l2 * s
        if v > .82 and v < .97:
            o[0] = .34 * l0; o[1] = .33 * l1; o[2] = .35 * l2
            x = (u + px) * 3.2
            if v > .882 and v < .908 and x - math.floor(x) < .5: o[0] = .98 * l0; o[1] = .80 * l1; o[2] = .20 * l2
    else:                                                          # snow hills with fir trees
        sky(u, .5, t, tod, weather, aspect, seed, True, h)
        for k in range(3):
            if v > c[k]:
                f = .22 - .10 * k
                s = 1. - .20 * ramp(.0, .16, v - c[k]) + (.05 if k == 2 else 0.)
                o[0] = .93 * l0 * s * (1 - f) + h[0] * f; o[1] = .95 * l1 * s * (1 - f) + h[1] * f; o[2] = min(1.02 * l2 * s * 1.03, 1.1) * (1 - f) + h[2] * f
            if k < 2 and c[3 + 2 * k] < 5:
                y = v - c[4 + 2 * k] - .02; H = .20 + .07 * k; x = abs(c[3 + 2 * k])
                if y < 0 and y > -H and x < .42 * (y + H):
                    w = ramp(.46, .36, (y + H) / H)               # snow on the upper part
                    o[0] = (.12 + .8 * w) * l0; o[1] = (.38 + .57 * w) * l1; o[2] = (.28 + .70 * w) * l2


@njit(cache=True)
def figure(kind, x, y, t, face, c0, c1, c2, o):
    """A subject in its own coordinates (x, y in [-1, 1], y down).  True where it covers; sets o to its colour."""
    if kind == 1:                                                  # sailing boat
        xx = x * face
        if y > .48 and y < .92 and abs(xx) < .95 - (y - .48) * .9:
            if y < .60: o[0] = .96; o[1] = .94; o[2] = .88
            else: o[0] = .50; o[1] = .28; o[2] = .16
            return True
        if xx > .03 and y > -.98 and y < .40 and xx < .03 + (y + .98) * .62: o[0] = c0; o[1] = c1; o[2] = c2; return True
        if xx < -.05 and y > -.75 and y < .40 and -xx < .05 + (y + .75) * .60: o[0] = c0 * .82; o[1] = c1 * .82; o[2] = c2 * .82; return True
        if abs(xx + .01) < .05 and y > -1. and y < .5: o[0] = .32; o[1] = .22; o[2] = .15; return True
        return False
    if kind == 2:                                                  # car, wider than high
        xx = x * face / 1.25
        for i in range(2):
            d = math.sqrt(((xx - (-.52 + 1.04 * i)) * 1.25) ** 2 + (y - .50) ** 2)
            if d < .30:
                g = .08 if d > .14 else .70
                o[0] = g; o[1] = g; o[2] = g; return True
        if y > -.08 and y < .52 and abs(xx) < 1.:
            s = 1. if y < .34 else .72
            o[0] = c0 * s; o[1] = c1 * s; o[2] = c2 * s
            if xx > .88 and y < .18: o[0] = 1.; o[1] = .96; o[2] = .70
            return True
        if y > -.62 and y <= -.08 and xx > -.66 - y * .10 - .06 and xx < .46 + y * .45 + .10:
            o[0] = c0 * .92; o[1] = c1 * .92; o[2] = c2 * .92
            if y > -.48 and y < -.12 and abs(xx + .10) > .06 and xx > -.56 and xx < .36 + y * .40 + .06: o[0] = .62; o[1] = .80; o[2] = .90
            return True
        return False
    if kind == 3:                                                  # ball
        d = math.sqrt(x * x + y * y)
        if d < .95:
            s = .86 - .22 * x * .4 - .22 * y * .7
            hl = .75 * math.exp(-((x + .32) ** 2 + (y + .36) ** 2) * 12)
            o[0] = c0 * s + (1 - c0 * s) * hl; o[1] = c1 * s + (1 - c1 * s) * hl; o[2] = c2 * s + (1 - c2 * s) * hl
            return True
        return False
    if kind == 4:                                                  # bird, wings beating
        xx = x * face / 1.3; fl = math.sin(t * 6.3)
        if (xx / .62) ** 2 + ((y - .05) / .30) ** 2 < 1:           # body
            s = 1. if y < .12 else .85
            o[0] = c0 * s; o[1] = c1 * s; o[2] = c2 * s
        elif (xx - .60) ** 2 + (y + .12) ** 2 < .052:              # head
            o[0] = c0; o[1] = c1; o[2] = c2
        elif xx > .78 and xx < 1.02 and abs(y + .10) < (1.02 - xx) * .45: o[0] = 1.; o[1] = .62; o[2] = .10; return True
        elif xx < -.48 and xx > -1. and abs(y - .02) < .05 + (-.48 - xx) * .38: o[0] = c0 * .8; o[1] = c1 * .8; o[2] = c2 * .8
        else:
            wy = -.85 * fl                                          # wing: a triangle from the back to the tip
            p = (y + .02) / wy if abs(wy) > .05 else 9.
            if p > 0 and p < 1 and abs(xx + .05 + .12 * p) < .34 * (1 - p) + .03: o[0] = c0 * .72; o[1] = c1 * .72; o[2] = c2 * .72; return True
            return False
        wy = .85 * max(-fl, 0.)                                     # wing in front of the body on the way down
        if wy > .05:
            p = (y + .02) / wy
            if p > 0 and p < 1 and abs(xx + .05 + .12 * p) < .34 * (1 - p) + .03: o[0] = c0 * .72; o[1] = c1 * .72; o[2] = c2 * .72
        if (xx - .66) ** 2 + (y + .17) ** 2 < .006: o[0] = .05; o[1] = .05; o[2] = .08
        return True
    if kind == 5:                                                  # hot-air balloon
        yy = y + .30
        if x * x + yy * yy < .47:
            s = 1. - .22 * (x + .2)
            if abs(abs(x) - .33) < .10 * math.sqrt(max(1 - yy * yy / .47, 0.)): s *= .78
            o[0] = c0 * s; o[1] = c1 * s; o[2] = c2 * s; return True
        if yy > .3 and y < .62 and abs(x) < .62 - (yy - .3) * .72: o[0] = c0 * .80; o[1] = c1 * .80; o[2] = c2 * .80; return True
        if y > .68 and y < 1. and abs(x) < .19: o[0] = .52; o[1] = .32; o[2] = .16; return True
        if y >= .60 and y <= .70 and abs(abs(x) - .14) < .035: o[0] = .28; o[1] = .22; o[2] = .18; return True
        return False
    if kind == 6:                                                  # person walking
        if x * x + (y + .74) ** 2 < .054: o[0] = .95; o[1] = .75; o[2] = .60; return True
        if y > -.52 and y < .25 and abs(x) < .30: o[0] = c0; o[1] = c1; o[2] = c2; return True
        sw = math.sin(t * 5.) * .38 * abs(face)
        for i in range(2):
            s = -1. + 2. * i
            if y >= .22 and y < 1. and abs(x - s * .12 - s * sw * (y - .22)) < .13: o[0] = .16; o[1] = .17; o[2] = .28; return True
            if y > -.50 and y < .20 and abs(x + s * sw * (y + .5) * .8 - s * .36) < .09: o[0] = c0 * .78; o[1] = c1 * .78; o[2] = c2 * .78; return True
    return False


@njit(cache=True)
def frame(img, cover, scene, tod, weather, kind, colour, t, pan, zoom, sx, sy, size, face, goes, seed, aspect):
    """Draws one frame into img [2H,2W,3] and the subject's coverage into cover [2H,2W]; goes: it moves sideways."""
    H, W = img.shape[0], img.shape[1]
    o = np.zeros(3); h = np.zeros(3); c = np.zeros(12)
    m0 = 1.; m1 = 1.; m2 = 1.
    if tod == 1: m0 = .98; m1 = .86; m2 = .82
    elif tod == 2: m0 = .84; m1 = .86; m2 = .94
    wet = aspect + .3
    for i in range(W):
        uw = ((i + .5) / W - .5) * aspect
        u = uw / zoom
        terrain(scene, u, pan, aspect, seed, c)
        for j in range(H):
            vw = (j + .5) / H
            v = .58 + (vw - .58) / zoom
            backdrop(scene, u, v, t, tod, weather, pan, aspect, seed, c, h, o)
            cover[j, i] = 0.
            if kind > 0:
                x = (u - sx) / size * 2; y = (v - sy) / size * 2
                if kind == 2 or kind == 6 or kind == 1:            # shadow on the ground
                    e = .35 * math.exp(-(x * x * (.9 if kind != 6 else 3.) + (y - .92) ** 2 * 60))
                    o[0] *= 1 - e; o[1] *= 1 - e; o[2] *= 1 - e
                if goes and kind == 2 and scene == 4: dust(x * face, y, t, .90 * m0, .74 * m1, .52 * m2, o)
                elif goes and kind == 2 and scene == 5: dust(x * face, y, t, 1. * m0, 1. * m1, 1. * m2, o)
                if x > -1.5 and x < 1.5 and y > -1.1 and y < 1.1:
                    if figure(kind, x, y, t, face, colour[0], colour[1], colour[2], h):
                        o[0] = h[0] * m0; o[1] = h[1] * m1; o[2] = h[2] * m2; cover[j, i] = 1.
            img[j, i, 0] = o[0]; img[j, i, 1] = o[1]; img[j, i, 2] = o[2]
    if weather >= 2:                                               # few, large, soft particles in front of everything
        n = 16
        for k in range(n):
            fall = (1.15 if weather == 2 else .28) * (1 + .15 * rnd(k, 4, seed))
            w = (rnd(k, 2, seed) * 1.3 + t * fall) % 1.3
            y = w - .15
            turn = math.floor((rnd(k, 2, seed) * 1.3 + t * fall) / 1.3)
            x = ((k + rnd(k + 31 * turn, 3, seed)) / n - .5) * wet
            if weather == 3: x += .03 * math.sin(t * 1.3 + k)
            rx = .006 if weather == 2 else .017
            ry = .060 if weather == 2 else .017
            for i in range(max(0, int(((x - 2.2 * rx) / aspect + .5) * W)), min(W, int(((x + 2.2 * rx) / aspect + .5) * W) + 2)):
                dx = (((i + .5) / W - .5) * aspect - x) / rx
                for j in range(max(0, int((y - 2.2 * ry) * H)), min(H, int((y + 2.2 * ry) * H) + 2)):
                    dy = ((j + .5) / H - y) / ry
                    a = math.exp(-.7 * (dx * dx + dy * dy)) * (.62 if weather == 2 else .95)
                    if weather == 2: r = .80; g = .86; b = .95
                    else: r = 1.; g = 1.; b = 1.
                    img[j, i, 0] += (r - img[j, i, 0]) * a; img[j, i, 1] += (g - img[j, i, 1]) * a; img[j, i, 2] += (b - img[j, i, 2]) * a
