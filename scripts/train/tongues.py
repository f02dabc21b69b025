"""Short captions in French, German, Spanish and Chinese, of the same attributes."""

import attributes

# Words in the order of the languages: French, German, Spanish, Chinese.  Nouns carry their gender where
# colours need it.
PLACE = {
    "sea": ["sur la mer", "auf dem Meer", "en el mar", "在海上"],
    "mountains": ["sur un lac de montagne", "auf einem Bergsee", "en un lago de montaña", "在山中的湖上"],
    "city": ["dans la rue", "in der Stadt", "en la calle", "在城市的街道上"],
    "forest": ["dans la forêt", "im Wald", "en el bosque", "在森林里"],
    "desert": ["dans le désert", "in der Wüste", "en el desierto", "在沙漠里"],
    "snow": ["dans la neige", "im Schnee", "en la nieve", "在雪地里"],
    "beach": ["sur la plage", "am Strand", "en la playa", "在海滩上"],
    "meadow": ["dans un pré", "auf einer Wiese", "en un prado", "在草地上"],
    "underwater": ["sous l'eau", "unter Wasser", "bajo el agua", "在水下"],
    "moon": ["sur la lune", "auf dem Mond", "en la luna", "在月球上"],
}
SIGHT = {
    "sea": ["un phare au bord de la mer", "ein Leuchtturm am Meer", "un faro junto al mar", "海边的灯塔"],
    "mountains": ["un lac de montagne", "ein Bergsee", "un lago de montaña", "山中的湖"],
    "city": ["une rue de la ville", "eine Straße in der Stadt", "una calle de la ciudad", "城市的街道"],
    "forest": ["une forêt", "ein Wald", "un bosque", "森林"],
    "desert": ["un désert", "eine Wüste", "un desierto", "沙漠"],
    "snow": ["un paysage d'hiver", "eine Winterlandschaft", "un paisaje de invierno", "冬天的雪景"],
    "beach": [
        "une plage avec des palmiers",
        "ein Strand mit Palmen",
        "una playa con palmeras",
        "有棕榈树的海滩",
    ],
    "meadow": ["un pré fleuri", "eine Blumenwiese", "un campo de flores", "开花的草地"],
    "underwater": ["un récif de corail", "ein Korallenriff", "un arrecife de coral", "珊瑚礁"],
    "moon": ["la surface de la lune", "die Oberfläche des Mondes", "la superficie de la luna", "月球表面"],
}
TIME = {
    "day": ["le jour", "am Tag", "de día", "白天"],
    "sunrise": ["au lever du soleil", "bei Sonnenaufgang", "al amanecer", "日出时"],
    "sunset": ["au coucher du soleil", "bei Sonnenuntergang", "al atardecer", "日落时"],
    "dusk": ["au crépuscule", "in der Dämmerung", "al anochecer", "黄昏时"],
    "night": ["la nuit", "bei Nacht", "de noche", "夜晚"],
}
SKY = {
    "cloudy": ["sous les nuages", "unter Wolken", "con nubes", "多云"],
    "rain": ["sous la pluie", "im Regen", "bajo la lluvia", "下雨"],
    "storm": ["dans la tempête", "im Sturm", "en la tormenta", "暴风雨中"],
    "snowfall": ["sous la neige qui tombe", "bei Schneefall", "mientras nieva", "下雪"],
    "mist": ["dans la brume", "im Nebel", "en la niebla", "雾中"],
}
# gender in French, German and Spanish: m, f, n
NOUN = {
    "boat": [("bateau", "m"), ("Boot", "n"), ("barco", "m"), "船"],
    "car": [("voiture", "f"), ("Auto", "n"), ("coche", "m"), "汽车"],
    "ball": [("ballon", "m"), ("Ball", "m"), ("pelota", "f"), "球"],
    "bird": [("oiseau", "m"), ("Vogel", "m"), ("pájaro", "m"), "鸟"],
    "balloon": [("montgolfière", "f"), ("Heißluftballon", "m"), ("globo", "m"), "热气球"],
    "astronaut": [("astronaute", "m"), ("Astronaut", "m"), ("astronauta", "m"), "宇航员"],
    "dog": [("chien", "m"), ("Hund", "m"), ("perro", "m"), "狗"],
    "fish": [("poisson", "m"), ("Fisch", "m"), ("pez", "m"), "鱼"],
    "butterfly": [("papillon", "m"), ("Schmetterling", "m"), ("mariposa", "f"), "蝴蝶"],
    "train": [("train", "m"), ("Zug", "m"), ("tren", "m"), "火车"],
}
WOMAN = [("femme", "f"), ("Frau", "f"), ("mujer", "f"), "女人"]
MAN = [("homme", "m"), ("Mann", "m"), ("hombre", "m"), "男人"]
# French masculine and feminine, German stem, Spanish masculine and feminine, Chinese
COLOUR = {
    "red": ["rouge", "rouge", "rot", "rojo", "roja", "红色的"],
    "blue": ["bleu", "bleue", "blau", "azul", "azul", "蓝色的"],
    "green": ["vert", "verte", "grün", "verde", "verde", "绿色的"],
    "yellow": ["jaune", "jaune", "gelb", "amarillo", "amarilla", "黄色的"],
    "white": ["blanc", "blanche", "weiß", "blanco", "blanca", "白色的"],
    "purple": ["violet", "violette", "lila", "morado", "morada", "紫色的"],
    "orange": ["orange", "orange", "orange", "naranja", "naranja", "橙色的"],
    "pink": ["rose", "rose", "rosa", "rosa", "rosa", "粉色的"],
}
WAY = {
    "left": ["vers la gauche", "nach links", "hacia la izquierda", "向左"],
    "right": ["vers la droite", "nach rechts", "hacia la derecha", "向右"],
    "up": ["qui monte", "steigt auf", "sube", "向上"],
    "down": ["qui descend", "sinkt", "baja", "向下"],
    "bounce": ["qui rebondit", "hüpft", "rebota", "弹跳"],
}


