//! Security: the own second factor, and what the workspace asks of everybody who comes in.

use super::settings_frame;
use crate::layout::nav::role_words;
use crate::page::{PageContext, Viewer, load, use_page};
use crate::records::post::envelope;
use domain::Result;
use domain::people::{ABSOLUTE_MINUTES, GetSecurity, IDLE_MINUTES, Security, SecurityPolicy};
use domain::permission::ROLES;
use leptos::prelude::*;
use ui::{
    Checkbox, Choice, DescriptionList, DescriptionRow, FormActions, LinkButton, Notice, Page, PageHeader, Panel,
    RadioGroup, Select, Size, Stack, SubmitButton, Tone,
};
use words::{around, mark, say, t, tn};

const MANAGE: &str = "people.security.manage";
const IDLE: [(i64, &str); 5] = [
    (15, mark!("15 minutes")),
    (30, mark!("30 minutes")),
    (60, mark!("An hour")),
    (240, mark!("4 hours")),
    (IDLE_MINUTES, mark!("8 hours")),
];
const ABSOLUTE: [(i64, &str); 4] = [
    (8 * 60, mark!("8 hours")),
    (24 * 60, mark!("A day")),
    (3 * 24 * 60, mark!("3 days")),
    (ABSOLUTE_MINUTES, mark!("7 days")),
];

#[component]
pub fn SecurityPage() -> impl IntoView {
    let page = use_page();
    load(security_page(page)).into_any()
}

async fn security_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let Security { policy, own_factor: has } = page.backend()?.run(GetSecurity {}).await?;
    let factor = own_factor(&page, &viewer, &policy, has);
    let asked = if viewer.grants.allows(MANAGE) { form(&page, &viewer, &policy) } else { described(&policy) };
    let problem = page.replay_of("people.save_security").map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative title=t!("Nothing was saved")>{message}</Notice> }
    });
    let content = view! {
        <Page narrow=true><PageHeader title=t!("Security")/>{problem}<Stack>{factor}{asked}</Stack></Page>
    };
    Ok(settings_frame(&page, &viewer, "Security", content.into_any()))
}

fn own_factor(page: &PageContext, viewer: &Viewer, policy: &SecurityPolicy, has: bool) -> AnyView {
    let asked = policy.second_factor == "everybody"
        || policy.second_factor == "roles" && {
            // The role that refusals name is the highest one; the server looks at all of them.
            policy.second_factor_roles.contains(&viewer.role)
        };
    let text = if has {
        t!("It is on: after your password, signing in wants a code of your phone.")
    } else if asked {
        t!("This workspace asks you for one: after your password, signing in wants a code of your phone.")
    } else {
        t!(
            "After your password, signing in wants a code of your phone. A password that somebody got hold of is then not enough."
        )
    };
    let words = if has { t!("Change") } else { t!("Set up") };
    let href = format!("/second-factor?next={}", crate::page::encode(&page.path));
    let action = view! { <LinkButton href size=Size::Small icon="shield">{words}</LinkButton> };
    let sessions = viewer.path("settings/sessions");
    let (before, after) =
        around(t!("Where you are signed in, and how to end it, stands under {sessions}."), "sessions");
    view! {
        <Panel title=t!("Your second factor") text actions=action.into_any()>
            <p class="text-muted">{before}<a class="link" href=sessions>{t!("Sessions")}</a>{after}</p>
        </Panel>
    }
    .into_any()
}

