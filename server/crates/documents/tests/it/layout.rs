//! On paper: nothing overlaps, nothing leaves the page, and pages break where a person would break them.

use crate::cases;
use crate::samples::*;
use documents::layout::{Area, Layout, Page, compose};
use documents::*;

/// From the left and right edges, in points, where nothing is printed.
const MARGIN: f32 = 51.0;

pub fn check(layout: &Layout) {
    let printed =
        Area { x: MARGIN, y: MARGIN, width: layout.width - 2.0 * MARGIN, height: layout.height - MARGIN - 36.0 };
    for (number, page) in layout.pages.iter().enumerate() {
        for (index, item) in page.items.iter().enumerate() {
            assert!(item.area.width.is_finite() && item.area.height.is_finite());
            assert!(item.area.lies_within(&printed), "page {number}: {:?} at {:?}", item.text(), item.area);
            for other in &page.items[index + 1..] {
                assert!(
                    !item.area.overlaps(&other.area),
                    "page {number}: {:?} at {:?} and {:?} at {:?}",
                    item.text(),
                    item.area,
                    other.text(),
                    other.area
                );
            }
        }
    }
}

#[test]
fn nothing_overlaps_and_nothing_leaves_the_page() {
    check(&compose(&invoice(&invoice_input(0), &ENGLISH)));
    for (_, document) in cases::documents() {
        check(&compose(&document));
    }
}

#[test]
fn every_page_repeats_the_head_of_the_table_and_counts_itself() {
    let layout = compose(&invoice(&invoice_input(200), &ENGLISH));
    let count = layout.pages.len();
    for (index, page) in layout.pages.iter().enumerate() {
        let says = |text: &str| page.items.iter().filter(|item| item.text() == Some(text)).count();
        assert_eq!(says("Unit price"), 1, "page {index}");
        assert_eq!(says(&format!("Page {} of {count}", index + 1)), 1);
        assert_eq!(says("Invoice INV-2026-0041"), usize::from(index > 0));
        assert_eq!(says("Lakeside Motors Ltd · Registered in Kenya, CPR/2011/44871"), 1);
    }
}

#[test]
fn totals_stay_together_with_a_line() {
    for lines in 1..60 {
        let layout = compose(&invoice(&invoice_input(lines), &ENGLISH));
        let page =
            layout.pages.iter().find(|page| page.items.iter().any(|item| item.text() == Some("Subtotal"))).unwrap();
        let texts: Vec<&str> =
            page.items.iter().filter(|item| !item.is_repeated()).filter_map(|item| item.text()).collect();
        assert!(texts.contains(&"Balance due"), "{lines} lines");
        let subtotal = texts.iter().position(|text| *text == "Subtotal").unwrap();
        assert!(texts[..subtotal].contains(&"16%"), "{lines} lines: totals stand alone");
    }
}

#[test]
fn a_row_is_cut_only_where_it_is_taller_than_a_page() {
    let wordy = |lines| {
        let mut input = invoice_input(lines);
        for line in &mut input.lines {
            line.description = "word ".repeat(120);
        }
        input
    };
    let count =
        |page: &Page| page.items.iter().filter(|item| item.text().is_some_and(|line| line.contains("word "))).count();
    let row: usize = compose(&invoice(&wordy(1), &ENGLISH)).pages.iter().map(count).sum();
    assert!(row > 10);
    let mut input = wordy(30);
    for page in &compose(&invoice(&input, &ENGLISH)).pages {
        assert_eq!(count(page) % row, 0, "a row of {row} lines is cut: {}", count(page));
    }
    input.lines[3].description = "word ".repeat(4000);
    let layout = compose(&invoice(&input, &ENGLISH));
    check(&layout);
    let words: usize = layout
        .pages
        .iter()
        .flat_map(|page| &page.items)
        .filter_map(|item| item.text())
        .map(|text| text.matches("word").count())
        .sum();
    assert_eq!(words, 29 * 120 + 4000);
}

