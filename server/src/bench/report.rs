//! The figures, for people and for programs.

use super::bars::{Measured, Side, Unit};
use super::{Arguments, CONNECTIONS, ROUNDS};
use crate::out;
use serde_json::{Value, json};

pub fn print(measured: &[Measured]) {
    let mut lines = vec![
        ["id", "what", "leads", "base /s", "Nexus /s", "p50/p99 ms", "value", "floor", "aim", "held"]
            .map(str::to_owned),
    ];
    lines.extend(measured.iter().map(line));
    let mut widths = [0; 10];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    out::line("");
    for line in &lines {
        // Words to the left, figures to the right.
        let cell = |at: usize| {
            if matches!(at, 0 | 1 | 9) {
                format!("{:<1$}", line[at], widths[at])
            } else {
                format!("{:>1$}", line[at], widths[at])
            }
        };
        out::line((0..line.len()).map(cell).collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// One figure in a line of its own.
pub fn told(measured: &Measured) -> String {
    let [id, what, leads, _, _, _, value, floor, _, held] = line(measured);
    let over = if leads.is_empty() { leads } else { format!(" over {leads} leads") };
    format!("  {id} {what}{over}: {value}, floor {floor}: {held}")
}

fn line(measured: &Measured) -> [String; 10] {
    let bar = measured.bar;
    let (mut base, mut nexus, mut times) = (String::new(), String::new(), String::new());
    if let Some(sides) = &measured.sides {
        base = format!("{:.0}", sides.base.per_second);
        nexus = format!("{:.0}", sides.nexus.per_second);
        times = format!("{:.1} / {:.1}", sides.nexus.p50, sides.nexus.p99);
    }
    [
        bar.id.to_owned(),
        bar.what.to_owned(),
        measured.rows.map(|rows| rows.to_string()).unwrap_or_default(),
        base,
        nexus,
        times,
        if measured.absent.is_some() { "-".to_owned() } else { shown(measured.value, bar.unit) },
        shown(bar.floor, bar.unit),
        shown(bar.aim, bar.unit),
        measured.absent.as_ref().map_or_else(|| held(measured).to_owned(), |why| format!("not measured: {why}")),
    ]
}

fn held(measured: &Measured) -> &'static str {
    match (measured.holds(), measured.reaches(measured.bar.aim)) {
        (false, _) => "MISSED",
        (true, false) => "floor",
        (true, true) => "aim",
    }
}

fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::OfCeiling | Unit::OfNexus | Unit::OfCeilingTime | Unit::Seconds => format!("{value:.2} {}", unit.name()),
        Unit::Kilobytes | Unit::Megabytes => format!("{value:.1} {}", unit.name()),
        Unit::PerSecond => format!("{value:.0} {}", unit.name()),
        Unit::Milliseconds => format!("{value:.1} {}", unit.name()),
        Unit::Requests => format!("{value:.0}"),
    }
}

pub fn json(measured: &[Measured], arguments: &Arguments) -> String {
    let side = |side: &Side| json!({ "perSecond": side.per_second, "p50Ms": side.p50, "p99Ms": side.p99 });
    let figures: Vec<Value> = measured
        .iter()
        .map(|measured| {
            let bar = measured.bar;
            let held = measured.absent.is_none().then(|| held(measured));
            json!({
                "id": bar.id, "part": bar.part, "what": bar.what, "unit": bar.unit.name(), "leads": measured.rows, "value": measured.value,
                "floor": bar.floor, "aim": bar.aim, "held": held.map(|held| held != "MISSED"), "aimReached": held.map(|held| held == "aim"),
                "absent": measured.absent, "base": measured.sides.as_ref().map(|sides| side(&sides.base)),
                "nexus": measured.sides.as_ref().map(|sides| side(&sides.nexus)),
            })
        })
        .collect();
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let run = json!({
        "version": env!("CARGO_PKG_VERSION"), "optimised": !cfg!(debug_assertions), "processors": processors,
        "connections": CONNECTIONS, "rounds": ROUNDS, "seconds": arguments.seconds, "figures": figures,
    });
    format!("{run:#}\n")
}
