//! Keys of programs: the list, the form that makes one, and the page that shows a new one, once.

use super::settings_frame;
use crate::page::{About, PageContext, Viewer, load, use_page};
use crate::records::post::{envelope, hidden, making};
use crate::session::Typed;
use crate::time::Clock;
use domain::people::keys::{CREATE_KEY, MANAGE_KEYS, PER_MINUTE};
use domain::people::{KeyRow, ListKeys, NewKey};
use domain::schema::Catalog;
use domain::{Grants, Reach, Result, Verb};
use leptos::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use ui::{
    Badge, Button, ButtonKind, Choice, EmptyState, FormActions, Icon, LinkButton, Notice, Page, PageHeader, Panel,
    RadioGroup, Select, Size, Stack, SubmitButton, TextArea, TextInput, Tone,
};
use words::{mark, say, t, tn};

const DAYS: [(&str, &str); 4] =
    [("30", mark!("30 days")), ("90", mark!("90 days")), ("365", mark!("A year")), ("", mark!("Never"))];

#[component]
pub fn KeysPage() -> impl IntoView {
    let page = use_page();
    load(keys_page(page)).into_any()
}

async fn keys_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    if let Some(About::NewKey(key)) = page.about.as_deref() {
        return Ok(settings_frame(&page, &viewer, "API keys", made(&viewer, key)));
    }
    let keys = page.backend()?.run(ListKeys {}).await?;
    let clock = Clock::new(&page.now, &viewer.timezone);
    let list = if keys.is_empty() {
        view! { <EmptyState icon="key-round" title=t!("No key yet") text=t!("A program that reads or writes this workspace calls with a key of its own, so that it can be told apart and ended by itself.")/> }.into_any()
    } else {
        let rows: Vec<_> = keys.iter().map(|key| row(&page, &viewer, clock, key)).collect();
        view! { <ul class="row-list">{rows}</ul> }.into_any()
    };
    let title = if viewer.grants.allows(MANAGE_KEYS) { t!("Keys of this workspace") } else { t!("Your keys") };
    let problem = page.replay_of("people.revoke_key").map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative title=t!("The key was not revoked")>{message}</Notice> }
    });
    let form = form(&page, &viewer);
    let content = view! {
        <Page narrow=true>
            <PageHeader title=t!("API keys") text=t!("For programs that call the API in your name. A key never does more than you may at that moment.")/>
            {problem}
            <Stack><Panel title flush=true>{list}</Panel>{form}</Stack>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "API keys", content.into_any()))
}

fn row(page: &PageContext, viewer: &Viewer, clock: Clock, key: &KeyRow) -> AnyView {
    let state = match key.state.as_str() {
        "revoked" => Some((Tone::Negative, t!("Revoked"))),
        "expired" => Some((Tone::Warning, t!("Expired"))),
        "asleep" => Some((Tone::Warning, t!("Member is away"))),
        _ => None,
    };
    let badge = state.map(|(tone, label)| view! { <Badge tone>{label}</Badge> });
    let whose = (key.member != viewer.member).then(|| key.member_name.clone());
    let name = match whose {
        Some(whose) => format!("{} ({whose})", key.name),
        None => key.name.clone(),
    };
    let used = key
        .last_used_at
        .as_deref()
        .map_or_else(|| t!("never used").to_owned(), |at| t!("last used {when}", when = clock.words(at)));
    let end = match (&key.revoked_at, &key.expires_at) {
        (Some(at), _) => t!("revoked {when}", when = clock.words(at)),
        (None, Some(at)) if key.state == "expired" => t!("ended {when}", when = clock.words(at)),
        (None, Some(at)) => t!("ends {when}", when = clock.words(at)),
        (None, None) => t!("never ends").to_owned(),
    };
    let mut details = vec![used, end];
    if !key.addresses.is_empty() {
        details.push(t!("from {addresses} only", addresses = key.addresses.join(", ")));
    }
    if key.per_minute != PER_MINUTE {
        details.push(tn!(key.per_minute, "{count} request a minute", "{count} requests a minute"));
    }
    let title = t!("Made {when}", when = clock.full(&key.created_at));
    let revoke = key.revoked_at.is_none().then(|| revoke(page, viewer, key));
    let all: Vec<String> =
        key.scopes.0.iter().map(|(pattern, reach)| format!("{pattern}: {}", reach.as_str())).collect();
    view! {
        <li data-id=key.id.to_string()>
            <div class="row-link">
                <Icon name="key-round"/>
                <span class="row-text">
                    <span class="row-title key-name"><bdi>{name}</bdi>{badge}</span>
                    <span class="row-detail" title=all.join("\n")><code>{format!("nx_live_{}…", key.prefix)}</code>" · "{scope_words(&viewer.catalog, &key.scopes)}</span>
                    <span class="row-detail" title=title>{details.join(" · ")}</span>
                </span>
                <span class="row-end">{revoke}</span>
            </div>
        </li>
    }
    .into_any()
}

