//! Ctrl K: what `/go` finds, under the fingers. Names that stand in the page are offered at once, what the server finds replaces them.

use super::dom::{
    HtmlElement, KeyboardEvent, after, all, append, attr, closest, dialog, everywhere, find, focus, forget, go, hit,
    icon, input, keep, kept, make, modified, on, on_key, set, spawn, text, within,
};
use crate::call;
use std::cell::Cell;
use wasm_bindgen::JsCast;
use web_sys::{Document, HtmlDialogElement, HtmlInputElement};
use words::t;

/// What can be done on this page, with what is open: its bar, and the head of a record with the menus in it.
const ACTIONS: &str = "\
.topbar-actions a[href], .record-actions a[href], .record-actions form button:not([aria-disabled]):not([type=button])";

/// Milliseconds without a key after which the server is asked.
const PAUSE: i32 = 120;
const RECENT: usize = 8;
/// Before the place of a button among [`ACTIONS`], where a link has its address.
const PRESS: char = '#';

thread_local! {
    static TIMER: Cell<i32> = const { Cell::new(0) };
    static TURN: Cell<u32> = const { Cell::new(0) };
}

/// One line of the list: what it is called, where it leads, and how it is drawn.
struct Offer {
    href: String,
    label: String,
    icon: String,
    detail: String,
    end: Option<web_sys::Element>,
}

pub fn attach() {
    remember();
    on_key(|event| {
        if event.key().eq_ignore_ascii_case("k")
            && (event.ctrl_key() || event.meta_key())
            && !event.alt_key()
            && !event.shift_key()
        {
            event.prevent_default();
            toggle();
        } else if hit(event, "#palette").is_some() {
            steer(event);
        }
    });
    on("click", |event| {
        let plain = event
            .dyn_ref::<web_sys::MouseEvent>()
            .is_some_and(|mouse| !mouse.ctrl_key() && !mouse.meta_key() && !mouse.shift_key());
        if plain && hit(&event, "[data-palette], .bottom-item[href$='/go']").is_some() {
            event.prevent_default();
            open();
        } else if event
            .target()
            .is_some_and(|target| target.dyn_ref::<HtmlElement>().is_some_and(|target| target.id() == "palette"))
        {
            // On the backdrop.
            close();
        } else if let Some(option) = hit(&event, "#palette [role=option]") {
            choose(&option, !plain);
        }
    });
    on("input", |event| {
        if hit(&event, "#palette").is_some() {
            typed();
        }
    });
    on("mousemove", |event| {
        if let Some(option) = hit(&event, "#palette [role=option]")
            && attr(&option, "aria-selected") != "true"
        {
            select(&option);
        }
    });
}

fn parts() -> Option<(HtmlDialogElement, HtmlInputElement, HtmlElement)> {
    let dialog = dialog("palette")?;
    let field = within(&dialog, "input").and_then(|field| input(&field).cloned())?;
    let list = within(&dialog, "[role=listbox]")?;
    Some((dialog, field, list))
}

fn toggle() {
    match dialog("palette") {
        Some(palette) if palette.open() => palette.close(),
        _ => open(),
    }
}

pub fn open() {
    let Some((dialog, field, _)) = parts() else { return };
    if !dialog.open() {
        let _ = dialog.show_modal();
    }
    field.set_value("");
    focus(&field);
    offer_known("");
    ask(String::new());
}

fn close() {
    if let Some(palette) = dialog("palette") {
        palette.close();
    }
}

/// Arrow keys move the choice while the focus stays in the field.
fn steer(event: &KeyboardEvent) {
    let Some((_, _, list)) = parts() else { return };
    let options = all(&list, "[role=option]");
    let at = options.iter().position(|option| attr(option, "aria-selected") == "true");
    let last = options.len().saturating_sub(1);
    let next = match event.key().as_str() {
        "ArrowDown" => at.map_or(0, |at| if at == last { 0 } else { at + 1 }),
        "ArrowUp" => at.map_or(last, |at| if at == 0 { last } else { at - 1 }),
        "PageDown" => at.map_or(0, |at| (at + 8).min(last)),
        "PageUp" => at.map_or(0, |at| at.saturating_sub(8)),
        "Enter" => {
            event.prevent_default();
            if let Some(option) = at.and_then(|at| options.get(at)) {
                choose(option, modified(event));
            }
            return;
        }
        _ => return,
    };
    event.prevent_default();
    if let Some(option) = options.get(next) {
        select(option);
        option.scroll_into_view_with_scroll_into_view_options(&nearest());
    }
}

fn nearest() -> web_sys::ScrollIntoViewOptions {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    options
}

fn select(option: &HtmlElement) {
    let Some((_, field, list)) = parts() else { return };
    for other in all(&list, "[aria-selected=true]") {
        set(&other, "aria-selected", "false");
    }
    set(option, "aria-selected", "true");
    set(&field, "aria-activedescendant", &option.id());
}

