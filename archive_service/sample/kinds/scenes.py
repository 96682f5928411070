"""The scenes themselves, drawn on a field of 2400 by 1600 points (the caption covers the lowest 152)."""

from __future__ import annotations

import math
from random import Random

from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]
W, H, GROUND = 2400, 1600, 1180
STEEL, DARK, RED, YELLOW, CONCRETE = (176, 184, 190), (58, 64, 70), (196, 40, 36), (245, 198, 40), (158, 156, 150)


def _mix(low: Colour, high: Colour, share: float) -> Colour:
    return (
        int(low[0] + (high[0] - low[0]) * share),
        int(low[1] + (high[1] - low[1]) * share),
        int(low[2] + (high[2] - low[2]) * share),
    )


def _outdoors(draw: ImageDraw, dice: Random) -> None:
    """Sky, far hills and a paved yard; the hour of the day differs from picture to picture."""
    top, low = dice.choice(
        (((92, 140, 190), (222, 232, 238)), ((128, 146, 164), (224, 224, 220)), ((84, 110, 150), (240, 214, 186)))
    )
    for y in range(0, GROUND, 8):
        draw.rectangle((0, y, W, y + 8), fill=_mix(top, low, y / GROUND))
    for shade, lift in (((150, 166, 168), 190), ((126, 146, 140), 110)):
        phase = dice.uniform(0, 6)
        ridge = [
            (x, GROUND - lift - 60 * math.sin(x / 310 + phase) - 22 * math.sin(x / 97)) for x in range(0, W + 40, 40)
        ]
        draw.polygon([(0, GROUND), *ridge, (W, GROUND)], fill=shade)
    for y in range(GROUND, H, 8):
        draw.rectangle((0, y, W, y + 8), fill=_mix((140, 140, 136), (104, 104, 100), (y - GROUND) / (H - GROUND)))
    for number in range(7):
        x = 1200 + (number - 3) * 240
        draw.line((x, GROUND, 1200 + (x - 1200) * 3, H), fill=(124, 124, 120), width=4)


def _indoors(draw: ImageDraw, wall: Colour = (214, 214, 206)) -> None:
    for y in range(0, GROUND, 8):
        draw.rectangle((0, y, W, y + 8), fill=_mix(wall, _mix(wall, DARK, 0.18), y / GROUND))
    draw.rectangle((0, 820, W, GROUND), fill=(120, 150, 134))
    draw.rectangle((0, GROUND - 26, W, GROUND), fill=(74, 92, 84))
    draw.rectangle((0, GROUND, W, H), fill=(150, 146, 136))
    for y in range(GROUND + 70, H, 110):
        draw.line((0, y, W, y), fill=(132, 128, 118), width=5)


def _cylinder(draw: ImageDraw, left: float, top: float, wide: float, high: float, base: Colour) -> None:
    """A standing drum with light from the left."""
    for step in range(48):
        share = step / 48
        light = 0.55 * math.exp(-((share - 0.28) ** 2) / 0.05)
        colour = _mix(_mix(base, (40, 44, 48), 0.1 + 0.5 * share), (255, 255, 255), light)
        draw.rectangle((left + wide * share, top, left + wide * (step + 1) / 48, top + high), fill=colour)
    draw.ellipse((left, top - wide * 0.08, left + wide, top + wide * 0.08), fill=_mix(base, (255, 255, 255), 0.25))


def _stripes(draw: ImageDraw, left: int, top: int, right: int, bottom: int) -> None:
    draw.rectangle((left, top, right, bottom), fill=YELLOW)
    high = bottom - top
    for x in range(left, right - high, high * 2):
        draw.polygon([(x, bottom), (x + high, top), (x + high * 2, top), (x + high, bottom)], fill=(30, 30, 30))


def _triangle(draw: ImageDraw, x: int, y: int, size: int) -> None:
    """The yellow warning triangle with an exclamation mark."""
    draw.polygon([(x, y - size), (x - size, y + size * 0.72), (x + size, y + size * 0.72)], fill=(20, 20, 20))
    draw.polygon(
        [(x, y - size * 0.8), (x - size * 0.82, y + size * 0.62), (x + size * 0.82, y + size * 0.62)], fill=YELLOW
    )
    draw.polygon(
        [(x - size * 0.1, y - size * 0.35), (x + size * 0.1, y - size * 0.35), (x, y + size * 0.22)], fill=(20, 20, 20)
    )
    draw.ellipse((x - size * 0.09, y + size * 0.3, x + size * 0.09, y + size * 0.48), fill=(20, 20, 20))


