//! What is measured, and where it has to be.

#[derive(Debug)]
pub struct Bar {
    pub id: &'static str,
    /// Tells measurements of one id apart.
    pub part: &'static str,
    pub what: &'static str,
    pub unit: Unit,
    pub floor: f64,
    pub aim: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Of the ceiling's answers per second. More is better, as it is of the next two; of everything else, less is.
    OfCeiling,
    /// Of the answers per second of Nexus itself, with fewer rows or by another request.
    OfNexus,
    PerSecond,
    /// Of the time that the ceiling takes.
    OfCeilingTime,
    Milliseconds,
    Kilobytes,
    Requests,
    Megabytes,
    Seconds,
}

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Self::OfCeiling | Self::OfNexus | Self::OfCeilingTime => "x",
            Self::PerSecond => "/s",
            Self::Milliseconds => "ms",
            Self::Kilobytes => "KB",
            Self::Requests => "requests",
            Self::Megabytes => "MB",
            Self::Seconds => "s",
        }
    }
}

const fn bar(id: &'static str, part: &'static str, what: &'static str, unit: Unit, floor: f64, aim: f64) -> Bar {
    Bar { id, part, what, unit, floor, aim }
}

pub const BARS: &[Bar] = &[
    bar("C-11", "pages", "pages while 200 sign in at once, p99 more", Unit::Milliseconds, 10.0, 2.0),
    bar("C-11", "answer", "slowest answer to one of those 200", Unit::Seconds, 2.0, 1.0),
    bar("C-11", "memory", "memory that they take for a while", Unit::Megabytes, 100.0, 50.0),
    bar("P-01", "", "API list of 50, filter and sort", Unit::OfCeiling, 0.45, 0.75),
    bar("P-02", "", "API one record", Unit::OfCeiling, 0.35, 0.6),
    bar("P-03", "", "API create, once per key", Unit::OfCeiling, 0.35, 0.6),
    bar("P-04", "ratio", "search as you type, p99 to p99", Unit::OfCeilingTime, 10.0, 2.0),
    bar("P-04", "p99", "search as you type, p99", Unit::Milliseconds, 50.0, 50.0),
    bar("P-05", "", "list page as HTML, 50 rows", Unit::OfCeiling, 0.3, 0.6),
    bar("P-06", "P-01", "most leads to fewest: API list", Unit::OfNexus, 0.8, 0.95),
    bar("P-06", "P-02", "most leads to fewest: one record", Unit::OfNexus, 0.8, 0.95),
    bar("P-06", "P-05", "most leads to fewest: list page", Unit::OfNexus, 0.8, 0.95),
    bar("P-07", "deep", "page 10,000 to page 1", Unit::OfNexus, 0.5, 0.9),
    bar("P-07", "sort", "slowest sort to newest first", Unit::OfNexus, 0.5, 0.9),
    bar("P-08", "", "list with its total to without", Unit::OfNexus, 0.5, 0.95),
    bar("P-09", "bytes", "cold list page, bytes in brotli", Unit::Kilobytes, 300.0, 110.0),
    bar("P-09", "requests", "cold list page, requests", Unit::Requests, 12.0, 8.0),
    bar("P-10", "", "wasm in it", Unit::Kilobytes, 200.0, 90.0),
    bar("P-11", "readable", "list page in Chromium, rows readable", Unit::OfCeilingTime, 5.0, 2.5),
    bar("P-11", "interactive", "list page in Chromium, keys heard", Unit::Milliseconds, 800.0, 200.0),
    bar("P-12", "", "three-step runs, two workers", Unit::PerSecond, 400.0, 1500.0),
    bar("P-13", "p50", "event to the end of its run, p50", Unit::Milliseconds, 100.0, 10.0),
    bar("P-13", "p99", "event to the end of its run, p99", Unit::Milliseconds, 1000.0, 60.0),
    bar("P-14", "", "import of leads from CSV, rows", Unit::PerSecond, 3000.0, 20_000.0),
    bar("P-15", "idle", "memory of the server, idle", Unit::Megabytes, 80.0, 40.0),
    bar("P-15", "loaded", "memory of the server, under P-01", Unit::Megabytes, 200.0, 100.0),
    bar("P-15", "importing", "memory of the server, importing", Unit::Megabytes, 250.0, 120.0),
    bar("P-15", "exporting", "memory over idle, exporting all leads", Unit::Megabytes, 50.0, 20.0),
    bar("P-15", "bulk", "memory over idle, changing many leads", Unit::Megabytes, 50.0, 20.0),
    bar("P-16", "running", "start to first 200, database running", Unit::Seconds, 1.0, 0.1),
    bar("P-16", "cold", "start to first 200, database first", Unit::Seconds, 3.0, 0.6),
    bar("P-17", "", "demo workspace, size large", Unit::Seconds, 20.0, 3.0),
];

