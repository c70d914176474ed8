//! Settings of the person and of the workspace.

mod agent;
mod audit;
mod company;
mod feedback;
mod invite;
mod keys;
mod locations;
mod member;
mod people;
mod profile;
mod roles;
mod roles_grid;
mod roles_member;
mod security;
mod sessions;

pub use audit::{AuditPage, changed, operation_words};
pub use company::CompanyPage;
pub use feedback::{FeedbackPage, SendFeedbackPage};
pub use keys::KeysPage;
pub use locations::LocationsPage;
pub use member::MemberPage;
pub use people::PeoplePage;
pub use profile::ProfilePage;
pub use roles::{RolePage, RolesPage};
pub use roles_member::MemberRolesPage;
pub use security::SecurityPage;
pub use sessions::{MemberSessionsPage, SessionsPage};

use crate::layout::nav::{density_choice, role_words, theme_choice};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, use_page};
use domain::Result;
use leptos::prelude::*;
use ui::{
    Button, Choice, Crumb, Density, DescriptionList, DescriptionRow, FormActions, Page, PageHeader, Panel, RadioGroup,
    Size, Stack, SubmitButton, TabItem, Tabs, Theme,
};

#[component]
pub fn SettingsPage() -> impl IntoView {
    let page = use_page();
    load(settings_page(page)).into_any()
}

/// A page of the settings, with the tabs between them.
fn settings_frame(page: &PageContext, viewer: &Viewer, here: &'static str, content: AnyView) -> AnyView {
    let places = [
        ("You", "settings", None),
        ("Profile", "settings/profile", None),
        ("Security", "settings/security", None),
        ("Sessions", "settings/sessions", None),
        ("API keys", "settings/keys", None),
        ("People", "settings/people", None),
        ("Roles", "settings/roles", Some("people.role.read")),
        ("Locations", "settings/locations", None),
        ("Company", "settings/company", None),
        ("Audit trail", "settings/audit", Some(domain::audit::READ)),
        ("Feedback", "settings/feedback", Some(domain::audit::READ)),
    ];
    // A tab whose page would be refused is not offered.
    let open = |needs: Option<&str>| needs.is_none_or(|permission| viewer.grants.allows(permission));
    let items = places.into_iter().filter(|(.., needs)| open(*needs));
    let items = items.map(|(label, path, _)| TabItem::new(label, viewer.path(path), label == here)).collect();
    let tabs = view! { <Tabs label="Settings" items/> }.into_any();
    let crumbs = match here {
        "You" => vec![Crumb::here("Settings")],
        here => vec![Crumb::link("Settings", viewer.path("settings")), Crumb::here(here)],
    };
    workspace_frame(page, crumbs, Some(tabs), None, content)
}

async fn settings_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let (account, appearance) = (account(&viewer), appearance(&page));
    let content = view! { <Page narrow=true><PageHeader title="Settings"/><Stack>{account}{appearance}</Stack></Page> };
    Ok(settings_frame(&page, &viewer, "You", content.into_any()))
}

fn account(viewer: &Viewer) -> AnyView {
    let (name, role, workspace) = (viewer.name.clone(), role_words(&viewer.role), viewer.workspace.clone());
    let email = viewer.email.clone().map(|email| view! { <DescriptionRow label="E-mail">{email}</DescriptionRow> });
    let (currency, timezone) = (viewer.currency.clone(), viewer.timezone.clone());
    let sign_out = view! {
        <form method="post" action="/sign-out"><Button size=Size::Small icon="log-out" r#type="submit">"Sign out"</Button></form>
    };
    view! {
        <Panel title="Your account" actions=sign_out.into_any()>
            <DescriptionList>
                <DescriptionRow label="Name">{name}</DescriptionRow>
                {email}
                <DescriptionRow label="Role">{role}</DescriptionRow>
                <DescriptionRow label="Workspace">{workspace}</DescriptionRow>
                <DescriptionRow label="Currency">{currency}</DescriptionRow>
                <DescriptionRow label="Time zone">{timezone}</DescriptionRow>
            </DescriptionList>
        </Panel>
    }
    .into_any()
}

/// Theme and density: kept in a cookie of this browser, so that the server draws the page right at once.
fn appearance(page: &PageContext) -> AnyView {
    let themes = Theme::ALL.into_iter().map(|theme| Choice::new(theme.as_str(), theme_choice(theme).0)).collect();
    let densities = Density::ALL
        .into_iter()
        .map(|density| {
            let hint = match density {
                Density::Compact => "Most on the screen",
                Density::Regular => "For most people",
                Density::Comfortable => "For touch, and tired eyes",
            };
            Choice::new(density.as_str(), density_choice(density)).hint(hint)
        })
        .collect();
    let (theme, density, next) = (page.theme.as_str(), page.density.as_str(), page.address());
    view! {
        <Panel title="Appearance" text="Of Nexus in this browser.">
            <form class="stack" method="post" action="/preferences">
                <input type="hidden" name="_next" value=next/>
                <div class="form-grid is-two">
                    <RadioGroup name="theme" label="Theme" choices=themes value=theme/>
                    <RadioGroup name="density" label="Rows" choices=densities value=density/>
                </div>
                <FormActions><SubmitButton>"Save appearance"</SubmitButton></FormActions>
            </form>
        </Panel>
    }
    .into_any()
}
