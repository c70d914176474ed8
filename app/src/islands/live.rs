//! Hears what changes while a page is open, and says so; what is on the page stays until it is asked for, but for the count of what waits for who
//! looks at it. A tab that nobody sees holds no connection: browsers allow six to a host, and whoever comes back to it is told what was missed.

use super::dom::{Event, after, all, append, attr, document, everywhere, find, listen, make, on, set, text, within};
use crate::page::encode;
use js_sys::{JSON, Reflect};
use std::cell::RefCell;
use std::collections::BTreeSet;
use wasm_bindgen::prelude::*;
use web_sys::{EventSource, HtmlElement, MessageEvent};
use words::t;

/// Milliseconds after which a page that was refused asks again.
const REFUSED: i32 = 20_000;

#[derive(Default)]
struct Hearing {
    source: Option<EventSource>,
    /// The last event that was heard.
    place: String,
    /// When the page that the rows below were counted for was drawn.
    drawn: String,
    /// Rows that others changed since.
    rows: BTreeSet<String>,
}

thread_local! {
    static HEARING: RefCell<Hearing> = RefCell::default();
}

pub fn attach() {
    open();
    on("visibilitychange", |_| if document().hidden() { close() } else { open() });
}

/// Where the page says what changed of what it shows; not every page does.
fn bar() -> Option<HtmlElement> {
    find("[data-live]")
}

/// Where it says how much waits, which names the stream.
fn told() -> Option<HtmlElement> {
    find("[data-told]")
}

fn open() {
    let Some(told) = told().filter(|_| !document().hidden()) else { return };
    HEARING.with_borrow_mut(|hearing| {
        if hearing.source.is_some() {
            return;
        }
        let bar = bar();
        let drawn = || attr(bar.as_ref().unwrap_or(&told), "data-since");
        let since = if hearing.place.is_empty() { drawn() } else { hearing.place.clone() };
        let mut address = format!("{}?since={}", attr(&told, "data-told"), encode(&since));
        if let Some(bar) = bar.filter(|bar| !attr(bar, "data-record").is_empty()) {
            let (entity, record) = (attr(&bar, "data-entity"), attr(&bar, "data-record"));
            address.push_str(&format!("&entity={entity}&record={record}"));
        }
        let Ok(source) = EventSource::new(&address) else { return };
        listen(&source, "message", false, Box::new(|event| heard(&event, true)));
        listen(&source, "place", false, Box::new(|event| heard(&event, false)));
        listen(
            &source,
            "here",
            false,
            Box::new(|event| {
                let _ = here(&event);
            }),
        );
        listen(
            &source,
            "told",
            false,
            Box::new(|event| {
                let _ = count(&event);
            }),
        );
        listen(
            &source,
            "many",
            false,
            Box::new(|event| {
                heard(&event, false);
                say(usize::MAX);
            }),
        );
        listen(&source, "error", false, Box::new(|_| refused()));
        hearing.source = Some(source);
    });
}

/// A browser comes back by itself to a stream that ended, and gives up for good where it is refused: too many pages listen, or too much is going on.
fn refused() {
    let gone = |source: &EventSource| source.ready_state() == EventSource::CLOSED;
    if HEARING.with_borrow(|hearing| hearing.source.as_ref().is_some_and(gone)) {
        close();
        after(REFUSED, open);
    }
}

fn close() {
    HEARING.with_borrow_mut(|hearing| {
        if let Some(source) = hearing.source.take() {
            source.close();
        }
    });
}

fn heard(event: &Event, rows: bool) {
    let Some(message) = event.dyn_ref::<MessageEvent>() else { return };
    let changed = if rows { message.data().as_string().and_then(|data| changes(&data)) } else { None };
    let count = HEARING.with_borrow_mut(|hearing| {
        hearing.place = message.last_event_id();
        let bar = bar()?;
        let drawn = attr(&bar, "data-since");
        if hearing.drawn != drawn {
            // Another state of the page, which shows all that was said before.
            hearing.rows.clear();
            hearing.drawn = drawn;
        }
        hearing.rows.extend(changed?.into_iter().filter(|change| change.about(&bar)).map(|change| change.id));
        Some(hearing.rows.len())
    });
    if let Some(count) = count.filter(|count| *count > 0) {
        say(count);
    }
}

