//! Business verbs and their SQL, one folder per area, one file per verb. Generic create, read, update, delete and transition are the
//! record engine's.

pub mod admin;
pub mod audit;
pub mod company;
pub mod crm;
pub mod documents;
pub mod files;
pub mod finance;
pub mod help;
pub mod inventory;
pub mod messaging;
pub mod notes;
pub mod onboarding;
pub mod people;
pub mod sales;
pub mod views;

use platform::Registry;

pub fn register(registry: &mut Registry) {
    crm::register(registry);
    messaging::register(registry);
    documents::register(registry);
    finance::register(registry);
    inventory::register(registry);
    sales::register(registry);
    people::register(registry);
    company::register(registry);
    admin::register(registry);
    audit::register(registry);
    views::register(registry);
    notes::register(registry);
    files::register(registry);
    help::register(registry);
    onboarding::register(registry);
}