fn choose(option: &HtmlElement, elsewhere: bool) {
    let href = attr(option, "data-href");
    close();
    let button = href.strip_prefix(PRESS).and_then(|at| everywhere(ACTIONS).into_iter().nth(at.parse().ok()?));
    if let Some(button) = button {
        button.click();
    } else if elsewhere {
        let _ = super::dom::window().open_with_url_and_target(&href, "_blank");
    } else {
        go(&href);
    }
}

fn typed() {
    let Some((_, field, _)) = parts() else { return };
    let words = field.value().trim().to_owned();
    offer_known(&words);
    forget(TIMER.with(Cell::get));
    let timer = after(PAUSE, move || ask(words));
    TIMER.with(|cell| cell.set(timer));
}

/// Asks the search page, unless newer words came in between.
fn ask(words: String) {
    let turn = TURN.with(|cell| {
        cell.set(cell.get() + 1);
        cell.get()
    });
    spawn(async move {
        // The page that the palette stands for is where the rail's search leads to.
        let Some(link) = find(".rail [data-palette]") else { return };
        let encoded = String::from(js_sys::encode_uri_component(&words));
        let answer = call::fragment(&format!("{}?q={encoded}", attr(&link, "href"))).await;
        if TURN.with(Cell::get) != turn {
            return;
        }
        match answer {
            Some(answer) if answer.ok => offer_found(&answer.page, words.is_empty()),
            _ => say(t!("The search did not answer. Try again, or press Enter on a page below.")),
        }
    });
}

fn say(words: &str) {
    if let Some(place) = dialog("palette").and_then(|palette| within(&palette, "[data-said]")) {
        place.set_text_content(Some(words));
    }
}

/// Whether all words begin one of the name.
fn fits(offer: &Offer, words: &str) -> bool {
    let name = offer.label.to_lowercase();
    words.to_lowercase().split(' ').all(|word| name.split(' ').any(|part| part.starts_with(word)))
}

/// What can be done here, of this name: by a link, or by a button that is pressed where it stands.
fn actions(words: &str) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    for (at, action) in everywhere(ACTIONS).iter().enumerate() {
        let mut offer = offer_of(action, ".menu-hint");
        if let Some(part) = within(action, ".menu-text") {
            let whole = text(&part);
            whole.strip_suffix(&offer.detail).unwrap_or(&whole).trim().clone_into(&mut offer.label);
        }
        // "Move to: Qualified"; a menu that has but an icon goes without saying.
        if let Some(name) = closest(action, "details.menu").and_then(|menu| within(&menu, "summary > span")) {
            offer.label = format!("{}: {}", text(&name), offer.label);
        }
        if offer.href.is_empty() {
            offer.href = format!("{PRESS}{at}");
        }
        // Some stand twice, once for narrow screens.
        if fits(&offer, words) && offers.iter().all(|other| other.href != offer.href) {
            offers.push(offer);
        }
    }
    offers
}

/// What the page itself knows: what can be done on it and the places of the rail, and where one was before.
fn offer_known(words: &str) {
    let Some((_, _, list)) = parts() else { return };
    let mut known = actions(words);
    let places = everywhere(".rail .nav-item[href]");
    known.extend(places.iter().map(|link| offer_of(link, "")).filter(|offer| fits(offer, words)));
    list.set_text_content(None);
    if words.is_empty() {
        group(&list, t!("Recent"), recent());
    }
    group(&list, if words.is_empty() { t!("Here") } else { t!("Pages and actions") }, known);
    first(&list);
}

/// What the server found, as it grouped it.
fn offer_found(page: &Document, keep_recent: bool) {
    let Some((_, field, list)) = parts() else { return };
    let chosen = within(&list, "[aria-selected=true]").map(|option| attr(&option, "data-href"));
    list.set_text_content(None);
    if keep_recent {
        group(&list, t!("Recent"), recent());
    }
    // What can be done here the server does not know; what both know is said once.
    let here = actions(field.value().trim());
    let known: Vec<String> = here.iter().map(|offer| offer.href.clone()).collect();
    group(&list, t!("Here"), here);
    let Ok(Some(results)) = page.query_selector("[data-region=results]") else { return };
    for panel in all(&results, ".panel") {
        let title = within(&panel, ".panel-title").map(|title| text(&title)).unwrap_or_default();
        let links = all(&panel, "a.row-link");
        let offers = links.iter().map(|link| offer_of(link, ".row-detail"));
        group(&list, &title, offers.filter(|offer| !known.contains(&offer.href)).collect());
    }
    let count = all(&list, "[role=option]").len();
    if count == 0 {
        append(&list, make("p", "palette-none", &t!("Nothing found for “{words}”", words = field.value())));
    }
    say(&match count {
        0 => t!("Nothing found").to_owned(),
        // The browser has one text of each entry, so one and many are two.
        1 => t!("1 result").to_owned(),
        count => t!("{count} results", count),
    });
    let again = chosen
        .and_then(|href| all(&list, "[role=option]").into_iter().find(|option| attr(option, "data-href") == href));
    match again {
        Some(option) => select(&option),
        None => first(&list),
    }
}

