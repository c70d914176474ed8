//! Settings of the person and of the workspace.

mod agent;
mod audit;
mod company;
mod feedback;
mod index;
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
mod trail_words;

pub use audit::{AuditPage, changed};
pub use company::CompanyPage;
pub use feedback::{FeedbackPage, SendFeedbackPage};
pub use index::offered;
pub use keys::KeysPage;
pub use locations::LocationsPage;
pub use member::MemberPage;
pub use people::PeoplePage;
pub use profile::ProfilePage;
pub use roles::{RolePage, RolesPage};
pub use roles_member::MemberRolesPage;
pub use security::SecurityPage;
pub use sessions::{MemberSessionsPage, SessionsPage};
pub use trail_words::operation_words;

use crate::layout::nav::{density_choice, role_words, theme_choice};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, use_page};
use domain::Result;
use leptos::prelude::*;
use ui::{
    Button, Choice, Crumb, Density, DescriptionList, DescriptionRow, FormActions, Page, PageHeader, Panel, RadioGroup,
    Size, Stack, SubmitButton, TabItem, Tabs, Theme,
};
use words::{mark, say, t};

#[component]
pub fn SettingsPage() -> impl IntoView {
    let page = use_page();
    load(settings_page(page)).into_any()
}

/// The tab of the index.
const ALL: &str = mark!("All settings");

/// A page of the settings, with the tabs between them. `here` is the tab in English, as the table has it.
fn settings_frame(page: &PageContext, viewer: &Viewer, here: &'static str, content: AnyView) -> AnyView {
    let pages = index::offered(viewer).filter(|setting| setting.tab).map(|setting| &setting.page);
    let items = std::iter::once((ALL, "settings")).chain(pages.map(|page| (page.label, page.path)));
    let items = items.map(|(label, path)| TabItem::new(say(label), viewer.path(path), label == here)).collect();
    let tabs = view! { <Tabs label=t!("Settings") items/> }.into_any();
    let crumbs = match here {
        ALL => vec![Crumb::here(t!("Settings"))],
        here => vec![Crumb::link(t!("Settings"), viewer.path("settings")), Crumb::here(say(here))],
    };
    workspace_frame(page, crumbs, Some(tabs), None, content)
}

async fn settings_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let words = page.query("q").map(str::trim).unwrap_or_default();
    let index = index::draw(&page, &viewer, words);
    // Who looks for something is shown what was found.
    let own = words.is_empty().then(|| {
        let (account, appearance) = (account(&viewer), appearance(&page));
        view! { {account}<div id="appearance">{appearance}</div> }
    });
    let content = view! { <Page narrow=true><PageHeader title=t!("Settings")/><Stack>{index}{own}</Stack></Page> };
    Ok(settings_frame(&page, &viewer, ALL, content.into_any()))
}

fn account(viewer: &Viewer) -> AnyView {
    let (name, role, workspace) = (viewer.name.clone(), role_words(&viewer.role), viewer.workspace.clone());
    let email = viewer.email.clone().map(|email| view! { <DescriptionRow label=t!("E-mail")>{email}</DescriptionRow> });
    let (currency, timezone) = (viewer.currency.clone(), viewer.timezone.clone());
    let sign_out = view! {
        <form method="post" action="/sign-out"><Button size=Size::Small icon="log-out" r#type="submit">{t!("Sign out")}</Button></form>
    };
    view! {
        <Panel title=t!("Your account") actions=sign_out.into_any()>
            <DescriptionList>
                <DescriptionRow label=t!("Name")>{name}</DescriptionRow>
                {email}
                <DescriptionRow label=t!("Role")>{role}</DescriptionRow>
                <DescriptionRow label=t!("Workspace")>{workspace}</DescriptionRow>
                <DescriptionRow label=t!("Currency")>{currency}</DescriptionRow>
                <DescriptionRow label=t!("Time zone")>{timezone}</DescriptionRow>
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
                Density::Compact => t!("Most on the screen"),
                Density::Regular => t!("For most people"),
                Density::Comfortable => t!("For touch, and tired eyes"),
            };
            Choice::new(density.as_str(), density_choice(density)).hint(hint)
        })
        .collect();
    let (theme, density, next) = (page.theme.as_str(), page.density.as_str(), page.address());
    view! {
        <Panel title=t!("Appearance") text=t!("Of Nexus in this browser.")>
            <form class="stack" method="post" action="/preferences">
                <input type="hidden" name="_next" value=next/>
                <div class="form-grid is-two">
                    <RadioGroup name="theme" label=t!("Theme") choices=themes value=theme/>
                    <RadioGroup name="density" label=t!("Rows") choices=densities value=density/>
                </div>
                <FormActions><SubmitButton>{t!("Save appearance")}</SubmitButton></FormActions>
            </form>
        </Panel>
    }
    .into_any()
}
