//! The PDF: the same bytes for the same document, the same words as the page, and what viewers need.

use crate::cases;
use crate::reader::{html_text, letters, pdf_pages};
use crate::samples::*;
use documents::*;

fn pages_of(lines: usize) -> usize {
    pdf_pages(&pdf::write(&invoice(&invoice_input(lines), &ENGLISH)).unwrap(), false).len()
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    for document in [invoice(&invoice_input(40), &ENGLISH), right_to_left()] {
        let bytes = pdf::write(&document).unwrap();
        let again = std::thread::spawn({
            let document = document.clone();
            move || pdf::write(&document).unwrap()
        });
        assert!(bytes == pdf::write(&document).unwrap() && bytes == again.join().unwrap());
    }
}

#[test]
fn pages_are_as_many_as_the_lines_need() {
    assert_eq!([1, 30, 200].map(pages_of), [1, 3, 11]);
}

#[test]
fn a_pdf_says_what_the_page_says_in_the_same_order() {
    for (name, document) in cases::documents() {
        let page = html::fragment(&document);
        let (page, foot) = page.split_once("<footer").unwrap();
        let bytes = pdf::write(&document).unwrap();
        assert_eq!(letters(&pdf_pages(&bytes, false).concat()), letters(&html_text(page)), "{name}");
        let foot = letters(&html_text(&format!("<footer{foot}")));
        for page in pdf_pages(&bytes, true) {
            assert!(letters(&page).contains(&foot), "{name}: {foot} is not on every page");
        }
    }
}

#[test]
fn names_in_any_script_can_be_copied() {
    let mut input = invoice_input(1);
    input.head.buyer.name = "東京商事 😀 Ωμέγα Жуков Łódź Nguyễn fi ffl".into();
    let text = pdf_pages(&pdf::write(&invoice(&input, &ENGLISH)).unwrap(), false).concat();
    assert!(letters(&text).contains(&letters(&input.head.buyer.name)), "{text}");
}

#[test]
fn properties_name_the_document() {
    let bytes = pdf::write(&invoice(&invoice_input(1), &SWAHILI)).unwrap();
    let pdf = hayro_syntax::Pdf::new(bytes).unwrap();
    let metadata = pdf.metadata();
    assert_eq!(metadata.title.as_deref(), Some(b"Ankara INV-2026-0041".as_slice()));
    assert_eq!(metadata.author.as_deref(), Some(b"Lakeside Motors Ltd".as_slice()));
    let date = metadata.creation_date.unwrap();
    assert_eq!((date.year, date.month, date.day), (2026, 3, 3));
}

#[test]
fn parts_are_tagged_for_screen_readers() {
    let mut input = invoice_input(2);
    input.head.logo = Some(logo());
    let bytes = pdf::write(&invoice(&input, &ENGLISH)).unwrap();
    let pdf = hayro_syntax::Pdf::new(bytes).unwrap();
    let mut kinds: Vec<String> = Vec::new();
    for object in pdf.objects() {
        if let hayro_syntax::object::Object::Dict(dict) = object
            && let Some(kind) = dict.get::<hayro_syntax::object::Name>("S")
        {
            kinds.push(kind.as_str().to_owned());
        }
    }
    let count = |kind: &str| kinds.iter().filter(|known| *known == kind).count();
    assert_eq!((count("H1"), count("Figure"), count("Table"), count("THead")), (1, 1, 2, 1));
    // Two rows and the head; five totals.
    assert_eq!((count("TR"), count("TH"), count("TD")), (8, 6 + 5, 12 + 5));
}
