//! Which columns a table shows, in which order, and how wide: a line under the filters. The boxes and the widths are one GET form; the arrows are
//! links, so that the order is changed without a script too.

use super::filter_form::kept;
use super::list_state::{ListState, readable};
use super::widths::{self, CHOSEN};
use crate::page::{PageContext, Viewer};
use domain::schema::{Entity, Field};
use leptos::prelude::*;
use ui::{ButtonKind, Checkbox, Choice, Icon, LinkButton, Select, Size, SubmitButton};
use words::t;

const ASKED: &str = "choose";
/// Widths that have a name, in pixels.
const NARROW: u16 = 120;
const MEDIUM: u16 = 200;
const WIDE: u16 = 320;

pub fn open_href(page: &PageContext) -> String {
    page.with_query(&[(ASKED, Some("columns"))])
}

pub fn draw(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    state: &ListState,
    shown: &[&Field],
) -> Option<AnyView> {
    if page.query(ASKED) != Some("columns") {
        return None;
    }
    let keys: Vec<&str> = shown.iter().map(|field| field.key.as_str()).collect();
    let rest = entity.fields.iter().filter(|field| readable(viewer, field) && !keys.contains(&field.key.as_str()));
    let first = shown.iter().enumerate().map(|(at, field)| line(page, entity, state, field, Some((at, &keys))));
    let others = rest.map(|field| line(page, entity, state, field, None));
    let lines: Vec<AnyView> = first.chain(others).collect();
    let hidden: Vec<_> =
        kept(page, &["columns"]).map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect();
    let done = page.with_query(&[(ASKED, None)]);
    let reset = page.with_query(&[("columns", None)]);
    let own = t!("Columns of {view}", view = state.view.label);
    Some(
        view! {
            <form class="filter-line chooser" method="get" action=page.path.clone()>
                {hidden}
                <fieldset class="chooser-columns"><legend class="chooser-title">{t!("Columns")}</legend><ol>{lines}</ol></fieldset>
                <div class="chooser-acts">
                    <SubmitButton size=Size::Small>{t!("Show these columns")}</SubmitButton>
                    <LinkButton href=done kind=ButtonKind::Ghost size=Size::Small>{t!("Close")}</LinkButton>
                    <a class="link filter-reset" href=reset>{own}</a>
                </div>
            </form>
        }
        .into_any(),
    )
}

/// A column: ticked where it is shown, with its width and a way to the left and to the right. The one that names the row is always there.
fn line(
    page: &PageContext,
    entity: &Entity,
    state: &ListState,
    field: &Field,
    place: Option<(usize, &[&str])>,
) -> AnyView {
    let (key, label) = (field.key.clone(), field.label.clone());
    let names = field.key == entity.title;
    let arrows = place.map(|(at, keys)| {
        let arrow = |to: Option<usize>, icon: &'static str, said: String| match to.filter(|to| *to < keys.len()) {
            Some(to) => {
                let mut moved: Vec<&str> = keys.to_vec();
                moved.swap(at, to);
                let href = page.with_query(&[("columns", Some(&widths::print(moved, &state.widths)))]);
                view! { <a class="btn btn-ghost btn-icon size-s" href=href aria-label=said.clone() title=said><Icon name=icon/></a> }.into_any()
            }
            None => view! { <span class="btn btn-ghost btn-icon size-s is-off" aria-hidden="true"><Icon name=icon/></span> }.into_any(),
        };
        let left = t!("Move {field} to the left", field = field.label);
        let right = t!("Move {field} to the right", field = field.label);
        view! { {arrow(at.checked_sub(1), "arrow-up", left)}{arrow(Some(at + 1), "arrow-down", right)} }
    });
    // A disabled box sends nothing; the name of the row is sent along by itself.
    let fixed = names.then(|| view! { <input type="hidden" name="columns" value=key.clone()/> });
    let checked = place.is_some() || names;
    view! {
        <li>
            {fixed}
            <Checkbox name="columns" id=format!("column-{key}") value=key label checked disabled=names/>
            <div class="chooser-width">{width(field, state.widths.get(&field.key).copied())}</div>
            <span class="chooser-arrows">{arrows}</span>
        </li>
    }
    .into_any()
}

/// A few widths to choose from, and the one that the column has.
fn width(field: &Field, now: Option<u16>) -> AnyView {
    let said = |width: u16| format!("{}:{width}", field.key);
    let named = [(NARROW, t!("Narrow")), (MEDIUM, t!("Medium")), (WIDE, t!("Wide"))];
    let mut choices = vec![Choice::new("", t!("Automatic"))];
    choices.extend(named.map(|(width, words)| Choice::new(said(width), words)));
    if let Some(other) = now.filter(|now| named.iter().all(|(width, _)| width != now)) {
        choices.push(Choice::new(said(other), t!("{width} pixels", width = other)));
    }
    let (id, value) = (format!("width-{}", field.key), now.map(said));
    let label = t!("Width of {field}", field = field.label);
    view! { <Select name=CHOSEN id label choices value bare=true/> }.into_any()
}
