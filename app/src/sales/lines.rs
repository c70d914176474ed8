//! The lines of an order on its page, and the way from a won deal to its order.

use crate::page::{PageContext, Viewer};
use crate::records::address;
use crate::records::post::{hidden, making};
use domain::money::Percent;
use domain::records::Record;
use domain::sales::{GetOrder, OrderLine, OrderView};
use domain::schema::{Entity, StateKind};
use domain::{BackendHandle, Money, Result, Verb};
use leptos::prelude::*;
use ui::{
    Badge, ButtonKind, Cell, DataTable, EmptyState, HeadCell, LinkButton, Panel, Row, Size, SubmitButton, TextLink,
    Tone,
};
use uuid::Uuid;
use words::t;

/// Above the tabs of an order's page.
pub async fn order_panel(viewer: &Viewer, backend: &BackendHandle, record: &Record) -> Result<AnyView> {
    let view = backend.run(GetOrder { id: record.id }).await?;
    let edit = edit_button(viewer, &view);
    if view.lines.is_empty() {
        let text =
            t!("Say what is sold, how much of it and at which price. An order without lines cannot be submitted.");
        let empty = view! { <EmptyState icon="package" title=t!("No lines yet") text action=edit/> }.into_any();
        return Ok(view! { <Panel title=t!("Lines")>{empty}</Panel> }.into_any());
    }
    let table = table(viewer, &view.order, view.lines.iter().map(shown).collect());
    Ok(view! { <Panel title=t!("Lines") actions=edit flush=true>{table}</Panel> }.into_any())
}

/// Why the lines cannot be edited now, or nothing.
pub fn locked(viewer: &Viewer, view: &OrderView) -> Option<String> {
    if let Some(missing) = viewer.catalog.get("order").and_then(|entity| viewer.missing(entity, Verb::Update)) {
        return Some(missing);
    }
    let open = view.actions.iter().any(|action| action == "EDIT_ITEMS");
    (!open).then(|| t!("The lines of an order are fixed once it is approved").to_owned())
}

fn edit_button(viewer: &Viewer, view: &OrderView) -> AnyView {
    let href = viewer.path(&format!("orders/{}/lines", view.order.id));
    let reason = locked(viewer, view);
    view! { <LinkButton href icon="pencil" size=Size::Small reason>{t!("Edit lines")}</LinkButton> }.into_any()
}

/// A line of an order or an invoice, as its table shows it.
pub struct Shown<'a> {
    pub product: Option<Uuid>,
    pub sku: Option<&'a str>,
    pub description: &'a str,
    pub quantity: &'a str,
    pub unit: Option<&'a str>,
    pub unit_price: &'a Money,
    pub discount: Percent,
    pub tax_percent: Percent,
    pub net: &'a Money,
    /// How far it is: reserved, shipped.
    pub standing: Option<AnyView>,
}

fn shown(line: &OrderLine) -> Shown<'_> {
    Shown {
        product: line.product,
        sku: line.sku.as_deref(),
        description: &line.description,
        quantity: &line.quantity,
        unit: line.unit.as_deref(),
        unit_price: &line.unit_price,
        discount: line.discount,
        tax_percent: line.tax_percent,
        net: &line.net,
        standing: standing(line),
    }
}

/// Lines with the sums of their record below. The column of discounts is there where one is given.
pub fn table(viewer: &Viewer, record: &Record, lines: Vec<Shown<'_>>) -> AnyView {
    let discounted = lines.iter().any(|line| line.discount != Percent::default());
    let discount = discounted.then(|| view! { <HeadCell label=t!("Discount") numeric=true/> });
    let head = view! {
        <HeadCell label=t!("Item")/>
        <HeadCell label=t!("Quantity") numeric=true/>
        <HeadCell label=t!("Price") numeric=true/>
        {discount}
        <HeadCell label=t!("Tax") numeric=true/>
        <HeadCell label=t!("Net") numeric=true/>
    };
    let rows: Vec<AnyView> = lines.into_iter().map(|line| row(viewer, line, discounted)).collect();
    let foot = totals(record, if discounted { 5 } else { 4 });
    view! {
        <div class="as-cards lines"><DataTable label=t!("Lines") head=head.into_any() foot inline=true>{rows}</DataTable></div>
    }
    .into_any()
}

