//! Everything that can be set, in one table: the index of the settings, their tabs and the palette are made of it.

use crate::layout::places::Fixed;
use crate::page::{PageContext, Viewer};
use domain::text::normal;
use leptos::prelude::*;
use ui::{EmptyState, Icon, LinkButton, Panel, SearchInput};
use words::{mark, say, t};

/// A page of the settings.
pub struct Setting {
    pub page: Fixed,
    group: &'static str,
    /// What it is for, in a sentence.
    line: &'static str,
    /// Parts of other pages have none.
    pub tab: bool,
}

const YOU: &str = mark!("Your account");
const PEOPLE: &str = mark!("People and their rights");
const WORKSPACE: &str = mark!("The workspace");

const SETTINGS: &[Setting] = &[
    Setting {
        page: Fixed::new(
            "settings/profile",
            mark!("Profile"),
            "user",
            mark!("name phone e-mail password language time zone leave"),
        ),
        group: YOU,
        line: mark!("Your name, number, language, time zone, address and password."),
        tab: true,
    },
    Setting {
        page: Fixed::new(
            "settings#appearance",
            mark!("Appearance"),
            "palette",
            mark!("theme dark light contrast density rows"),
        ),
        group: YOU,
        line: mark!("Light or dark, and how dense rows are, in this browser."),
        tab: false,
    },
    Setting {
        page: Fixed::new(
            "settings/security",
            mark!("Security"),
            "shield",
            mark!("second factor two-factor 2fa totp codes policy support"),
        ),
        group: YOU,
        line: mark!("Your second factor, and what this workspace asks of everybody."),
        tab: true,
    },
    Setting {
        page: Fixed::new("settings/sessions", mark!("Sessions"), "monitor", mark!("devices security signed in")),
        group: YOU,
        line: mark!("Where you are signed in, and how to end it."),
        tab: true,
    },
    Setting {
        page: Fixed::new("settings/keys", mark!("API keys"), "key-round", mark!("programs tokens integrations rest")),
        group: YOU,
        line: mark!("For programs that work in your name."),
        tab: true,
    },
    Setting {
        page: Fixed::new(
            "notifications?show=kinds",
            mark!("What you are told"),
            "bell",
            mark!("notifications mail mentions"),
        ),
        group: YOU,
        line: mark!("Which news reach you, kind by kind."),
        tab: false,
    },
    Setting {
        page: Fixed::new("settings/people", mark!("People"), "users", mark!("members team roles")),
        group: PEOPLE,
        line: mark!("Who works here: invite, suspend, hand over what somebody has."),
        tab: true,
    },
    Setting {
        page: Fixed::new("settings/roles", mark!("Roles"), "badge-check", mark!("permissions rights access"))
            .needs("people.role.read"),
        group: PEOPLE,
        line: mark!("What each role may see and do."),
        tab: true,
    },
    Setting {
        page: Fixed::new("settings/locations", mark!("Locations"), "map-pin", mark!("branches offices places")),
        group: PEOPLE,
        line: mark!("The places where people work, as far as which a role may reach."),
        tab: true,
    },
    Setting {
        page: Fixed::new("settings/company", mark!("Company"), "building-2", mark!("logo address tax bank documents")),
        group: WORKSPACE,
        line: mark!("What invoices, order confirmations and receipts say of you."),
        tab: true,
    },
    Setting {
        page: Fixed::new("settings/audit", mark!("Audit trail"), "history", mark!("log changes undo export"))
            .needs(domain::audit::READ),
        group: WORKSPACE,
        line: mark!("What was done, by whom and when, and the way to take it back."),
        tab: true,
    },
    Setting {
        page: Fixed::new("settings/feedback", mark!("Feedback"), "message-circle", mark!("ideas complaints praise"))
            .needs(domain::audit::READ),
        group: WORKSPACE,
        line: mark!("What people say of their work with Nexus."),
        tab: true,
    },
];

/// Those that the viewer may open. A page that would be refused is not offered.
pub fn offered(viewer: &Viewer) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|setting| setting.page.is_open(viewer))
}

/// All of them by group, each with what it is for; or those of which all words are said.
pub fn draw(page: &PageContext, viewer: &Viewer, words: &str) -> AnyView {
    let asked = normal(words);
    let found: Vec<&Setting> = offered(viewer)
        .filter(|setting| {
            let Fixed { label, also, .. } = setting.page;
            crate::layout::places::called(
                &asked,
                &format!("{} {} {} {}", say(label), say(also), say(setting.group), say(setting.line)),
            )
        })
        .collect();
    let groups: Vec<_> = [YOU, PEOPLE, WORKSPACE]
        .into_iter()
        .filter_map(|group| {
            let rows: Vec<_> =
                found.iter().filter(|setting| setting.group == group).map(|setting| row(viewer, setting)).collect();
            (!rows.is_empty())
                .then(|| view! { <Panel title=say(group) flush=true><ul class="row-list">{rows}</ul></Panel> })
        })
        .collect();
    let nothing = found.is_empty().then(|| {
        let href = page.path.clone();
        let action = view! { <LinkButton href>{t!("All settings")}</LinkButton> }.into_any();
        let text = t!("Try fewer or other words. What you may not open is not listed.");
        view! { <EmptyState icon="search" title=t!("No setting is called “{words}”", words) text action/> }
    });
    let (action, value) = (page.path.clone(), words.to_owned());
    view! {
        <form class="go-form" method="get" action=action role="search">
            <SearchInput name="q" label=t!("Find a setting") value/>
        </form>
        {nothing}
        {groups}
    }
    .into_any()
}

fn row(viewer: &Viewer, setting: &Setting) -> AnyView {
    let (page, line) = (setting.page, setting.line);
    view! {
        <li>
            <a class="row-link" href=viewer.path(page.path)>
                <Icon name=page.icon/>
                <span class="row-text">
                    <span class="row-title">{say(page.label)}</span>
                    <span class="row-detail">{say(line)}</span>
                </span>
            </a>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::offered;
    use crate::records::fixture::viewer;
    use domain::{Grants, Reach};

    #[test]
    fn a_setting_is_offered_to_whoever_may_open_it() {
        let mut viewer = viewer();
        let paths = |viewer: &crate::page::Viewer| offered(viewer).map(|one| one.page.path).collect::<Vec<_>>();
        let few = paths(&viewer);
        assert!(few.contains(&"settings/people") && !few.contains(&"settings/roles"), "{few:?}");
        viewer.grants = Grants([("people.role.read".to_owned(), Reach::All)].into());
        assert!(paths(&viewer).contains(&"settings/roles") && !paths(&viewer).contains(&"settings/audit"));
    }
}