fn choices(known: &[(i64, &'static str)], held: i64) -> Vec<Choice> {
    let mut choices: Vec<Choice> =
        known.iter().map(|(value, label)| Choice::new(value.to_string(), say(label))).collect();
    // What was set over the API stays choosable.
    if known.iter().all(|(value, _)| *value != held) {
        choices.insert(0, Choice::new(held.to_string(), tn!(held, "{count} minute", "{count} minutes")));
    }
    choices
}

fn form(page: &PageContext, viewer: &Viewer, policy: &SecurityPolicy) -> AnyView {
    let replay = page.replay_of("people.save_security");
    let typed = |name: &str, held: String| match &replay {
        Some(replay) => replay.value(name).unwrap_or_default().to_owned(),
        None => held,
    };
    let ticked = |name: &str, held: bool| match &replay {
        Some(replay) => replay.value(name).is_some(),
        None => held,
    };
    let error = |name: &str| replay.as_ref().and_then(|replay| replay.error_for(name)).unwrap_or_default().to_owned();
    let who = vec![
        Choice::new("nobody", t!("Nobody has to")).hint(t!("Everybody may set one up for themselves")),
        Choice::new("roles", t!("The roles below")),
        Choice::new("everybody", t!("Everybody")),
    ];
    // The ladder from above, then the job roles.
    let mut seeds: Vec<_> = ROLES.iter().collect();
    seeds.sort_by_key(|seed| std::cmp::Reverse(seed.rank));
    let mut keys: Vec<String> = seeds.into_iter().map(|role| role.key.to_owned()).collect();
    keys.extend(policy.second_factor_roles.iter().filter(|role| ROLES.iter().all(|seed| seed.key != **role)).cloned());
    let roles: Vec<_> = keys
        .into_iter()
        .map(|key| {
            let name = format!("roles.{key}");
            let checked = ticked(&name, policy.second_factor_roles.contains(&key));
            view! { <Checkbox name label=role_words(&key) checked/> }
        })
        .collect();
    let idle = policy.idle_minutes.unwrap_or(IDLE_MINUTES);
    let absolute = policy.absolute_minutes.unwrap_or(ABSOLUTE_MINUTES);
    let own = page.path.clone();
    let (action, envelope) =
        (viewer.action("people.save_security"), envelope(page, "security", &own, t!("Security saved")));
    let (who_value, who_error) = (typed("secondFactor", policy.second_factor.clone()), error("secondFactor"));
    let roles_error = Some(error("secondFactorRoles"))
        .filter(|words| !words.is_empty())
        .map(|words| view! { <p class="field-error" role="alert">{words}</p> });
    let limits = view! {
        <div class="form-grid is-two">
            <Select name="idleMinutes" label=t!("A session ends without use after") choices=choices(&IDLE, idle) value=typed("idleMinutes", idle.to_string()) error=error("idleMinutes")/>
            <Select name="absoluteMinutes" label=t!("And in any case after") choices=choices(&ABSOLUTE, absolute) value=typed("absoluteMinutes", absolute.to_string()) error=error("absoluteMinutes")/>
        </div>
    }
    .into_any();
    let support = ticked("supportAccess", policy.support_access);
    view! {
        <Panel title=t!("What the workspace asks") text=t!("Holds for everybody from their next request on. Who needs a second factor and has none is led to set one up before anything else.")>
            <form class="stack" method="post" action=action>
                {envelope}
                <RadioGroup name="secondFactor" label=t!("Who needs a second factor") choices=who value=who_value error=who_error/>
                <fieldset class="tick-list">
                    <legend>{t!("Roles that need one")}</legend>
                    {roles}
                </fieldset>
                {roles_error}
                {limits}
                <Checkbox name="supportAccess" label=t!("Nexus support may act for a member") checked=support hint=t!("With a reason, for an hour at most, under a banner, and written into your log with both names. Never their password, second factor, keys or exports.")/>
                <FormActions><SubmitButton>{t!("Save security")}</SubmitButton></FormActions>
            </form>
        </Panel>
    }
    .into_any()
}

/// For those who may look and not change.
fn described(policy: &SecurityPolicy) -> AnyView {
    let factor = match policy.second_factor.as_str() {
        "everybody" => t!("Everybody").to_owned(),
        "roles" => policy.second_factor_roles.iter().map(|role| role_words(role)).collect::<Vec<_>>().join(", "),
        _ => t!("Nobody has to").to_owned(),
    };
    let name = |known: &[(i64, &'static str)], held: i64| {
        let found = known.iter().find(|(value, _)| *value == held);
        found.map_or_else(|| tn!(held, "{count} minute", "{count} minutes"), |(_, label)| say(label).to_owned())
    };
    let idle = name(&IDLE, policy.idle_minutes.unwrap_or(IDLE_MINUTES));
    let absolute = name(&ABSOLUTE, policy.absolute_minutes.unwrap_or(ABSOLUTE_MINUTES));
    let support = if policy.support_access { t!("May act for a member, with a reason") } else { t!("Is not let in") };
    let text = t!("To change it, the permission {permission} is needed; ask an administrator.", permission = MANAGE);
    view! {
        <Panel title=t!("What the workspace asks") text>
            <DescriptionList>
                <DescriptionRow label=t!("Second factor")>{factor}</DescriptionRow>
                <DescriptionRow label=t!("Without use")>{idle}</DescriptionRow>
                <DescriptionRow label=t!("In any case")>{absolute}</DescriptionRow>
                <DescriptionRow label=t!("Nexus support")>{support}</DescriptionRow>
            </DescriptionList>
        </Panel>
    }
    .into_any()
}
