//! Renders every component and whole frames of the product into HTML files, to be looked at and copied from:
//! `cargo run -p nexus-ui --example gallery -- <folder> [theme] [density]`. Serve the folder together with `public/` and the
//! compiled style sheet as `/pkg/nexus.css`.

mod board;
mod calendar;
mod components;
mod home;
mod list;
mod pages;
mod record;
mod shell;

use leptos::prelude::*;

type Frame = (&'static str, fn() -> AnyView);

const FRAMES: [Frame; 14] = [
    ("components", components::page),
    ("list", list::page),
    ("list-bulk", list::bulk_page),
    ("list-empty", list::empty_page),
    ("board", board::page),
    ("calendar", calendar::page),
    ("record", record::page),
    ("home", home::page),
    ("sign-in", pages::sign_in),
    ("admin-sign-in", pages::admin_sign_in),
    ("admin", pages::admin),
    ("form", pages::form),
    ("import", pages::import),
    ("error", pages::error),
];

fn document(title: &str, theme: &str, density: &str, body: AnyView) -> String {
    let html = body.to_html();
    let direction = if theme == "rtl" { "rtl" } else { "ltr" };
    format!(
        "<!doctype html><html lang=\"en\" dir=\"{direction}\" data-theme=\"{theme}\" data-density=\"{density}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <link rel=\"icon\" href=\"/favicon.svg\"><link rel=\"stylesheet\" href=\"/pkg/nexus.css\"></head><body>{html}</body></html>"
    )
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "target/gallery".to_owned());
    let theme = arguments.next().unwrap_or_else(|| "light".to_owned());
    let density = arguments.next().unwrap_or_else(|| "regular".to_owned());
    std::fs::create_dir_all(&folder)?;
    for (name, frame) in FRAMES {
        let owner = Owner::new();
        let html = owner.with(|| document(name, &theme, &density, frame()));
        std::fs::write(format!("{folder}/{name}.html"), html)?;
    }
    Ok(())
}
