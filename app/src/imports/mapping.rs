//! The second step: which column is which field, and how to meet rows that exist already.

use super::parts::{self, Place};
use crate::page::{PageContext, Replay, Viewer};
use crate::records::post::envelope;
use domain::currency;
use domain::imports::{Existing, Import};
use domain::schema::{Entity, FieldKind};
use leptos::prelude::*;
use ui::{
    ButtonKind, Cell, Checkbox, Choice, DataTable, FormActions, FormError, FormErrors, FormSection, HeadCell,
    LinkButton, Notice, RadioGroup, Row, Select, SubmitButton, Tone,
};
use words::t;

/// Sample cells shown beside a column.
const SAMPLES: usize = 3;
/// Letters of a sample cell.
const SAMPLE_LETTERS: usize = 60;

/// What was chosen: in the refused form if there is one, else in the import.
struct Chosen<'a> {
    replay: Option<&'a Replay>,
    import: &'a Import,
}

impl Chosen<'_> {
    fn text(&self, name: &str, held: Option<String>) -> Option<String> {
        match self.replay {
            Some(replay) => replay.value(name).map(str::to_owned),
            None => held,
        }
    }

    fn column(&self, place: u32) -> Option<String> {
        self.text(&format!("mapping.columns.{place}"), self.import.mapping.columns.get(&place).cloned())
    }
}

