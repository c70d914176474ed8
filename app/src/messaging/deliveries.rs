//! Every try to deliver the message: when, what came of it, and the words of the mail server.

use crate::time::Clock;
use domain::messaging::{DeliveryAttempt, DeliveryLog, DeliveryOutcome};
use leptos::prelude::*;
use ui::{Badge, Blank, Cell, DataTable, EmptyState, HeadCell, Panel, Row, Tone};

pub fn view(log: &DeliveryLog, clock: Clock) -> AnyView {
    if log.attempts.is_empty() {
        return view! {
            <Panel title="Deliveries">
                <EmptyState icon="mail" title="No try yet" text="A worker takes the message up within seconds."/>
            </Panel>
        }
        .into_any();
    }
    let head = view! {
        <HeadCell label="Try" numeric=true/>
        <HeadCell label="When"/>
        <HeadCell label="Outcome"/>
        <HeadCell label="Answer"/>
        <HeadCell label="Took" numeric=true/>
    };
    let rows: Vec<AnyView> = log.attempts.iter().rev().map(|attempt| row(attempt, clock)).collect();
    view! {
        <Panel title="Deliveries" flush=true>
            <div class="as-cards"><DataTable label="Deliveries" head=head.into_any() inline=true>{rows}</DataTable></div>
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
        Some(took) if took < 10_000 => format!("{took} ms"),
        Some(took) => format!("{} s", took / 1000),
        None => String::new(),
    };
    view! {
        <Row>
            <Cell label="Try" numeric=true>{number}</Cell>
            <Cell label="When">{when}</Cell>
            <Cell label="Outcome" lead=true><Badge tone>{words}</Badge></Cell>
            <Cell label="Answer">{answer}</Cell>
            <Cell label="Took" numeric=true>{took}</Cell>
        </Row>
    }
    .into_any()
}

const fn outcome(outcome: DeliveryOutcome) -> (&'static str, Tone) {
    match outcome {
        DeliveryOutcome::Started => ("Under way", Tone::Accent),
        DeliveryOutcome::Lost => ("No answer kept", Tone::Warning),
        DeliveryOutcome::Sent => ("Sent", Tone::Positive),
        DeliveryOutcome::Sandboxed => ("Shown only", Tone::Info),
        DeliveryOutcome::Waiting => ("Tried again later", Tone::Warning),
        DeliveryOutcome::Failed => ("Failed", Tone::Negative),
    }
}
