//! How workspaces are kept apart, for somebody who has to be convinced: plain words first, then what the database says of itself at this moment.

use crate::layout::admin_frame;
use crate::page::{PageContext, load, use_page};
use domain::admin::{Bar, MatrixRun, Proof, RoleProof, ShowProof, TableProof};
use domain::money::group_thousands;
use domain::{Error, Result};
use leptos::prelude::*;
use ui::{Badge, Cell, Crumb, DataTable, HeadCell, Notice, Page, PageHeader, Panel, Row, Stack, Tone};
use words::t;

#[component]
pub fn ProofPage() -> impl IntoView {
    let page = use_page();
    load(proof_page(page)).into_any()
}

async fn proof_page(page: PageContext) -> Result<AnyView> {
    if page.staff.is_none() {
        return Err(Error::unauthenticated());
    }
    let proof = page.backend()?.run(ShowProof {}).await?;
    let text = t!(
        "How workspaces are kept apart: read from {database} when this page was drawn, and from the tests of this build.",
        database = proof.database
    );
    let (verdict, roles, tables) = (verdict(&proof), roles(&proof.roles), tables(&proof));
    let (matrix, bars) = (matrix(proof.matrix.as_ref()), bars(&proof.bars));
    let content = view! {
        <Page>
            <PageHeader title=t!("Proof") text/>
            <Stack>{verdict}{words()}{roles}{tables}{matrix}{bars}</Stack>
        </Page>
    };
    Ok(admin_frame(&page, vec![Crumb::here(t!("Proof"))], content.into_any()))
}

/// Whether a role that serves requests could look past row security.
const fn is_mighty(role: &RoleProof) -> bool {
    role.superuser || role.bypasses
}

/// What is not as it should be, in words; nothing where all is well.
fn faults(proof: &Proof) -> Vec<String> {
    let mut faults = Vec::new();
    for table in proof.tables.iter().filter(|table| table.of_workspace && !table.is_sealed_off()) {
        faults.push(t!("The table {table} is not sealed off", table = table.name));
    }
    for role in &proof.roles {
        if is_mighty(role) {
            faults.push(t!("The role {role} can look past row security", role = role.name));
        }
        if role.owns > 0 && role.name != "nexus_owner" {
            faults.push(t!(
                "The role {role} owns {count} tables and could change them",
                role = role.name,
                count = role.owns
            ));
        }
    }
    faults
}

fn verdict(proof: &Proof) -> AnyView {
    let faults = faults(proof);
    let count = proof.tables.iter().filter(|table| table.of_workspace).count();
    if faults.is_empty() {
        let title = t!("All {count} tables with rows of workspaces are sealed off", count);
        return view! {
            <Notice tone=Tone::Positive title>
                {t!("On each of them the database itself shows a request the rows of one workspace and no others, whatever the request asks for.")}
            </Notice>
        }
        .into_any();
    }
    view! { <Notice tone=Tone::Negative title=t!("Not everything is as it should be")>{faults.join(". ")}</Notice> }
        .into_any()
}

fn words() -> AnyView {
    view! {
        <Panel title=t!("In plain words")>
            <div class="stack">
                <p>{t!("Every row that belongs to a workspace carries that workspace's number. Before a request may read or write anything, the server tells the database which one workspace it is about. From then on PostgreSQL adds “and only rows of this workspace” to every statement by itself: a fault in Nexus that forgets to ask for it reads nothing that is not the caller's.")}</p>
                <p>{t!("The server signs in to the database under roles that own no table, so that they cannot switch this off, and that have no right to look past it. Which workspace a request is about comes from its address and from who is signed in, never from anything else that it carries.")}</p>
                <p>{t!("People, passwords and sessions belong to no workspace. They lie in tables that requests about workspaces cannot reach at all.")}</p>
            </div>
        </Panel>
    }
    .into_any()
}