#[test]
fn numbers_end_at_one_edge() {
    for document in [invoice(&invoice_input(12), &ENGLISH), right_to_left()] {
        let layout = compose(&document);
        let amounts: Vec<&str> = document.table.rows.iter().map(|row| row[5].main.as_str()).collect();
        let edges = |amount: &&str| {
            let found = layout.pages[0].items.iter().filter(|item| item.text() == Some(amount));
            found.map(|item| item.area.x + item.area.width).collect::<Vec<_>>()
        };
        // The amount may stand in another column too; its own is where all have one.
        let first = edges(&amounts[0]);
        let common = first
            .iter()
            .any(|edge| amounts.iter().all(|amount| edges(amount).iter().any(|other| (edge - other).abs() < 0.02)));
        assert!(common, "{amounts:?}");
    }
}

#[test]
fn right_to_left_is_the_mirror_image() {
    let layout = compose(&right_to_left());
    let find = |text: &str| layout.pages[0].items.iter().find(|item| item.text() == Some(text)).unwrap().area;
    assert!((find("فاتورة").x + find("فاتورة").width - (layout.width - MARGIN)).abs() < 0.1);
    assert!(find("الوصف").x > find("المبلغ").x);
    assert!(find("صفحة 1 من 1").x < layout.width / 2.0);
}

#[test]
fn a_few_lines_more_are_drawn_together_and_not_given_a_page() {
    let pages = |lines: usize| compose(&invoice(&invoice_input(lines), &ENGLISH)).pages.len();
    assert_eq!([7, 12].map(pages), [1, 2]);
    assert_eq!(compose(&cases::document("two-rates-invoice")).pages.len(), 1);
}

#[test]
fn running_text_leaves_no_line_alone() {
    for words in (150..1200).step_by(6) {
        let mut input = invoice_input(3);
        input.head.notes = vec!["first ".repeat(words), "second ".repeat(200)];
        let layout = compose(&invoice(&input, &ENGLISH));
        for paragraph in ["first", "second"] {
            let is_line = |text: &str| text.starts_with(paragraph);
            let lines = |page: &Page| page.items.iter().filter(|item| item.text().is_some_and(is_line)).count();
            let lines: Vec<usize> = layout.pages.iter().map(lines).collect();
            assert!(!lines.contains(&1), "{words} words, the {paragraph}: {lines:?}");
        }
    }
}

#[test]
fn a_foot_too_long_for_every_page_is_printed_once() {
    let mut input = invoice_input(80);
    input.head.footer = "Terms apply to everything that is sold, and they are long. ".repeat(20);
    let layout = compose(&invoice(&input, &ENGLISH));
    check(&layout);
    let said: usize = layout
        .pages
        .iter()
        .flat_map(|page| &page.items)
        .filter_map(|item| item.text())
        .map(|text| text.matches("Terms apply").count())
        .sum();
    assert_eq!(said, 20);
}

#[test]
fn ten_thousand_lines_are_written() {
    let document = invoice(&invoice_input(10_000), &ENGLISH);
    let layout = compose(&document);
    assert!(layout.pages.len() > 400, "{}", layout.pages.len());
    let rows = layout.pages.iter().flat_map(|page| &page.items).filter(|item| item.text() == Some("16%")).count();
    assert_eq!(rows, 10_000);
}

#[test]
fn a_label_of_two_lines_is_read_before_the_value_beside_it() {
    let mut document = invoice(&invoice_input(1), &ENGLISH);
    document.totals[1].label = "Tax at the reduced rate for spare parts of agricultural machinery on 850.00".into();
    document.facts[4] = Fact::new("The number under which you ordered", "PO 7781, and its second part of 9 April");
    let layout = compose(&document);
    let read: Vec<&str> = layout.pages[0].items.iter().filter_map(|item| item.text()).collect();
    let read = read.join(" ");
    assert!(read.contains(&format!("{} 136.00", document.totals[1].label)), "{read}");
    assert!(read.contains("The number under which you ordered PO 7781, and its second part of 9 April"), "{read}");
}

#[test]
fn large_amounts_leave_other_columns_whole() {
    let layout = compose(&cases::document("large-amounts-invoice"));
    let texts: Vec<&str> = layout.pages[0].items.iter().filter_map(|item| item.text()).collect();
    for whole in ["Quantity", "Unit price", "987,654,321,098.76", "1,580,246,913,758.02", "9,876,543,210,987.60"] {
        assert!(texts.contains(&whole), "{whole} is cut: {texts:?}");
    }
}
