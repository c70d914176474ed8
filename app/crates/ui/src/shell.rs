//! The frames around every page: staff, platform, sign-in. They take plain data and slots; the app decides what is in them.

use leptos::prelude::*;
use words::t;

use crate::markup::{Markup, Text, drawn, html};
use crate::{Avatar, Icon, Logo, MaybeText, Size, Slot, ToastRegion, Tone, Wordmark, avatar, count, icon, kbd};

/// One place in the rail.
#[derive(Clone, Debug, Default)]
pub struct NavItem {
    pub href: String,
    pub label: String,
    pub icon: String,
    pub active: bool,
    pub count: Option<u64>,
    /// By what name an island finds the place to count anew.
    pub counted: Option<&'static str>,
}

impl NavItem {
    pub fn new(href: impl Into<String>, label: impl Into<String>, icon: impl Into<String>) -> Self {
        Self { href: href.into(), label: label.into(), icon: icon.into(), ..Self::default() }
    }

    pub fn active(mut self, active: bool) -> Self {
        self.active = active;
        self
    }

    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// [`Self::count`], which an island may change while the page is open.
    pub fn counted(mut self, count: u64, name: &'static str) -> Self {
        self.counted = Some(name);
        self.count(count)
    }
}

/// Places under one heading; without a title they stand at the top.
#[derive(Clone, Debug, Default)]
pub struct NavSection {
    pub title: Option<String>,
    pub items: Vec<NavItem>,
}

impl NavSection {
    pub fn new(items: Vec<NavItem>) -> Self {
        Self { title: None, items }
    }

    pub fn titled(title: impl Into<String>, items: Vec<NavItem>) -> Self {
        Self { title: Some(title.into()), items }
    }
}

/// Who is signed in, at the foot of the rail.
#[derive(Clone, Debug, Default)]
pub struct UserCard {
    pub name: String,
    /// Role or address.
    pub detail: String,
    pub href: String,
}

fn nav_link(class: &'static str, item: &NavItem) -> Markup {
    let current = item.active.then_some("page");
    html! {
        a class=(class) href=(Text(&item.href)) aria-current=[current] title=(Text(&item.label)) data-counted=[item.counted] {
            (icon(&item.icon, None))
            span.nav-label dir="auto" { (Text(&item.label)) }
            @if let Some(value) = item.count.filter(|count| *count > 0) { (count(value, None, Tone::default())) }
        }
    }
}

fn nav_sections(sections: &[NavSection]) -> AnyView {
    drawn(html! {
        @for section in sections.iter().filter(|section| !section.items.is_empty()) {
            div.nav-section {
                @if let Some(title) = &section.title { h2.nav-title { (Text(title)) } }
                ul { @for item in &section.items { li { (nav_link("nav-item", item)) } } }
            }
        }
    })
}

/// The rail's foot: settings and the like, then the person.
fn rail_foot(items: &[NavItem], user: &UserCard) -> AnyView {
    drawn(html! {
        div.rail-foot {
            ul { @for item in items { li { (nav_link("nav-item", item)) } } }
            a.rail-user href=(Text(&user.href)) title=(Text(&user.name)) {
                (avatar(&user.name, Size::Small, false))
                span.nav-label {
                    span.rail-user-name dir="auto" { (Text(&user.name)) }
                    span.rail-user-detail { (Text(&user.detail)) }
                }
            }
        }
    })
}

/// The bar at the foot of a phone: places, and what opens the rail as a sheet.
fn bottom_bar(items: &[NavItem]) -> AnyView {
    let more = NavItem::new("#rail", t!("More"), "menu");
    drawn(html! {
        nav.bottom-bar aria-label=(Text(t!("Places"))) {
            ul { @for item in items.iter().take(4).chain([&more]) { li { (nav_link("bottom-item", item)) } } }
        }
    })
}

fn top_bar(crumbs: Slot, tabs: Slot, actions: Slot) -> AnyView {
    let tabs = tabs.wrap(|tabs| view! { <div class="topbar-tabs">{tabs}</div> }.into_any());
    let actions = actions.wrap(|actions| view! { <div class="topbar-actions">{actions}</div> }.into_any());
    view! { <header class="topbar"><div class="topbar-crumbs">{crumbs.into_option()}</div>{tabs}{actions}</header> }
        .into_any()
}

/// On a phone the rail is a sheet opened by its fragment (`#rail`); this closes it.
fn rail_close() -> AnyView {
    let label = t!("Close menu");
    drawn(html! {
        div.rail-close {
            a."btn btn-ghost btn-icon" href="#main" aria-label=(Text(label)) title=(Text(label)) { (icon("x", None)) }
        }
    })
}

fn search_link(href: &str, label: &str, keys: Option<&str>) -> AnyView {
    drawn(html! {
        a.rail-search href=(Text(href)) data-palette="" title=(Text(label)) {
            (icon("search", None))
            span.nav-label { (Text(label)) }
            @if let Some(keys) = keys { span.rail-search-key aria-hidden="true" { (kbd(keys)) } }
        }
    })
}

