//! Where a page says that something changed since it was drawn. Empty and hidden until an island has heard of something: what one reads does
//! not move by itself. Without scripts one loads the page again, as ever. Beside it, on the page of a record: who else has it open.

use crate::page::{PageContext, Viewer};
use domain::schema::Entity;
use leptos::prelude::*;
use ui::{ButtonKind, LinkButton, Size};
use uuid::Uuid;
use words::t;

/// Of a list or a board of the entity, or of one of its rows.
pub fn bar(page: &PageContext, viewer: &Viewer, entity: &Entity, record: Option<Uuid>) -> AnyView {
    let (one, many) = (super::lower(&entity.labels.one), super::lower(&entity.labels.many));
    let (one, many) = match record {
        Some(_) => (t!("Somebody changed this {entity}", entity = one), String::new()),
        None => (t!("1 {entity} changed", entity = one), t!("# {entities} changed", entities = many)),
    };
    view! {
        <div
            class="live"
            role="status"
            hidden=true
            data-live=viewer.path("stream")
            data-since=page.now.clone()
            data-entity=entity.key.clone()
            data-record=record.map(|record| record.to_string())
            data-one=one
            data-many=many
        >
            <span data-words=""></span>
            <LinkButton href=page.address() size=Size::Small kind=ButtonKind::Secondary>{t!("Show")}</LinkButton>
        </div>
    }
    .into_any()
}

/// Who else has the record open; empty and hidden while nobody does.
pub fn colleagues() -> AnyView {
    let and = format!(" {} ", t!("and"));
    let (one, many) = (t!("# is here too"), t!("# are here too"));
    view! {
        <span class="chip here" role="status" hidden=true data-here="" data-one=one data-and=and data-many=many>
            <span class="chip-text" data-words=""></span>
        </span>
    }
    .into_any()
}