def tanks(draw: ImageDraw, dice: Random) -> None:
    """Three storage tanks behind a bund, with pipes and a ladder."""
    _outdoors(draw, dice)
    for number in range(3):
        left, high = 210 + number * 690, dice.randint(560, 720)
        _cylinder(draw, left, GROUND - high, 560, high, dice.choice((STEEL, (206, 206, 198), (188, 198, 206))))
        draw.rectangle((left, GROUND - high * 0.55, left + 560, GROUND - high * 0.55 + 34), fill=(38, 94, 150))
        for rung in range(int(high / 40)):
            draw.line((left + 430, GROUND - rung * 40, left + 480, GROUND - rung * 40), fill=DARK, width=7)
    for pipe in range(3):
        draw.rectangle(
            (0, GROUND - 70 + pipe * 40, W, GROUND - 50 + pipe * 40), fill=((200, 170, 60), STEEL, (150, 60, 50))[pipe]
        )
    draw.rectangle((0, GROUND + 40, W, GROUND + 150), fill=CONCRETE)
    _stripes(draw, 0, GROUND + 40, W, GROUND + 66)


def extinguisher(draw: ImageDraw, dice: Random) -> None:
    """Two extinguishers on a wall under their sign; one place is empty."""
    _indoors(draw)
    draw.rectangle((700, 200, 1700, 380), fill=RED)
    for number in range(3):
        x = 640 + number * 410
        draw.rectangle((x - 40, 470, x + 340, 1110), fill=(236, 236, 230), outline=DARK, width=8)
        if number == dice.choice((1, 2)):
            draw.line((x + 40, 560, x + 260, 1020), fill=(170, 170, 164), width=10)
            continue
        _cylinder(draw, x + 60, 640, 180, 420, RED)
        draw.rectangle((x + 120, 560, x + 180, 640), fill=DARK)
        draw.polygon([(x + 110, 560), (x + 250, 520), (x + 250, 560)], fill=DARK)
        draw.arc((x + 170, 560, x + 310, 900), 270, 70, fill=DARK, width=20)
        draw.rectangle((x + 90, 780, x + 210, 900), fill=(250, 250, 246))
    for n in range(5):
        draw.rectangle((860 + n * 140, 250, 940 + n * 140, 330), fill=(255, 255, 255))


def sign(draw: ImageDraw, dice: Random) -> None:
    """A board with warning, prohibition and order signs at a fence."""
    _outdoors(draw, dice)
    for x in range(0, W, 90):
        draw.line((x, 620, x, GROUND), fill=(90, 98, 102), width=10)
    draw.rectangle((0, 640, W, 664), fill=(90, 98, 102))
    draw.rectangle((560, 1000, 600, GROUND + 60), fill=DARK)
    draw.rectangle((1800, 1000, 1840, GROUND + 60), fill=DARK)
    draw.rectangle((420, 260, 1980, 1020), fill=(250, 250, 248), outline=(40, 90, 150), width=24)
    _triangle(draw, 760, 620, 240)
    draw.ellipse((1020, 420, 1380, 780), fill=(255, 255, 255), outline=RED, width=48)
    draw.polygon([(1200, 480), (1270, 640), (1200, 720), (1130, 640)], fill=(40, 40, 40))
    draw.line((1078, 478, 1322, 722), fill=RED, width=44)
    draw.ellipse((1480, 420, 1840, 780), fill=(30, 90, 170))
    draw.pieslice((1560, 500, 1760, 700), 180, 360, fill=(255, 255, 255))
    draw.rectangle((1530, 600, 1790, 630), fill=(255, 255, 255))
    for n, width in enumerate((1240, 980)):
        draw.rectangle((1200 - width / 2, 870 + n * 56, 1200 + width / 2, 900 + n * 56), fill=(150, 156, 160))


