//! Lines of text: breaks a string to a width, and puts each line's stretches into the order in which they are seen (UAX 9).

use super::shape::{Glyph, Run, Segment, follows, segments, shape};
use super::style::Style;
use crate::model::Direction;
use crate::text::clean;
use std::ops::Range;
use unicode_bidi::{BidiInfo, Level};
use unicode_linebreak::{BreakOpportunity, linebreaks};

/// One line, shaped and ready to be placed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// What it says, in the order in which it is read. Clusters of `runs` are ranges of it.
    pub text: String,
    /// From left to right.
    pub runs: Vec<Run>,
    /// Points.
    pub size: f32,
    pub width: f32,
}

/// A hair, so that rounding never breaks what was measured to fit.
const SLACK: f32 = 0.01;

/// Below this a number is broken rather than made smaller.
const SMALLEST: f32 = 0.6;

/// Which way a text is read: the document's for words of ours, and its own, which its first letter tells, for data.
pub(super) type Reading = Option<Direction>;

/// Data is read in its own direction.
pub(super) const OWN: Reading = None;

/// Breaks `text` to `width`. Line ends in the text hold; a word that is wider than a line is broken between its letters.
pub(super) fn lines(text: &str, style: &Style, reading: Reading, width: f32) -> Vec<Line> {
    let text = clean(text);
    let mut lines = Vec::new();
    for paragraph in text.split('\n').filter(|_| !text.is_empty()) {
        Paragraph::new(paragraph, style, reading).lines(width, &mut lines);
    }
    lines
}

/// For numbers, which must not be misread: made smaller before they are broken.
pub(super) fn unbroken(text: &str, style: &Style, reading: Reading, width: f32) -> Vec<Line> {
    let mut whole = lines(text, style, reading, f32::INFINITY);
    let widest = widest(&whole);
    if widest > width && width < widest * SMALLEST {
        return lines(text, style, reading, width);
    }
    for line in &mut whole {
        line.shrink_to(width);
    }
    whole
}

/// How wide a text is where nothing breaks it.
pub(super) fn natural(text: &str, style: &Style) -> f32 {
    widest(&lines(text, style, OWN, f32::INFINITY))
}

fn widest(lines: &[Line]) -> f32 {
    lines.iter().map(|line| line.width).fold(0.0, f32::max)
}

impl Line {
    fn shrink_to(&mut self, width: f32) {
        if self.width > width + SLACK {
            self.size *= width / self.width;
            self.width = width;
        }
    }
}

/// A letter, or several that are drawn as one, in the order of reading.
struct Cluster {
    start: usize,
    advance: f32,
    blank: bool,
}

struct Paragraph<'a> {
    text: &'a str,
    style: &'a Style,
    segments: Vec<Segment>,
    runs: Vec<Run>,
}

impl<'a> Paragraph<'a> {
    fn new(text: &'a str, style: &'a Style, reading: Reading) -> Self {
        let level = reading.map(|direction| match direction {
            Direction::LeftToRight => Level::ltr(),
            Direction::RightToLeft => Level::rtl(),
        });
        let bidi = BidiInfo::new(text, level);
        let segments = segments(text, &bidi.levels, style.weight);
        let runs = segments.iter().map(|segment| shape(text, segment, style.tabular)).collect();
        Self { text, style, segments, runs }
    }

    fn lines(&self, width: f32, out: &mut Vec<Line>) {
        let total: f32 = self.runs.iter().map(Run::advance).sum();
        if total * self.style.size <= width + SLACK {
            out.push(self.line(0..self.text.len()));
            return;
        }
        let clusters = self.clusters();
        let opportunities: Vec<usize> =
            linebreaks(self.text).filter(|(_, kind)| *kind == BreakOpportunity::Allowed).map(|(at, _)| at).collect();
        let mut first = 0;
        while first < clusters.len() {
            let next = break_before(&clusters, &opportunities, first, width / self.style.size);
            first = self.fit(&clusters, first, next, width, out);
        }
    }

    /// Draws the clusters from `first` to `next`, or fewer where letters that no longer join became wider. Says where to go on.
    fn fit(&self, clusters: &[Cluster], first: usize, mut next: usize, width: f32, out: &mut Vec<Line>) -> usize {
        loop {
            let end = clusters.get(next).map_or(self.text.len(), |cluster| cluster.start);
            let mut line = self.line(clusters[first].start..end);
            let several = clusters[first + 1..next].iter().any(|cluster| !cluster.blank);
            if line.width > width + SLACK && several {
                next -= 1;
                continue;
            }
            line.shrink_to(width);
            out.push(line);
            return next;
        }
    }

    fn clusters(&self) -> Vec<Cluster> {
        let mut clusters: Vec<Cluster> = Vec::with_capacity(self.text.len());
        for (segment, run) in self.segments.iter().zip(&self.runs) {
            let mut add = |glyph: &Glyph| match clusters.last_mut() {
                Some(last) if last.start == glyph.cluster.start || self.goes_on(glyph) => last.advance += glyph.advance,
                _ => clusters.push(Cluster {
                    start: glyph.cluster.start,
                    advance: glyph.advance,
                    blank: self.text[glyph.cluster.clone()].trim_matches(' ').is_empty(),
                }),
            };
            if segment.level.is_rtl() {
                run.glyphs.iter().rev().for_each(&mut add);
            } else {
                run.glyphs.iter().for_each(&mut add);
            }
        }
        clusters
    }

