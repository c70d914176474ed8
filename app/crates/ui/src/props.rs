//! Prop types that let a caller pass a value, an `Option` of it, or nothing.

use std::borrow::Cow;

use leptos::prelude::*;

/// Text that may be absent. An empty string counts as absent, so that `error=""` draws no error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaybeText(Option<String>);

impl MaybeText {
    pub fn is_some(&self) -> bool {
        self.0.is_some()
    }

    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub fn into_option(self) -> Option<String> {
        self.0
    }

    pub fn unwrap_or(self, other: impl Into<String>) -> String {
        self.0.unwrap_or_else(|| other.into())
    }

    pub fn unwrap_or_default(self) -> String {
        self.0.unwrap_or_default()
    }
}

impl From<Option<String>> for MaybeText {
    fn from(text: Option<String>) -> Self {
        Self(text.filter(|text| !text.is_empty()))
    }
}

impl From<Option<&str>> for MaybeText {
    fn from(text: Option<&str>) -> Self {
        Self::from(text.map(str::to_owned))
    }
}

impl From<String> for MaybeText {
    fn from(text: String) -> Self {
        Self::from(Some(text))
    }
}

impl From<&String> for MaybeText {
    fn from(text: &String) -> Self {
        Self::from(Some(text.clone()))
    }
}

impl From<&str> for MaybeText {
    fn from(text: &str) -> Self {
        Self::from(Some(text.to_owned()))
    }
}

impl From<Cow<'_, str>> for MaybeText {
    fn from(text: Cow<'_, str>) -> Self {
        Self::from(Some(text.into_owned()))
    }
}

/// A part of a component that the caller fills: `actions=view! { ... }.into_any()`.
#[derive(Default)]
pub struct Slot(Option<AnyView>);

impl Slot {
    pub fn is_some(&self) -> bool {
        self.0.is_some()
    }

    pub fn into_option(self) -> Option<AnyView> {
        self.0
    }

    /// Wraps the content when there is any, so that an empty slot leaves no empty box behind.
    pub fn wrap(self, frame: impl FnOnce(AnyView) -> AnyView) -> Option<AnyView> {
        self.0.map(frame)
    }
}

impl From<AnyView> for Slot {
    fn from(view: AnyView) -> Self {
        Self(Some(view))
    }
}

impl From<Option<AnyView>> for Slot {
    fn from(view: Option<AnyView>) -> Self {
        Self(view)
    }
}
