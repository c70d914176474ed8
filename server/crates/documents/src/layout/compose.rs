//! From a document to its pages: what stands where, in the order of the document's fields.

use super::band::{Band, Column, Content, Piece, Rule, Stack, Strip, beside};
use super::pager::Pager;
use super::paragraph::{OWN, Reading, lines, natural, unbroken};
use super::picture::Picture;
use super::structure::{Kind, NodeId, ROOT, Structure};
use super::style::{BODY, FOOT, GRAND, GUTTER, LABEL, LEAD, LINE, NUMBER, NUMBER_STRONG, QUIET, STRONG, Style, TITLE};
use super::{Layout, table};
use crate::model::{Direction, Document, Emphasis, Fact, Party, Section, Total};
use crate::text::clean;

/// The largest a logo gets.
const LOGO: (f32, f32) = (160.0, 44.0);
/// Lines of running text get no longer than this: an eye that returns must find the next one.
const READABLE: f32 = 380.0;
/// Lines of a paragraph that stays in one piece.
const SHORT: usize = 6;
/// The block of totals.
const TOTALS: f32 = 260.0;

/// What is left of the space between parts where that saves the second page.
const TIGHT: f32 = 0.7;

/// Lays a document out on pages. Nobody wants a second one for a few lines that a little less space would have kept on the first.
pub fn compose(document: &Document) -> Layout {
    let layout = spaced(document, 1.0);
    if layout.pages.len() != 2 {
        return layout;
    }
    let tight = spaced(document, TIGHT);
    if tight.pages.len() == 1 { tight } else { layout }
}

fn spaced(document: &Document, spacing: f32) -> Layout {
    let mut pager = Pager::new(document, spacing);
    let mut structure = Structure::new();
    let picture = document.logo.as_ref().and_then(|logo| Picture::read(&logo.png));
    masthead(document, picture.as_ref(), &mut pager, &mut structure);
    parties(document, &mut pager, &mut structure);
    if let Some(lead) = document.lead.as_deref() {
        let node = structure.add(ROOT, Kind::Paragraph);
        pager.skip(20.0);
        let measure = pager.measure();
        pager.pour(Band::of(Column::start(0.0, measure).stack(
            lines(lead, &LEAD, Some(document.direction), measure),
            &LEAD,
            Some(node),
        )));
    }
    pager.skip(20.0);
    let following = totals(document, pager.measure(), &mut Structure::new());
    let followed_by = pager.spaced(BEFORE_TOTALS) + height_of(&following);
    table::put(document, followed_by, &mut pager, &mut structure);
    put_totals(document, &mut pager, &mut structure);
    for section in &document.sections {
        put_section(section, Some(document.direction), &mut pager, &mut structure);
    }
    if pager.prints_foot_once() {
        let node = structure.add(ROOT, Kind::Paragraph);
        pager.skip(20.0);
        let measure = pager.measure();
        pager.pour(Band::of(Column::start(0.0, measure).stack(
            lines(&document.footer, &FOOT, OWN, measure),
            &FOOT,
            Some(node),
        )));
    }
    let (width, height) = (pager.width, pager.height);
    Layout { width, height, pages: pager.finish(), picture, structure }
}

/// The title, and the logo across from it.
fn masthead(document: &Document, picture: Option<&Picture>, pager: &mut Pager, structure: &mut Structure) {
    let measure = pager.measure();
    let room = if picture.is_some() { measure - LOGO.0 - GUTTER } else { measure };
    let node = structure.add(ROOT, Kind::Heading(1));
    let title = lines(&document.title, &TITLE, Some(document.direction), room);
    let mut stacks = vec![Column::start(0.0, room).stack(title, &TITLE, Some(node))];
    if let (Some(picture), Some(logo)) = (picture, &document.logo) {
        let (width, height) = picture.fit(LOGO.0, LOGO.1);
        let node = Some(structure.add(ROOT, Kind::Figure(clean(&logo.alternative))));
        let piece = Piece { x: measure - width, width, node, content: Content::Picture };
        stacks.push(vec![Strip { height, pieces: vec![piece] }]);
    }
    pager.pour(Band { stacks, ..Band::default() });
}

/// Who sells, who buys, and the facts, in three columns.
fn parties(document: &Document, pager: &mut Pager, structure: &mut Structure) {
    let narrow = (pager.measure() - 2.0 * GUTTER) * 0.3;
    let wide = pager.measure() - 2.0 * (narrow + GUTTER);
    let words = Some(document.direction);
    let stacks = vec![
        party(&document.issuer, words, Column::start(0.0, narrow), structure),
        party(&document.recipient, words, Column::start(narrow + GUTTER, narrow), structure),
        facts(&document.facts, words, Column::start(2.0 * (narrow + GUTTER), wide), ROOT, structure),
    ];
    pager.skip(22.0);
    pager.pour(Band { stacks, ..Band::default() });
}

fn party(party: &Party, words: Reading, column: Column, structure: &mut Structure) -> Stack {
    if party.is_empty() {
        return Stack::new();
    }
    let group = structure.add(ROOT, Kind::Group);
    let mut stack = Stack::new();
    let mut add = |text: &str, style: &Style, reading, kind| {
        let node = structure.add(group, kind);
        stack.extend(column.stack(lines(text, style, reading, column.width), style, Some(node)));
    };
    add(&party.label, &LABEL, words, Kind::Heading(2));
    if !party.name.is_empty() {
        add(&party.name, &STRONG, OWN, Kind::Paragraph);
    }
    for line in &party.lines {
        add(line, &BODY, OWN, Kind::Paragraph);
    }
    stack
}