    fn goes_on(&self, glyph: &Glyph) -> bool {
        self.text[glyph.cluster.clone()].chars().next().is_some_and(follows)
    }

    /// The stretches of one line, reordered. Shaped anew, because letters join and kern differently where a line ends.
    fn line(&self, range: Range<usize>) -> Line {
        let whole = range == (0..self.text.len());
        let start = range.start;
        let range = start..start + self.text[range].trim_end_matches(' ').len();
        let text = self.text[range.clone()].to_owned();
        let first = self.segments.partition_point(|segment| segment.range.end <= range.start);
        let inside =
            self.segments.iter().enumerate().skip(first).take_while(|(_, segment)| segment.range.start < range.end);
        let (levels, runs): (Vec<Level>, Vec<Run>) = inside
            .map(|(index, segment)| {
                let run = if whole && range.end == self.text.len() {
                    self.runs[index].clone()
                } else {
                    let part = segment.range.start.max(range.start) - start..segment.range.end.min(range.end) - start;
                    shape(&text, &Segment { range: part, ..*segment }, self.style.tabular)
                };
                (segment.level, run)
            })
            .unzip();
        let mut runs: Vec<Option<Run>> = runs.into_iter().map(Some).collect();
        // White space at the end of the line, which would take the paragraph's level (rule L1), is cut off above.
        let seen = BidiInfo::reorder_visual(&levels);
        let runs: Vec<Run> = seen.into_iter().filter_map(|index| runs[index].take()).collect();
        let width = runs.iter().map(Run::advance).sum::<f32>() * self.style.size;
        Line { text, runs, size: self.style.size, width }
    }
}

/// Where the line that begins with the cluster `first` ends: the cluster before which to break. At least one cluster fits.
fn break_before(clusters: &[Cluster], opportunities: &[usize], first: usize, width: f32) -> usize {
    let mut reached = 0.0;
    let mut allowed = None;
    let mut ahead = opportunities.partition_point(|at| *at <= clusters[first].start);
    for (index, cluster) in clusters.iter().enumerate().skip(first) {
        while opportunities.get(ahead).is_some_and(|at| *at < cluster.start) {
            ahead += 1;
        }
        if index > first && opportunities.get(ahead) == Some(&cluster.start) {
            allowed = Some(index);
        }
        // Spaces may hang over the edge, where nobody sees them.
        if !cluster.blank && reached + cluster.advance > width + SLACK && index > first {
            return allowed.unwrap_or(index);
        }
        reached += cluster.advance;
    }
    clusters.len()
}

#[cfg(test)]
mod tests {
    use super::super::style::BODY;
    use super::*;

    fn broken(text: &str, width: f32) -> Vec<String> {
        lines(text, &BODY, OWN, width).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn breaks_between_words_and_inside_only_where_it_must() {
        assert_eq!(broken("Brake pads, front axle", 60.0), ["Brake pads,", "front axle"]);
        assert_eq!(broken("one\n\ntwo", 60.0), ["one", "", "two"]);
        assert_eq!(broken("", 60.0), [""; 0]);
        let parts = broken("Donaudampfschifffahrtsgesellschaft", 60.0);
        assert!(parts.len() > 2);
        assert_eq!(parts.concat(), "Donaudampfschifffahrtsgesellschaft");
    }

    #[test]
    fn directions_are_mixed_as_they_are_read() {
        let line = &lines("שלום KES 1,200 abc", &BODY, OWN, 500.0)[0];
        assert_eq!(line.text, "שלום KES 1,200 abc");
        let seen: Vec<&str> = line.runs.iter().map(|run| &line.text[run.glyphs[0].cluster.clone()]).collect();
        // From left to right: what comes last is Latin and stands at the left, the Hebrew word at the right.
        assert_eq!(seen.first(), Some(&"K"));
        assert_eq!(seen.last(), Some(&"ם"));
    }

    #[test]
    fn our_words_are_read_as_the_document_is() {
        let first = |reading| {
            let line = lines("KES 5 شكرا", &BODY, reading, 500.0).remove(0);
            line.text[line.runs[0].glyphs[0].cluster.clone()].to_owned()
        };
        assert_eq!(first(OWN), "K");
        assert_eq!(first(Some(Direction::RightToLeft)), "ا");
    }

    #[test]
    fn numbers_are_made_smaller_before_they_are_broken() {
        let number = "1,234,567,890.00";
        let natural = natural(number, &BODY);
        let smaller = unbroken(number, &BODY, OWN, natural * 0.8);
        assert_eq!((smaller.len(), smaller[0].text.as_str()), (1, number));
        assert!(smaller[0].size < BODY.size && smaller[0].width <= natural * 0.8 + SLACK);
        assert!(unbroken(number, &BODY, OWN, natural * 0.3).len() > 1);
    }

    #[test]
    fn a_letter_wider_than_its_column_is_made_smaller() {
        let wide = lines("﷽ ﷽", &BODY, OWN, 10.0);
        assert_eq!(wide.len(), 2);
        assert!(wide.iter().all(|line| line.width <= 10.0 + SLACK && line.size < BODY.size));
    }

    #[test]
    fn half_a_megabyte_is_broken_in_time_that_grows_with_it() {
        let text = "abc اب ".repeat(60_000);
        let broken = lines(&text, &BODY, OWN, 200.0);
        assert!(broken.len() > 5_000);
        assert!(broken.iter().all(|line| line.width <= 200.0 + SLACK));
    }
}
