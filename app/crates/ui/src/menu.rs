//! Menus on `<details>`: they open, and close by a click elsewhere, without a script.

use leptos::prelude::*;

use crate::markup::{Markup, Text, html};
use crate::{ButtonKind, Icon, MaybeText, Size, icon};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MenuSide {
    /// The panel's start edge under the button's start edge.
    #[default]
    Start,
    /// End edge under end edge, for buttons at the end of a bar.
    End,
}

/// A button that opens a panel of links and actions. Without `label`, give `icon` and `name`.
#[component]
pub fn Menu(
    #[prop(optional, into)] label: MaybeText,
    #[prop(optional, into)] icon: MaybeText,
    /// What the button is called when it shows only an icon ("More actions").
    #[prop(optional, into)]
    name: MaybeText,
    #[prop(default = ButtonKind::Ghost)] kind: ButtonKind,
    #[prop(optional)] size: Size,
    #[prop(optional)] side: MenuSide,
    children: Children,
) -> impl IntoView {
    let only_icon = label.as_deref().is_none();
    let extra = if only_icon { "btn-icon" } else { "" };
    let class = format!("btn {} {} {extra}", kind.class(), size.class());
    let panel = if side == MenuSide::End { "menu-panel is-end" } else { "menu-panel" };
    let icon = icon.into_option().map(|name| view! { <Icon name/> });
    let text = label.into_option().map(|label| view! { <span>{label}</span><Icon name="chevron-down"/> });
    let name = name.into_option();
    view! {
        <details class="menu" name="menu">
            <summary class=class aria-label=name.clone() title=name>{icon}{text}</summary>
            <div class=panel>{children()}</div>
        </details>
    }
    .into_any()
}

/// A link in a menu. `reason` greys it and says what it needs.
#[component]
pub fn MenuLink(
    #[prop(into)] href: String,
    #[prop(optional, into)] icon: MaybeText,
    #[prop(optional)] active: bool,
    #[prop(optional, into)] reason: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
    children: Children,
) -> impl IntoView {
    let icon = icon.into_option().map(|name| view! { <Icon name/> });
    let tick = active.then(|| view! { <Icon name="check"/> });
    if let Some(reason) = reason.into_option() {
        return view! {
            <span class="menu-item" aria-disabled="true">{icon}<span class="menu-text">{children()}<span class="menu-hint">{reason}</span></span></span>
        }
        .into_any();
    }
    let hint = hint.into_option().map(|hint| view! { <span class="menu-hint">{hint}</span> });
    let current = active.then_some("true");
    view! { <a class="menu-item" href=href aria-current=current>{icon}<span class="menu-text">{children()}{hint}</span>{tick}</a> }
        .into_any()
}

/// What a [`MenuLink`] as text is of.
#[derive(Clone, Copy, Debug, Default)]
pub struct MenuLinkOf<'a> {
    pub href: &'a str,
    pub label: &'a str,
    pub icon: Option<&'a str>,
    pub active: bool,
    pub hint: Option<&'a str>,
}

/// [`MenuLink`] as text, for menus of many.
pub fn menu_link(of: MenuLinkOf<'_>) -> Markup {
    let current = of.active.then_some("true");
    html! {
        a.menu-item href=(Text(of.href)) aria-current=[current] {
            @if let Some(name) = of.icon { (icon(name, None)) }
            span.menu-text {
                (Text(of.label))
                @if let Some(hint) = of.hint { span.menu-hint { (Text(hint)) } }
            }
            @if of.active { (icon("check", None)) }
        }
    }
}

/// A button in a menu that submits the form it stands in (or names).
#[component]
pub fn MenuItem(
    #[prop(optional, into)] icon: MaybeText,
    #[prop(default = "submit")] r#type: &'static str,
    #[prop(optional, into)] name: MaybeText,
    #[prop(optional, into)] value: MaybeText,
    #[prop(optional, into)] form: MaybeText,
    #[prop(optional, into)] formaction: MaybeText,
    #[prop(optional)] danger: bool,
    #[prop(optional, into)] reason: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
    children: Children,
) -> impl IntoView {
    let icon = icon.into_option().map(|name| view! { <Icon name/> });
    if let Some(reason) = reason.into_option() {
        return view! {
            <button class="menu-item" type="button" aria-disabled="true">
                {icon}
                <span class="menu-text">{children()}<span class="menu-hint">{reason}</span></span>
            </button>
        }
        .into_any();
    }
    let hint = hint.into_option().map(|hint| view! { <span class="menu-hint">{hint}</span> });
    view! {
        <button
            class="menu-item"
            class:is-danger=danger
            type=r#type
            name=name.into_option()
            value=value.into_option()
            form=form.into_option()
            formaction=formaction.into_option()
        >
            {icon}
            <span class="menu-text">{children()}{hint}</span>
        </button>
    }
    .into_any()
}

#[component]
pub fn MenuLabel(children: Children) -> impl IntoView {
    view! { <div class="menu-label">{children()}</div> }.into_any()
}

#[component]
pub fn MenuSeparator() -> impl IntoView {
    view! { <hr class="menu-separator"/> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::{drawn, plain};

    #[test]
    fn a_link_as_text_is_the_component() {
        Owner::new().with(|| {
            for (icon, active, hint) in
                [(None, false, None), (Some("tag"), true, Some("3 < 4")), (Some("x"), false, None)]
            {
                let text = menu_link(MenuLinkOf { href: "/w/lake?a=1&b=2", label: "Stage & more", icon, active, hint });
                let component = view! { <MenuLink href="/w/lake?a=1&b=2" icon active hint>"Stage & more"</MenuLink> };
                assert_eq!(plain(drawn(text)), plain(component.into_any()));
            }
        });
    }
}
