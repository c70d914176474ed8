//! The engine for described entities: list, get, create, update, delete, transition, timeline, summaries, search, import.
//!
//! One engine serves every entity, from its description. Whatever it does, it does within the caller's workspace, reach and readable
//! fields, which `select`, `reach` and `project` compile into every statement; the text of statements comes from `sql` alone.

mod access;
mod alike;
mod beside;
pub mod bulk;
mod create;
mod cross;
mod cursor;
mod derive;
mod ending;
pub mod exports;
mod figure;
mod filter;
mod gate;
mod get;
mod holder;
mod hook;
pub mod import;
pub mod index;
mod input;
mod kept;
mod known;
mod list;
mod many;
mod memo;
mod merge;
mod number;
mod on_behalf;
mod past;
mod pipeline;
mod pointer;
mod project;
mod reach;
mod refuse;
mod remove;
mod search;
mod select;
mod spelling;
mod sql;
mod stale;
mod standing;
mod stop;
mod store;
mod summarise;
mod tick;
mod timeline;
mod total;
mod transition;
mod update;
mod way_back;
mod words;
mod write;

pub use self::words::words;
pub use alike::explain as explain_alike;
pub use create::{insert, insert_own};
pub use ending::{Left, abandoned, end_abandoned, end_left};
pub use gate::{allowed, arrival};
pub use get::{Held, Hold, hold, legible, owners, reaches, seen, versions, visible};
pub use hook::{After, Before, Move, TransitionHook};
pub use input::By;
pub use known::{held_values, known_ids};
pub use list::{MAX_OFFSET, explain};
pub use many::{Created, NewRow, Removed, Updated, create_many, remove_many, revert_many, update_many};
pub use project::readable;
pub use stale::error as stale;
pub use transition::transition_internal;
pub use write::{Edit, write};

use platform::Registry;

/// Every operation of `domain::records`, and those of imports and exports.
pub fn register(registry: &mut Registry) {
    registry
        .add(list::list)
        .add(list::export)
        .add(get::get)
        .add(access::access)
        .add(access::may)
        .add(create::create)
        .add(update::update)
        .add(remove::delete)
        .add(remove::restore)
        .add(transition::transition)
        .add(tick::tick)
        .add(timeline::timeline)
        .add(timeline::versions)
        .add(past::past)
        .add(alike::alike)
        .add(merge::preview_merge)
        .add(merge::merge)
        .add(merge::unmerge)
        .add(merge::latest_merge)
        .add(past::put_back)
        .add(summarise::summarise)
        .add(summarise::board)
        .add(search::search);
    bulk::register(registry);
    exports::register(registry);
    import::register(registry);
}
