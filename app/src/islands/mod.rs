//! What needs a hand under it: small pieces that hydrate in WASM and attach behaviour to what the server drew.
//!
//! An island draws nothing and takes no rows as props. It listens on the document, reads `data-` attributes, sends the forms that are in
//! the page, and puts fresh HTML of the same page in place of the old ([`crate::call`]). What the server drew may therefore be replaced at
//! any time without an island noticing, and without scripts every one of these forms and links works by itself.

mod frame;

pub use frame::{dialogs, island_names};

use leptos::prelude::*;

#[cfg(feature = "hydrate")]
mod alike;
#[cfg(feature = "hydrate")]
mod board;
#[cfg(feature = "hydrate")]
mod board_keys;
#[cfg(feature = "hydrate")]
mod chart;
#[cfg(feature = "hydrate")]
mod chosen;
#[cfg(feature = "hydrate")]
mod days;
#[cfg(feature = "hydrate")]
mod desk;
#[cfg(feature = "hydrate")]
pub(crate) mod dom;
#[cfg(feature = "hydrate")]
mod edit;
#[cfg(feature = "hydrate")]
mod keys;
#[cfg(feature = "hydrate")]
mod live;
#[cfg(feature = "hydrate")]
mod mention;
#[cfg(feature = "hydrate")]
mod palette;
#[cfg(feature = "hydrate")]
mod progress;
#[cfg(feature = "hydrate")]
mod rows;
#[cfg(feature = "hydrate")]
mod spoken;
#[cfg(feature = "hydrate")]
mod stops;
#[cfg(feature = "hydrate")]
mod swap;
#[cfg(feature = "hydrate")]
mod toast;
#[cfg(feature = "hydrate")]
mod widths;

#[cfg(feature = "hydrate")]
pub use dom::settle;
#[cfg(feature = "hydrate")]
pub use spoken::speak;

/// Ctrl K: records, pages and actions by name, in a dialog over the page.
#[island]
pub fn PaletteHands() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    palette::attach();
}

/// What every page has: keys, toasts that go by themselves, looks that change at once, forms that are sent once, and say early what is there already,
/// notes that offer whom to mention.
#[island]
pub fn DeskHands() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        keys::attach();
        desk::attach();
        alike::attach();
        mention::attach();
    }
}

/// Rows under the keyboard and those that are chosen, cells that are edited in place, widths of columns, and links of the list that change only the
/// list.
#[island]
pub fn ListHands() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        rows::attach();
        chosen::attach();
        edit::attach();
        widths::attach();
        swap::attach();
    }
}

/// Cards that are moved by hand and by keys, on a board and in a calendar. Table, board and calendar are states of one page, so each of them has all
/// islands.
#[island]
pub fn BoardHands() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        board::attach();
        board_keys::attach();
        stops::attach();
        days::attach();
    }
}

/// Says that what the page shows has changed meanwhile, and how much waits for who looks at it.
#[island]
pub fn LiveHands() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    live::attach();
}

/// A long job that tells how far it is.
#[island]
pub fn ProgressHands() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    progress::attach();
}

/// What is under the pointer in a chart, in words.
#[island]
pub fn ChartHands() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    chart::attach();
}
