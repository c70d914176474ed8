//! What more rows cost: the same request to Nexus over the most leads and over the fewest.

use super::bars::{Measured, Side, Sides};

/// What is held against itself, and stands as its own part of P-06.
const COMPARED: [&str; 3] = ["P-01", "P-02", "P-05"];

pub fn compares(id: &str) -> bool {
    COMPARED.contains(&id)
}

/// Ratios of what was measured at two sizes. They lie minutes apart, so what else the machine does shows here more than elsewhere.
pub fn compare(measured: &[Measured], fewest: u32, most: u32) -> Vec<Measured> {
    let at = |id: &str, rows: u32| -> Option<Side> {
        let found = measured.iter().find(|measured| measured.bar.id == id && measured.rows == Some(rows))?;
        Some(found.sides?.nexus)
    };
    let ratio = |id: &&str| {
        let (base, nexus) = (at(id, fewest)?, at(id, most)?);
        Some(Measured::ratio("P-06", id, Sides { base, nexus }).over(most))
    };
    COMPARED.iter().filter_map(ratio).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_size_is_held_against_the_smaller() {
        let side = |per_second| Side { per_second, p50: 1.0, p99: 2.0 };
        let at = |id, nexus, rows| Measured::ratio(id, "", Sides { base: side(100.0), nexus: side(nexus) }).over(rows);
        let measured = [at("P-01", 50.0, 1000), at("P-02", 70.0, 1000), at("P-01", 40.0, 2000)];
        let compared = compare(&measured, 1000, 2000);
        assert_eq!(compared.len(), 1);
        assert_eq!((compared[0].value, compared[0].bar.part), (0.8, "P-01"));
    }
}
