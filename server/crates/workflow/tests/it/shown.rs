//! Views as snapshots: ids and moments give way to their order of appearance.

use domain::workflow::RunView;
use serde_json::{Value, json};
use uuid::Uuid;

pub fn shown(value: &Value) -> String {
    let text = format!("{value:#}");
    let (mut out, mut ids, mut at) = (String::new(), Vec::<String>::new(), 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.is_char_boundary(0)
            && rest.len() >= 36
            && rest.is_char_boundary(36)
            && Uuid::try_parse(&rest[..36]).is_ok()
        {
            let id = rest[..36].to_owned();
            let place = ids.iter().position(|known| *known == id).unwrap_or_else(|| {
                ids.push(id);
                ids.len() - 1
            });
            out.push_str(&format!("[id {}]", place + 1));
            at += 36;
        } else if rest.len() >= 20 && rest.is_char_boundary(20) && moment(&rest[..20]) {
            out.push_str(if &rest[..20] == "2026-11-20T12:00:00Z" { "[noon]" } else { "[some time]" });
            at += 20;
        } else {
            let letter = rest.chars().next().unwrap();
            out.push(letter);
            at += letter.len_utf8();
        }
    }
    out
}

fn moment(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        19 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    })
}

/// What a person reads of a run. Changes of one moment are in no order, and the test's clock stands still.
pub fn run(view: &RunView) -> String {
    let mut effects: Vec<_> = view.effects.iter().collect();
    effects.sort_by_key(|effect| (&effect.entity, &effect.operation));
    shown(&json!({
        "state": view.run.state, "outcome": view.run.outcome, "error": view.run.error,
        "causes": view.causes.iter().map(|cause| format!("{}: {}", cause.kind, cause.what)).collect::<Vec<_>>(),
        "attempts": view.attempts.iter().map(|attempt| json!({
            "step": attempt.step, "attempt": attempt.attempt, "outcome": attempt.outcome, "input": attempt.input, "output": attempt.output,
            "error": attempt.error,
        })).collect::<Vec<_>>(),
        "approvals": view.approvals.iter().map(|approval| json!({
            "title": approval.title, "state": approval.state, "roles": approval.roles,
            "decisions": approval.decisions.iter().map(|decision| format!("{}: {}", decision.member, decision.decision)).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "effects": effects.iter().map(|effect| json!({ "operation": effect.operation, "entity": effect.entity, "after": effect.after })).collect::<Vec<_>>(),
    }))
}
