//! Business verbs and their SQL, one folder per area, one file per verb. Generic create, read, update, delete and transition are the
//! record engine's.

pub mod admin;
pub mod crm;
pub mod people;

use platform::Registry;

pub fn register(registry: &mut Registry) {
    crm::register(registry);
    people::register(registry);
    admin::register(registry);
}
