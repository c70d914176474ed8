//! Help: every article with a search over them, one article, and the way from any page to the article that belongs to it.

use crate::layout::nav::role_words;
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, encode, load, use_page};
use domain::Result;
use domain::help::{HelpArticle, HelpEntry, HelpPart, ListHelp, ReadHelp, Shown, place};
use domain::schema::ViewKind;
use leptos::prelude::*;
use ui::{Button, Crumb, EmptyState, LinkButton, Notice, Page, PageHeader, Panel, SearchInput, Stack, TextLink, Tone};
use words::{t, tn};

/// Parts from which on an article lists them.
const LISTED: usize = 3;

#[component]
pub fn HelpPage() -> impl IntoView {
    let page = use_page();
    load(index(page)).into_any()
}

#[component]
pub fn HelpArticlePage() -> impl IntoView {
    let page = use_page();
    load(article(page)).into_any()
}

/// Where *Help* leads from this page.
pub fn href(page: &PageContext, viewer: &Viewer) -> String {
    let below = page.path.strip_prefix(viewer.path("").as_str()).unwrap_or_default();
    if below == "/help" || below.starts_with("/help/") {
        return viewer.path("help");
    }
    place(below, shown(page, viewer, below))
        .map_or_else(|| viewer.path("help"), |place| address(viewer, place.article, place.part))
}

/// Where an entry leads: to its part, where it names one.
pub fn entry_href(viewer: &Viewer, entry: &HelpEntry) -> String {
    address(viewer, &entry.key, entry.part.as_ref().map_or("", |part| part.anchor.as_str()))
}

fn address(viewer: &Viewer, article: &str, part: &str) -> String {
    let anchor = if part.is_empty() { String::new() } else { format!("#{part}") };
    viewer.path(&format!("help/{article}{anchor}"))
}

/// How a list that is open shows its rows. A saved view is known by its id alone, and counts as a table.
fn shown(page: &PageContext, viewer: &Viewer, below: &str) -> Shown {
    if page.query("trash").is_some() {
        return Shown::Trash;
    }
    let Some(view) = page.query("view") else { return Shown::Any };
    let described = viewer.catalog.by_plural(below.trim_matches('/')).and_then(|entity| entity.view(view));
    let kind = described.map(|view| view.kind);
    match kind.or_else(|| ViewKind::from_name(view)) {
        Some(ViewKind::Board) => Shown::Board,
        Some(ViewKind::Calendar | ViewKind::Timeline) => Shown::Dates,
        Some(ViewKind::Table) | None => Shown::Any,
    }
}

async fn index(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let words = page.query("q").map(str::trim).unwrap_or_default().to_owned();
    let found = page.backend()?.run(ListHelp { words: words.clone() }).await?;
    let lists = if words.is_empty() {
        let (guides, articles): (Vec<HelpEntry>, Vec<HelpEntry>) = found.into_iter().partition(|entry| entry.guide);
        let (guides, articles) = (entries(&viewer, &guides), entries(&viewer, &articles));
        view! { <Panel title=t!("By role") flush=true>{guides}</Panel><Panel title=t!("By subject") flush=true>{articles}</Panel> }
            .into_any()
    } else if found.is_empty() {
        let action = view! { <LinkButton href=viewer.path("help")>{t!("Show all articles")}</LinkButton> }.into_any();
        let title = t!("No article has “{words}”", words);
        let text = t!("Try one word in place of several, such as import, filter or role.");
        view! { <EmptyState icon="search" title text action/> }.into_any()
    } else {
        let title = tn!(found.len(), "{count} article", "{count} articles");
        let rows = entries(&viewer, &found);
        view! { <Panel title flush=true>{rows}</Panel> }.into_any()
    };
    let action = page.path.clone();
    let content = view! {
        <Page narrow=true>
            <PageHeader title=t!("Help") text=t!("Short articles about what is here, and where it is.")/>
            <Stack>
                <form class="help-search" method="get" action=action role="search">
                    <SearchInput name="q" label=t!("Search help") value=words/>
                    <Button r#type="submit">{t!("Search")}</Button>
                </form>
                {lists}
            </Stack>
        </Page>
    };
    Ok(workspace_frame(&page, vec![Crumb::here(t!("Help"))], None, None, content.into_any()))
}

