//! The table of lines: how wide its columns are, its rows, and its head, which every page repeats.

use super::band::{Band, Column as Place, Rule, Stack, gap, height};
use super::pager::Pager;
use super::paragraph::{OWN, lines, natural, unbroken};
use super::structure::{Kind, NodeId, ROOT, Structure};
use super::style::{BODY, DETAIL, GUTTER, HAIRLINE, LABEL, LINE, NUMBER, NUMBER_DETAIL, ROW_PADDING, Style};
use crate::model::{Align, Cell, Column, Direction, Document, Table};

/// The least part of the width that columns of words keep, however long the numbers are.
const WORDS: f32 = 0.3;

/// Places the table, the last row together with what follows it, which is `followed_by` high.
pub(super) fn put(document: &Document, followed_by: f32, pager: &mut Pager, structure: &mut Structure) {
    let table = &document.table;
    if table.rows.is_empty() || table.columns.is_empty() {
        return;
    }
    let node = structure.add(ROOT, Kind::Table(crate::text::clean(&table.caption)));
    let places = places(table, document.direction, pager.measure());
    let head_node = structure.add(node, Kind::TableHead);
    let head_row = structure.add(head_node, Kind::Row);
    let head = head(document, &places, head_row, structure, pager.measure());
    let body_node = structure.add(node, Kind::TableBody);
    let mut rows = table.rows.iter().map(|cells| {
        let node = structure.add(body_node, Kind::Row);
        row(cells, table, &places, node, structure, pager)
    });
    let Some(first) = rows.next() else { return };
    let rest: Vec<Band> = rows.collect();
    let alone = rest.is_empty();
    let tail = if alone { followed_by } else { 0.0 };
    pager.keep(head.height() + first.height() + tail);
    pager.put(head.clone());
    pager.head_table(Some(head));
    pager.put(first);
    let last = rest.len().saturating_sub(1);
    for (index, band) in rest.into_iter().enumerate() {
        if index == last {
            pager.keep(band.height() + followed_by);
        }
        pager.put(band);
    }
    pager.head_table(None);
}

/// Where columns stand. Numbers stand at the end edge of theirs, with their points below each other in either direction: where reading goes
/// to the left, the longest number touches the edge and the others keep to its right end.
fn places(table: &Table, direction: Direction, measure: f32) -> Vec<Place> {
    let count = table.columns.len() as f32;
    let gutter = GUTTER.min(measure / count / 4.0);
    let needs: Vec<f32> = (0..table.columns.len()).map(|index| needed(table, index)).collect();
    let mut x = 0.0;
    let mut places = Vec::with_capacity(table.columns.len());
    for (index, width) in widths(&table.columns, &needs, measure - gutter * (count - 1.0)).into_iter().enumerate() {
        let column = &table.columns[index];
        places.push(match (column.align, direction) {
            (Align::Start, _) => Place::start(x, width),
            (Align::End, Direction::LeftToRight) => Place::end(x, width),
            (Align::End, Direction::RightToLeft) => {
                Place::start(x, width).last(needs[index].max(natural(&column.label, &LABEL)).min(width))
            }
        });
        x += width + gutter;
    }
    places
}

/// Columns get their shares. Numbers that need more take it from other numbers that need less, then from the words, which keep a part. Where
/// that is not enough, the longest numbers go without: a quantity is not made small because an amount is large.
fn widths(columns: &[Column], needs: &[f32], available: f32) -> Vec<f32> {
    let asked: f32 = columns.iter().map(weight).sum();
    let shares: Vec<f32> = columns.iter().map(|column| available * weight(column) / asked).collect();
    let numbers = || (0..columns.len()).filter(|index| columns[*index].align == Align::End);
    let need: f32 = numbers().map(|index| needs[index]).sum();
    let want: f32 = numbers().map(|index| needs[index].max(shares[index])).sum();
    let words: f32 = available - numbers().map(|index| shares[index]).sum::<f32>();
    let numbers_get = (available - words).max(need).min(available - words.min(available * WORDS));
    let words_get = available - numbers_get;
    let most = most(numbers().map(|index| needs[index]).collect(), numbers_get);
    let width = |(index, column): (usize, &Column)| match column.align {
        Align::Start => words_get * shares[index] / words,
        Align::End if need > numbers_get => needs[index].min(most),
        Align::End if want > need => {
            let spare = needs[index].max(shares[index]) - needs[index];
            needs[index] + spare * (numbers_get - need) / (want - need)
        }
        Align::End => needs[index],
    };
    columns.iter().enumerate().map(width).collect()
}

