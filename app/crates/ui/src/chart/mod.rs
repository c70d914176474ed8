//! Charts drawn on the server as SVG, each with its figures as a table behind "Show as table". Lists of bars and cohort grids are tables themselves.
//!
//! Shapes are placed in percent of their box, so that they follow its width while text and corners keep their size.
//! Figures come in twice: the number that is drawn, and the text that is read, written by the server.

mod bars;
mod cohort;
mod lines;
mod parts;
mod round;
mod stacked;
mod stat;

pub use bars::*;
pub use cohort::*;
pub use lines::*;
pub use parts::*;
pub use round::*;
pub use stacked::*;
pub use stat::*;

#[cfg(test)]
mod tests;
