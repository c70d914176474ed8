//! The first steps of a new workspace, for whoever sets it up. Each line knows by itself whether it is done, the list ends with the last one, and who
//! does not want it puts it away.

use super::Home;
use crate::page::set_status;
use crate::records::lower;
use crate::records::post::envelope;
use domain::company::UPDATE;
use domain::onboarding::{FirstStep, FirstSteps, ListFirstSteps, StepState};
use domain::{Result, Verb};
use leptos::prelude::*;
use ui::{ButtonKind, FormError, FormErrors, Icon, LinkButton, Panel, Size, SubmitButton, TextLink};
use words::t;

const PUT_AWAY: &str = "onboarding.put_away";

/// Nothing for who does not set the workspace up, and where nothing is to be shown.
pub async fn first_steps(home: &Home) -> Result<Option<AnyView>> {
    if !home.viewer.grants.allows(UPDATE) {
        return Ok(None);
    }
    let found = home.backend.run(ListFirstSteps {}).await?;
    Ok(found.shown.then(|| panel(home, &found)))
}

fn panel(home: &Home, found: &FirstSteps) -> AnyView {
    let lines: Vec<AnyView> = found.steps.iter().filter_map(|state| line(home, *state)).collect();
    let done = found.steps.iter().filter(|state| state.done).count();
    let text = t!("{done} of {all} done. The list goes by itself when all are.", done, all = found.steps.len());
    let refused = home.page.replay_of(PUT_AWAY).map(|replay| {
        set_status(replay.error.kind.status());
        let errors = vec![FormError::new("", replay.error.message.clone())];
        view! { <FormErrors errors title=t!("The list was not put away")/> }
    });
    let away = view! {
        <form method="post" action=home.viewer.action(PUT_AWAY)>
            {envelope(&home.page, "steps", &home.page.path, t!("Put away. The guide for administrators is under Help"))}
            <SubmitButton kind=ButtonKind::Ghost size=Size::Small>{t!("Put away")}</SubmitButton>
        </form>
    }
    .into_any();
    view! { <Panel title=t!("First steps") text actions=away flush=true>{refused}<ul class="first-steps">{lines}</ul></Panel> }.into_any()
}

/// What a step says, where it leads, and the label of the way there. Nothing where the workspace has no such entity.
fn line(home: &Home, state: StepState) -> Option<AnyView> {
    let lead = || home.viewer.catalog.get("lead").or_else(|| home.viewer.catalog.get("customer"));
    let (title, text, path, label) = match state.step {
        FirstStep::Company => (
            t!("Say who you are on documents").to_owned(),
            t!("Name, address, tax number and bank account stand on every invoice."),
            "settings/company".to_owned(),
            t!("Add company details").to_owned(),
        ),
        FirstStep::Record => {
            let entity = lead()?;
            let one = lower(&entity.labels.one);
            let path = format!("{}/new", entity.plural);
            let title = t!("Make your first {entity}", entity = one);
            (title, t!("A name is enough to begin with."), path, t!("New {entity}", entity = one))
        }
        FirstStep::Import => {
            let entity = lead().filter(|entity| home.viewer.may(entity, Verb::Import))?;
            let many = lower(&entity.labels.many);
            let text = t!("From a CSV file or a spreadsheet. You see every row before anything is written.");
            let path = format!("{}/import", entity.plural);
            let title = t!("Bring in the {entities} that you have", entities = many);
            (title, text, path, t!("Import {entities}", entities = many))
        }
        FirstStep::Invite => (
            t!("Invite a colleague").to_owned(),
            t!("With the role that says what they may do."),
            "settings/people?invite=1".to_owned(),
            t!("Invite somebody").to_owned(),
        ),
    };
    let roles = (state.step == FirstStep::Invite && !state.done).then(|| {
        let href = home.viewer.path("settings/roles");
        view! { <p><TextLink href>{t!("See what each role may do")}</TextLink></p> }
    });
    let end = if state.done {
        view! { <span>{t!("Done")}</span> }.into_any()
    } else {
        view! { <LinkButton href=home.viewer.path(&path) size=Size::Small>{label}</LinkButton> }.into_any()
    };
    let (icon, done) = if state.done { ("circle-check", "is-done") } else { ("circle", "") };
    let text = (!state.done).then(|| view! { <p>{text}</p> });
    Some(
        view! {
            <li class=done>
                <Icon name=icon/>
                <div class="first-step"><span>{title}</span>{text}{roles}</div>
                {end}
            </li>
        }
        .into_any(),
    )
}
