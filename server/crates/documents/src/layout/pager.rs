//! Fills pages from top to bottom with bands, and puts onto every page what every page has.

use super::band::{Band, Column, Content, Piece, Rule, Stack, Strip};
use super::paragraph::{OWN, lines, unbroken};
use super::style::{BOTTOM, FOOT, GUTTER, HAIRLINE, MARGIN, RULE};
use super::{Area, Drawn, Item, Page};
use crate::model::{Direction, Document};
use crate::text::fill;

/// From the top of the foot to what stands above it.
const ABOVE_FOOT: f32 = 22.0;
/// From the rule above the foot to its text.
const BELOW_RULE: f32 = 7.0;
/// Height of the head of later pages, and what it keeps free below it.
const HEAD: f32 = FOOT.leading + 12.0;
/// A longer foot is printed once, at the end.
const FOOT_LINES: usize = 3;
const PAGE_LABEL: f32 = 110.0;

pub(super) struct Pager<'a> {
    document: &'a Document,
    pub width: f32,
    pub height: f32,
    /// What is left of the space between parts.
    spacing: f32,
    pages: Vec<Page>,
    /// Where the next band goes.
    y: f32,
    bottom: f32,
    foot: Stack,
    /// What heads the table on every page that it reaches.
    table_head: Option<Band>,
}

impl<'a> Pager<'a> {
    pub fn new(document: &'a Document, spacing: f32) -> Self {
        let (width, height) = document.page.points();
        let room = width - 2.0 * MARGIN - PAGE_LABEL - GUTTER;
        let foot = lines(&document.footer, &FOOT, OWN, room);
        let foot = if foot.len() > FOOT_LINES { Vec::new() } else { foot };
        let foot_height = FOOT.leading * foot.len().max(1) as f32;
        Self {
            document,
            width,
            height,
            spacing,
            pages: vec![Page::default()],
            y: MARGIN,
            bottom: height - BOTTOM - foot_height - ABOVE_FOOT,
            foot: Column::start(0.0, room).stack(foot, &FOOT, None),
            table_head: None,
        }
    }

    /// The width of what is printed.
    pub fn measure(&self) -> f32 {
        self.width - 2.0 * MARGIN
    }

    /// Whether the foot is too long for every page.
    pub fn prints_foot_once(&self) -> bool {
        self.foot.is_empty() && !self.document.footer.is_empty()
    }

    /// What the page still takes.
    fn room(&self) -> f32 {
        self.bottom - self.y
    }

    /// What an empty page takes, below a table's head if there is one.
    fn whole(&self) -> f32 {
        let head = self.table_head.as_ref().map_or(0.0, Band::height);
        self.bottom - MARGIN - HEAD - head
    }

    pub fn head_table(&mut self, head: Option<Band>) {
        // A head that fills the page would leave no room for rows.
        self.table_head = head.filter(|head| head.height() < (self.bottom - MARGIN) / 4.0);
    }

    /// Goes to a new page unless this much fits here, or would not fit there either.
    pub fn keep(&mut self, height: f32) {
        if height > self.room() && height <= self.whole() {
            self.turn();
        }
    }

    pub fn skip(&mut self, height: f32) {
        self.y += self.spaced(height);
    }

    /// As much of a space as this document gives.
    pub fn spaced(&self, height: f32) -> f32 {
        height * self.spacing
    }

    /// Places a band on one page where that is possible.
    pub fn put(&mut self, band: Band) {
        self.keep(band.height());
        self.pour(band);
    }

    /// Places a band from here on, over as many pages as it needs.
    pub fn pour(&mut self, mut band: Band) {
        if let Some(rule) = band.above {
            self.rule(rule);
        }
        self.y += band.before;
        let mut reached = self.fill(&mut band.stacks, true);
        while !band.stacks.iter().all(Vec::is_empty) {
            self.turn();
            self.y += band.before;
            reached = self.fill(&mut band.stacks, false);
        }
        self.y = reached + band.after;
        if let Some(rule) = band.below {
            self.rule(rule);
        }
    }