def passage(draw: ImageDraw, dice: Random) -> None:
    """A fire passage between two halls, half blocked by pallets and drums."""
    _outdoors(draw, dice)
    draw.polygon([(0, 120), (900, 560), (900, GROUND), (0, H)], fill=(172, 176, 178))
    draw.polygon([(W, 120), (1500, 560), (1500, GROUND), (W, H)], fill=(150, 156, 160))
    for n in range(4):
        x = 100 + n * 190
        draw.polygon(
            [(x, 420 + n * 60), (x + 110, 470 + n * 58), (x + 110, 760 + n * 30), (x, 760 + n * 24)],
            fill=(88, 108, 122),
        )
    draw.polygon([(900, GROUND), (1500, GROUND), (2100, H), (300, H)], fill=(120, 118, 114))
    draw.line((960, GROUND, 480, H), fill=YELLOW, width=22)
    draw.line((1440, GROUND, 1920, H), fill=YELLOW, width=22)
    for n in range(dice.randint(3, 4)):
        draw.rectangle((1060, 1120 - n * 90, 1420, 1196 - n * 90), fill=(176, 132, 84), outline=(110, 78, 44), width=7)
    for n in range(3):
        _cylinder(draw, 1230 + n * 170, 1060 + n * 40, 150, 210, (40, 90, 150))
    _triangle(draw, 1200, 420, 110)


def hotwork(draw: ImageDraw, dice: Random) -> None:
    """A welding place: screen, bottles standing too near, sparks on the floor."""
    _indoors(draw, (120, 126, 132))
    draw.rectangle((300, 880, 1500, 950), fill=DARK)
    for x in (340, 1420):
        draw.rectangle((x, 950, x + 44, GROUND + 120), fill=DARK)
    draw.rectangle((560, 780, 1240, 880), fill=(110, 116, 122))
    for ring in range(26, 0, -1):
        glow = ring / 26
        draw.ellipse(
            (900 - 230 * glow, 800 - 230 * glow, 900 + 230 * glow, 800 + 230 * glow),
            fill=_mix((255, 255, 240), (150, 140, 110), glow),
        )
    for _ in range(170):
        angle, far = dice.uniform(0.1, 3.0), dice.uniform(60, 560)
        right, down = 900 + far * math.cos(angle), 800 + far * math.sin(angle) * 0.95
        draw.line(
            (right, down, right + 26 * math.cos(angle), down + 26 * math.sin(angle)),
            fill=(255, dice.randint(150, 230), 60),
            width=6,
        )
    for n, colour in enumerate(((40, 110, 180), (238, 238, 232))):
        _cylinder(draw, 1740 + n * 230, 640, 170, 620, colour)
        draw.rectangle((1800 + n * 230, 560, 1850 + n * 230, 640), fill=DARK)
    _stripes(draw, 0, GROUND + 150, W, GROUND + 190)


def manhole(draw: ImageDraw, dice: Random) -> None:
    """An open manhole with tripod, fan and barrier."""
    _outdoors(draw, dice)
    draw.ellipse((820, 1130, 1580, 1390), fill=(90, 92, 92))
    draw.ellipse((870, 1150, 1530, 1360), fill=(18, 20, 22))
    for foot in ((620, 1330), (1780, 1330), (1240, 1080)):
        draw.line((1200, 380, *foot), fill=YELLOW, width=30)
    draw.line((1200, 400, 1200, 1240), fill=(210, 210, 204), width=10)
    draw.ellipse((1150, 340, 1250, 440), fill=RED)
    draw.rectangle((240, 1080, 560, 1300), fill=(230, 120, 40), outline=DARK, width=10)
    draw.ellipse((300, 1100, 500, 1290), fill=DARK)
    draw.line((540, 1190, 760, 1230, 920, 1250), fill=(236, 196, 60), width=70)
    _triangle(draw, 2060, 1080, 170)
    draw.rectangle((2046, 1200, 2074, 1420), fill=DARK)


def headframe(draw: ImageDraw, dice: Random) -> None:
    """The headframe of a mine with its wheel, the winding house and a heap."""
    _outdoors(draw, dice)
    draw.polygon([(1500, GROUND), (2000, 620), (2400, 900), (2400, GROUND)], fill=(70, 70, 72))
    draw.rectangle((120, 760, 760, GROUND), fill=(168, 110, 88))
    for n in range(4):
        draw.rectangle((190 + n * 140, 860, 270 + n * 140, 980), fill=(70, 84, 96))
    for line in ((1020, GROUND, 1140, 240), (1380, GROUND, 1260, 240), (700, GROUND, 1140, 300)):
        draw.line(line, fill=DARK, width=34)
    for n in range(8):
        y = GROUND - n * 115
        draw.line((1020 + n * 15, y, 1380 - n * 15, y - 115), fill=(84, 90, 96), width=14)
        draw.line((1380 - n * 15, y, 1020 + n * 15, y - 115), fill=(84, 90, 96), width=14)
    draw.ellipse((1050, 120, 1350, 420), outline=RED, width=30)
    for n in range(6):
        angle = n * math.pi / 3
        draw.line((1200, 270, 1200 + 140 * math.cos(angle), 270 + 140 * math.sin(angle)), fill=RED, width=12)
    draw.line((1065, 200, 700, 780), fill=(30, 30, 30), width=8)