/// The most that each of them gets, so that together they get `available`.
fn most(mut needs: Vec<f32>, mut available: f32) -> f32 {
    needs.sort_by(f32::total_cmp);
    for (index, need) in needs.iter().enumerate() {
        let share = available / (needs.len() - index) as f32;
        if *need >= share {
            return share;
        }
        available -= need;
    }
    f32::INFINITY
}

fn weight(column: &Column) -> f32 {
    f32::from(column.width.max(1))
}

/// What the longest number of a column needs, and the longest word of its head.
fn needed(table: &Table, index: usize) -> f32 {
    let column = &table.columns[index];
    if column.align == Align::Start {
        return 0.0;
    }
    let cells = table.rows.iter().filter_map(|row| row.get(index));
    let cells = cells.map(|cell| {
        let detail = cell.detail.as_deref().map_or(0.0, |text| natural(text, &NUMBER_DETAIL));
        natural(&cell.main, &NUMBER).max(detail)
    });
    let words = column.label.split(' ').map(|word| natural(word, &LABEL));
    cells.chain(words).fold(1.0, f32::max)
}

fn head(document: &Document, places: &[Place], row: NodeId, structure: &mut Structure, measure: f32) -> Band {
    let mut stacks: Vec<Stack> = Vec::with_capacity(places.len());
    for (Column { label, .. }, place) in document.table.columns.iter().zip(places) {
        let node = structure.add(row, Kind::ColumnHeader);
        let label = lines(label, &LABEL, Some(document.direction), place.width);
        stacks.push(place.stack(label, &LABEL, Some(node)));
    }
    // Heads of one line stand on the rule, beside those of two.
    let tallest = stacks.iter().map(|stack| height(stack)).fold(0.0, f32::max);
    for stack in &mut stacks {
        stack.insert(0, gap(tallest - height(stack)));
    }
    let below = Some(Rule { x: 0.0, width: measure, ink: LINE });
    Band { stacks, after: 4.0, below, ..Band::default() }
}

fn row(cells: &[Cell], table: &Table, places: &[Place], row: NodeId, structure: &mut Structure, pager: &Pager) -> Band {
    let mut stacks = Vec::with_capacity(places.len());
    for (index, (column, place)) in table.columns.iter().zip(places).enumerate() {
        let node = Some(structure.add(row, Kind::Cell));
        let Some(cell) = cells.get(index) else { continue };
        stacks.push(cell_stack(cell, column.align, *place, node));
    }
    let below = Some(Rule { x: 0.0, width: pager.measure(), ink: HAIRLINE });
    let padding = pager.spaced(ROW_PADDING);
    Band { stacks, before: padding, after: padding, below, ..Band::default() }
}

fn cell_stack(cell: &Cell, align: Align, place: Place, node: Option<NodeId>) -> Stack {
    let stack = |text: &str, words: &Style, number: &Style| match align {
        Align::Start => place.stack(lines(text, words, OWN, place.width), words, node),
        Align::End => place.stack(unbroken(text, number, OWN, place.width), number, node),
    };
    let mut both = stack(&cell.main, &BODY, &NUMBER);
    both.extend(cell.detail.iter().flat_map(|text| stack(text, &DETAIL, &NUMBER_DETAIL)));
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(given: &[(Align, u8)]) -> Vec<Column> {
        given.iter().map(|(align, width)| Column { label: String::new(), align: *align, width: *width }).collect()
    }

    #[test]
    fn long_numbers_take_room_from_others_first_and_leave_words_a_part() {
        let three = columns(&[(Align::Start, 40), (Align::End, 30), (Align::End, 30)]);
        assert_eq!(widths(&three, &[0.0, 10.0, 10.0], 100.0), [40.0, 30.0, 30.0]);
        assert_eq!(widths(&three, &[0.0, 10.0, 45.0], 100.0), [40.0, 15.0, 45.0]);
        assert_eq!(widths(&three, &[0.0, 20.0, 45.0], 100.0), [35.0, 20.0, 45.0]);
        assert_eq!(widths(&three, &[0.0, 70.0, 70.0], 100.0), [30.0, 35.0, 35.0]);
        assert_eq!(widths(&three, &[0.0, 10.0, 90.0], 100.0), [30.0, 10.0, 60.0]);
        assert_eq!(widths(&columns(&[(Align::Start, 0), (Align::Start, 0)]), &[0.0, 0.0], 100.0), [50.0, 50.0]);
        assert_eq!(widths(&columns(&[(Align::End, 10)]), &[400.0], 100.0), [100.0]);
    }
}
