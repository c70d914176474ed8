//! What Nexus says, in the language of whoever reads it.
//!
//! English stands in the code, where it is said: `t!("Save")`. A language is a folder of gettext catalogues (`languages/sw/*.po`) that
//! has, for each of these texts, the text that stands for it. What a catalogue lacks is said in English. `server/tests/it/words.rs`
//! holds the catalogues to the code: each text has its entry, each entry its text, and both the same places for what is filled in.
//!
//! The language belongs to the request: [`scope`] sets it around the future that answers, and nothing has to hand it on. In the browser it
//! is the page's, with the few entries that islands say ([`provide`]).

mod catalog;
mod fill;
mod language;

#[cfg(not(target_arch = "wasm32"))]
pub use catalog::{Entry, entries, of_browser, parse};
pub use catalog::{provide, say, say_many};
pub use fill::{around, fill};
pub use language::{Carried, Language, carry, current, scope, speak, within};

/// Says a text: `t!("Save")` is a `&'static str`, `t!("Needs the permission {permission}", permission)` a `String`. What is filled in is
/// named, and may be any `Display`: `t!("{count} of {all}", count = rows.len(), all)`. Where the same English means two things, the one
/// that is meant is told: `t!("Open" in "verb")`.
#[macro_export]
macro_rules! t {
    ($text:literal $(in $context:literal)? $(,)?) => { $crate::say($crate::key!($text $(in $context)?)) };
    ($text:literal $(in $context:literal)?, $($name:ident $(= $value:expr)?),+ $(,)?) => {{
        // A statement of its own, so that nothing of it is held where the text goes on into an await.
        let said = $crate::fill(
            $crate::say($crate::key!($text $(in $context)?)),
            &[$((stringify!($name), &$crate::value!($name $(= $value)?) as &dyn ::std::fmt::Display)),+],
        );
        said
    }};
}

/// Says how many: `tn!(count, "{count} lead", "{count} leads")`, with `count` filled in by itself; the first text is for one.
#[macro_export]
macro_rules! tn {
    ($count:expr, $one:literal, $many:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        let count = $count;
        let said = $crate::fill(
            $crate::say_many($one, $many, u64::try_from(count).unwrap_or(u64::MAX)),
            &[("count", &count as &dyn ::std::fmt::Display) $(, (stringify!($name), &$crate::value!($name $(= $value)?) as &dyn ::std::fmt::Display))*],
        );
        said
    }};
}

/// A text that is said elsewhere, with [`say`]: for tables of constants. It is only marked here, so that its entry is asked for.
#[macro_export]
macro_rules! mark {
    ($text:literal $(in $context:literal)?) => { $crate::key!($text $(in $context)?) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! key {
    ($text:literal) => {
        $text
    };
    // As gettext joins the two.
    ($text:literal in $context:literal) => {
        concat!($context, "\u{4}", $text)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! value {
    ($name:ident) => {
        $name
    };
    ($name:ident = $value:expr) => {
        $value
    };
}