/// The staff frame: rail, top bar, content. On a phone `bottom` (four places and "More", which opens the rail as a
/// sheet) takes the rail's part.
#[component]
pub fn AppShell(
    /// A [`WorkspaceSwitch`].
    #[prop(into)]
    workspace: Slot,
    /// The search page; an island may open the palette instead (`data-palette`).
    #[prop(into)]
    search_href: String,
    #[prop(default = t!("Search").to_owned(), into)] search_label: String,
    sections: Vec<NavSection>,
    /// Settings and help, above the person.
    #[prop(optional)]
    foot: Vec<NavItem>,
    user: UserCard,
    /// The bottom bar of a phone, at most four; "More" is added.
    #[prop(optional)]
    bottom: Vec<NavItem>,
    /// [`Breadcrumbs`](crate::Breadcrumbs).
    #[prop(optional, into)]
    crumbs: Slot,
    /// [`Tabs`](crate::Tabs).
    #[prop(optional, into)]
    tabs: Slot,
    #[prop(optional, into)] actions: Slot,
    /// A [`Notice`](crate::Notice) with `banner` (trial ends, maintenance).
    #[prop(optional, into)]
    banner: Slot,
    /// A [`Toast`](crate::Toast) left by the request before.
    #[prop(optional, into)]
    flash: Slot,
    children: Children,
) -> impl IntoView {
    let flash = flash.into_option();
    view! {
        <a class="skip" href="#main">{t!("Skip to content")}</a>
        <div class="shell">
            <nav class="rail" id="rail" aria-label=t!("Main")>
                {rail_close()}
                {workspace.into_option()}
                {search_link(&search_href, &search_label, Some("Ctrl K"))}
                <div class="rail-scroll">{nav_sections(&sections)}</div>
                {rail_foot(&foot, &user)}
            </nav>
            <div class="shell-main">
                {banner.into_option()}
                {top_bar(crumbs, tabs, actions)}
                <main class="content" id="main" tabindex="-1">{children()}</main>
            </div>
            {bottom_bar(&bottom)}
        </div>
        <ToastRegion>{flash}</ToastRegion>
    }
    .into_any()
}

/// The head of the rail: which workspace this is, and a menu of the others.
#[component]
pub fn WorkspaceSwitch(
    #[prop(into)] name: String,
    /// Industry or plan.
    #[prop(optional, into)]
    detail: MaybeText,
    /// [`MenuLink`](crate::MenuLink)s to the other workspaces.
    children: Children,
) -> impl IntoView {
    let detail = detail.into_option().map(|detail| view! { <span class="workspace-detail">{detail}</span> });
    view! {
        <details class="menu workspace" name="menu">
            <summary class="workspace-button" title=name>
                <Avatar name=name.clone() square=true/>
                <span class="nav-label"><span class="workspace-name" dir="auto">{name.clone()}</span>{detail}</span>
                <Icon name="chevrons-up-down"/>
            </summary>
            <div class="menu-panel">{children()}</div>
        </details>
    }
    .into_any()
}

/// The platform realm: a dark rail and a badge, so that nobody takes it for a workspace.
#[component]
pub fn AdminShell(
    sections: Vec<NavSection>,
    user: UserCard,
    #[prop(optional)] foot: Vec<NavItem>,
    #[prop(optional, into)] search_href: MaybeText,
    #[prop(optional, into)] crumbs: Slot,
    #[prop(optional, into)] tabs: Slot,
    #[prop(optional, into)] actions: Slot,
    #[prop(optional, into)] flash: Slot,
    children: Children,
) -> impl IntoView {
    let bottom: Vec<NavItem> = sections.iter().flat_map(|section| &section.items).cloned().collect();
    let search = search_href.as_deref().map(|href| search_link(href, t!("Find a tenant"), None));
    let flash = flash.into_option();
    view! {
        <a class="skip" href="#main">{t!("Skip to content")}</a>
        <div class="shell is-admin">
            <nav class="rail on-dark" id="rail" aria-label=t!("Platform")>
                {rail_close()}
                <div class="admin-brand"><Logo/><span class="nav-label">"Nexus " <span class="admin-badge">{t!("Platform")}</span></span></div>
                {search}
                <div class="rail-scroll">{nav_sections(&sections)}</div>
                {rail_foot(&foot, &user)}
            </nav>
            <div class="shell-main">
                {top_bar(crumbs, tabs, actions)}
                <main class="content" id="main" tabindex="-1">{children()}</main>
            </div>
            {bottom_bar(&bottom)}
        </div>
        <ToastRegion>{flash}</ToastRegion>
    }
    .into_any()
}

/// Sign-in and its like: the brand, one form, a line of help.
#[component]
pub fn AuthShell(
    #[prop(into)] title: String,
    #[prop(optional, into)] text: MaybeText,
    /// Whose sign-in it is: a tenant's own name, "Nexus platform".
    #[prop(optional, into)]
    brand: MaybeText,
    #[prop(optional)] admin: bool,
    #[prop(optional, into)] foot: Slot,
    children: Children,
) -> impl IntoView {
    let text = text.into_option().map(|text| view! { <p class="auth-text">{text}</p> });
    let foot = foot.wrap(|foot| view! { <footer class="auth-foot">{foot}</footer> }.into_any());
    view! {
        <div class="auth" class:is-admin=admin>
            <main class="auth-main" id="main">
                <div class="auth-brand"><Wordmark name=brand.into_option()/></div>
                <h1 class="auth-title">{title}</h1>
                {text}
                {children()}
            </main>
            {foot}
        </div>
    }
    .into_any()
}
