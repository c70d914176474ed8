//! Stock: never oversold, never half reserved, always the sum of its movements.

mod stock;