/// A figure for a bar.
#[derive(Debug)]
pub struct Measured {
    pub bar: &'static Bar,
    pub value: f64,
    pub rows: Option<u32>,
    pub sides: Option<Sides>,
    /// Why there is no value.
    pub absent: Option<String>,
}

/// The two sides of a ratio.
#[derive(Debug, Clone, Copy)]
pub struct Sides {
    /// What is compared with: the ceiling, or Nexus itself with fewer rows or by another request.
    pub base: Side,
    pub nexus: Side,
}

/// Medians over the rounds.
#[derive(Debug, Clone, Copy)]
pub struct Side {
    pub per_second: f64,
    /// Milliseconds.
    pub p50: f64,
    pub p99: f64,
}

impl Measured {
    pub fn new(id: &str, part: &str, value: f64) -> Self {
        // An id that is in the table: each is written once there and once where it is measured.
        let bar = BARS.iter().find(|bar| bar.id == id && bar.part == part).unwrap_or(&BARS[0]);
        Self { bar, value, rows: None, sides: None, absent: None }
    }

    /// What could not be measured here misses no floor, and says so in its row.
    pub fn absent(id: &str, part: &str, why: &str) -> Self {
        Self { absent: Some(why.to_owned()), ..Self::new(id, part, f64::NAN) }
    }

    /// One of the answers per second of both sides.
    pub fn ratio(id: &str, part: &str, sides: Sides) -> Self {
        let value = sides.nexus.per_second / sides.base.per_second;
        Self { sides: Some(sides), ..Self::new(id, part, value) }
    }

    /// The same, over so many leads.
    pub fn over(self, rows: u32) -> Self {
        Self { rows: Some(rows), ..self }
    }

    pub fn holds(&self) -> bool {
        self.absent.is_some() || self.reaches(self.bar.floor)
    }

    pub fn reaches(&self, mark: f64) -> bool {
        match self.bar.unit {
            Unit::OfCeiling | Unit::OfNexus | Unit::PerSecond => self.value >= mark,
            _ => self.value <= mark,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_better_only_for_speed() {
        let slow = Measured::new("P-01", "", 0.44);
        let fast = Measured::new("P-01", "", 0.8);
        assert!(!slow.holds() && fast.holds() && fast.reaches(fast.bar.aim));
        let heavy = Measured::new("P-15", "idle", 81.0);
        let light = Measured::new("P-15", "idle", 39.0);
        assert!(!heavy.holds() && light.holds() && light.reaches(light.bar.aim));
        assert_eq!(heavy.bar.part, "idle");
        let late = Measured::new("P-04", "ratio", 10.5);
        assert!(!late.holds());
    }

    #[test]
    fn what_is_not_there_misses_nothing() {
        let absent = Measured::absent("P-11", "readable", "no Chromium");
        assert!(absent.holds() && !absent.reaches(absent.bar.aim));
    }

    #[test]
    fn a_ratio_is_of_answers_per_second() {
        let side = |per_second| Side { per_second, p50: 1.0, p99: 2.0 };
        let measured = Measured::ratio("P-08", "", Sides { base: side(100.0), nexus: side(60.0) }).over(1000);
        assert_eq!((measured.value, measured.rows), (0.6, Some(1000)));
    }
}
