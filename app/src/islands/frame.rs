//! What the islands open: drawn by the server, closed, empty, and of no use without them.

use leptos::prelude::*;
use ui::{Icon, IconButton, Kbd};

/// Every island of the app, as a page and the browser's code know them.
pub const fn island_names() -> [&'static str; 7] {
    ["PaletteHands", "DeskHands", "ListHands", "BoardHands", "LiveHands", "ProgressHands", "ChartHands"]
}

/// The palette and the sheet of shortcuts, once in every page of a workspace. `go` is the page that the palette stands for.
pub fn dialogs(go: String) -> AnyView {
    view! {
        <dialog class="palette" id="palette" aria-label="Search or go to" data-go=go>
            <div class="palette-head">
                <Icon name="search"/>
                <input
                    class="palette-input"
                    type="text"
                    role="combobox"
                    aria-expanded="true"
                    aria-controls="palette-list"
                    aria-autocomplete="list"
                    aria-label="Search records, pages and actions"
                    placeholder="Search records, pages and actions"
                    autocomplete="off"
                    spellcheck="false"
                    maxlength="200"
                />
            </div>
            <div class="palette-list" id="palette-list" role="listbox" aria-label="Results"></div>
            <p class="sr-only" role="status" data-said=""></p>
            <footer class="palette-foot" aria-hidden="true">
                <span><Kbd keys="↑ ↓"/>" choose"</span>
                <span><Kbd keys="Enter"/>" open"</span>
                <span><Kbd keys="Esc"/>" close"</span>
            </footer>
        </dialog>
        <dialog class="sheet" id="shortcuts" aria-labelledby="shortcuts-title">
            <header class="sheet-head">
                <h2 class="sheet-title" id="shortcuts-title">"Keyboard shortcuts"</h2>
                <IconButton icon="x" label="Close" attr:data-close=""/>
            </header>
            <div class="sheet-body">
                {group("Anywhere", &[("Ctrl K", "Search or go to"), ("?", "This sheet"), ("c", "New, where the page has one"), ("/", "Find in the list")])}
                {group("Lists", &[
                    ("j k", "Next or previous row"), ("Enter o", "Open the row"), ("e", "Edit the row or the record"), ("→ ←", "Cell by cell"),
                    ("Enter", "Edit the cell; Enter saves, Escape undoes"),
                ])}
                {group("Boards", &[
                    ("j k", "Next or previous card"), ("h l", "Column by column, as ← → do"), ("Enter o", "Open the card"), ("e", "Edit what it stands for"),
                    ("Space", "Take the card; ← → choose its column"), ("Enter", "Put it there"), ("Esc", "Put it back"),
                ])}
                {group("Calendars", &[
                    ("← ↑ → ↓", "Day by day, card by card"), ("Space", "Take the card; arrows choose its day"), ("Enter", "Open it, or put it there"),
                ])}
                <section class="sheet-group" data-places=""><h3>"Go to"</h3><dl></dl></section>
            </div>
            <label class="choice sheet-foot"><input class="check" type="checkbox" data-keys=""/><span>"Shortcuts of single letters"</span></label>
        </dialog>
        <div class="sr-only" id="announcer" aria-live="assertive"></div>
    }
    .into_any()
}

fn group(title: &'static str, keys: &[(&'static str, &'static str)]) -> AnyView {
    let lines: Vec<_> = keys.iter().map(|(keys, what)| view! { <dt><Kbd keys=*keys/></dt><dd>{*what}</dd> }).collect();
    view! { <section class="sheet-group"><h3>{title}</h3><dl>{lines}</dl></section> }.into_any()
}