fn offer_of(link: &HtmlElement, detail: &str) -> Offer {
    let read = |selector: &str| within(link, selector).map(|part| text(&part)).filter(|words| !words.is_empty());
    let label = read(".row-title, .nav-label").unwrap_or_else(|| text(link));
    let label = if label.is_empty() { attr(link, "aria-label") } else { label };
    let symbol = link.query_selector("use").ok().flatten().map(|shape| attr(&shape, "href")).unwrap_or_default();
    let icon = symbol.rsplit_once('#').map_or("file-text", |(_, name)| name).to_owned();
    let detail = if detail.is_empty() { String::new() } else { read(detail).unwrap_or_default() };
    let end = within(link, ".row-end > *").and_then(|end| end.clone_node_with_deep(true).ok()?.dyn_into().ok());
    Offer { href: attr(link, "href"), label, icon, detail, end }
}

fn group(list: &HtmlElement, title: &str, offers: Vec<Offer>) {
    if offers.is_empty() {
        return;
    }
    let Some(group) = make("div", "palette-group", "") else { return };
    let count = all(list, "[role=option]").len();
    let heading = format!("palette-group-{count}");
    set(&group, "role", "group");
    set(&group, "aria-labelledby", &heading);
    if let Some(title) = make("div", "palette-title", title) {
        title.set_id(&heading);
        append(&group, Some(title));
    }
    for (at, offer) in offers.into_iter().enumerate() {
        append(&group, option(offer, count + at));
    }
    append(list, Some(group));
}

fn option(offer: Offer, at: usize) -> Option<HtmlElement> {
    let option = make("div", "palette-option", "")?;
    option.set_id(&format!("palette-option-{at}"));
    set(&option, "role", "option");
    set(&option, "aria-selected", "false");
    set(&option, "data-href", &offer.href);
    append(&option, icon(&offer.icon));
    let label = make("span", "palette-label", &offer.label)?;
    set(&label, "dir", "auto");
    append(&option, Some(label));
    if !offer.detail.is_empty() {
        append(&option, make("span", "palette-detail", &offer.detail));
    }
    append(&option, offer.end);
    Some(option)
}

fn first(list: &HtmlElement) {
    match within(list, "[role=option]") {
        Some(option) => select(&option),
        None => {
            if let Some((_, field, _)) = parts() {
                let _ = field.remove_attribute("aria-activedescendant");
            }
        }
    }
}

/// Where recent records are kept: each workspace has its own, signing out removes them.
fn shelf() -> String {
    let path = super::dom::window().location().pathname().unwrap_or_default();
    format!("nexus.recent.{}", path.split('/').nth(2).unwrap_or_default())
}

/// Lines of address, name and icon, the last one seen first.
fn recent() -> Vec<Offer> {
    let here = super::dom::address();
    let lines = kept(&shelf()).unwrap_or_default();
    let offers = lines.lines().filter_map(|line| {
        let mut parts = line.splitn(3, '\t');
        let (href, icon, label) = (parts.next()?.to_owned(), parts.next()?.to_owned(), parts.next()?.to_owned());
        Some(Offer { href, label, icon, detail: String::new(), end: None })
    });
    offers.filter(|offer| offer.href != here).take(RECENT).collect()
}

/// A record that is open is the most recent one.
fn remember() {
    let Ok(path) = super::dom::window().location().pathname() else { return };
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    // `/w/{workspace}/{plural}/{id}`, whose id is a UUID.
    let [_, _, plural, id] = parts.as_slice() else { return };
    let crumb = super::dom::find(".topbar-crumbs [aria-current=page]")
        .map(|crumb| text(&crumb))
        .filter(|words| !words.is_empty());
    let Some(title) = crumb.filter(|_| id.len() == 36 && *plural != "imports") else { return };
    let symbol = super::dom::everywhere(".rail .nav-item")
        .into_iter()
        .find(|link| attr(link, "aria-current") == "page")
        .map(|link| offer_of(&link, "").icon)
        .unwrap_or_default();
    let before = kept(&shelf()).unwrap_or_default();
    let line = format!("{path}\t{symbol}\t{}", title.replace(['\n', '\t'], " "));
    let others = before.lines().filter(|line| !line.starts_with(&format!("{path}\t"))).take(RECENT);
    keep(&shelf(), &std::iter::once(line.as_str()).chain(others).collect::<Vec<_>>().join("\n"));
}