fn entries(viewer: &Viewer, entries: &[HelpEntry]) -> AnyView {
    let rows: Vec<AnyView> = entries
        .iter()
        .map(|entry| {
            let href = entry_href(viewer, entry);
            let part = entry.part.as_ref().map(|part| view! { <span class="help-part">{part.title.clone()}</span> });
            let (title, summary) = (entry.title.clone(), entry.summary.clone());
            let needs = missing(viewer, entry).map(|needs| view! { <p class="help-needs">{needs}</p> });
            view! { <li><TextLink href>{title}</TextLink>{part}<p>{summary}</p>{needs}</li> }.into_any()
        })
        .collect();
    view! { <ul class="help-list">{rows}</ul> }.into_any()
}

/// One line for somebody who may do nothing of what the article is about.
fn missing(viewer: &Viewer, entry: &HelpEntry) -> Option<String> {
    if entry.concerns(&viewer.grants, &viewer.catalog) {
        return None;
    }
    let first = entry.needs.first()?;
    let role = role_words(&viewer.role);
    Some(match first.strip_prefix("*.*.") {
        Some(verb) => t!(
            "Your role, {role}, does not allow this: it needs the permission to {verb} a kind of record. \
             An administrator can give it to you.",
            role,
            verb = verb_words(verb)
        ),
        None => t!(
            "Your role, {role}, does not allow this: it needs the permission {permission}. \
             An administrator can give it to you.",
            role,
            permission = first
        ),
    })
}

/// What a permission lets one do, inside a sentence.
fn verb_words(verb: &str) -> &str {
    match verb {
        "read" => t!("read" in "infinitive"),
        "create" => t!("create" in "infinitive"),
        "update" => t!("update" in "infinitive"),
        "delete" => t!("delete" in "infinitive"),
        "import" => t!("import" in "infinitive"),
        "export" => t!("export" in "infinitive"),
        other => other,
    }
}

async fn article(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let key = page.path.rsplit('/').next().unwrap_or_default().to_owned();
    let HelpArticle { entry, parts, html } = page.backend()?.run(ReadHelp { key }).await?;
    let needs = missing(&viewer, &entry).map(|needs| view! { <Notice tone=Tone::Neutral>{needs}</Notice> });
    let contents = (parts.len() >= LISTED).then(|| contents(&parts));
    let feedback = viewer.path(&format!("feedback?from={}", encode(&page.path)));
    let crumbs = vec![Crumb::link(t!("Help"), viewer.path("help")), Crumb::here(entry.title.clone())];
    let (title, text) = (entry.title, entry.summary);
    let (before, after) = words::around(t!("Something is missing here or wrong? {link}."), "link");
    let content = view! {
        <Page narrow=true>
            <PageHeader title text/>
            <Stack>
                {needs}
                {contents}
                <div class="help-body" inner_html=html></div>
                <p class="help-foot">{before}<TextLink href=feedback>{t!("Say so")}</TextLink>{after}</p>
            </Stack>
        </Page>
    };
    Ok(workspace_frame(&page, crumbs, None, None, content.into_any()))
}