pub fn view(page: &PageContext, viewer: &Viewer, entity: &Entity, import: &Import) -> AnyView {
    let replay = page.replay_of("imports.map");
    let chosen = Chosen { replay: replay.as_deref(), import };
    let here = parts::path(viewer, import);
    let errors = replay.as_deref().map(errors).unwrap_or_default();
    let targets = targets(viewer, entity);
    let rows: Vec<AnyView> = import
        .columns
        .iter()
        .enumerate()
        .filter_map(|(place, header)| u32::try_from(place).ok().map(|place| row(&chosen, place, header, &targets)))
        .collect();
    let head = view! {
        <HeadCell label=t!("Column in the file")/>
        <HeadCell label=t!("First values")/>
        <HeadCell label=t!("Becomes")/>
    };
    let doubt = import.header_doubt.clone().map(|doubt| {
        view! { <Notice tone=Tone::Warning title=t!("The first row does not look like a header")>{doubt}</Notice> }
    });
    let upload = viewer.path(&format!("{}/import", entity.plural));
    let table = view! { <div class="as-cards"><DataTable label=t!("Columns of the file") head=head.into_any() inline=true>{rows}</DataTable></div> }.into_any();
    view! {
        {parts::steps(Place::Map, Some(&here))}
        <FormErrors errors title=t!("The columns cannot be used like this")/>
        {doubt}
        <form class="form" method="post" action=viewer.action("imports.map")>
            <input type="hidden" name="id" value=import.id.to_string()/>
            {envelope(page, "map", &here, "")}
            {header_choice(&chosen)}
            {table}
            {rules(viewer, entity, &chosen)}
            <FormActions>
                <SubmitButton>{t!("Look at what would happen")}</SubmitButton>
                <LinkButton href=upload kind=ButtonKind::Ghost>{t!("Choose another file")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any()
}

fn errors(replay: &Replay) -> Vec<FormError> {
    if replay.error.fields.is_empty() {
        return vec![FormError::new("", replay.error.message.clone())];
    }
    replay.error.fields.iter().map(|fault| FormError::new(control(&fault.field), fault.message.clone())).collect()
}

/// Id of the control that a fault speaks of; what no single column is to blame for has none.
fn control(field: &str) -> String {
    match field.strip_prefix("mapping.").unwrap_or(field) {
        "columns" | "" => String::new(),
        part => format!("mapping.{part}"),
    }
}

/// What a column may become: the fields that a person fills in, the state, and each part of a value that has parts.
fn targets(viewer: &Viewer, entity: &Entity) -> Vec<Choice> {
    let mut targets = Vec::new();
    for field in entity.importable(&viewer.grants) {
        for (place, (target, label)) in field.targets().into_iter().enumerate() {
            // What a row is given by itself, such as its pipeline, no file has to say.
            let needed = field.required && !field.read_only;
            let label = if needed && place == 0 { t!("{field} (required)", field = label) } else { label };
            targets.push(Choice::new(target, label));
        }
    }
    targets
}

fn row(chosen: &Chosen<'_>, place: u32, header: &str, targets: &[Choice]) -> AnyView {
    let samples: Vec<String> = chosen
        .import
        .sample
        .iter()
        .filter_map(|cells| cells.get(place as usize))
        .map(|cell| cell.trim())
        .filter(|cell| !cell.is_empty())
        .take(SAMPLES)
        .map(short)
        .collect();
    let nothing = samples.is_empty().then(|| view! { <span class="text-muted">{t!("Empty in the first rows")}</span> });
    let samples: Vec<_> =
        samples.into_iter().map(|cell| view! { <span class="import-sample" dir="auto">{cell}</span> }).collect();
    let name = format!("mapping.columns.{place}");
    let label = t!("{column} becomes", column = header);
    let (header, value) = (header.to_owned(), chosen.column(place));
    let choices = targets.to_vec();
    let part = format!("columns.{place}");
    let error =
        chosen.replay.and_then(|replay| replay.error_for(&part).or_else(|| replay.error_for(&name))).map(str::to_owned);
    view! {
        <Row>
            <Cell label=t!("Column") lead=true><bdi>{header}</bdi></Cell>
            <Cell label=t!("First values")><span class="import-samples">{nothing}{samples}</span></Cell>
            <Cell label=t!("Becomes")><Select name label choices value blank=t!("Leave it out") error bare=true/></Cell>
        </Row>
    }
    .into_any()
}

fn short(cell: &str) -> String {
    let line = cell.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SAMPLE_LETTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn header_choice(chosen: &Chosen<'_>) -> AnyView {
    let held = chosen.import.mapping.header.to_string();
    let checked = chosen.text("mapping.header", Some(held)).as_deref() == Some("true");
    view! {
        <div>
            <input type="hidden" name="mapping.header" value="false"/>
            <Checkbox name="mapping.header" label=t!("The first row names the columns") checked/>
        </div>
    }
    .into_any()
}

/// How existing rows are recognised and met, and the currency of amounts that name none.
fn rules(viewer: &Viewer, entity: &Entity, chosen: &Chosen<'_>) -> AnyView {
    let mapping = &chosen.import.mapping;
    let many = parts::lower(&entity.labels.many);
    let keys: Vec<Choice> = entity
        .editable()
        .filter(|field| field.unique && field.readable(&viewer.grants))
        .map(|field| Choice::new(field.key.clone(), field.label.clone()))
        .collect();
    let key = chosen.text("mapping.key", mapping.key.clone());
    let held = match mapping.existing {
        Existing::Skip => "skip",
        Existing::Update => "update",
    };
    let existing = chosen.text("mapping.existing", Some(held.to_owned()));
    let currency = chosen.text("mapping.currency", mapping.currency.clone()).unwrap_or_else(|| viewer.currency.clone());
    let money = entity.importable(&viewer.grants).any(|field| matches!(field.kind, FieldKind::Money { .. }));
    let key_select = (!keys.is_empty()).then(|| {
        let label = t!("Recognise existing {entities} by", entities = many);
        let hint = t!("Two rows with the same value are the same one.");
        view! { <Select name="mapping.key" label choices=keys value=key blank=t!("Nothing: every row is new") hint/> }
    });
    let meetings = vec![
        Choice::new("skip", t!("Leave it as it is")).hint(t!("The row of the file is counted as unchanged.")),
        Choice::new("update", t!("Give it the values of the file"))
            .hint(t!("Cells that are empty in the file change nothing.")),
    ];
    let currency_select = money.then(|| {
        let choices = currency::CODES.iter().map(|code| Choice::new(*code, *code)).collect();
        view! { <Select name="mapping.currency" label=t!("Currency of amounts that name none") choices value=currency/> }
    });
    view! {
        <div class="import-rules">
            <FormSection title=t!("When a row is there already")>
                {key_select}
                <RadioGroup name="mapping.existing" label=t!("What happens to it") choices=meetings value=existing/>
                {currency_select}
            </FormSection>
        </div>
    }
    .into_any()
}
