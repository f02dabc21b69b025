"""What the program tells about words that the model was not trained with: the nearest ones that it was; and
how long prompts may be."""

import numpy as np
import wording
import world

# A word that people use: words of captions that mean nearly the same, the best first.
NEAREST = {
    "aircraft": "bird plane",
    "airplane": "plane bird",
    "alley": "street",
    "auto": "car",
    "autumn": "forest",
    "avenue": "street",
    "bay": "sea",
    "blizzard": "snow",
    "boy": "man",
    "brook": "lake",
    "building": "buildings",
    "bus": "car",
    "cab": "taxi",
    "canoe": "boat",
    "cliff": "mountain",
    "dawn": "sunset",
    "downpour": "rain",
    "drizzle": "rain",
    "eagle": "bird",
    "ferry": "ship",
    "field": "landscape",
    "flock": "bird",
    "fog": "clouds",
    "foggy": "cloudy",
    "girl": "woman",
    "gray": "grey",
    "gull": "bird",
    "hurricane": "rain",
    "island": "coast",
    "jungle": "forest",
    "lady": "woman",
    "lorry": "car",
    "mist": "clouds",
    "misty": "cloudy",
    "motorway": "road",
    "orange": "golden",
    "peak": "mountain",
    "pink": "violet",
    "plane": "bird",
    "river": "lake",
    "rowboat": "boat",
    "seagull": "bird",
    "seaside": "beach",
    "shore": "coast",
    "skyscraper": "buildings",
    "storm": "rain",
    "stormy": "rainy",
    "sunrise": "sunset",
    "thunderstorm": "rain",
    "tower": "lighthouse",
    "tree": "trees",
    "truck": "car",
    "vehicle": "car",
    "village": "town",
    "wave": "waves",
    "wood": "forest",
}


def synonyms(words):
    """Of the words that captions do not hold: the best one that they do."""
    known = set(words)
    found = {}
    for word, others in NEAREST.items():
        best = [other for other in others.split() if other in known]
        if word not in known and best:
            found[word] = best[0]
    return found


def longest():
    """Words of the longest of many captions."""
    rng = np.random.RandomState(1)
    return max(len(wording.split(wording.caption(world.draw(rng), rng))) for _ in range(20000))