fn contents(parts: &[HelpPart]) -> AnyView {
    let links: Vec<AnyView> = parts
        .iter()
        .map(|part| {
            let (href, title) = (format!("#{}", part.anchor), part.title.clone());
            view! { <li><TextLink href>{title}</TextLink></li> }.into_any()
        })
        .collect();
    view! { <nav class="help-contents" aria-label=t!("In this article")><ul>{links}</ul></nav> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::{href, missing};
    use crate::records::fixture;
    use domain::Reach;
    use domain::help::{HelpEntry, PLACES, Shown, place};
    use std::collections::BTreeSet;
    use std::sync::Arc;

    /// The routes of pages in a workspace, as the table of pages writes them.
    fn routes() -> BTreeSet<String> {
        let text = include_str!("../routes.rs");
        let lines = text.lines().filter_map(|line| line.trim().strip_prefix("<Route path="));
        let pages = lines.filter(|line| line.starts_with("workspace()") || line.starts_with("(workspace()"));
        pages
            .map(|line| {
                let path = line.split(" view=").next().unwrap();
                let parts = path.split("Segment(\"").skip(1).zip(path.split("Segment(\"")).map(|(rest, before)| {
                    let name = rest.split('"').next().unwrap();
                    if before.ends_with("Param") { format!("/{{{name}}}") } else { format!("/{name}") }
                });
                let route: String = parts.collect();
                if route.is_empty() { "/".to_owned() } else { route }
            })
            .collect()
    }

    #[test]
    fn every_page_has_its_help_and_every_place_is_a_page() {
        let routes = routes();
        assert!(routes.len() > 45 && routes.contains("/{entity}/{id}/edit"), "{routes:?}");
        let known: BTreeSet<String> = PLACES.iter().map(|place| place.route.to_owned()).collect();
        let without: Vec<&String> = routes.difference(&known).collect();
        assert!(without.is_empty(), "pages without a row in domain::help::PLACES: {without:?}");
        let gone: Vec<&String> = known.difference(&routes).collect();
        assert!(gone.is_empty(), "rows of domain::help::PLACES without a page: {gone:?}");
        // And the row is the one that is found.
        for route in &routes {
            let path = route.replace("{entity}", "leads").replace(['{', '}'], "");
            assert_eq!(place(&path, Shown::Any).map(|place| place.route), Some(route.as_str()), "{path}");
        }
    }

    #[test]
    fn help_leads_to_what_is_open() {
        let mut viewer = fixture::viewer();
        viewer.catalog = Arc::new(fixture::catalog());
        let at = |path: &str, query: &[(&str, &str)]| {
            let mut page = fixture::page(query);
            path.clone_into(&mut page.path);
            href(&page, &viewer)
        };
        assert_eq!(at("/w/lakeside", &[]), "/w/lakeside/help/start#home");
        assert_eq!(at("/w/lakeside/leads", &[("view", "all")]), "/w/lakeside/help/lists");
        assert_eq!(at("/w/lakeside/leads", &[("view", "calendar")]), "/w/lakeside/help/lists#calendar-and-timeline");
        assert_eq!(at("/w/lakeside/leads", &[("trash", "1")]), "/w/lakeside/help/trash");
        assert_eq!(at("/w/lakeside/help/trash", &[]), "/w/lakeside/help");
        assert_eq!(at("/w/lakeside/what/is/this/page", &[]), "/w/lakeside/help");
    }

    #[test]
    fn what_one_may_not_do_is_said_in_one_line() {
        let mut viewer = fixture::viewer();
        viewer.catalog = Arc::new(fixture::catalog());
        let entry = |needs: &[&str]| HelpEntry {
            key: "x".to_owned(),
            title: "X".to_owned(),
            summary: "X.".to_owned(),
            guide: false,
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
            part: None,
        };
        assert_eq!(missing(&viewer, &entry(&[])), None);
        let line = missing(&viewer, &entry(&["*.*.import"])).unwrap();
        assert!(line.contains("Your role, User,") && line.contains("permission to import"), "{line}");
        viewer.grants.0.insert("crm.lead.import".to_owned(), Reach::Own);
        assert_eq!(missing(&viewer, &entry(&["*.*.import"])), None);
        let line = missing(&viewer, &entry(&["people.role.read"])).unwrap();
        assert!(line.contains("permission people.role.read"), "{line}");
    }
}
