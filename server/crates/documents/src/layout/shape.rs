//! From characters to glyphs: a line of text is cut into stretches of one direction and one font, and HarfBuzz's port shapes each.

use super::fonts::{Face, Weight};
use harfrust::{BufferClusterLevel, Direction, Feature, ShapeOptions, ShapePlan, ShapePlanKey, Tag, UnicodeBuffer};
use std::cell::RefCell;
use std::ops::Range;
use unicode_bidi::{BidiClass, Level, bidi_class};

/// Lengths are parts of the font's size.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Glyph {
    pub id: u32,
    pub advance: f32,
    pub dx: f32,
    pub dy: f32,
    /// The bytes of the text that this glyph, with its neighbours of the same range, stands for.
    pub cluster: Range<usize>,
}

/// Glyphs of one font in one direction, from left to right.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub face: Face,
    pub glyphs: Vec<Glyph>,
}

impl Run {
    pub fn advance(&self) -> f32 {
        self.glyphs.iter().map(|glyph| glyph.advance).sum()
    }
}

/// A stretch of one font and one direction.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Segment {
    pub range: Range<usize>,
    pub face: Face,
    pub level: Level,
}

/// Cuts `text` in logical order. `levels` has one entry for each byte.
pub(super) fn segments(text: &str, levels: &[Level], weight: Weight) -> Vec<Segment> {
    let mut found: Vec<Segment> = Vec::new();
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        let level = levels.get(at).copied().unwrap_or_else(Level::ltr);
        match found.last_mut() {
            Some(last) if last.level == level && belongs(letter, last.face, weight) => last.range.end = end,
            _ => found.push(Segment { range: at..end, face: Face::holding(letter, weight), level }),
        }
    }
    found
}

/// Marks and joiners stay with the letter that they belong to, so that the font can place them.
fn belongs(letter: char, face: Face, weight: Weight) -> bool {
    follows(letter) && face.holds(letter) || Face::holding(letter, weight) == face
}

/// Whether a character belongs to the one before it: a mark, a joiner.
pub(super) fn follows(letter: char) -> bool {
    matches!(bidi_class(letter), BidiClass::NSM | BidiClass::BN)
}

/// Shapes one stretch of `text`; clusters are ranges of `text`.
pub(super) fn shape(text: &str, segment: &Segment, tabular: bool) -> Run {
    let Segment { range, face, level } = segment;
    let loaded = face.loaded();
    let mut buffer = UnicodeBuffer::new();
    for (at, letter) in text[range.clone()].char_indices() {
        // Text never reaches four gigabytes: the server takes no such request.
        buffer.add(letter, u32::try_from(range.start + at).unwrap_or(u32::MAX));
    }
    buffer.guess_segment_properties();
    // Marks keep a range of their own, so that a viewer can tell which way a run of glyphs is read.
    buffer.set_cluster_level(BufferClusterLevel::MonotoneCharacters);
    buffer.set_direction(if level.is_rtl() { Direction::RightToLeft } else { Direction::LeftToRight });
    let features: &[Feature] = if tabular { &TABULAR } else { &[] };
    let shaper = loaded.shaper.shaper(&loaded.reference).build();
    let shaped = PLANS.with_borrow_mut(|plans| {
        let plan = plan(plans, *face, &shaper, &buffer, features);
        shaper.shape(buffer, ShapeOptions::new().features(features).plan(Some(plan)))
    });
    let scale = loaded.units_per_em.recip();
    let placed = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
    let mut glyphs: Vec<Glyph> = placed
        .map(|(info, position)| {
            let (id, advance) = match info.glyph_id {
                0 => loaded.missing,
                id => (id, position.x_advance as f32 * scale),
            };
            let (dx, dy) = (position.x_offset as f32 * scale, position.y_offset as f32 * scale);
            Glyph { id, advance, dx, dy, cluster: info.cluster as usize..range.end }
        })
        .collect();
    if level.is_rtl() {
        end_clusters(glyphs.iter_mut());
    } else {
        end_clusters(glyphs.iter_mut().rev());
    }
    Run { face: *face, glyphs }
}

