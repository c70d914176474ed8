//! Every try to deliver the message: when, what came of it, and the words of the mail server.

use crate::time::Clock;
use domain::messaging::{DeliveryAttempt, DeliveryLog, DeliveryOutcome};
use leptos::prelude::*;
use ui::{Badge, Blank, Cell, DataTable, EmptyState, HeadCell, Panel, Row, Tone};
use words::t;

pub fn view(log: &DeliveryLog, clock: Clock) -> AnyView {
    if log.attempts.is_empty() {
        return view! {
            <Panel title=t!("Deliveries")>
                <EmptyState icon="mail" title=t!("No try yet") text=t!("A worker takes the message up within seconds.")/>
            </Panel>
        }
        .into_any();
    }
    let head = view! {
        <HeadCell label=t!("Try") numeric=true/>
        <HeadCell label=t!("When")/>
        <HeadCell label=t!("Outcome")/>
        <HeadCell label=t!("Answer")/>
        <HeadCell label=t!("Took") numeric=true/>
    };
    let rows: Vec<AnyView> = log.attempts.iter().rev().map(|attempt| row(attempt, clock)).collect();
    view! {
        <Panel title=t!("Deliveries") flush=true>
            <div class="as-cards"><DataTable label=t!("Deliveries") head=head.into_any() inline=true>{rows}</DataTable></div>
        </Panel>
    }
    .into_any()
}

fn row(attempt: &DeliveryAttempt, clock: Clock) -> AnyView {
    let (words, tone) = outcome(attempt.outcome);
    let number = attempt.attempt.to_string();
    let when = clock.moment(&attempt.at);
    let answer = match attempt.response.clone().filter(|answer| !answer.is_empty()) {
        Some(answer) => view! { <span dir="auto">{answer}</span> }.into_any(),
        None => view! { <Blank/> }.into_any(),
    };
    let took = match attempt.duration_ms {
        Some(took) if took < 10_000 => t!("{count} ms", count = took),
        Some(took) => t!("{count} s", count = took / 1000),
        None => String::new(),
    };
    view! {
        <Row>
            <Cell label=t!("Try") numeric=true>{number}</Cell>
            <Cell label=t!("When")>{when}</Cell>
            <Cell label=t!("Outcome") lead=true><Badge tone>{words}</Badge></Cell>
            <Cell label=t!("Answer")>{answer}</Cell>
            <Cell label=t!("Took") numeric=true>{took}</Cell>
        </Row>
    }
    .into_any()
}

fn outcome(outcome: DeliveryOutcome) -> (&'static str, Tone) {
    match outcome {
        DeliveryOutcome::Started => (t!("Under way"), Tone::Accent),
        DeliveryOutcome::Lost => (t!("No answer kept"), Tone::Warning),
        DeliveryOutcome::Sent => (t!("Sent"), Tone::Positive),
        DeliveryOutcome::Sandboxed => (t!("Shown only"), Tone::Info),
        DeliveryOutcome::Waiting => (t!("Tried again later"), Tone::Warning),
        DeliveryOutcome::Failed => (t!("Failed"), Tone::Negative),
    }
}
