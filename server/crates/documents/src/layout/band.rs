//! What is placed on pages: bands, which hold columns of strips side by side. A strip is never cut; a band is, only where it must be.

use super::fonts::{Face, Script};
use super::paragraph::Line;
use super::structure::NodeId;
use super::style::{Ink, Style};
use crate::model::Align;

/// Something in a strip. `x` counts from the edge where reading starts.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub x: f32,
    pub width: f32,
    pub node: Option<NodeId>,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    /// `baseline` counts from the top of the strip.
    Text {
        line: Line,
        baseline: f32,
        ink: Ink,
    },
    Picture,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Strip {
    pub height: f32,
    pub pieces: Vec<Piece>,
}

/// Strips below each other.
pub(super) type Stack = Vec<Strip>;

#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub x: f32,
    pub width: f32,
    pub ink: Ink,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Band {
    pub stacks: Vec<Stack>,
    /// Space above and below the strips.
    pub before: f32,
    pub after: f32,
    pub above: Option<Rule>,
    pub below: Option<Rule>,
}

/// Where lines stand: from `x`, `width` wide, at one of its edges.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub x: f32,
    pub width: f32,
    pub align: Align,
}

impl Column {
    pub const fn start(x: f32, width: f32) -> Self {
        Self { x, width, align: Align::Start }
    }

    pub const fn end(x: f32, width: f32) -> Self {
        Self { x, width, align: Align::End }
    }

    /// The part of this width at its end edge.
    pub const fn last(self, width: f32) -> Self {
        Self { x: self.x + self.width - width, width, align: self.align }
    }

    pub fn stack(self, lines: Vec<Line>, style: &Style, node: Option<NodeId>) -> Stack {
        let metrics = Face { script: Script::European, weight: style.weight }.loaded();
        let spare = style.leading - (metrics.ascent + metrics.descent) * style.size;
        let baseline = spare / 2.0 + metrics.ascent * style.size;
        let place = |line: Line| {
            let x = match self.align {
                Align::Start => self.x,
                Align::End => self.x + self.width - line.width,
            };
            let content = |line| Content::Text { line, baseline, ink: style.ink };
            let width = line.width;
            let pieces =
                if line.runs.is_empty() { Vec::new() } else { vec![Piece { x, width, node, content: content(line) }] };
            Strip { height: style.leading, pieces }
        };
        lines.into_iter().map(place).collect()
    }
}

/// Two stacks as one, strip beside strip: a label and its value stay together.
pub(super) fn beside(left: Stack, right: Stack) -> Stack {
    let rows = left.len().max(right.len());
    let mut left = left.into_iter();
    let mut right = right.into_iter();
    let join = |_| {
        let mut one = left.next().unwrap_or_default();
        let other = right.next().unwrap_or_default();
        one.height = one.height.max(other.height);
        one.pieces.extend(other.pieces);
        one
    };
    (0..rows).map(join).collect()
}

pub(super) fn gap(height: f32) -> Strip {
    Strip { height, pieces: Vec::new() }
}

pub(super) fn height(stack: &[Strip]) -> f32 {
    stack.iter().map(|strip| strip.height).sum()
}

impl Band {
    pub fn of(stack: Stack) -> Self {
        Self { stacks: vec![stack], ..Self::default() }
    }

    pub fn height(&self) -> f32 {
        self.before + self.stacks.iter().map(|stack| height(stack)).fold(0.0, f32::max) + self.after
    }

    /// As it stands on the pages that repeat it: drawn, and part of nothing.
    pub fn repeated(&self) -> Self {
        let mut copy = self.clone();
        for piece in copy.stacks.iter_mut().flatten().flat_map(|strip| &mut strip.pieces) {
            piece.node = None;
        }
        copy
    }
}
