//! The bundled fonts: which one holds a character, and what shaping and writing need of each.

use harfrust::{FontRef, ShaperData};
use krilla::text::Font;
use skrifa::MetadataProvider;
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use std::sync::LazyLock;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Weight {
    Regular,
    Semibold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Script {
    /// Latin, Greek, Cyrillic; draws the empty box for what no font holds.
    European,
    Arabic,
    Hebrew,
}

/// One font file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Face {
    pub script: Script,
    pub weight: Weight,
}

pub(crate) struct Loaded {
    /// For the PDF, which embeds a subset.
    pub font: Font,
    pub reference: FontRef<'static>,
    pub shaper: ShaperData,
    pub units_per_em: f32,
    /// In parts of the font's size; the descent points down and is positive.
    pub ascent: f32,
    pub descent: f32,
    /// The empty box that stands for what no font holds, and its width; a font without one never draws it.
    pub missing: (u32, f32),
    charmap: Charmap<'static>,
}

impl Face {
    pub fn loaded(self) -> &'static Loaded {
        let index = match (self.script, self.weight) {
            (Script::European, Weight::Regular) => 0,
            (Script::European, Weight::Semibold) => 1,
            (Script::Arabic, Weight::Regular) => 2,
            (Script::Arabic, Weight::Semibold) => 3,
            (Script::Hebrew, Weight::Regular) => 4,
            (Script::Hebrew, Weight::Semibold) => 5,
        };
        &FONTS[index]
    }

    pub fn holds(self, letter: char) -> bool {
        self.loaded().charmap.map(letter).is_some()
    }

    /// The font for a character: the first that holds it, in the order in which the page's style sheet names them.
    pub fn holding(letter: char, weight: Weight) -> Self {
        let script = SCRIPTS.get(letter as usize).copied().unwrap_or(Script::European);
        Self { script, weight }
    }
}

/// Which font holds each character of the basic plane, where all of theirs are; both weights hold the same. Every letter of every document
/// asks, and a table answers ten times sooner than the fonts.
static SCRIPTS: LazyLock<Vec<Script>> = LazyLock::new(|| {
    let mut scripts = vec![Script::European; 0x1_0000];
    // The first of the fonts writes last.
    for script in [Script::Hebrew, Script::Arabic, Script::European] {
        for (character, _) in (Face { script, weight: Weight::Regular }).loaded().charmap.mappings() {
            if let Some(entry) = scripts.get_mut(character as usize) {
                *entry = script;
            }
        }
    }
    scripts
});

static FONTS: LazyLock<[Loaded; 6]> = LazyLock::new(|| {
    [
        include_bytes!("../../fonts/inter-regular.otf").as_slice(),
        include_bytes!("../../fonts/inter-semibold.otf"),
        include_bytes!("../../fonts/noto-sans-arabic-regular.ttf"),
        include_bytes!("../../fonts/noto-sans-arabic-bold.ttf"),
        include_bytes!("../../fonts/noto-sans-hebrew-regular.ttf"),
        include_bytes!("../../fonts/noto-sans-hebrew-bold.ttf"),
    ]
    .map(load)
});

#[expect(clippy::expect_used, reason = "the files are part of the program; a test loads each")]
fn load(bytes: &'static [u8]) -> Loaded {
    let reference = FontRef::new(bytes).expect("a bundled font");
    let metrics = reference.metrics(Size::unscaled(), LocationRef::default());
    let units_per_em = f32::from(metrics.units_per_em);
    let charmap = reference.charmap();
    let missing = charmap.map('□').unwrap_or_default();
    let missing_width = reference.glyph_metrics(Size::unscaled(), LocationRef::default()).advance_width(missing);
    Loaded {
        font: Font::new(bytes.into(), 0).expect("a bundled font"),
        shaper: ShaperData::new(&reference),
        charmap,
        missing: (missing.to_u32(), missing_width.unwrap_or_default() / units_per_em),
        units_per_em,
        ascent: metrics.ascent / units_per_em,
        descent: -metrics.descent / units_per_em,
        reference,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_loads_and_every_script_finds_its_font() {
        for weight in [Weight::Regular, Weight::Semibold] {
            let cases = [
                ("aZ09 .,-–—€£₦₹₽ ÄőŁžșẹŋƙ ΑΩ ЖЯї ✓→−", Script::European),
                ("\u{a0}\u{2011}’“”•…", Script::European),
                ("ابتثپچگ٠١٢،؟", Script::Arabic),
                ("אבגם", Script::Hebrew),
                ("漢😀क", Script::European),
            ];
            for (letters, script) in cases {
                for letter in letters.chars() {
                    assert_eq!(Face::holding(letter, weight).script, script, "{letter}");
                }
            }
            assert!(!Face { script: Script::European, weight }.holds('漢'));
        }
    }

    #[test]
    fn both_weights_hold_the_same_characters_of_the_basic_plane() {
        for script in [Script::European, Script::Arabic, Script::Hebrew] {
            let [regular, semibold] = [Weight::Regular, Weight::Semibold].map(|weight| {
                Face { script, weight }.loaded().charmap.mappings().map(|(character, _)| character).collect::<Vec<_>>()
            });
            assert_eq!(regular, semibold);
            assert!(regular.iter().all(|character| *character <= 0xffff));
        }
    }
}
