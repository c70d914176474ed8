//! The editor of an order's lines: a plain form, a row for each line and some more. What is left empty comes from the product.

use super::lines::{locked, quantity};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Replay, Viewer, load, set_status, use_page};
use crate::records::address;
use crate::records::post::{envelope, hidden};
use domain::money::Percent;
use domain::records::{ListRecords, Record};
use domain::sales::{GetOrder, OrderLine, OrderView};
use domain::schema::{Count, Filter, ListQuery, Sort};
use domain::{BackendHandle, Error, Result, Verb};
use leptos::prelude::*;
use ui::{
    ButtonKind, Choice, FormActions, FormError, FormErrors, LinkButton, Page, PageHeader, Select, SubmitButton,
    TextInput,
};
use words::t;

const OPERATION: &str = "sales.save_order_lines";
/// Empty rows below the lines.
const SPARE: usize = 3;
/// Rows of one order at most; the server holds to its own limit.
const MOST: usize = 200;
/// Products offered.
const OFFERED: u32 = 500;

#[component]
pub fn OrderLinesPage() -> impl IntoView {
    let page = use_page();
    load(editor(page)).into_any()
}

async fn editor(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let entity = viewer.entity("orders")?;
    let view = backend.run(GetOrder { id: address::id(&page)? }).await?;
    if !viewer.may(&entity, Verb::Update) {
        return Err(Error::forbidden(entity.permission(Verb::Update), &viewer.role));
    }
    if let Some(reason) = locked(&viewer, &view) {
        return Err(Error::conflict(reason));
    }
    let (products, rates) = futures::try_join!(
        choices(&viewer, &backend, "product", "name", Some("status = active")),
        choices(&viewer, &backend, "tax_rate", "name", None)
    )?;
    let replay = page.replay_of(OPERATION);
    let desk = Desk { page: &page, view: &view, replay: replay.as_deref(), products, rates };
    let form = desk.form(&viewer);
    let title = t!("Lines of {record}", record = address::title(&entity, &view.order));
    let text = t!(
        "Choose a product and how many. Name, price and tax come from it where you leave them empty. A row without a product and a description is left out."
    );
    let body = view! { <Page><PageHeader title text/>{form}</Page> }.into_any();
    let crumbs = address::crumbs(&viewer, &entity, &view.order, Some(t!("Lines")));
    Ok(workspace_frame(&page, crumbs, None, None, body))
}

/// Rows of an entity as choices: id and title.
async fn choices(
    viewer: &Viewer,
    backend: &BackendHandle,
    key: &str,
    title: &str,
    filter: Option<&str>,
) -> Result<Vec<Choice>> {
    let Some(entity) = viewer.catalog.get(key).filter(|entity| viewer.may(entity, domain::Verb::Read)) else {
        return Ok(Vec::new());
    };
    let filter = filter.and_then(|filter| Filter::parse(filter, entity).ok());
    let query = ListQuery {
        filter,
        sort: vec![Sort { field: title.to_owned(), descending: false }],
        limit: OFFERED,
        count: Count::None,
        ..ListQuery::default()
    };
    let rows = backend.run(ListRecords { entity: key.to_owned(), query }).await?.take_records()?;
    Ok(rows.iter().map(|row| Choice::new(row.id.to_string(), label(row, title))).collect())
}

fn label(row: &Record, title: &str) -> String {
    let name = row.text(title).unwrap_or_default();
    match row.text("sku") {
        Some(sku) if !sku.is_empty() => format!("{name} ({sku})"),
        _ => name.to_owned(),
    }
}

struct Desk<'a> {
    page: &'a PageContext,
    view: &'a OrderView,
    replay: Option<&'a Replay>,
    products: Vec<Choice>,
    rates: Vec<Choice>,
}

