//! Buttons and links that look like buttons. A refused action stays in sight, greyed, and says what it needs.

use leptos::prelude::*;

use crate::markup::{Markup, Text, drawn, html};
use crate::{Icon, MaybeText, Size, icon};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    Primary,
    #[default]
    Secondary,
    Ghost,
    Danger,
}

impl ButtonKind {
    pub fn class(self) -> &'static str {
        match self {
            Self::Primary => "btn-primary",
            Self::Secondary => "btn-secondary",
            Self::Ghost => "btn-ghost",
            Self::Danger => "btn-danger",
        }
    }
}

fn button_class(kind: ButtonKind, size: Size, extra: &str) -> String {
    format!("btn {} {} {extra}", kind.class(), size.class()).trim_end().to_owned()
}

fn leading_icon(icon: MaybeText) -> Option<AnyView> {
    icon.into_option().map(|name| view! { <Icon name/> }.into_any())
}

/// Wraps a refused control: the title serves the mouse and the accessible description, the tip the keyboard.
fn reasoned(control: AnyView, reason: &str) -> AnyView {
    view! { <span class="reasoned">{control}<span class="tip" aria-hidden="true">{reason.to_owned()}</span></span> }
        .into_any()
}

/// A button. `reason` disables it and names the missing permission or requirement.
#[component]
pub fn Button(
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional)] size: Size,
    #[prop(optional, into)] icon: MaybeText,
    /// `button` unless said otherwise; use [`SubmitButton`] in forms.
    #[prop(default = "button")]
    r#type: &'static str,
    #[prop(optional, into)] name: MaybeText,
    #[prop(optional, into)] value: MaybeText,
    /// Id of the form it belongs to, when it stands outside.
    #[prop(optional, into)]
    form: MaybeText,
    #[prop(optional, into)] formaction: MaybeText,
    #[prop(optional, into)] reason: MaybeText,
    #[prop(optional)] disabled: bool,
    children: Children,
) -> impl IntoView {
    let class = button_class(kind, size, "");
    let icon = leading_icon(icon);
    if let Some(reason) = reason.as_deref() {
        let control = view! {
            <button class=class type="button" aria-disabled="true" title=reason.to_owned()>{icon}<span>{children()}</span></button>
        };
        return reasoned(control.into_any(), reason);
    }
    view! {
        <button
            class=class
            type=r#type
            name=name.into_option()
            value=value.into_option()
            form=form.into_option()
            formaction=formaction.into_option()
            disabled=disabled
        >
            {icon}
            <span>{children()}</span>
        </button>
    }
    .into_any()
}

/// The button that sends its form; primary, with a verb ("Save lead").
#[component]
pub fn SubmitButton(
    #[prop(default = ButtonKind::Primary)] kind: ButtonKind,
    #[prop(optional)] size: Size,
    #[prop(optional, into)] icon: MaybeText,
    #[prop(optional, into)] name: MaybeText,
    #[prop(optional, into)] value: MaybeText,
    #[prop(optional, into)] form: MaybeText,
    #[prop(optional, into)] formaction: MaybeText,
    #[prop(optional, into)] reason: MaybeText,
    #[prop(optional)] disabled: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <Button kind size icon r#type="submit" name value form formaction reason disabled>
            {children()}
        </Button>
    }
    .into_any()
}

/// A link that looks like a button: it goes somewhere and changes nothing.
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional)] size: Size,
    #[prop(optional, into)] icon: MaybeText,
    #[prop(optional, into)] reason: MaybeText,
    children: Children,
) -> impl IntoView {
    let class = button_class(kind, size, "");
    let icon = leading_icon(icon);
    if let Some(reason) = reason.as_deref() {
        let control = view! {
            <a class=class role="link" tabindex="0" aria-disabled="true" title=reason.to_owned()>{icon}<span>{children()}</span></a>
        };
        return reasoned(control.into_any(), reason);
    }
    view! { <a class=class href=href>{icon}<span>{children()}</span></a> }.into_any()
}

/// An icon alone; `label` is its name for everybody who cannot see it, and its tooltip. With `href` it is a link.
#[component]
pub fn IconButton(
    #[prop(into)] icon: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] href: MaybeText,
    #[prop(default = ButtonKind::Ghost)] kind: ButtonKind,
    #[prop(optional)] size: Size,
    #[prop(default = "button")] r#type: &'static str,
    #[prop(optional, into)] name: MaybeText,
    #[prop(optional, into)] value: MaybeText,
    #[prop(optional, into)] form: MaybeText,
    #[prop(optional, into)] formaction: MaybeText,
    #[prop(optional, into)] reason: MaybeText,
) -> impl IntoView {
    let class = button_class(kind, size, "btn-icon");
    if let Some(reason) = reason.as_deref() {
        let control = view! {
            <button class=class type="button" aria-disabled="true" aria-label=label title=reason.to_owned()><Icon name=icon/></button>
        };
        return reasoned(control.into_any(), reason);
    }
    if let Some(href) = href.into_option() {
        return drawn(icon_link(&href, &icon, &label, kind, size));
    }
    view! {
        <button
            class=class
            type=r#type
            name=name.into_option()
            value=value.into_option()
            form=form.into_option()
            formaction=formaction.into_option()
            aria-label=label.clone()
            title=label
        >
            <Icon name=icon/>
        </button>
    }
    .into_any()
}

/// An [`IconButton`] with an address, as text.
pub fn icon_link(href: &str, name: &str, label: &str, kind: ButtonKind, size: Size) -> Markup {
    html! {
        a class=(Text(&button_class(kind, size, "btn-icon"))) href=(Text(href)) aria-label=(Text(label)) title=(Text(label)) { (icon(name, None)) }
    }
}
