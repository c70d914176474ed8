//! The platform realm.

mod list_tenants;
mod show_proof;

pub use show_proof::fingerprint;

use platform::Registry;

pub fn register(registry: &mut Registry) {
    registry.add_staff(list_tenants::list_tenants);
    registry.add_staff(show_proof::show_proof);
}
