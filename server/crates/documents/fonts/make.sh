#!/usr/bin/env bash
# Makes the fonts of this folder from the Debian packages that README.md names. Needs fonttools 4.60.1 (PyPI) on the path.
set -euo pipefail
cd "$(dirname "$0")"

inter=/usr/share/fonts/opentype/inter
noto=/usr/share/fonts/truetype/noto

# Latin with its extensions and Vietnamese, combining marks, Greek, Cyrillic, punctuation, currencies, arrows, mathematics.
latin="U+0020-007E,U+00A0-024F,U+0250-02FF,U+0300-036F,U+0370-03FF,U+0400-052F,U+1E00-1EFF,U+2000-206F,U+2070-209F,U+20A0-20C0"
latin="$latin,U+2100-214F,U+2150-215F,U+2190-2199,U+2212,U+2215,U+2219,U+221E,U+2248,U+2260,U+2264-2265,U+25A0-25FF,U+2713,U+2717,U+FFFD"
arabic="U+0600-06FF,U+0750-077F,U+200C-200F,U+25CC,U+FB50-FDFF,U+FE70-FEFF"
hebrew="U+0590-05FF,U+200C-200F,U+25CC,U+FB1D-FB4F"

# What shaping needs, and the figures of one width. The stylistic alternates stay behind.
features="kern,liga,clig,calt,rlig,ccmp,locl,mark,mkmk,tnum,case,isol,init,medi,fina,curs"

cut() {
    SOURCE_DATE_EPOCH=0 pyftsubset "$1" --output-file="$2" --unicodes="$3" --layout-features="$features" \
        --notdef-glyph --notdef-outline --name-IDs=0,1,2,3,4,5,6,13,14 --no-hinting --desubroutinize --drop-tables+=DSIG,STAT,meta
}

cut "$inter/Inter-Regular.otf" inter-regular.otf "$latin"
cut "$inter/Inter-SemiBold.otf" inter-semibold.otf "$latin"
cut "$noto/NotoSansArabic-Regular.ttf" noto-sans-arabic-regular.ttf "$arabic"
cut "$noto/NotoSansArabic-Bold.ttf" noto-sans-arabic-bold.ttf "$arabic"
cut "$noto/NotoSansHebrew-Regular.ttf" noto-sans-hebrew-regular.ttf "$hebrew"
cut "$noto/NotoSansHebrew-Bold.ttf" noto-sans-hebrew-bold.ttf "$hebrew"
