//! Writes every document of every case, as HTML and as PDF, to be looked at beside each other:
//! `cargo run -p nexus-documents --example papers -- DIR`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for the person at the keyboard")]

#[path = "../tests/it/cases.rs"]
mod cases;
#[path = "../tests/it/samples.rs"]
mod samples;

use documents::{html, layout, pdf};
use std::fs::write;
use std::path::PathBuf;

/// A browser has these only by luck, and letters of other widths break elsewhere.
const FONTS: [(&str, u16, &str, &[u8]); 6] = [
    ("Inter", 400, "inter-regular.otf", include_bytes!("../fonts/inter-regular.otf")),
    ("Inter", 600, "inter-semibold.otf", include_bytes!("../fonts/inter-semibold.otf")),
    ("Noto Sans Arabic", 400, "arabic-regular.ttf", include_bytes!("../fonts/noto-sans-arabic-regular.ttf")),
    ("Noto Sans Arabic", 600, "arabic-bold.ttf", include_bytes!("../fonts/noto-sans-arabic-bold.ttf")),
    ("Noto Sans Hebrew", 400, "hebrew-regular.ttf", include_bytes!("../fonts/noto-sans-hebrew-regular.ttf")),
    ("Noto Sans Hebrew", 600, "hebrew-bold.ttf", include_bytes!("../fonts/noto-sans-hebrew-bold.ttf")),
];

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/documents".to_owned()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut style = html::CSS.to_owned();
    for (family, weight, file, bytes) in FONTS {
        write(folder.join(file), bytes).unwrap();
        style.push_str(&format!(
            "@font-face {{ font-family: \"{family}\"; font-weight: {weight}; src: url(\"{file}\"); }}\n"
        ));
    }
    write(folder.join("document.css"), style).unwrap();
    for (name, document) in cases::documents() {
        let bytes = pdf::write(&document).unwrap();
        println!("{name}: {} pages, {} bytes", layout::compose(&document).pages.len(), bytes.len());
        write(folder.join(format!("{name}.pdf")), bytes).unwrap();
        write(folder.join(format!("{name}.html")), html::page(&document, "document.css")).unwrap();
    }
}
