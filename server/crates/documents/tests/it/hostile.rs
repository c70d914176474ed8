//! Whatever is typed gives a document: control characters, overrides, a megabyte, nothing at all.

use crate::layout::check;
use crate::reader::pdf_pages;
use crate::samples::*;
use documents::*;
use proptest::prelude::*;

fn empty() -> Document {
    Document {
        language: String::new(),
        direction: Direction::LeftToRight,
        page: PageSize::A4,
        name: String::new(),
        issued: None,
        title: String::new(),
        logo: None,
        issuer: Party::default(),
        recipient: Party::default(),
        facts: vec![],
        lead: None,
        table: Table::default(),
        totals_caption: String::new(),
        totals: vec![],
        sections: vec![],
        footer: String::new(),
        page_label: String::new(),
    }
}

/// A document in which every string is `text`.
fn filled(text: &str, direction: Direction) -> Document {
    let text = || text.to_owned();
    let party = || Party { label: text(), name: text(), lines: vec![text(), text()] };
    let cell = || Cell { main: text(), detail: Some(text()) };
    let column = |align| Column { label: text(), align, width: 30 };
    Document {
        language: text(),
        direction,
        page: PageSize::Letter,
        name: text(),
        issued: None,
        title: text(),
        logo: Some(Logo { png: text().into_bytes(), alternative: text() }),
        issuer: party(),
        recipient: party(),
        facts: vec![Fact::new(text(), text()); 3],
        lead: Some(text()),
        table: Table {
            caption: text(),
            columns: vec![column(Align::Start), column(Align::End), column(Align::End)],
            rows: vec![vec![cell(), cell(), cell()], vec![cell()], vec![], vec![cell(); 9]],
        },
        totals_caption: text(),
        totals: [Emphasis::Plain, Emphasis::Strong, Emphasis::Grand]
            .map(|emphasis| Total { label: text(), value: text(), emphasis })
            .to_vec(),
        sections: vec![Section {
            heading: text(),
            paragraphs: vec![text(), text()],
            facts: vec![Fact::new(text(), text())],
        }],
        footer: text(),
        page_label: text(),
    }
}

fn survives(document: &Document) {
    check(&documents::layout::compose(document));
    pdf_pages(&pdf::write(document).unwrap(), true);
    html::page(document, "documents.css");
}

#[test]
fn nothing_at_all_is_a_page() {
    survives(&empty());
    assert_eq!(pdf_pages(&pdf::write(&empty()).unwrap(), true), [""]);
}

#[test]
fn what_was_made_to_break_it_does_not() {
    let zalgo = format!("Z{}", "\u{30d}\u{302}\u{323}\u{489}".repeat(300));
    let brackets = "([{\u{2329}".repeat(300);
    let cases = [
        "\0\u{1}\u{1b}[31m\u{7f}\u{85}\u{9f}",
        "\u{202e}000,1 SEK\u{202c}\u{2066}\u{2067}\u{2068}",
        "\u{feff}\u{fffe}\u{ffff}\u{fff9}\u{10ffff}",
        "\u{300}\u{301}\u{64b}\u{5b0}",
        "\u{200b}\u{200c}\u{200d}\u{2060}",
        "﷽﷽ ﷺ﷽",
        "👨‍👩‍👧‍👦🇰🇪 漢字かな 한국어 हिन्दी ไทย ကမ",
        "a\nb\r\nc\rd\u{2028}e\u{2029}\n\n\n\nf",
        "سسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسسس",
        "1,234,567,890,123,456,789,012,345,678,901,234,567,890.00",
        "{page}{pages}{",
        &zalgo,
        &brackets,
    ];
    for case in cases {
        for direction in [Direction::LeftToRight, Direction::RightToLeft] {
            survives(&filled(case, direction));
        }
    }
}

#[test]
fn what_turns_text_around_is_in_neither() {
    let mut input = invoice_input(1);
    input.head.buyer.name = "Pay \u{202e}reversed\u{202c} \0now".into();
    let document = invoice(&input, &ENGLISH);
    assert!(html::fragment(&document).contains("Pay reversed now"));
    assert!(pdf_pages(&pdf::write(&document).unwrap(), false)[0].contains("Pay reversed now"));
}

#[test]
fn a_megabyte_in_one_cell_runs_over_many_pages() {
    let mut input = invoice_input(2);
    input.lines[0].description = "lorem ipsum dolor sit amet ".repeat(40_000);
    let document = invoice(&input, &ENGLISH);
    let layout = documents::layout::compose(&document);
    let said: usize = layout
        .pages
        .iter()
        .flat_map(|page| &page.items)
        .filter_map(|item| item.text())
        .map(|text| text.matches("dolor").count())
        .sum();
    assert_eq!(said, 40_000);
    assert!(pdf::write(&document).is_ok());
}

#[test]
fn many_columns_share_the_width() {
    let mut document = filled("1,250.00", Direction::LeftToRight);
    document.table.columns = vec![Column { label: "Amount".into(), align: Align::End, width: 0 }; 60];
    document.table.rows = vec![vec![Cell::new("1,250.00"); 60]; 3];
    survives(&document);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_is_laid_out_within_the_page(text in "\\PC{0,60}|.{0,40}|[ا-ي0-9 a-z()]{0,60}|[א-ת\\.,\\-% ]{0,40}", right_to_left in any::<bool>()) {
        let direction = if right_to_left { Direction::RightToLeft } else { Direction::LeftToRight };
        survives(&filled(&text, direction));
    }

    #[test]
    fn any_characters_give_a_document(text in any::<String>()) {
        survives(&filled(&text, Direction::LeftToRight));
    }
}