def slipway(draw: ImageDraw, dice: Random) -> None:
    """A hull on the slipway under a gantry crane, the river behind."""
    _outdoors(draw, dice)
    draw.rectangle((0, GROUND - 60, W, GROUND + 10), fill=(104, 140, 160))
    draw.polygon([(420, 700), (1980, 700), (1820, GROUND + 60), (640, GROUND + 60)], fill=(150, 52, 44))
    draw.polygon([(420, 700), (1980, 700), (1950, 800), (452, 800)], fill=(46, 60, 80))
    for n in range(9):
        draw.line((560 + n * 150, 820, 600 + n * 140, GROUND + 50), fill=(128, 42, 36), width=6)
    for x in (240, 2080):
        draw.line((x - 70, GROUND + 80, x, 230), fill=YELLOW, width=36)
        draw.line((x + 70, GROUND + 80, x, 230), fill=YELLOW, width=36)
    draw.rectangle((160, 190, 2160, 270), fill=YELLOW)
    hook = dice.randint(800, 1500)
    draw.rectangle((hook - 70, 270, hook + 70, 330), fill=DARK)
    draw.line((hook, 330, hook, 560), fill=(30, 30, 30), width=10)
    draw.rectangle((hook - 150, 560, hook + 150, 640), fill=(110, 116, 122))


def scaffold(draw: ImageDraw, dice: Random) -> None:
    """A building in scaffolding with a tower crane; one guard rail is missing."""
    _outdoors(draw, dice)
    draw.rectangle((360, 300, 1500, GROUND), fill=(186, 184, 178))
    missing = dice.randrange(1, 5)
    for floor in range(6):
        y = 300 + floor * 147
        for n in range(6):
            draw.rectangle((420 + n * 180, y + 40, 520 + n * 180, y + 120), fill=(96, 108, 116))
        draw.rectangle((330, y + 134, 1530, y + 147), fill=(150, 116, 70))
        if floor != missing:
            draw.line((330, y + 80, 1530, y + 80), fill=(210, 120, 40), width=8)
    for n in range(11):
        draw.line((330 + n * 120, 270, 330 + n * 120, GROUND), fill=(90, 110, 130), width=10)
    draw.line((1860, 150, 1860, GROUND), fill=YELLOW, width=44)
    draw.line((1000, 210, 2330, 210), fill=YELLOW, width=28)
    draw.line((1860, 90, 1000, 200), fill=DARK, width=6)
    draw.line((1860, 90, 2330, 200), fill=DARK, width=6)
    draw.rectangle((2200, 220, 2320, 310), fill=CONCRETE)
    draw.line((1180, 220, 1180, 520), fill=DARK, width=7)
    draw.rectangle((1110, 520, 1250, 560), fill=(150, 110, 60))


def chimney(draw: ImageDraw, dice: Random) -> None:
    """A power station: hall, stack with bands, two cooling towers, coal conveyor."""
    _outdoors(draw, dice)
    for left in (1480, 1900):
        draw.polygon(
            [
                (left, GROUND),
                (left + 90, 760),
                (left + 70, 620),
                (left + 350, 620),
                (left + 330, 760),
                (left + 420, GROUND),
            ],
            fill=(196, 194, 188),
        )
        for n in range(5):
            size = dice.randint(70, 130)
            draw.ellipse(
                (left + 40 + n * 60, 520 - n * 40 - size, left + 40 + n * 60 + size * 2, 560 - n * 40 + size * 0.4),
                fill=(236, 238, 240),
            )
    draw.polygon([(1180, GROUND), (1220, 120), (1300, 120), (1340, GROUND)], fill=(206, 204, 200))
    for n in range(3):
        draw.rectangle((1216 - n * 8, 150 + n * 130, 1304 + n * 8, 210 + n * 130), fill=RED)
    draw.rectangle((220, 640, 1120, GROUND), fill=(120, 146, 166))
    for n in range(9):
        draw.rectangle((280 + n * 92, 720, 330 + n * 92, 1100), fill=(84, 104, 122))
    draw.line((0, 1060, 260, 700), fill=(80, 84, 88), width=60)
