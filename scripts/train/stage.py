"""What a scene needs to know while it is drawn: the camera, the light, the time, and a clip's own random
numbers.
"""

from dataclasses import dataclass

import land
import numpy as np
from light import Light
from numba import njit
from paint import rnd


@njit(cache=True)
def numbers(out, first, seed):
    """Three fixed random numbers for each of the things number first, first + 1, ..."""
    for n in range(len(out)):
        for k in range(out.shape[1]):
            out[n, k] = rnd(first + n, 50 + k, seed)


@dataclass
class Eye:
    """The camera. A layer of depth k moves k times as far as the subject (k = 1) when the camera goes
    sideways; 0 is infinitely far."""

    x: float = 0.0  # sideways, in heights of the frame
    zoom: float = 1.0
    orbit: float = 0.0  # sideways around the subject, which stays where it is
    lift: float = 0.0  # of the picture, where the camera tilts
    horizon: float = 0.58

    def scale(self, k):
        return 1 + (self.zoom - 1) * (0.30 + 0.70 * min(k, 1.6))

    def offset(self, k):
        return self.x * k + self.orbit * (k - 1)

    def place(self, u, v, k):
        """Where a point of layer k is on the screen, and how large."""
        s = self.scale(k)
        return (u - self.offset(k)) * s, self.horizon + (v - self.horizon) * s + self.lift, s

    def level(self, v, k):
        return self.horizon + (v - self.horizon) * self.scale(k) + self.lift

    def columns(self, img, k):
        """The places in layer k of all columns of the picture."""
        return land.columns(img) / self.scale(k) + self.offset(k)


@dataclass
class Stage:
    img: np.ndarray
    light: Light
    eye: Eye
    t: float
    seed: int
    wind: float
    strike: tuple | None = None
    rails: bool = False  # a train runs here

    def __post_init__(self):
        self.aspect = self.img.shape[1] / self.img.shape[0]
        self.px = 1.0 / self.img.shape[0]

    def rng(self, key):
        """A clip's random numbers for one part of the picture: the same in every frame."""
        return np.random.RandomState((self.seed * 7919 + key * 104729) % 2**31)

    def colour(self, rgb, far=0.0):
        return tuple(float(c) for c in np.clip(self.light.on(rgb, far), 0, 1))

    # ------------------------------------------------------------ layers that several scenes have
    def hills(self, k, level, height, wavelength, row, upper, lower, depth=0.25, far=0.0, octaves=2):
        """A layer of smooth hills; -> the outline on the screen."""
        u = self.eye.columns(self.img, k)
        tops = np.empty_like(u)
        land.rolling(tops, u, wavelength, row, self.seed, octaves)
        tops = self.eye.level(level - height * tops, k)
        s = self.eye.scale(k)
        land.slab(self.img, tops, self.colour(upper, far), self.colour(lower, far), depth * s, self.px)
        return tops

    def hill_at(self, place, k, level, height, wavelength, row, octaves=2):
        """The height v (before the camera) of hills() at places of the layer."""
        out = np.empty(len(place))
        land.rolling(out, np.asarray(place, float), wavelength, row, self.seed, octaves)
        return level - height * out

    def mountains(
        self, k, level, height, wavelength, row, rock, shade, far, snow=None, depth=0.10, dark_left=False
    ):
        u = self.eye.columns(self.img, k)
        tops = np.empty_like(u)
        land.peaks(tops, u, wavelength, row, self.seed)
        tops = self.eye.level(level - height * tops, k)
        upper, dark = self.colour(rock, far), self.colour(shade, far)
        lower = self.colour(rock, min(1.0, far + 0.35))
        s = self.eye.scale(k)
        land.slab(self.img, tops, upper, lower, 0.30 * s, self.px)
        cap = self.colour(snow, far * 0.5) if snow is not None else (-1.0, 0.0, 0.0)
        land.facets(
            self.img, tops, u, wavelength, row, self.seed, s, height, dark, cap, depth, dark_left, self.px
        )

    def scatter(self, k, spacing, share, key, margin=0.4):
        """Places of things in layer k that may be in the picture, with a random number in [0,1) for each."""
        u = self.eye.columns(self.img, k)
        first, last = int(np.floor((u[0] - margin) / spacing)), int(np.ceil((u[-1] + margin) / spacing))
        own = np.empty((last - first + 1, 3))
        numbers(own, first, self.seed % 99991 + 131 * key)
        here = own[:, 0] < share
        places = (np.arange(first, last + 1) + 0.15 + 0.7 * own[:, 1]) * spacing
        return places[here], own[here, 2]

    def stand(self, places, feet, k):
        """Screen places, feet and the scale for things that stand in layer k."""
        s = self.eye.scale(k)
        return (np.asarray(places) - self.eye.offset(k)) * s, self.eye.level(np.asarray(feet), k), s
