"""Cuts Inter to what the interface shows: subset.py <folder of woff2 files> <output folder>.

Two files, so that a page in English or Swahili loads one: the main file holds Latin-1, punctuation, currency signs and
arrows; the second the rest of Latin. Other scripts use the device's own fonts.
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

LATIN = [(0x20, 0x7E), (0xA0, 0xFF), (0x131, 0x131), (0x152, 0x153), (0x2C6, 0x2C6), (0x2DA, 0x2DA), (0x2DC, 0x2DC),
         (0x2010, 0x2027), (0x202F, 0x203A), (0x2044, 0x2044), (0x2190, 0x2193), (0x2196, 0x2199), (0x2212, 0x2212),
         (0x2215, 0x2215), (0x20A6, 0x20A6), (0x20AC, 0x20AC), (0x20B5, 0x20B5), (0x2122, 0x2122), (0x2248, 0x2248),
         (0x2260, 0x2265), (0xD7, 0xD7)]
# Kerning, marks, tabular figures, case-sensitive forms, slashed zero, localised forms.
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "calt", "liga", "tnum", "case", "zero", "cv11", "ss03"]
WEIGHTS = (400, 700)


def codepoints(ranges):
    return {code for first, last in ranges for code in range(first, last + 1)}


def cut(source, target, keep):
    font = TTFont(source)
    options = Options()
    options.flavor = "woff2"
    options.layout_features = FEATURES
    options.hinting = False
    options.desubroutinize = True
    options.name_IDs = [1, 2, 13, 14]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=keep & set(font.getBestCmap()))
    subsetter.subset(font)
    font = instantiateVariableFont(font, {"wght": WEIGHTS})
    font.flavor = "woff2"
    font.save(target)
    print(f"subset: {target.name} {target.stat().st_size:,} bytes, {len(font.getBestCmap())} characters")


def main():
    files, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    latin = codepoints(LATIN)
    cut(files / "inter-latin-wght-normal.woff2", out / "inter-latin.woff2", latin)
    extended = files / "inter-latin-ext-wght-normal.woff2"
    cut(extended, out / "inter-latin-ext.woff2", set(TTFont(extended).getBestCmap()) - latin)


main()
