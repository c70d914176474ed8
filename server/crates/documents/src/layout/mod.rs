//! Where everything stands on paper. The result is data, so that a test can ask whether anything overlaps, leaves the page or is missing;
//! `pdf` draws it without deciding anything.

mod band;
mod compose;
pub(crate) mod fonts;
mod pager;
mod paragraph;
mod picture;
mod shape;
pub(crate) mod structure;
mod style;
mod table;

pub use compose::compose;

pub(crate) use paragraph::Line;
pub(crate) use picture::Picture;
pub(crate) use shape::{Glyph, Run};
pub(crate) use style::Ink;

use structure::{NodeId, Structure};

/// A document on its pages. Lengths are points, from the top left corner.
#[derive(Debug, Clone)]
pub struct Layout {
    pub width: f32,
    pub height: f32,
    pub pages: Vec<Page>,
    pub(crate) picture: Option<Picture>,
    pub(crate) structure: Structure,
}

#[derive(Debug, Clone, Default)]
pub struct Page {
    /// In the order of reading.
    pub items: Vec<Item>,
}

/// The colours on paper, as the style sheet writes them.
#[cfg(test)]
pub(crate) fn colours() -> [String; 4] {
    [style::TEXT, style::MUTED, style::HAIRLINE, style::LINE].map(|Ink(r, g, b)| format!("#{r:02x}{g:02x}{b:02x}"))
}

/// Something that is drawn.
#[derive(Debug, Clone)]
pub struct Item {
    pub area: Area,
    pub(crate) drawn: Drawn,
    /// What it is part of. Nothing for rules, and for what pages repeat: heads, feet, page numbers.
    pub(crate) node: Option<NodeId>,
}

#[derive(Debug, Clone)]
pub(crate) enum Drawn {
    /// `baseline` counts from the top of the page.
    Text {
        line: Line,
        baseline: f32,
        ink: Ink,
    },
    Rule(Ink),
    Picture,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

impl Item {
    /// The line of text in the order of reading, unless it is a rule or a picture.
    pub fn text(&self) -> Option<&str> {
        match &self.drawn {
            Drawn::Text { line, .. } => Some(&line.text),
            Drawn::Rule(_) | Drawn::Picture => None,
        }
    }

    /// Whether it is there for the page, not for the document: a repeated head, a foot, a page number.
    pub fn is_repeated(&self) -> bool {
        self.node.is_none()
    }
}

impl Area {
    /// Whether two areas share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        const HAIR: f32 = 0.05;
        self.x + HAIR < other.x + other.width
            && other.x + HAIR < self.x + self.width
            && self.y + HAIR < other.y + other.height
            && other.y + HAIR < self.y + self.height
    }

    pub fn lies_within(&self, outer: &Self) -> bool {
        const HAIR: f32 = 0.05;
        self.x >= outer.x - HAIR
            && self.y >= outer.y - HAIR
            && self.x + self.width <= outer.x + outer.width + HAIR
            && self.y + self.height <= outer.y + outer.height + HAIR
    }
}
