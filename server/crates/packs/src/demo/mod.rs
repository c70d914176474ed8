//! Demo records: a recipe in the pack says what they are like, the generator makes the same ones for the same workspace every time.

mod dice;
mod generate;
mod recipe;

pub(crate) use dice::Dice;
pub use generate::{Generated, Generator, Owner, Setting};
pub use recipe::{Batch, Draw, Field, Pair, Place, Recipe, Size, Trade};