/// A cluster ends where the next one begins. `backwards` goes from the end of the text to its beginning.
fn end_clusters<'a>(backwards: impl Iterator<Item = &'a mut Glyph>) {
    let mut previous: Option<Range<usize>> = None;
    for glyph in backwards {
        glyph.cluster.end = match &previous {
            None => glyph.cluster.end,
            Some(next) if next.start == glyph.cluster.start => next.end,
            Some(next) => next.start,
        };
        previous = Some(glyph.cluster.clone());
    }
}

static TABULAR: [Feature; 1] = [Feature { tag: Tag::new(b"tnum"), value: 1, start: 0, end: u32::MAX }];

type Plans = Vec<(Face, ShapePlan)>;

thread_local! {
    /// Making a plan costs more than shaping a word with it, and a document needs a handful.
    static PLANS: RefCell<Plans> = const { RefCell::new(Vec::new()) };
}

/// More plans than scripts and fonts can honestly ask for; a text of all scripts of the world must not fill the memory.
const PLANS_KEPT: usize = 64;

fn plan<'a>(
    plans: &'a mut Plans,
    face: Face,
    shaper: &harfrust::Shaper,
    buffer: &UnicodeBuffer,
    features: &[Feature],
) -> &'a ShapePlan {
    let script = buffer.script();
    let key = ShapePlanKey::new(Some(script), buffer.direction()).features(features);
    let known = plans.iter().position(|(known, plan)| *known == face && key.matches(plan));
    let index = known.unwrap_or_else(|| {
        if plans.len() >= PLANS_KEPT {
            plans.clear();
        }
        plans.push((face, ShapePlan::new(shaper, buffer.direction(), Some(script), None, features)));
        plans.len() - 1
    });
    &plans[index].1
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_bidi::BidiInfo;

    fn runs(text: &str) -> Vec<Run> {
        let levels = BidiInfo::new(text, None).levels;
        segments(text, &levels, Weight::Regular).iter().map(|segment| shape(text, segment, false)).collect()
    }

    #[test]
    fn letters_are_kerned() {
        let together = runs("AV")[0].advance();
        let apart = runs("A")[0].advance() + runs("V")[0].advance();
        assert!(together < apart - 0.01, "{together} {apart}");
    }

    #[test]
    fn arabic_letters_join() {
        let alone = runs("ب")[0].glyphs[0].id;
        let joined = &runs("ببب")[0].glyphs;
        assert_eq!(joined.len(), 3);
        assert!(joined.iter().all(|glyph| glyph.id != alone));
        assert_eq!(joined.iter().map(|glyph| glyph.cluster.clone()).collect::<Vec<_>>(), [4..6, 2..4, 0..2]);
    }

    #[test]
    fn figures_of_one_width_on_request() {
        let widths = |tabular| {
            ["1", "0", "8"].map(|digit| {
                let levels = vec![Level::ltr()];
                shape(digit, &segments(digit, &levels, Weight::Regular)[0], tabular).advance()
            })
        };
        let [one, zero, eight] = widths(true);
        assert!(one == zero && zero == eight);
        let [one, zero, _] = widths(false);
        assert!(one < zero);
    }

    #[test]
    fn marks_stay_with_their_letter() {
        let found = runs("e\u{301}x");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].glyphs[0].cluster, 0..3);
        assert_eq!(runs("سَلام").len(), 1);
        assert_eq!(runs("می\u{200c}خواهم").len(), 1);
    }

    #[test]
    fn what_no_font_holds_is_a_box() {
        let square = runs("□")[0].glyphs[0].id;
        assert!(square != 0 && runs("漢😀")[0].glyphs.iter().all(|glyph| glyph.id == square && glyph.advance > 0.3));
    }
}
