//! Orders: making them, their lines, their moves, and the invoice that they become.

mod create_invoice;
mod get_order;
mod lines;
mod make_order;
mod moves;
mod price;
mod save_order_lines;

pub use get_order::order_lines;

use platform::Registry;

pub fn register(registry: &mut Registry) {
    registry
        .add(create_invoice::create_invoice)
        .add(get_order::get_order)
        .add(make_order::make_order)
        .add(save_order_lines::save_order_lines)
        .hook(moves::hook());
}
