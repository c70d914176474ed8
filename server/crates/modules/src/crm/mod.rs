//! Sales: what is more than a change of fields.

mod convert_lead;

use platform::Registry;

pub fn register(registry: &mut Registry) {
    registry.add(convert_lead::convert_lead);
}