/// Shows who else has the record open.
fn here(event: &Event) -> Option<()> {
    let data = event.dyn_ref::<MessageEvent>()?.data().as_string()?;
    let list = Reflect::get(&JSON::parse(&data).ok()?, &JsValue::from_str("names")).ok()?;
    let names: Vec<String> = js_sys::try_iter(&list).ok()??.flatten().filter_map(|name| name.as_string()).collect();
    let place = find("[data-here]")?;
    let words = match names.split_last() {
        None => String::new(),
        Some((name, [])) => attr(&place, "data-one").replacen('#', name, 1),
        Some((last, names)) => {
            let names = [names.join(", "), last.clone()].join(&attr(&place, "data-and"));
            attr(&place, "data-many").replacen('#', &names, 1)
        }
    };
    place.set_hidden(words.is_empty());
    within(&place, "[data-words]")?.set_text_content(Some(&words));
    Some(())
}

/// Shows how much waits, and says so where it became more. Nothing moves, and the focus stays where it is.
fn count(event: &Event) -> Option<()> {
    let data = event.dyn_ref::<MessageEvent>()?.data().as_string()?;
    let unread = Reflect::get(&JSON::parse(&data).ok()?, &JsValue::from_str("unread")).ok()?.as_f64()?;
    let (words, mut before) = (unread.to_string(), 0.0);
    for place in everywhere("[data-counted='told']") {
        let shown = within(&place, ".count");
        before = shown.as_ref().and_then(|shown| text(shown).parse().ok()).unwrap_or_default();
        match shown {
            Some(shown) if unread > 0.0 => shown.set_text_content(Some(&words)),
            Some(shown) => shown.remove(),
            None if unread > 0.0 => append(&place, make("span", "count tone-neutral", &words)),
            None => {}
        }
    }
    if unread > before {
        let place = told()?;
        let said =
            if words == "1" { attr(&place, "data-one") } else { attr(&place, "data-many").replacen('#', &words, 1) };
        place.set_text_content(Some(&said));
    }
    Some(())
}

struct Change {
    entity: String,
    id: String,
    own: bool,
}

impl Change {
    /// Whether it is news for this page.
    fn about(&self, bar: &HtmlElement) -> bool {
        let record = attr(bar, "data-record");
        !self.own && self.entity == attr(bar, "data-entity") && (record.is_empty() || record == self.id)
    }
}

fn changes(data: &str) -> Option<Vec<Change>> {
    let data = JSON::parse(data).ok()?;
    let list = Reflect::get(&data, &JsValue::from_str("changes")).ok()?;
    let text = |change: &JsValue, name: &str| Reflect::get(change, &JsValue::from_str(name)).ok()?.as_string();
    let changes = js_sys::try_iter(&list).ok()??.flatten().filter_map(|change| {
        let own = Reflect::get(&change, &JsValue::from_str("own")).ok()?.as_bool()?;
        Some(Change { entity: text(&change, "entity")?, id: text(&change, "id")?, own })
    });
    Some(changes.collect())
}

fn say(count: usize) {
    let Some(bar) = bar() else { return };
    let many = attr(&bar, "data-many");
    let words = match count {
        usize::MAX => t!("Much has changed").to_owned(),
        1 => attr(&bar, "data-one"),
        _ if many.is_empty() => attr(&bar, "data-one"),
        count => many.replace('#', &count.to_string()),
    };
    if let Some(place) = within(&bar, "[data-words]") {
        place.set_text_content(Some(&words));
    }
    bar.set_hidden(false);
    // Where the page is now, which is not where it was drawn: filters change the address without a new page.
    for link in all(&bar, "a") {
        set(&link, "href", &super::dom::address());
    }
}
