"""Primitives of the drawing: noise, coverage of a pixel by a shape, and distances to simple shapes.

Pictures are float32 [H,W,3]. Coordinates: u runs to the right, v downwards, both in units of the frame's
height; v is 0 at the top and 1 at the bottom, u is 0 in the middle. Distances are signed, negative inside.
Edges are anti-aliased by the share of a pixel that a shape covers, `px` being a pixel's side.

numba keeps what it has compiled in a folder that is named after the text of all drawing files, so that no
change goes unnoticed.
"""

import glob
import hashlib
import math
import os
import pathlib
import tempfile

import numba
from numba import njit

HERE = os.path.dirname(os.path.abspath(__file__))
_texts = [pathlib.Path(file).read_bytes() for file in sorted(glob.glob(HERE + "/*.py"))]
_name = hashlib.sha256(b"".join(text for text in _texts if b"njit" in text)).hexdigest()[:16]
numba.config.CACHE_DIR = os.path.join(tempfile.gettempdir(), "world-" + _name)


@njit(cache=True, inline="always")
def clamp(x):
    return 0.0 if x < 0.0 else (1.0 if x > 1.0 else x)


@njit(cache=True, inline="always")
def ramp(a, b, x):
    """0 up to a, 1 from b on, smooth between; a may lie above b."""
    t = clamp((x - a) / (b - a))
    return t * t * (3 - 2 * t)


@njit(cache=True, inline="always")
def rnd(a, b, seed):
    """A fixed random number in [0,1) for two integers and a seed."""
    n = (a * 374761393 + b * 668265263 + seed * 974711) & 0xFFFFFFFF
    n = ((n ^ (n >> 13)) * 1274126177) & 0xFFFFFFFF
    n = n ^ (n >> 16)
    return (n & 0xFFFFFF) / 16777216.0


@njit(cache=True)
def noise(x, row, seed):
    """Smooth one-dimensional noise in [0,1] of wavelength about 1."""
    i = math.floor(x)
    f = x - i
    f = f * f * (3 - 2 * f)
    a = rnd(int(i), row, seed)
    return a + (rnd(int(i) + 1, row, seed) - a) * f


@njit(cache=True, inline="always")
def mix(img, j, i, r, g, b, a):
    img[j, i, 0] += (r - img[j, i, 0]) * a
    img[j, i, 1] += (g - img[j, i, 1]) * a
    img[j, i, 2] += (b - img[j, i, 2]) * a


@njit(cache=True, inline="always")
def glow(img, j, i, r, g, b, a):
    """Adds light without ever going beyond white."""
    img[j, i, 0] += (1 - img[j, i, 0]) * r * a
    img[j, i, 1] += (1 - img[j, i, 1]) * g * a
    img[j, i, 2] += (1 - img[j, i, 2]) * b * a


@njit(cache=True, inline="always")
def fill(o, d, px, r, g, b):
    """Paints a shape at distance d over the colour o[0:3]; o[3] is the least distance of all shapes so
    far."""
    a = clamp(0.5 - d / px)
    o[0] += (r - o[0]) * a
    o[1] += (g - o[1]) * a
    o[2] += (b - o[2]) * a
    if d < o[3]:
        o[3] = d


@njit(cache=True, inline="always")
def tint(o, d, px, r, g, b, strength):
    """Paints over what is there already, without adding to the outline."""
    a = clamp(0.5 - d / px) * strength
    o[0] += (r - o[0]) * a
    o[1] += (g - o[1]) * a
    o[2] += (b - o[2]) * a


# ---------------------------------------------------------------- distances
@njit(cache=True, inline="always")
def circle(x, y, r):
    return math.sqrt(x * x + y * y) - r


@njit(cache=True, inline="always")
def ellipse(x, y, a, b):
    """Near the outline of an ellipse; good enough for edges."""
    k = math.sqrt((x / a) ** 2 + (y / b) ** 2)
    slope = math.sqrt((x / (a * a)) ** 2 + (y / (b * b)) ** 2)
    if k < 0.05:
        return -min(a, b)
    return (k - 1) * k / slope


@njit(cache=True, inline="always")
def box(x, y, a, b, r):
    """A box of half sizes a and b, corners rounded by r."""
    p, q = abs(x) - a + r, abs(y) - b + r
    return math.sqrt(max(p, 0.0) ** 2 + max(q, 0.0) ** 2) + min(max(p, q), 0.0) - r


@njit(cache=True, inline="always")
def rod(x, y, x0, y0, x1, y1, r0, r1):
    """A limb from one point to another, of radius r0 there and r1 here."""
    dx, dy = x1 - x0, y1 - y0
    t = clamp(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy + 1e-9))
    return math.sqrt((x - x0 - t * dx) ** 2 + (y - y0 - t * dy) ** 2) - (r0 + (r1 - r0) * t)


@njit(cache=True, inline="always")
def side(x, y, x0, y0, x1, y1):
    """Distance to the line through two points, negative on the right as one goes (v downwards)."""
    dx, dy = x1 - x0, y1 - y0
    return ((x - x0) * dy - (y - y0) * dx) / math.sqrt(dx * dx + dy * dy + 1e-12)


@njit(cache=True, inline="always")
def triangle(x, y, x0, y0, x1, y1, x2, y2):
    """Corners clockwise as seen on the screen."""
    return max(side(x, y, x0, y0, x1, y1), side(x, y, x1, y1, x2, y2), side(x, y, x2, y2, x0, y0))


@njit(cache=True, inline="always")
def quad(x, y, x0, y0, x1, y1, x2, y2, x3, y3):
    """A convex quadrilateral, corners clockwise as seen on the screen."""
    return max(
        max(side(x, y, x0, y0, x1, y1), side(x, y, x1, y1, x2, y2)),
        max(side(x, y, x2, y2, x3, y3), side(x, y, x3, y3, x0, y0)),
    )


@njit(cache=True, inline="always")
def span(low, high, count):
    """Whole numbers from below low to above high that lie in [0, count]."""
    return max(0, min(count, int(math.floor(low)))), max(0, min(count, int(math.ceil(high)) + 1))