fn revoke(page: &PageContext, viewer: &Viewer, key: &KeyRow) -> AnyView {
    let envelope = envelope(page, &format!("revoke-{}", key.id), &viewer.path("settings/keys"), t!("Key revoked"));
    view! {
        <form method="post" action=viewer.action("people.revoke_key")>
            {hidden("id", key.id.to_string())}
            {envelope}
            <Button size=Size::Small r#type="submit">{t!("Revoke")}</Button>
        </form>
    }
    .into_any()
}

/// What a key may do, briefly: area by area.
pub fn scope_words(catalog: &Catalog, scopes: &Grants) -> String {
    let mut areas: BTreeMap<&str, (BTreeSet<&str>, bool)> = BTreeMap::new();
    // What everything includes is not said once more.
    let everything = Grants(
        scopes.0.iter().filter(|(pattern, _)| pattern.starts_with("*.")).map(|(p, r)| (p.clone(), *r)).collect(),
    );
    for (pattern, reach) in &scopes.0 {
        let parts: Vec<&str> = pattern.split('.').collect();
        let [area, noun, verb] = parts.as_slice() else { continue };
        if *area != "*" && everything.cover(pattern, *reach) {
            continue;
        }
        let held = areas.entry(area).or_default();
        held.0.insert(verb);
        held.1 |= *noun != "*";
    }
    let said = areas.into_iter().map(|(area, (verbs, parts))| {
        let area = match area {
            "*" => t!("everything").to_owned(),
            "crm" => "CRM".to_owned(),
            area => super::roles_grid::area_name(catalog, area).to_lowercase(),
        };
        let whole = if parts { t!("parts of {area}", area) } else { area };
        match (verbs.contains("*"), verbs.len() == 1 && verbs.contains("read"), verbs.contains("read")) {
            (true, ..) => t!("anything with {area}", area = whole),
            (_, true, _) => t!("reads {area}", area = whole),
            (_, _, true) => t!("reads and writes {area}", area = whole),
            _ => t!("writes {area}", area = whole),
        }
    });
    let said = said.collect::<Vec<_>>().join(", ");
    let mut letters = said.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Areas in which the viewer may do something, with their names, and whether that is more than reading.
fn areas(viewer: &Viewer) -> Vec<(String, String, bool)> {
    let mut keys: Vec<String> = Vec::new();
    let described = viewer.catalog.iter().map(|entity| entity.area.clone());
    for area in described.chain(["people", "workflow"].map(str::to_owned)) {
        if !keys.contains(&area) {
            keys.push(area);
        }
    }
    let held = |area: &str, verbs: &[Verb]| {
        let wanted = verbs.iter().map(|verb| (format!("{area}.*.{}", verb.as_str()), Reach::All));
        !viewer.grants.within(&Grants(wanted.collect())).0.is_empty()
    };
    let offered = keys.into_iter().filter(|area| held(area, &Verb::ALL));
    offered
        .map(|area| {
            let writes = held(&area, &[Verb::Create, Verb::Update, Verb::Delete]);
            let label = super::roles_grid::area_name(&viewer.catalog, &area);
            (area, label, writes)
        })
        .collect()
}

fn form(page: &PageContext, viewer: &Viewer) -> AnyView {
    let typed = Typed::of(page, "people.create_key");
    let access = vec![
        Choice::new("read", t!("Read")).hint(t!("Everything that you may see")),
        Choice::new("write", t!("Read and write")).hint(t!("Everything that you may do with records")),
        Choice::new("areas", t!("Chosen areas")),
    ];
    let chosen: Vec<_> = areas(viewer)
        .into_iter()
        .map(|(area, label, writes)| {
            let name = format!("areas.{area}");
            let mut choices = vec![Choice::new("none", t!("Closed")), Choice::new("read", t!("Read"))];
            if writes {
                choices.push(Choice::new("write", t!("Read and write")));
            }
            let value = typed.value_or(&name, "none");
            view! { <Select name label choices value/> }
        })
        .collect();
    let days = DAYS.iter().map(|(value, label)| Choice::new(*value, say(label))).collect();
    let reason = viewer.lacks(CREATE_KEY);
    let save = match reason {
        Some(reason) => view! { <SubmitButton reason>{t!("Make the key")}</SubmitButton> }.into_any(),
        None => view! { <SubmitButton>{t!("Make the key")}</SubmitButton> }.into_any(),
    };
    let error = |name: &str| typed.error(name).unwrap_or_default();
    let limits = view! {
        <div class="form-grid is-two">
            <Select name="days" label=t!("Ends after") choices=days value=typed.value_or("days", "90") error=error("days")/>
            <TextInput name="perMinute" label=t!("Requests a minute, at most") value=typed.value_or("perMinute", &PER_MINUTE.to_string()) error=error("perMinute") inputmode="numeric" maxlength=5/>
        </div>
    }
    .into_any();
    let form = view! {
        <form class="stack key-form" method="post" action=viewer.action("people.create_key")>
            {making(page, "key", &page.path, "")}
            {typed.notice()}
            <TextInput name="name" label=t!("What it is for") placeholder=t!("Web shop") value=typed.value("name") error=error("name") required=true maxlength=80/>
            <RadioGroup name="access" label=t!("What it may do") choices=access value=typed.value_or("access", "read") error=error("access")/>
            <div class="form-grid is-two key-areas">{chosen}</div>
            {limits}
            <TextArea name="addresses" label=t!("Only from these addresses") rows=2 value=typed.value("addresses") error=error("addresses") placeholder=t!("203.0.113.7 or 203.0.113.0/24") hint=t!("Any when empty. Separate several by spaces or lines.")/>
            <FormActions>{save}</FormActions>
        </form>
    }
    .into_any();
    view! { <Panel title=t!("Make a key") text=t!("Asks for your password once more, and shows the key once.")>{form}</Panel> }
        .into_any()
}

/// The page after a key was made. It stands in no other answer.
fn made(viewer: &Viewer, made: &NewKey) -> AnyView {
    let (back, name) = (viewer.path("settings/keys"), made.name.clone());
    let Some(key) = made.key.clone() else {
        let text = t!(
            "The same form was sent twice. The key was shown in the first answer and is kept nowhere. If you did not see it, revoke it and make another one."
        );
        return view! {
            <Page narrow=true>
                <PageHeader title=t!("This key was shown already")/>
                <Notice tone=Tone::Warning title=name>{text}</Notice>
                <div class="key-go"><LinkButton href=back kind=ButtonKind::Primary>{t!("To the keys")}</LinkButton></div>
            </Page>
        }
        .into_any();
    };
    let call = format!(
        "curl -H \"Authorization: Bearer $NEXUS_KEY\" \\\n  \"$NEXUS_URL/w/{}/api/v1/leads?limit=3\"",
        viewer.slug
    );
    view! {
        <Page narrow=true>
            <PageHeader title=t!("Keep this key") text=t!("It is shown now and never again. Nexus keeps only what it needs to recognise it.")/>
            <Panel title=name>
                <div class="once-key">
                    <code id="new-key" class="once-key-text" tabindex="0" aria-label=t!("The key")>{key}</code>
                    <button class="button is-small" type="button" hidden=true data-copy="new-key">{t!("Copy")}</button>
                </div>
                <Notice tone=Tone::Info>{t!("Put it where the program keeps its secrets, not into its code. Whoever has it can do what it may, until it ends or you revoke it.")}</Notice>
                <h3 class="key-how">{t!("How a program calls")}</h3>
                <pre class="key-call"><code>{call}</code></pre>
                <div class="key-go"><LinkButton href=back kind=ButtonKind::Primary>{t!("I kept it")}</LinkButton></div>
            </Panel>
        </Page>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::scope_words;
    use domain::schema::Catalog;
    use domain::{Grants, Reach};

    #[test]
    fn scopes_are_said_in_words() {
        for (patterns, said) in [
            (&["*.*.*"][..], "Anything with everything"),
            (&["*.*.read"], "Reads everything"),
            (&["*.*.read", "crm.*.read", "people.member.read"], "Reads everything"),
            (&["*.*.read", "*.*.create", "*.*.update"], "Reads and writes everything"),
            (&["crm.*.read", "sales.order.read", "sales.order.update"], "Reads CRM, reads and writes parts of sales"),
            (&["inventory.product.update"], "Writes parts of inventory"),
            (&[], ""),
        ] {
            let scopes = Grants(patterns.iter().map(|pattern| ((*pattern).to_owned(), Reach::All)).collect());
            assert_eq!(scope_words(&Catalog::default(), &scopes), said);
        }
    }
}
