//! Orders: their states, their lines and the invoices that they become.

mod invoices;
mod lines;
mod states;
