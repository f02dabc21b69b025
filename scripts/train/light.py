"""Light of a time of day and a weather: the sky's colours, what the land is lit by, the haze that takes what
is far.
"""

from dataclasses import dataclass, field

import numpy as np

NIGHT = ("night",)

# colours of the sky from the zenith to the horizon; light on the land; haze; the sun's or moon's colour; its
# height
PALETTES = {
    "day": dict(
        sky=[(0.13, 0.45, 0.90), (0.42, 0.73, 0.98), (0.84, 0.95, 1.0)],
        light=(1.0, 1.0, 1.0),
        haze=(0.76, 0.88, 0.98),
        sun=(1.0, 0.97, 0.80),
        height=0.14,
    ),
    "sunrise": dict(
        sky=[(0.35, 0.60, 0.86), (0.86, 0.77, 0.82), (1.0, 0.84, 0.58)],
        light=(1.0, 0.88, 0.80),
        haze=(1.0, 0.83, 0.72),
        sun=(1.0, 0.94, 0.72),
        height=0.40,
    ),
    "sunset": dict(
        sky=[(0.24, 0.14, 0.42), (0.84, 0.30, 0.42), (1.0, 0.70, 0.28)],
        light=(0.94, 0.62, 0.56),
        haze=(0.98, 0.52, 0.36),
        sun=(1.0, 0.90, 0.55),
        height=0.38,
    ),
    "dusk": dict(
        sky=[(0.09, 0.12, 0.34), (0.33, 0.27, 0.56), (0.93, 0.55, 0.58)],
        light=(0.52, 0.48, 0.72),
        haze=(0.55, 0.42, 0.62),
        sun=(0.98, 0.94, 0.86),
        height=0.20,
    ),
    "night": dict(
        sky=[(0.03, 0.05, 0.17), (0.06, 0.12, 0.31), (0.17, 0.29, 0.50)],
        light=(0.38, 0.46, 0.72),
        haze=(0.14, 0.23, 0.42),
        sun=(0.97, 0.96, 0.88),
        height=0.16,
    ),
}
# grey of the sky, darkness, haze added, light left
WEATHERS = {
    "clear": (0.0, 1.0, 0.0, 1.0),
    "cloudy": (0.40, 0.95, 0.06, 0.92),
    "rain": (0.66, 0.78, 0.16, 0.84),
    "storm": (0.80, 0.48, 0.14, 0.62),
    "snowfall": (0.60, 1.00, 0.22, 0.95),
    "mist": (0.45, 1.02, 0.55, 0.96),
}


@dataclass
class Light:
    """Colours are triples of 0 to 1."""

    time: str
    weather: str
    sky: np.ndarray  # [3,3]
    key: np.ndarray  # light on the land
    haze: np.ndarray
    haze_share: float
    sun: np.ndarray
    sun_height: float
    flash: float = 0.0  # of lightning, 0 to 1
    dark: bool = field(default=False)  # lamps and windows are lit

    def on(self, colour, far=0.0):
        """The colour of a thing in this light, `far` of the way into the haze."""
        colour = np.minimum(np.asarray(colour) * self.key * (1 + 0.9 * self.flash), 1.0)
        share = far + (1 - far) * self.haze_share * min(1.0, 0.35 + far)
        return tuple(colour + (self.haze - colour) * share)

    def subject(self, colour):
        """Subjects keep more of their colour at night than the land does."""
        key = np.maximum(self.key, 0.45) ** (0.45 if self.dark else 0.35)
        return np.minimum(np.asarray(colour) * key * (1 + 0.3 * self.flash), 1.0)


def light(time, weather, rng, flash=0.0):
    palette = PALETTES[time]
    grey, shade, mist, left = WEATHERS[weather]
    sky = np.array(palette["sky"]) + rng.uniform(-0.03, 0.03, 3)
    if time in ("day", "sunrise"):
        toward = np.array([0.62, 0.68, 0.76]) if weather != "storm" else np.array([0.42, 0.46, 0.54])
    else:
        toward = sky.mean() * np.array([0.95, 0.95, 1.12])
    keep = 1.0 if time == "day" else 0.62  # coloured skies stay coloured under clouds
    sky = sky + (toward - sky) * grey * keep
    sky = np.clip(sky * shade, 0, 1)
    if flash:
        sky = sky + (np.array([0.80, 0.82, 0.95]) - sky) * 0.55 * flash
    key = np.array(palette["light"]) * left
    haze = np.array(palette["haze"])
    haze = haze + (sky[2] - haze) * (0.35 + 0.5 * grey)
    return Light(
        time,
        weather,
        sky,
        key,
        haze,
        mist,
        np.array(palette["sun"]),
        palette["height"],
        flash,
        time in ("night", "dusk"),
    )