fn row(viewer: &Viewer, line: Shown<'_>, discounted: bool) -> AnyView {
    let name = line.description.to_owned();
    let item = match line.product {
        Some(product) => {
            let href = viewer.path(&format!("products/{product}"));
            view! { <TextLink href><bdi>{name}</bdi></TextLink> }.into_any()
        }
        None => view! { <bdi>{name}</bdi> }.into_any(),
    };
    let sku = line.sku.map(|sku| view! { <span class="line-sku">{sku.to_owned()}</span> });
    let standing = line.standing;
    let unit = line.unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    let quantity = format!("{}{unit}", quantity(line.quantity));
    let discount = discounted.then(|| {
        let discount = line.discount.to_string();
        view! { <Cell label=t!("Discount") numeric=true>{discount}</Cell> }
    });
    let (price, tax, net) = (line.unit_price.display_amount(), line.tax_percent.to_string(), line.net.display_amount());
    view! {
        <Row>
            <Cell label=t!("Item") lead=true>{item}{sku}{standing}</Cell>
            <Cell label=t!("Quantity") numeric=true>{quantity}</Cell>
            <Cell label=t!("Price") numeric=true>{price}</Cell>
            {discount}
            <Cell label=t!("Tax") numeric=true>{tax}</Cell>
            <Cell label=t!("Net") numeric=true>{net}</Cell>
        </Row>
    }
    .into_any()
}

fn standing(line: &OrderLine) -> Option<AnyView> {
    let some = |text: &str| text.bytes().any(|digit| matches!(digit, b'1'..=b'9'));
    let (tone, said) = match (some(&line.shipped), some(&line.reserved)) {
        (true, _) => (Tone::Positive, t!("Shipped")),
        (_, true) => (Tone::Info, t!("Reserved")),
        _ => return None,
    };
    Some(view! { " "<Badge tone>{said}</Badge> }.into_any())
}

/// `2.000` as people write it.
pub fn quantity(decimal: &str) -> &str {
    if decimal.contains('.') { decimal.trim_end_matches('0').trim_end_matches('.') } else { decimal }
}

/// The sums of a record with `netAmount`, `taxAmount` and `totalAmount`, as rows under its lines.
fn totals(record: &Record, span: usize) -> AnyView {
    let money = |key: &str| {
        record
            .values
            .get(key)
            .and_then(|value| serde_json::from_value::<Money>(value.clone()).ok())
            .map(|money| money.display())
    };
    let rows: Vec<AnyView> = [(t!("Net"), "netAmount"), (t!("Tax"), "taxAmount"), (t!("Total"), "totalAmount")]
        .into_iter()
        .filter_map(|(label, key)| {
            let amount = money(key)?;
            let class = if key == "totalAmount" { "line-total is-total" } else { "line-total" };
            Some(view! { <tr class=class><th scope="row" colspan=span.to_string()>{label}</th><td class="num">{amount}</td></tr> }.into_any())
        })
        .collect();
    rows.into_any()
}

/// "Make order", on an opportunity that was won. A deal that is delivered in parts has several.
pub fn make_order_link(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record) -> Option<AnyView> {
    let order = viewer.catalog.get("order").filter(|_| entity.key == "opportunity")?;
    let states = entity.states.as_ref()?;
    let won = record.text("status").and_then(|key| states.get(key)).is_some_and(|state| state.kind == StateKind::Won);
    if !won || record.deleted_at.is_some() {
        return None;
    }
    let reason = viewer.missing(order, Verb::Create);
    let next = viewer.path("orders/{order.id}/lines");
    Some(
        view! {
            <form method="post" action=viewer.action("sales.make_order")>
                {hidden("opportunity", record.id.to_string())}
                {making(page, "order", &next, t!("Order made"))}
                <SubmitButton icon="shopping-cart" kind=ButtonKind::Secondary reason>{t!("Make order")}</SubmitButton>
            </form>
        }
        .into_any(),
    )
}

/// The documents of an order.
pub fn order_links(viewer: &Viewer, entity: &Entity, record: &Record) -> Option<AnyView> {
    (entity.key == "order").then(|| {
        let href = format!("{}/document", address::of(viewer, entity, record));
        view! { <LinkButton href icon="file-text">{t!("Confirmation")}</LinkButton> }.into_any()
    })
}