fn roles(roles: &[RoleProof]) -> AnyView {
    let head = view! {
        <HeadCell label=t!("Role")/>
        <HeadCell label=t!("Serves")/>
        <HeadCell label=t!("Looks past row security")/>
        <HeadCell label=t!("Owns tables") numeric=true/>
    };
    let rows: Vec<_> = roles
        .iter()
        .map(|role| {
            let serves = match role.name.as_str() {
                "nexus_app" => t!("Requests and work of one workspace at a time"),
                "nexus_platform" => t!("Signing in, these pages, and handing out work"),
                "nexus_ai" => t!("Assistants; reads one workspace"),
                _ => t!("Changes of the schema; no request"),
            };
            let (name, owns) = (role.name.clone(), role.owns.to_string());
            let past = yes_is_bad(is_mighty(role));
            view! {
                <Row>
                    <Cell label=t!("Role") lead=true><span class="mono">{name}</span></Cell>
                    <Cell label=t!("Serves")>{serves}</Cell>
                    <Cell label=t!("Looks past row security")>{past}</Cell>
                    <Cell label=t!("Owns tables") numeric=true>{owns}</Cell>
                </Row>
            }
        })
        .collect();
    view! {
        <Panel title=t!("Roles at the database") text=t!("Row security binds the owner too: it is forced.") flush=true>
            <DataTable label=t!("Roles at the database") head=head.into_any() inline=true>{rows}</DataTable>
        </Panel>
    }
    .into_any()
}

fn yes_is_bad(yes: bool) -> AnyView {
    let (tone, label) = if yes { (Tone::Negative, t!("Yes")) } else { (Tone::Neutral, t!("No")) };
    view! { <Badge tone>{label}</Badge> }.into_any()
}

fn yes_is_good(yes: bool) -> AnyView {
    let (tone, label) = if yes { (Tone::Positive, t!("Yes")) } else { (Tone::Negative, t!("No")) };
    view! { <Badge tone>{label}</Badge> }.into_any()
}

fn tables(proof: &Proof) -> AnyView {
    let (ours, others): (Vec<_>, Vec<_>) = proof.tables.iter().partition(|table| table.of_workspace);
    let text = t!(
        "Policies say which rows a role sees; grants say what it may do with them. nexus_platform reads across workspaces to sign people in and to hand out work."
    );
    let other = t!("People, sessions and the platform's own: out of reach for nexus_app, which serves workspaces.");
    let (of_workspaces, of_platform) = (
        t!("Tables of workspaces ({count})", count = ours.len()),
        t!("Tables of the platform ({count})", count = others.len()),
    );
    let (ours, others) = (table(&ours, t!("Tables of workspaces")), table(&others, t!("Tables of the platform")));
    view! {
        <Panel title=of_workspaces text flush=true>{ours}</Panel>
        <Panel title=of_platform text=other flush=true>{others}</Panel>
    }
    .into_any()
}

fn table(tables: &[&TableProof], label: &'static str) -> AnyView {
    let of_workspace = tables.first().is_some_and(|table| table.of_workspace);
    let head = view! {
        <HeadCell label=t!("Table")/>
        {of_workspace.then(|| view! { <HeadCell label=t!("Row security")/><HeadCell label=t!("Forced")/><HeadCell label=t!("Policies")/> })}
        <HeadCell label=t!("Grants")/>
    };
    let rows: Vec<AnyView> = tables.iter().map(|table| row(table)).collect();
    view! { <DataTable label head=head.into_any() inline=true>{rows}</DataTable> }.into_any()
}

