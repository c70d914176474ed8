//! What the islands open: drawn by the server, closed, empty, and of no use without them.

use leptos::prelude::*;
use std::sync::OnceLock;
use ui::markup::{PreEscaped, drawn};
use ui::{Icon, IconButton, Kbd};
use words::{Language, t};

/// Every island of the app, as a page and the browser's code know them.
pub const fn island_names() -> [&'static str; 7] {
    ["PaletteHands", "DeskHands", "ListHands", "BoardHands", "LiveHands", "ProgressHands", "ChartHands"]
}

/// The palette and the sheet of shortcuts, once in every page of a workspace. They say the same in each, so they are drawn once for a language.
pub fn dialogs() -> AnyView {
    static DRAWN: [OnceLock<String>; Language::ALL.len()] = [const { OnceLock::new() }; Language::ALL.len()];
    let text = DRAWN[words::current().index()].get_or_init(|| palette_and_shortcuts().to_html());
    drawn(PreEscaped(text.clone()))
}

fn palette_and_shortcuts() -> AnyView {
    view! {
        <dialog class="palette" id="palette" aria-label=t!("Search or go to")>
            <div class="palette-head">
                <Icon name="search"/>
                <input
                    class="palette-input"
                    type="text"
                    role="combobox"
                    aria-expanded="true"
                    aria-controls="palette-list"
                    aria-autocomplete="list"
                    aria-label=t!("Search records, pages and actions")
                    placeholder=t!("Search records, pages and actions")
                    autocomplete="off"
                    spellcheck="false"
                    maxlength="200"
                />
            </div>
            <div class="palette-list" id="palette-list" role="listbox" aria-label=t!("Results")></div>
            <p class="sr-only" role="status" data-said=""></p>
            <footer class="palette-foot" aria-hidden="true">
                <span><Kbd keys="↑ ↓"/>{format!(" {}", t!("choose" in "key"))}</span>
                <span><Kbd keys="Enter"/>{format!(" {}", t!("open" in "key"))}</span>
                <span><Kbd keys="Esc"/>{format!(" {}", t!("close" in "key"))}</span>
            </footer>
        </dialog>
        <dialog class="sheet" id="shortcuts" aria-labelledby="shortcuts-title">
            <header class="sheet-head">
                <h2 class="sheet-title" id="shortcuts-title">{t!("Keyboard shortcuts")}</h2>
                <IconButton icon="x" label=t!("Close") attr:data-close=""/>
            </header>
            <div class="sheet-body">
                {group(t!("Anywhere"), &[("Ctrl K", t!("Search or go to")), ("?", t!("This sheet")), ("c", t!("New, where the page has one")), ("/", t!("Find in the list"))])}
                {group(t!("Lists"), &[
                    ("j k", t!("Next or previous row")), ("Enter o", t!("Open the row")), ("e", t!("Edit the row or the record")), ("→ ←", t!("Cell by cell")),
                    ("Enter", t!("Edit the cell; Enter saves, Escape undoes")),
                ])}
                {group(t!("Boards"), &[
                    ("j k", t!("Next or previous card")), ("h l", t!("Column by column, as ← → do")), ("Enter o", t!("Open the card")), ("e", t!("Edit what it stands for")),
                    ("Space", t!("Take the card; ← → choose its column")), ("Enter", t!("Put it there")), ("Esc", t!("Put it back")),
                ])}
                {group(t!("Calendars"), &[
                    ("← ↑ → ↓", t!("Day by day, card by card")), ("Space", t!("Take the card; arrows choose its day")), ("Enter", t!("Open it, or put it there")),
                ])}
                <section class="sheet-group" data-places=""><h3>{t!("Go to")}</h3><dl></dl></section>
            </div>
            <label class="choice sheet-foot"><input class="check" type="checkbox" data-keys=""/><span>{t!("Shortcuts of single letters")}</span></label>
        </dialog>
        <div class="sr-only" id="announcer" aria-live="assertive"></div>
        <div class="sr-only" id="remarks" aria-live="polite"></div>
    }
    .into_any()
}

fn group(title: &'static str, keys: &[(&'static str, &'static str)]) -> AnyView {
    let lines: Vec<_> = keys.iter().map(|(keys, what)| view! { <dt><Kbd keys=*keys/></dt><dd>{*what}</dd> }).collect();
    view! { <section class="sheet-group"><h3>{title}</h3><dl>{lines}</dl></section> }.into_any()
}