impl Desk<'_> {
    fn rows(&self) -> usize {
        let asked = self.page.query("rows").and_then(|rows| rows.parse().ok()).unwrap_or(0);
        let typed = self.replay.map_or(0, |replay| {
            let places = replay.fields.iter().filter_map(|(name, _)| place(name));
            places.max().map_or(0, |last| last + 1)
        });
        (self.view.lines.len() + SPARE).max(asked).max(typed).min(MOST)
    }

    fn form(&self, viewer: &Viewer) -> AnyView {
        let errors = self.replay.map(|replay| {
            set_status(replay.error.kind.status());
            let mut errors: Vec<FormError> =
                replay.error.fields.iter().map(|told| fault(&told.field, &told.message)).collect();
            if errors.is_empty() {
                errors.push(FormError::new("", replay.error.message.clone()));
            }
            view! { <FormErrors errors title=t!("The lines were not saved")/> }
        });
        let count = self.rows();
        let rows: Vec<AnyView> = (0..count).map(|at| self.row(at)).collect();
        let back = viewer.path(&format!("orders/{}", self.view.order.id));
        let more = self.page.with_query(&[("rows", Some(&(count + 10).to_string()))]);
        let currency = self.view.order.text("currency").unwrap_or(&viewer.currency).to_owned();
        let price = t!("Price in {currency}", currency);
        let (next, cancel) = (back.clone(), back);
        view! {
            <form class="form" method="post" action=viewer.action(OPERATION)>
                {errors}
                {hidden("id", self.view.order.id.to_string())}
                {hidden("version", self.view.order.version.to_string())}
                {envelope(self.page, "lines", &next, t!("Lines saved"))}
                <div class="line-editor" data-lines="">
                    <div class="line-head" aria-hidden="true">
                        <span>{t!("Product")}</span><span>{t!("Description")}</span><span>{t!("Quantity")}</span><span>{price}</span><span>{t!("Discount %")}</span><span>{t!("Tax")}</span>
                    </div>
                    {rows}
                </div>
                <FormActions>
                    <SubmitButton>{t!("Save lines")}</SubmitButton>
                    <LinkButton href=cancel kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
                    <LinkButton href=more kind=ButtonKind::Ghost icon="plus">{t!("Ten more rows")}</LinkButton>
                </FormActions>
            </form>
        }
        .into_any()
    }

    /// What was typed, else what the line holds.
    fn held(&self, at: usize, part: &str, line: Option<String>) -> (String, Option<String>, Option<String>) {
        let name = format!("lines[{at}].{part}");
        let typed = self.replay.map(|replay| replay.value(&name).unwrap_or_default().to_owned());
        // The server counts lines as people do, from one.
        let place = format!("lines.{}.{part}", at + 1);
        let wrong = self.replay.and_then(|replay| replay.error_for(&place)).map(str::to_owned);
        (name, typed.or(line), wrong)
    }

    fn row(&self, at: usize) -> AnyView {
        let line = self.view.lines.get(at);
        let of = |read: fn(&OrderLine) -> Option<String>| line.and_then(read);
        let number = at + 1;
        let select = |part: &str, said: &str, choices: &[Choice], value: Option<String>, blank: &str| {
            let (name, value, error) = self.held(at, part, value);
            let (label, choices, blank) =
                (t!("{field} of line {number}", field = said, number), choices.to_vec(), blank.to_owned());
            view! { <Select name label choices value error blank/> }.into_any()
        };
        let text = |part: &str, said: &str, value: Option<String>, placeholder: &str, numeric: bool| {
            let (name, value, error) = self.held(at, part, value);
            let (label, placeholder) = (t!("{field} of line {number}", field = said, number), placeholder.to_owned());
            let inputmode = if numeric { "decimal" } else { "text" };
            view! { <TextInput name label value error placeholder inputmode autocomplete="off"/> }.into_any()
        };
        let product = select(
            "product",
            t!("Product"),
            &self.products,
            of(|line| line.product.map(|id| id.to_string())),
            t!("No product"),
        );
        let description = text(
            "description",
            t!("Description"),
            of(|line| Some(line.description.clone())),
            t!("as the product is called"),
            false,
        );
        let quantity =
            text("quantity", t!("Quantity"), of(|line| Some(quantity(&line.quantity).to_owned())), "1", true);
        let price = text("unitPrice", t!("Price"), of(|line| Some(line.unit_price.amount())), t!("its price"), true);
        let discount = text(
            "discount",
            t!("Discount"),
            of(|line| {
                (line.discount != Percent::default())
                    .then(|| line.discount.to_string().trim_end_matches('%').to_owned())
            }),
            "0",
            true,
        );
        let rate =
            select("taxRate", t!("Tax"), &self.rates, of(|line| line.tax_rate.map(|id| id.to_string())), t!("Its tax"));
        view! { <div class="line-row" role="group" aria-label=t!("Line {number}", number)>{product}{description}{quantity}{price}{discount}{rate}</div> }.into_any()
    }
}

/// The place of a field such as `lines[3].quantity`.
fn place(name: &str) -> Option<usize> {
    name.strip_prefix("lines[")?.split_once(']')?.0.parse().ok()
}

/// `lines.4.quantity` as the control that it is about and the words for it: "Line 4: ...".
fn fault(field: &str, message: &str) -> FormError {
    let parts = field.strip_prefix("lines.").and_then(|rest| rest.split_once('.'));
    match parts.and_then(|(line, part)| Some((line.parse::<usize>().ok()?, part))) {
        Some((line, part)) => FormError::new(
            format!("lines[{}].{part}", line.saturating_sub(1)),
            t!("Line {line}: {message}", line, message),
        ),
        None => FormError::new(field, message),
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn a_fault_is_told_at_its_own_line() {
        let told = fault("lines.1.quantity", "many is not a quantity");
        assert_eq!(
            (told.field.as_str(), told.message.as_str()),
            ("lines[0].quantity", "Line 1: many is not a quantity")
        );
        assert_eq!(fault("currency", "unknown").field, "currency");
    }
}
