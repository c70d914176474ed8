//! What takes the place of `oidc.rs` in a build without the feature: nobody to sign in with.

use crate::state::App;
use api::Table;
use domain::{Result, UserId};

pub fn table() -> Table<App> {
    Table::new()
}

pub const fn name(_: &App) -> Option<String> {
    None
}

/// Nobody is put together with a provider by such a server, or only by finishing what another one began.
pub async fn tell(_: &App, _: UserId) -> Result<()> {
    Ok(())
}
