"""Drawn site scenes as JPEG or PNG with the date in EXIF: stand for photographs, show no real place and no face."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont
from PIL.PngImagePlugin import PngInfo

from archive_service.sample.kinds import scenes
from index.extract.chinese_type import chinese_font

WIDTH, HEIGHT, SCALE = 1200, 800, 2
DESCRIPTION, MAKE, MODEL, CHANGED, XP_COMMENT = 0x010E, 0x010F, 0x0110, 0x0132, 0x9C9C
EXIF_PART, TAKEN = 0x8769, 0x9003

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
SCENES: dict[str, Callable[[ImageDraw.ImageDraw, Random], None]] = {
    "tanks": scenes.tanks,
    "extinguisher": scenes.extinguisher,
    "sign": scenes.sign,
    "passage": scenes.passage,
    "hotwork": scenes.hotwork,
    "manhole": scenes.manhole,
    "headframe": scenes.headframe,
    "slipway": scenes.slipway,
    "scaffold": scenes.scaffold,
    "chimney": scenes.chimney,
}
CAPTIONS = {
    "tanks": ("储罐区", "Tank farm"),
    "extinguisher": ("灭火器箱", "Extinguishers"),
    "sign": ("安全警示标志", "Warning sign"),
    "passage": ("消防通道", "Fire passage"),
    "hotwork": ("动火作业点", "Hot work"),
    "manhole": ("有限空间入口", "Confined space entry"),
    "headframe": ("主井井口", "Pit head"),
    "slipway": ("船台与龙门吊", "Slipway and gantry"),
    "scaffold": ("脚手架与塔吊", "Scaffold and tower crane"),
    "chimney": ("厂房与烟囱", "Station and stack"),
}


def write(path: Path, scene: str, taken: datetime, place: str, dice: Random) -> None:
    """Draw ``scene`` and write it as ``path``'s suffix says (``.jpg`` or ``.png``), with EXIF date and description."""
    image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE))
    SCENES[scene](ImageDraw.Draw(image), dice)
    image = image.resize((WIDTH, HEIGHT), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.5))
    _stamp(image, scene, taken, place)
    comment = f"虚构示例：绘制的示意图，不是真实照片。{place}"
    exif = _exif(taken, comment)
    if path.suffix == ".png":
        info = PngInfo()
        info.add_itxt("Description", f"{comment} Invented sample: a drawing, not a photograph.")
        image.quantize(128).save(path, pnginfo=info, exif=exif, optimize=False)
    else:
        image.save(path, quality=82, exif=exif)


def _exif(taken: datetime, comment: str) -> Image.Exif:
    exif = Image.Exif()
    stamp = f"{taken:%Y:%m:%d %H:%M:%S}"
    exif[DESCRIPTION] = "Invented sample: a drawing, not a photograph"
    exif[MAKE], exif[MODEL], exif[CHANGED] = "Sample", "Drawn scene", stamp
    exif[XP_COMMENT] = comment.encode("utf-16le") + b"\0\0"
    exif.get_ifd(EXIF_PART)[TAKEN] = stamp
    return exif


def _stamp(image: Image.Image, scene: str, taken: datetime, place: str) -> None:
    """Write a caption strip below the scene: what, where, when, and that it is invented."""
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, HEIGHT - 76, WIDTH, HEIGHT), fill=(24, 28, 32))
    font = chinese_font()
    zh, en = CAPTIONS[scene]
    if font is None:
        plain = ImageFont.load_default(24)
        draw.text((28, HEIGHT - 52), f"INVENTED SAMPLE   {en}", font=plain, fill="white")
    else:
        draw.text((28, HEIGHT - 66), f"{zh}  {place}"[:38], font=ImageFont.truetype(str(font), 26), fill="white")
        small = ImageFont.truetype(str(font), 18)
        draw.text(
            (28, HEIGHT - 30), f"虚构示例，绘制示意 · Invented sample, drawn · {en}", font=small, fill=(190, 196, 202)
        )
    date_font: Font = ImageFont.load_default(24) if font is None else ImageFont.truetype(str(font), 24)
    draw.text((WIDTH - 28, HEIGHT - 52), f"{taken:%Y-%m-%d %H:%M}", font=date_font, fill=(255, 190, 90), anchor="ra")
