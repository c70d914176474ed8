//! What a page of the past has beside one of the present: that it is the past, and that nothing there can be changed. `?as_of=` on a record,
//! a list or a board.

use super::values::Values;
use super::{address, form};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer};
use crate::time::Clock;
use domain::records::{PastRecord, Record};
use domain::schema::Entity;
use domain::{BackendHandle, Result};
use leptos::prelude::*;
use ui::{
    Button, DescriptionList, DescriptionRow, LinkButton, Notice, RecordLayout, RecordPane, Size, TextInput, Tone,
};
use uuid::Uuid;
use words::t;

/// The moment that the page is asked to show.
pub fn moment(page: &PageContext) -> Option<&str> {
    page.query("as_of")
}

/// "As it stood on 21 Nov 2026, 12:30." `now` leads to the present.
pub fn banner(page: &PageContext, viewer: &Viewer, at: &str, now: String) -> AnyView {
    let moment = Clock::new(&page.now, &viewer.timezone).full(at).replace('T', ", ");
    let back = view! { <LinkButton href=now size=Size::Small>{t!("Back to now")}</LinkButton> }.into_any();
    let text = t!(
        "This is how it stood on {moment}. Nothing can be changed here, and names of other records are those of today.",
        moment
    );
    view! { <div class="page-notices" data-past=""><Notice tone=Tone::Warning title=t!("The past") action=back>{text}</Notice></div> }.into_any()
}

/// A record as it stood.
pub async fn record(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    id: Uuid,
    at: &str,
) -> Result<AnyView> {
    let asked = PastRecord { entity: entity.key.clone(), id, version: None, at: Some(at.to_owned()) };
    let was = backend.run(asked).await?;
    let path = address::of(viewer, entity, &was);
    let banner = banner(page, viewer, at, path.clone());
    let about = values(page, viewer, entity, &was);
    let title = address::title(entity, &was);
    let versions = format!("{path}/versions?version={}", was.version);
    let words = t!("It was at version {version} then.", version = was.version);
    let body = view! {
        {banner}
        <RecordLayout title about>
            <RecordPane><p>{words}</p><LinkButton href=versions icon="history">{t!("Open this version")}</LinkButton></RecordPane>
        </RecordLayout>
    }
    .into_any();
    Ok(workspace_frame(page, address::crumbs(viewer, entity, &was, Some(t!("The past"))), None, None, body))
}

/// What a record held, in the groups of its description.
pub fn values(page: &PageContext, viewer: &Viewer, entity: &Entity, was: &Record) -> AnyView {
    let shown: Vec<_> = entity.fields.iter().filter(|field| form::may_see(viewer, field)).collect();
    let values = Values::of(page);
    let lists: Vec<AnyView> = form::groups(&shown)
        .into_iter()
        .map(|(title, fields)| {
            let rows: Vec<AnyView> = fields
                .into_iter()
                .map(|field| {
                    let (label, value) = (field.label.clone(), values.cell(entity, field, was));
                    view! { <DescriptionRow label>{value}</DescriptionRow> }.into_any()
                })
                .collect();
            view! { <DescriptionList title>{rows}</DescriptionList> }.into_any()
        })
        .collect();
    view! { <div class="about">{lists}</div> }.into_any()
}

/// Under a list: the way to how it stood on a day.
pub fn ask(page: &PageContext) -> AnyView {
    let kept: Vec<_> = super::filter_form::kept(page, &["as_of"])
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect();
    // A field for days takes nothing else.
    let value = moment(page).and_then(|at| at.get(..10)).map(str::to_owned);
    view! {
        <details class="as-of">
            <summary>{t!("As it stood on a day")}</summary>
            <form class="decide" method="get" action=page.path.clone()>
                {kept}
                <TextInput name="as_of" label=t!("Day") r#type="date" value required=true/>
                <Button r#type="submit" size=Size::Small>{t!("Show")}</Button>
            </form>
        </details>
    }
    .into_any()
}