/// Labels in one column, values in another.
fn facts(facts: &[Fact], words: Reading, column: Column, parent: NodeId, structure: &mut Structure) -> Stack {
    if facts.is_empty() {
        return Stack::new();
    }
    let list = structure.add(parent, Kind::List);
    let wanted = facts.iter().map(|fact| natural(&fact.label, &QUIET)).fold(0.0, f32::max);
    let labels = Column::start(column.x, wanted.min(column.width * 0.5));
    let indent = labels.width + GUTTER;
    let values = Column::start(column.x + indent, column.width - indent);
    let mut stack = Stack::new();
    for fact in facts {
        let item = structure.add(list, Kind::ListItem);
        let label = structure.add(item, Kind::Label);
        let value = structure.add(item, Kind::Value);
        stack.extend(beside(
            labels.stack(lines(&fact.label, &QUIET, words, labels.width), &QUIET, Some(label)),
            values.stack(lines(&fact.value, &NUMBER, OWN, values.width), &NUMBER, Some(value)),
        ));
    }
    stack
}

const BEFORE_TOTALS: f32 = 6.0;

fn put_totals(document: &Document, pager: &mut Pager, structure: &mut Structure) {
    let bands = totals(document, pager.measure(), structure);
    pager.keep(pager.spaced(BEFORE_TOTALS) + height_of(&bands));
    pager.skip(BEFORE_TOTALS);
    for band in bands {
        pager.put(band);
    }
}

fn height_of(bands: &[Band]) -> f32 {
    bands.iter().map(Band::height).sum()
}

/// A band for each total, at the end edge.
fn totals(document: &Document, measure: f32, structure: &mut Structure) -> Vec<Band> {
    if document.totals.is_empty() {
        return Vec::new();
    }
    let table = structure.add(ROOT, Kind::Table(clean(&document.totals_caption)));
    let body = structure.add(table, Kind::TableBody);
    let x = measure - TOTALS;
    let widths: Vec<f32> =
        document.totals.iter().map(|total| natural(&total.value, number(total)).min(TOTALS * 0.6)).collect();
    let widest = widths.iter().copied().fold(0.0, f32::max);
    // Points below each other in either direction; see the table's places.
    let values = match document.direction {
        Direction::LeftToRight => Column::end(x, TOTALS),
        Direction::RightToLeft => Column::start(x, TOTALS),
    };
    let values = values.last(widest);
    let band = |(total, width): (&Total, &f32)| {
        let style = number(total);
        let free = match document.direction {
            Direction::LeftToRight => width,
            Direction::RightToLeft => &widest,
        };
        let labels = Column::start(x, TOTALS - free - GUTTER);
        let row = structure.add(body, Kind::Row);
        let label = structure.add(row, Kind::RowHeader);
        let value = structure.add(row, Kind::Cell);
        let stack = beside(
            labels.stack(lines(&total.label, style, Some(document.direction), labels.width), style, Some(label)),
            values.stack(unbroken(&total.value, style, OWN, values.width), style, Some(value)),
        );
        match total.emphasis {
            Emphasis::Plain | Emphasis::Strong => Band { before: 2.0, after: 3.0, ..Band::of(stack) },
            Emphasis::Grand => {
                let above = Some(Rule { x, width: TOTALS, ink: LINE });
                Band { before: 7.0, above, ..Band::of(stack) }
            }
        }
    };
    document.totals.iter().zip(&widths).map(band).collect()
}

fn number(total: &Total) -> &'static Style {
    match total.emphasis {
        Emphasis::Plain => &NUMBER,
        Emphasis::Strong => &NUMBER_STRONG,
        Emphasis::Grand => &GRAND,
    }
}

fn put_section(section: &Section, words: Reading, pager: &mut Pager, structure: &mut Structure) {
    let column = Column::start(0.0, READABLE);
    let group = structure.add(ROOT, Kind::Group);
    let node = structure.add(group, Kind::Heading(2));
    let heading = column.stack(lines(&section.heading, &STRONG, words, READABLE), &STRONG, Some(node));
    let mut blocks: Vec<Stack> = Vec::new();
    if !section.facts.is_empty() {
        blocks.push(facts(&section.facts, words, column, group, structure));
    }
    for paragraph in &section.paragraphs {
        let node = structure.add(group, Kind::Paragraph);
        blocks.push(column.stack(lines(paragraph, &BODY, OWN, READABLE), &BODY, Some(node)));
    }
    pager.skip(18.0);
    let heading = Band { after: 3.0, ..Band::of(heading) };
    let first = blocks.first().map_or(0.0, |stack| stack.iter().take(3).map(|strip| strip.height).sum());
    pager.keep(heading.height() + first);
    pager.put(heading);
    for (index, stack) in blocks.into_iter().enumerate() {
        let short = stack.len() <= SHORT;
        let block = Band { before: if index > 0 { 5.0 } else { 0.0 }, ..Band::of(stack) };
        // A short paragraph goes over to the next page as a whole; a long one runs on.
        if short { pager.put(block) } else { pager.pour(block) }
    }
}
