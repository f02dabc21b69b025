"""Parts that several scenes have: the sky, the sun's place, mist, firs, a railway track."""

import land
import numpy as np
import sky
import weather

PINE, PINE_LIT = (0.05, 0.24, 0.20), (0.16, 0.44, 0.26)


def sky_of(stage, horizon):
    sky.draw(
        stage.img,
        stage.light,
        stage.eye,
        stage.eye.level(horizon, 0.0),
        stage.t,
        stage.seed,
        stage.rng(1),
        stage.strike,
    )


def mist(stage, line, depth, thickness, tone, share, key=0):
    """Mist around `line` on the screen, which moves with the layer of that depth."""
    weather.mist(
        stage.img,
        stage.aspect,
        line,
        thickness,
        stage.colour((1, 1, 1), tone),
        share,
        stage.t,
        stage.eye.offset(depth),
        stage.seed % 9973 + key,
    )


def pines(stage, places, feet, sizes, k, far, snow=0.0):
    u, v, scale = stage.stand(places, feet, k)
    dark, lit = stage.colour(PINE, far), stage.colour(PINE_LIT, far)
    land.pines(
        stage.img,
        stage.aspect,
        u,
        v,
        np.asarray(sizes) * scale,
        dark,
        lit,
        snow,
        stage.wind * 0.05 * np.sin(stage.t * 2.2),
        stage.px,
    )


def sky_sun(stage):
    """Screen place u of the sun or moon; the same draws as in sky.draw."""
    rng = stage.rng(1)
    if rng.rand() < 0.4:
        rng.rand()
    # sky.draw: uniform(.45,.8) is drawn only where the crescent is, as here
    side = rng.uniform(-0.34, 0.34) * stage.aspect
    return stage.eye.place(side, 0.3, 0.04)[0]


def track(stage, foot):
    """Gravel, sleepers and a rail for a train whose wheels stand at `foot`."""
    a = stage.eye.level(foot, 1.0)
    scale = stage.eye.scale(1.0)
    land.band(
        stage.img,
        a - 0.004 * scale,
        a + 0.050 * scale,
        stage.colour((0.56, 0.50, 0.46)),
        stage.colour((0.42, 0.37, 0.35)),
        stage.px,
    )
    land.dashes(
        stage.img,
        stage.aspect,
        stage.eye.offset(1.0),
        a + 0.016 * scale,
        0.012 * scale,
        0.075,
        0.042,
        stage.colour((0.36, 0.24, 0.17)),
        stage.px,
    )
    land.band(
        stage.img,
        a - 0.004 * scale,
        a + 0.006 * scale,
        stage.colour((0.72, 0.74, 0.78)),
        stage.colour((0.46, 0.47, 0.52)),
        stage.px,
    )
