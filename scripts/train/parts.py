"""Parts that several scenes have: the sky, the sun's place, firs, a railway track."""

import land
import numpy as np
import sky

PINE, PINE_LIT = (0.05, 0.24, 0.20), (0.16, 0.44, 0.26)


def sky_of(s, horizon):
    sky.draw(s.img, s.light, s.eye, s.eye.level(horizon, 0.0), s.t, s.seed, s.rng(1), s.strike)


def pines(s, places, feet, sizes, k, far, snow=0.0):
    u, v, scale = s.stand(places, feet, k)
    dark, lit = s.colour(PINE, far), s.colour(PINE_LIT, far)
    land.pines(
        s.img,
        s.aspect,
        u,
        v,
        np.asarray(sizes) * scale,
        dark,
        lit,
        snow,
        s.wind * 0.05 * np.sin(s.t * 2.2),
        s.px,
    )


def sky_sun(s):
    """Screen place u of the sun or moon; the same draws as in sky.draw."""
    rng = s.rng(1)
    if rng.rand() < 0.4:
        rng.rand()
    # sky.draw: uniform(.45,.8) is drawn only where the crescent is, as here
    side = rng.uniform(-0.34, 0.34) * s.aspect
    return s.eye.place(side, 0.3, 0.04)[0]


def track(s, foot):
    """Gravel, sleepers and a rail for a train whose wheels stand at `foot`."""
    a = s.eye.level(foot, 1.0)
    scale = s.eye.scale(1.0)
    land.band(
        s.img,
        a - 0.004 * scale,
        a + 0.050 * scale,
        s.colour((0.56, 0.50, 0.46)),
        s.colour((0.42, 0.37, 0.35)),
        s.px,
    )
    land.dashes(
        s.img,
        s.aspect,
        s.eye.offset(1.0),
        a + 0.016 * scale,
        0.012 * scale,
        0.075,
        0.042,
        s.colour((0.36, 0.24, 0.17)),
        s.px,
    )
    land.band(
        s.img,
        a - 0.004 * scale,
        a + 0.006 * scale,
        s.colour((0.72, 0.74, 0.78)),
        s.colour((0.46, 0.47, 0.52)),
        s.px,
    )
