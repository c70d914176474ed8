//! Sizes and colours on paper, in points. `document.css` says the same for the screen; a test holds the colours together.

use super::fonts::Weight;

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    pub size: f32,
    /// From one line to the next.
    pub leading: f32,
    pub weight: Weight,
    pub ink: Ink,
    /// Figures of one width.
    pub tabular: bool,
}

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ink(pub u8, pub u8, pub u8);

pub(crate) const TEXT: Ink = Ink(0x1a, 0x1e, 0x27);
pub(crate) const MUTED: Ink = Ink(0x52, 0x57, 0x61);
pub(crate) const HAIRLINE: Ink = Ink(0xe3, 0xe5, 0xe9);
pub(crate) const LINE: Ink = Ink(0xcc, 0xcf, 0xd5);

const fn style(size: f32, leading: f32, weight: Weight, ink: Ink) -> Style {
    Style { size, leading, weight, ink, tabular: false }
}

const fn figures(style: Style) -> Style {
    Style { tabular: true, ..style }
}

pub(super) const TITLE: Style = style(22.0, 26.0, Weight::Semibold, TEXT);
pub(super) const LEAD: Style = figures(style(13.0, 18.0, Weight::Semibold, TEXT));
pub(super) const BODY: Style = style(9.0, 13.0, Weight::Regular, TEXT);
pub(super) const STRONG: Style = style(9.0, 13.0, Weight::Semibold, TEXT);
pub(super) const LABEL: Style = style(8.0, 13.0, Weight::Regular, MUTED);
pub(super) const QUIET: Style = style(9.0, 13.0, Weight::Regular, MUTED);
pub(super) const DETAIL: Style = style(8.0, 11.5, Weight::Regular, MUTED);
pub(super) const NUMBER: Style = figures(BODY);
pub(super) const NUMBER_DETAIL: Style = figures(DETAIL);
pub(super) const NUMBER_STRONG: Style = figures(STRONG);
pub(super) const GRAND: Style = figures(style(11.0, 15.0, Weight::Semibold, TEXT));
pub(super) const FOOT: Style = figures(style(7.5, 10.5, Weight::Regular, MUTED));

/// From the edge of the paper to what is printed.
pub(super) const MARGIN: f32 = 51.0;
/// From the foot to the lower edge.
pub(super) const BOTTOM: f32 = 36.0;
/// Between columns.
pub(super) const GUTTER: f32 = 14.0;
/// Above and below the text of a row.
pub(super) const ROW_PADDING: f32 = 5.5;
pub(super) const RULE: f32 = 0.6;