    /// Takes from each stack what fits, and says how far down that reaches. Of running text no line is left alone, neither here, where it
    /// `begins`, nor on the next page.
    fn fill(&mut self, stacks: &mut [Stack], begins: bool) -> f32 {
        let running = stacks.len() == 1;
        let before = self.pages.last().map_or(0, |page| page.items.len());
        let mut reached = self.y;
        for stack in stacks {
            let mut y = self.y;
            let fits = |strip: &&Strip| {
                y += strip.height;
                y <= self.bottom + 0.01
            };
            let mut count = stack.iter().take_while(fits).count();
            if running && count < stack.len() {
                if count > 2 && count + 1 == stack.len() {
                    count -= 1;
                }
                if count == 1 && begins {
                    count = 0;
                }
            }
            let mut y = self.y;
            for strip in stack.drain(..count) {
                for piece in strip.pieces {
                    self.place(piece, y, strip.height);
                }
                y += strip.height;
            }
            reached = reached.max(y);
        }
        // A label of two lines is read as a whole before the value that stands beside its first.
        if let Some(page) = self.pages.last_mut() {
            page.items[before..].sort_by_key(|item| item.node);
        }
        reached
    }

    fn turn(&mut self) {
        self.pages.push(Page::default());
        self.y = MARGIN;
        let name: String = self.document.name.chars().take(100).collect();
        let head = unbroken(&name, &FOOT, OWN, self.measure());
        let head = Column::start(0.0, self.measure()).stack(head.into_iter().take(1).collect(), &FOOT, None);
        self.fill(&mut [head], false);
        self.y += HEAD;
        if let Some(mut head) = self.table_head.as_ref().map(Band::repeated) {
            let end = self.y + head.height();
            self.y += head.before;
            self.fill(&mut head.stacks, false);
            self.y = end;
            if let Some(rule) = head.below {
                self.rule(rule);
            }
        }
    }

    fn place(&mut self, piece: Piece, y: f32, height: f32) {
        let area = Area { x: self.across(piece.x, piece.width), y, width: piece.width, height };
        let drawn = match piece.content {
            Content::Text { line, baseline, ink } => Drawn::Text { line, baseline: y + baseline, ink },
            Content::Picture => Drawn::Picture,
        };
        self.push(Item { area, drawn, node: piece.node });
    }

    fn rule(&mut self, rule: Rule) {
        let area = Area { x: self.across(rule.x, rule.width), y: self.y - RULE / 2.0, width: rule.width, height: RULE };
        self.push(Item { area, drawn: Drawn::Rule(rule.ink), node: None });
    }

    fn push(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.items.push(item);
        }
    }

    /// From the edge where reading starts to the left edge of the paper.
    fn across(&self, x: f32, width: f32) -> f32 {
        match self.document.direction {
            Direction::LeftToRight => MARGIN + x,
            Direction::RightToLeft => self.width - MARGIN - x - width,
        }
    }

    /// The pages, each with its foot and its number.
    pub fn finish(mut self) -> Vec<Page> {
        let foot_at = self.bottom + ABOVE_FOOT;
        self.bottom = self.height;
        let pages = std::mem::take(&mut self.pages);
        let count = pages.len().to_string();
        for (index, page) in pages.into_iter().enumerate() {
            self.pages.push(page);
            let number = (index + 1).to_string();
            let label = fill(&self.document.page_label, &[("page", &number), ("pages", &count)]);
            let label =
                unbroken(&label, &FOOT, Some(self.document.direction), PAGE_LABEL).into_iter().take(1).collect();
            let label = Column::end(self.measure() - PAGE_LABEL, PAGE_LABEL).stack(label, &FOOT, None);
            self.y = foot_at - BELOW_RULE;
            self.rule(Rule { x: 0.0, width: self.measure(), ink: HAIRLINE });
            self.y = foot_at;
            self.fill(&mut [self.foot.clone(), label], false);
        }
        self.pages
    }
}