fn row(table: &TableProof) -> AnyView {
    let policies: Vec<String> = table
        .policies
        .iter()
        .map(|policy| {
            let rows = if policy.own_rows { t!("own workspace") } else { t!("all rows") };
            let what = if policy.command == "all" { String::new() } else { format!("{}: ", policy.command) };
            format!("{}: {what}{rows}", policy.roles.join(", "))
        })
        .collect();
    let grants: Vec<String> =
        table.grants.iter().map(|grant| format!("{}: {}", grant.role, grant.may.join(", "))).collect();
    let grants = if grants.is_empty() { vec![t!("nobody but the owner").to_owned()] } else { grants };
    let guarded = table.of_workspace.then(|| {
        let (enabled, forced) = (yes_is_good(table.enabled), yes_is_good(table.forced));
        view! {
            <Cell label=t!("Row security")>{enabled}</Cell>
            <Cell label=t!("Forced")>{forced}</Cell>
            <Cell label=t!("Policies")>{lines(policies)}</Cell>
        }
    });
    let name = table.name.clone();
    view! { <Row><Cell label=t!("Table") lead=true><span class="mono">{name}</span></Cell>{guarded}<Cell label=t!("Grants")>{lines(grants)}</Cell></Row> }
        .into_any()
}

fn lines(lines: Vec<String>) -> AnyView {
    lines.into_iter().map(|line| view! { <div>{line}</div> }).collect::<Vec<_>>().into_any()
}

fn matrix(run: Option<&MatrixRun>) -> AnyView {
    let text = t!(
        "A test calls every operation and every route as every role, as nobody, as a stranger, as somebody suspended and with a session that has ended: about one's own, a colleague's, another workspace's, what is in the trash and what never was."
    );
    let found = match run {
        None => view! {
            <Notice tone=Tone::Warning title=t!("No run was recorded for this build")>
                {t!("The test is part of the suite and has to pass before anything is merged. Its figures stand here once a run is recorded: NEXUS_RECORD=1 scripts/bars A-05, then build.")}
            </Notice>
        }
        .into_any(),
        Some(run) => {
            let number = |value: usize| group_thousands(&value.to_string());
            let title = if run.wrong == 0 {
                t!("{calls} calls, every one answered as it should be", calls = number(run.cells))
            } else {
                t!(
                    "{wrong} of {calls} calls were not answered as they should be",
                    wrong = number(run.wrong),
                    calls = number(run.cells)
                )
            };
            let tone = if run.wrong == 0 && run.current { Tone::Positive } else { Tone::Warning };
            let said = t!(
                "Recorded on {at}: {operations} operations as {roles} roles and four kinds of outsiders, {denied} calls that had to be refused.",
                at = run.at,
                operations = number(run.operations),
                roles = number(run.roles),
                denied = number(run.denied)
            );
            let since = t!("The tables that say who may what have changed since then.");
            let said = if run.current { said } else { format!("{said} {since}") };
            view! { <Notice tone title>{said}</Notice> }.into_any()
        }
    };
    view! { <Panel title=t!("Who may do what, tried out") text>{found}</Panel> }.into_any()
}

fn bars(bars: &[Bar]) -> AnyView {
    let head = view! {
        <HeadCell label=t!("Promise")/>
        <HeadCell label=t!("What is promised")/>
        <HeadCell label=t!("Tests") numeric=true/>
    };
    let rows: Vec<_> = bars
        .iter()
        .map(|bar| {
            let (id, says) = (bar.id.clone(), bar.says.clone());
            let tests = if bar.tests == 0 { t!("by command").to_owned() } else { bar.tests.to_string() };
            view! {
                <Row>
                    <Cell label=t!("Promise") lead=true><span class="mono">{id}</span></Cell>
                    <Cell label=t!("What is promised")>{says}</Cell>
                    <Cell label=t!("Tests") numeric=true>{tests}</Cell>
                </Row>
            }
        })
        .collect();
    let text = t!(
        "Each is held by tests of this build, or by a command that runs longer. Anybody who has the source runs them with make bars."
    );
    view! {
        <Panel title=t!("What is promised ({count})", count = bars.len()) text flush=true>
            <DataTable label=t!("What is promised") head=head.into_any() inline=true>{rows}</DataTable>
        </Panel>
    }
    .into_any()
}
