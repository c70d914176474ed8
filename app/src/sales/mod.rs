//! What orders have that no other record has: lines, with an editor of their own.

mod editor;
mod lines;

pub use editor::OrderLinesPage;
pub use lines::{Shown, make_order_link, order_links, order_panel, table};
