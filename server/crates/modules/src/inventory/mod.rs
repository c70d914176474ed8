//! Stock and its movements.

mod adjust;
mod movements;
pub(crate) mod stock;

use platform::Registry;

pub fn register(registry: &mut Registry) {
    registry.add(adjust::adjust).add(movements::movements);
}
