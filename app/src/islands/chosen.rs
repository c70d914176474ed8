//! Which rows of a list are chosen: kept in this tab while one pages, sorts and filters, and taken along to what is done with them.

use super::dom::{
    Event, HtmlElement, all, append, attr, closest, empty_tab, everywhere, find, focus, held, hit, hold, input, listen,
    make, on, set, window,
};
use super::toast;
use domain::records::MOST_NAMED;
use std::collections::BTreeSet;
use wasm_bindgen::JsCast;

/// The boxes of the rows.
const BOXES: &str = "[data-region=list] tbody td.is-check input";
/// Rows that are shown by themselves: their ids stand in every address of that list.
const MOST_SHOWN: usize = 200;
/// Where the shelf is named whose rows something is being begun with.
const BEGUN: &str = "nexus.begun";

pub fn attach() {
    on("change", |event| {
        if let Some(head) = hit(&event, "[data-check-all]") {
            every(&head);
        }
        if hit(&event, ".is-check").is_some() {
            gather(true);
        }
    });
    on("click", |event| {
        if hit(&event, "[data-clear]").is_some() {
            keep(&BTreeSet::new());
            draw();
            // The button goes with what it cleared.
            if let Some(first) = find(BOXES) {
                focus(&first);
            }
        }
    });
    on("submit", |event| {
        if let Some(form) = hit(&event, "#bulk") {
            complete(&form, &event);
        }
    });
    // A page that comes back from the history has the ticks of then.
    listen(&window(), "pageshow", false, Box::new(|_| draw()));
    // Who was quicker than this has ticked some already.
    gather(false);
    draw();
}

/// Where the rows of this list are kept; nowhere where nothing can be done with them.
fn shelf() -> Option<String> {
    find("#bulk").map(|form| attr(&form, "data-shelf"))
}

fn chosen() -> BTreeSet<String> {
    let ids = shelf().and_then(|shelf| held(&shelf)).unwrap_or_default();
    ids.split_whitespace().map(str::to_owned).collect()
}

fn keep(ids: &BTreeSet<String>) {
    if let Some(shelf) = shelf() {
        hold(&shelf, &ids.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
    }
}

/// The box in the head chooses all rows of its table, or none.
fn every(head: &HtmlElement) {
    let Some(table) = closest(head, "table") else { return };
    let Some(on) = input(head).map(web_sys::HtmlInputElement::checked) else { return };
    for row in all(&table, "td.is-check input") {
        if let Some(row) = input(&row) {
            row.set_checked(on);
        }
    }
}

/// What is ticked on this page joins what is chosen; where it `leaves`, what is not ticked is chosen no more.
fn gather(leaves: bool) {
    let (mut ids, mut full) = (chosen(), false);
    for row in everywhere(BOXES) {
        let Some(row) = input(&row) else { continue };
        let id = row.value();
        if !row.checked() {
            if leaves {
                ids.remove(&id);
            }
        } else if ids.len() < MOST_NAMED || ids.contains(&id) {
            ids.insert(id);
        } else {
            row.set_checked(false);
            full = true;
        }
    }
    keep(&ids);
    count(&ids);
    if let Some(form) = find("#bulk").filter(|_| full) {
        toast::refused(&attr(&form, "data-full"), None);
    }
}

/// Ticks what is chosen of this page, whoever drew it, and says how many there are in all.
pub fn draw() {
    let ids = chosen();
    for row in everywhere(BOXES) {
        if let Some(row) = input(&row) {
            row.set_checked(ids.contains(&row.value()));
        }
    }
    count(&ids);
}

fn count(ids: &BTreeSet<String>) {
    let Some(place) = find(".bulk-count[data-many]") else { return };
    let here = everywhere(&format!("{BOXES}:checked")).len();
    let mut words = match ids.len() {
        0 => attr(&place, "data-none"),
        1 => attr(&place, "data-one").replace('#', "1"),
        many => attr(&place, "data-many").replace('#', &many.to_string()),
    };
    if here != ids.len() {
        words = attr(&place, "data-apart").replace('~', &here.to_string()).replacen('#', &words, 1);
    }
    place.set_text_content(Some(&words));
    if let Some(clear) = find("[data-clear]") {
        clear.set_hidden(ids.is_empty());
    }
    if let Some(see) = find("[data-see]") {
        see.set_hidden(here == ids.len() || ids.len() > MOST_SHOWN);
        let rows: String = ids.iter().map(|id| format!("&row={id}")).collect();
        set(&see, "href", &format!("{}{rows}", attr(&see, "data-see")));
    }
}

/// The chosen rows of other pages go along with those of this one, unless all that match are meant.
fn complete(form: &HtmlElement, event: &Event) {
    for old in all(form, "[data-elsewhere]") {
        old.remove();
    }
    let button = event.dyn_ref::<web_sys::SubmitEvent>().and_then(web_sys::SubmitEvent::submitter);
    if button.is_some_and(|button| button.has_attribute("name")) {
        return;
    }
    let mut ids = chosen();
    for row in everywhere(BOXES) {
        if let Some(row) = input(&row) {
            ids.remove(&row.value());
        }
    }
    for id in ids {
        let Some(row) = make("input", "", "") else { return };
        for (name, value) in [("type", "hidden"), ("name", "row"), ("value", id.as_str()), ("data-elsewhere", "")] {
            set(&row, name, value);
        }
        append(form, Some(row));
    }
}

/// A form that leaves this tab's rows behind it: one that begins something with them, of which the next page may tell, or the way out.
pub fn sent(event: &Event) {
    if let Some(form) = hit(event, "form[data-begins]") {
        hold(BEGUN, &attr(&form, "data-begins"));
    } else if hit(event, "form[action='/sign-out']").is_some() {
        empty_tab();
    }
}

/// On any page that is not a job's nothing came of what was to be begun: it was refused, or left. On a job's page [`begun`] comes first, as its
/// island stands before those of the frame.
pub fn nothing_begun() {
    hold(BEGUN, "");
}

/// Something was begun: the rows that it was begun with are chosen no more.
pub fn begun() {
    if let Some(shelf) = held(BEGUN).filter(|shelf| !shelf.is_empty()) {
        hold(&shelf, "");
        hold(BEGUN, "");
    }
}
