//! The platform realm.

mod list_tenants;

use platform::Registry;

pub fn register(registry: &mut Registry) {
    registry.add_staff(list_tenants::list_tenants);
}
