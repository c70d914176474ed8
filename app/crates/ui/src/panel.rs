//! Boxes and bars: what holds content together.

use leptos::prelude::*;
use words::t;

use crate::{Icon, MaybeText, Slot};

/// A framed part of a page with a title and its actions.
#[component]
pub fn Panel(
    #[prop(optional, into)] title: MaybeText,
    #[prop(optional, into)] text: MaybeText,
    #[prop(optional, into)] actions: Slot,
    /// Content touches the frame (tables, lists).
    #[prop(optional)]
    flush: bool,
    children: Children,
) -> impl IntoView {
    let has_head = title.is_some() || actions.is_some();
    let title = title.into_option().map(|title| view! { <h2 class="panel-title">{title}</h2> });
    let text = text.into_option().map(|text| view! { <p class="panel-text">{text}</p> });
    let actions = actions.wrap(|actions| view! { <div class="panel-actions">{actions}</div> }.into_any());
    let head = has_head.then(|| view! { <header class="panel-head"><div>{title}{text}</div>{actions}</header> });
    view! { <section class="panel">{head}<div class="panel-body" class:is-flush=flush>{children()}</div></section> }
        .into_any()
}

/// A panel at the end side of the page, at the URL of what it shows; the cross is a link back.
#[component]
pub fn SidePanel(
    #[prop(into)] title: String,
    #[prop(into)] close_href: String,
    /// Opens the same thing as a page.
    #[prop(optional, into)]
    open_href: MaybeText,
    #[prop(optional, into)] actions: Slot,
    children: Children,
) -> impl IntoView {
    let open = open_href.into_option().map(|href| {
        let label = t!("Open as a page");
        view! { <a class="btn btn-ghost btn-icon size-s" href=href aria-label=label title=label><Icon name="maximize-2"/></a> }
    });
    view! {
        <aside class="side-panel" aria-label=title>
            <header class="side-panel-head">
                <h2 class="side-panel-title" dir="auto">{title.clone()}</h2>
                {actions.into_option()}
                {open}
                <a class="btn btn-ghost btn-icon size-s" href=close_href aria-label=t!("Close panel") title=t!("Close")><Icon name="x"/></a>
            </header>
            <div class="side-panel-body">{children()}</div>
        </aside>
    }
    .into_any()
}

/// A page that asks one thing, drawn like a dialog: confirm, conflict, new record. Works without a script.
#[component]
pub fn DialogPage(
    #[prop(into)] title: String,
    #[prop(optional, into)] text: MaybeText,
    #[prop(optional, into)] close_href: MaybeText,
    /// Wider, for forms in two columns and comparisons.
    #[prop(optional)]
    wide: bool,
    children: Children,
) -> impl IntoView {
    let text = text.into_option().map(|text| view! { <p class="dialog-text">{text}</p> });
    let close = close_href.into_option().map(|href| {
        view! { <a class="btn btn-ghost btn-icon size-s" href=href aria-label=t!("Close") title=t!("Close")><Icon name="x"/></a> }
    });
    view! {
        <section class="dialog" class:is-wide=wide aria-labelledby="dialog-title">
            <header class="dialog-head"><div><h1 class="dialog-title" id="dialog-title">{title}</h1>{text}</div>{close}</header>
            <div class="dialog-body">{children()}</div>
        </section>
    }
    .into_any()
}

/// A bar of controls above a list; `end` is pushed to the far side.
#[component]
pub fn Toolbar(
    #[prop(optional, into)] label: MaybeText,
    #[prop(optional, into)] end: Slot,
    children: Children,
) -> impl IntoView {
    let end = end.wrap(|end| view! { <div class="toolbar-end">{end}</div> }.into_any());
    let role = label.is_some().then_some("group");
    view! { <div class="toolbar" role=role aria-label=label.into_option()><div class="toolbar-start">{children()}</div>{end}</div> }
        .into_any()
}

/// The filters of a list read as a sentence, with ways to change them.
#[component]
pub fn FilterBar(#[prop(optional, into)] end: Slot, children: Children) -> impl IntoView {
    let end = end.wrap(|end| view! { <div class="toolbar-end">{end}</div> }.into_any());
    view! { <div class="toolbar filterbar"><div class="toolbar-start">{children()}</div>{end}</div> }.into_any()
}

/// What can be done with the chosen rows; takes the place of the toolbar. A script says how many there are, in the words of `one` and `many`, where a
/// `#` stands for the number; and of `apart`, where a `#` stands for those words and a `~` for the number on this page. It is also what shows the ways
/// to see them and to choose none.
#[component]
pub fn BulkBar(
    /// "3 chosen", or what stands there while none is.
    #[prop(into)]
    text: String,
    #[prop(optional, into)] one: MaybeText,
    #[prop(optional, into)] many: MaybeText,
    #[prop(optional, into)] apart: MaybeText,
    #[prop(optional, into)] clear_href: MaybeText,
    /// A list, to which the script adds which rows it is to show.
    #[prop(optional, into)]
    see_href: MaybeText,
    children: Children,
) -> impl IntoView {
    let clear = clear_href.into_option().map(|href| view! { <a class="link" href=href>{t!("Clear" in "choice")}</a> });
    let (none, apart) = (text.clone(), apart.into_option());
    // Drawn hidden: without a script there is nothing that they could be about.
    let scripted = see_href.into_option().map(|href| {
        view! {
            <a class="link" href=href.clone() hidden=true data-see=href>{t!("Show them")}</a>
            <button class="btn btn-ghost size-s" type="button" hidden=true data-clear="">{t!("Clear" in "choice")}</button>
        }
    });
    view! { <div class="toolbar bulkbar" role="group" aria-label=t!("Chosen rows")><div class="toolbar-start"><strong class="bulk-count" aria-live="polite" data-one=one.into_option() data-many=many.into_option() data-apart=apart data-none=none>{text}</strong>{clear}{scripted}{children()}</div></div> }
        .into_any()
}

/// Label and value in rows, as on a record.
#[component]
pub fn DescriptionList(#[prop(optional, into)] title: MaybeText, children: Children) -> impl IntoView {
    let title = title.into_option().map(|title| view! { <h2 class="desc-title">{title}</h2> });
    view! { <div class="desc">{title}<dl class="desc-list">{children()}</dl></div> }.into_any()
}

#[component]
pub fn DescriptionRow(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! { <div class="desc-row"><dt>{label}</dt><dd dir="auto">{children()}</dd></div> }.into_any()
}

/// One condition of a [`FilterBar`], read as a sentence: "Stage is Qualified or Proposal".
#[component]
pub fn FilterChip(
    #[prop(into)] field: String,
    #[prop(into)] relation: String,
    #[prop(into)] value: String,
    /// The list without it.
    #[prop(into)]
    remove_href: String,
    /// Opens it for change.
    #[prop(optional, into)]
    edit_href: MaybeText,
) -> impl IntoView {
    let label = t!("Remove the filter {field}", field);
    // Where it is long its end is cut.
    let title = value.clone();
    let value = match edit_href.into_option() {
        Some(href) => view! { <a class="filter-value" href=href title=title dir="auto">{value}</a> }.into_any(),
        None => view! { <span class="filter-value" title=title dir="auto">{value}</span> }.into_any(),
    };
    view! {
        <span class="filter">
            <span class="filter-field">{field}</span>
            <span class="filter-relation">{relation}</span>
            {value}
            <a class="filter-remove" href=remove_href aria-label=label.clone() title=label.clone()><Icon name="x"/></a>
        </span>
    }
    .into_any()
}