def subject(a, tongue):
    """The subject with its colour."""
    kind, colour = a["subject"], COLOUR[a["colour"]]
    noun = ((WOMAN if a.get("woman") else MAN) if kind == "person" else NOUN[kind])[tongue]
    if tongue == 3:
        return (
            ("穿" + colour[5].rstrip("的") + "衣服的" + noun)
            if kind in ("person", "astronaut")
            else "一个" + colour[5] + noun
        )
    word, gender = noun
    clothed = kind in ("person", "astronaut")
    if tongue == 0:
        return f"{'une' if gender == 'f' else 'un'} {word} " + (
            f"en {colour[0]}" if clothed else colour[1 if gender == "f" else 0]
        )
    if tongue == 2:
        return f"{'una' if gender == 'f' else 'un'} {word} " + (
            f"de {colour[3]}" if clothed else colour[4 if gender == "f" else 3]
        )
    if clothed:
        return f"{'eine' if gender == 'f' else 'ein'} {word} in {colour[2].capitalize()}"
    ending = "" if colour[2] in ("lila", "orange", "rosa") else {"m": "er", "f": "e", "n": "es"}[gender]
    return f"{'eine' if gender == 'f' else 'ein'} {colour[2]}{ending} {word}"


def caption(a, rng):
    """A caption in one of the four languages."""
    tongue = rng.randint(4)
    parts = []
    if a["subject"] == "none":
        parts.append(SIGHT[a["scene"]][tongue])
    else:
        parts.append(subject(a, tongue))
        if a["motion"] in WAY and (rng.rand() < 0.4 or not attributes.usual(a, "motion")):
            parts.append(WAY[a["motion"]][tongue])
        if rng.rand() < 0.7 or not attributes.usual(a, "scene"):
            parts.append(PLACE[a["scene"]][tongue])
    if a["scene"] != "moon" and (rng.rand() < 0.5 or not attributes.usual(a, "time")):
        parts.append(TIME[a["time"]][tongue])
    if a["weather"] in SKY:
        parts.append(SKY[a["weather"]][tongue])
    return " ".join(parts)
