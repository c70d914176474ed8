//! `/w/{workspace}/go`: what the palette does, without a script. Records by their words, every page, saved view and action by
//! name, and articles of the help.

mod places;

use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, use_page};
use crate::records::values::state_chip;
use domain::Result;
use domain::help::{HelpEntry, ListHelp};
use domain::records::{SearchHit, SearchRecords};
use domain::schema::Entity;
use domain::views::ListViews;
use leptos::prelude::*;
use places::{Place, places};
use ui::{Crumb, EmptyState, Icon, LinkButton, Page, Panel, SearchInput, Stack};
use words::t;

const LIMIT: u32 = 40;

#[component]
pub fn GoPage() -> impl IntoView {
    let page = use_page();
    load(go_page(page)).into_any()
}

async fn go_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let words = page.query("q").map(str::trim).unwrap_or_default().to_owned();
    let (hits, mut articles, views) = if words.is_empty() {
        (Vec::new(), Vec::new(), Vec::new())
    } else {
        let backend = page.backend()?;
        let records = SearchRecords { words: words.clone(), limit: LIMIT };
        let help = ListHelp { words: words.clone() };
        futures::try_join!(backend.run(records), backend.run(help), backend.run(ListViews { entity: None }))?
    };
    articles.truncate(ARTICLES);
    let mut places = places(&viewer, &words, &views);
    if !hits.is_empty() {
        places.truncate(PLACES);
    }
    let nothing = (hits.is_empty() && places.is_empty() && articles.is_empty()).then(|| {
        let title = t!("Nothing found for “{words}”", words);
        let action =
            view! { <LinkButton href=viewer.path("help/search")>{t!("How to search")}</LinkButton> }.into_any();
        let text = t!("Try fewer or other words: a name, a company, an e-mail address, a number such as LEAD-000012.");
        view! { <EmptyState icon="search" title text action/> }
    });
    let records = groups(&viewer, &hits);
    let articles = (!articles.is_empty()).then(|| article_group(&viewer, &articles));
    // Places lead: there are few of them, and who types "new" wants the action.
    let places = place_groups(places, words.is_empty());
    let path = page.path.clone();
    let content = view! {
        <Page narrow=true>
            <h1 class="sr-only">{t!("Search")}</h1>
            <Stack>
                <form class="go-form" method="get" action=path role="search">
                    <SearchInput name="q" label=t!("Search records, pages and actions") value=words autofocus=true/>
                </form>
                <div class="stack" data-region="results">{nothing}{places}{records}{articles}</div>
            </Stack>
        </Page>
    };
    Ok(workspace_frame(&page, vec![Crumb::here(t!("Search"))], None, None, content.into_any()))
}

/// Places shown beside records.
const PLACES: usize = 6;

/// Articles of the help, last: who looks for a record meets it first.
const ARTICLES: usize = 3;

fn article_group(viewer: &Viewer, articles: &[HelpEntry]) -> AnyView {
    let rows: Vec<_> = articles
        .iter()
        .map(|entry| {
            let href = crate::help::entry_href(viewer, entry);
            let title = entry.title.clone();
            let detail = entry.part.as_ref().map_or_else(|| entry.summary.clone(), |part| part.title.clone());
            view! {
                <li>
                    <a class="row-link" href=href>
                        <Icon name="circle-question-mark"/>
                        <span class="row-title">{title}</span>
                        <span class="row-detail">{detail}</span>
                    </a>
                </li>
            }
        })
        .collect();
    view! { <Panel title=t!("Help") flush=true><ul class="row-list">{rows}</ul></Panel> }.into_any()
}

/// Hits by entity, in the order in which the best of each was found.
fn groups(viewer: &Viewer, hits: &[SearchHit]) -> Vec<AnyView> {
    let mut keys: Vec<&str> = Vec::new();
    for hit in hits {
        if !keys.contains(&hit.entity.as_str()) {
            keys.push(&hit.entity);
        }
    }
    keys.into_iter()
        .filter_map(|key| viewer.catalog.get(key))
        .map(|entity| {
            let rows: Vec<_> =
                hits.iter().filter(|hit| hit.entity == entity.key).map(|hit| record_row(viewer, entity, hit)).collect();
            let title = entity.labels.many.clone();
            view! { <Panel title flush=true><ul class="row-list">{rows}</ul></Panel> }.into_any()
        })
        .collect()
}

fn record_row(viewer: &Viewer, entity: &Entity, hit: &SearchHit) -> AnyView {
    let href = viewer.path(&format!("{}/{}", entity.plural, hit.id));
    let subtitle = hit
        .subtitle
        .clone()
        .filter(|text| !text.is_empty())
        .map(|text| view! { <span class="row-detail" dir="auto">{text}</span> });
    let status = hit.status.as_deref().map(|status| state_chip(entity.states.as_ref(), status));
    let title = if hit.title.is_empty() { entity.labels.one.clone() } else { hit.title.clone() };
    view! {
        <li>
            <a class="row-link" href=href>
                <Icon name=entity.icon.clone()/>
                <span class="row-title" dir="auto">{title}</span>
                {subtitle}
                <span class="row-end">{status}</span>
            </a>
        </li>
    }
    .into_any()
}

/// Who typed nothing looks for a page; who typed something, for what to do.
fn place_groups(places: Vec<Place>, pages_first: bool) -> Vec<AnyView> {
    let (actions, pages): (Vec<_>, Vec<_>) = places.into_iter().partition(|place| place.action);
    let mut groups = [(t!("Actions"), actions), (t!("Pages"), pages)];
    if pages_first {
        groups.reverse();
    }
    groups
        .into_iter()
        .filter(|(_, places)| !places.is_empty())
        .map(|(title, places)| {
            let rows: Vec<_> = places
                .into_iter()
                .map(|Place { href, label, icon, .. }| {
                    view! { <li><a class="row-link" href=href><Icon name=icon/><span class="row-title" dir="auto">{label}</span></a></li> }
                })
                .collect();
            view! { <Panel title flush=true><ul class="row-list">{rows}</ul></Panel> }.into_any()
        })
        .collect()
}
