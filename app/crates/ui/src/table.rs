//! The table: sticky head, sortable by link, rows that turn into cards on a phone (each cell carries its label).

use leptos::prelude::*;
use words::t;

use crate::markup::{Markup, Text, drawn, html};
use crate::{Icon, MaybeText, Slot};

/// The frame. `head` holds the cells of the one header row; children are [`Row`]s.
#[component]
pub fn DataTable(
    /// What the table lists ("Leads"); its caption for those who hear it.
    #[prop(into)]
    label: String,
    #[prop(into)] head: Slot,
    /// Totals, as one more row of cells under the rows.
    #[prop(optional, into)]
    foot: Slot,
    /// Grows with its rows inside a page instead of scrolling by itself.
    #[prop(optional)]
    inline: bool,
    children: Children,
) -> impl IntoView {
    let class = if inline { "table-wrap is-inline" } else { "table-wrap" };
    let foot = foot.wrap(|foot| view! { <tfoot><tr>{foot}</tr></tfoot> }.into_any());
    view! {
        <div class=class role="region" aria-label=label tabindex="0">
            <table class="table">
                <caption class="sr-only">{label.clone()}</caption>
                <thead><tr>{head.into_option()}</tr></thead>
                <tbody>{children()}</tbody>
                {foot}
            </table>
        </div>
    }
    .into_any()
}

/// The edge of a column's head, by which its width is changed.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Key of the field, for islands.
    pub key: String,
    /// In pixels; a column without is as wide as what stands in it.
    pub width: Option<u16>,
    /// The most that it may be.
    pub most: u16,
}

/// The class that makes head and cells of a column so many pixels wide; the style sheet has one for each width that there is.
pub fn width_class(width: u16) -> String {
    format!("w-col-{width}")
}

/// What a head with an edge has: its class, its name without that of the edge, and the edge, which is in sight where an island listens to it.
fn edged(edge: Option<Edge>, label: &str) -> (Option<String>, Option<String>, Option<AnyView>) {
    let Some(Edge { key, width, most }) = edge else { return (None, None, None) };
    let words = t!("Width of {field}", field = label);
    let automatic = width.is_none().then(|| t!("Automatic"));
    let now = width.unwrap_or_default();
    let edge = view! {
        <span
            class="col-edge"
            role="separator"
            tabindex="0"
            aria-orientation="vertical"
            aria-label=words
            aria-valuemin="0"
            aria-valuemax=most.to_string()
            aria-valuenow=now.to_string()
            aria-valuetext=automatic
            data-edge=key
        ></span>
    };
    (width.map(width_class), Some(label.to_owned()), Some(edge.into_any()))
}

/// A header cell that does not sort.
#[component]
pub fn HeadCell(
    #[prop(into)] label: String,
    #[prop(optional)] numeric: bool,
    #[prop(optional)] hidden_label: bool,
    #[prop(optional_no_strip)] edge: Option<Edge>,
) -> impl IntoView {
    let (class, name, edge) = edged(edge, &label);
    let text = if hidden_label { view! { <span class="sr-only">{label}</span> }.into_any() } else { label.into_any() };
    view! { <th scope="col" class=class class:is-numeric=numeric aria-label=name>{text}{edge}</th> }.into_any()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortDirection {
    Ascending,
    Descending,
}

/// A header cell that sorts: `href` leads to the other order, `direction` is the present one, if it sorts now.
#[component]
pub fn SortHead(
    #[prop(into)] label: String,
    #[prop(into)] href: String,
    #[prop(optional_no_strip)] direction: Option<SortDirection>,
    #[prop(optional)] numeric: bool,
    /// Which of several columns it is that sorts: the second breaks the ties of the first.
    #[prop(optional_no_strip)]
    rank: Option<usize>,
    /// Leads to the order with this column behind the present ones.
    #[prop(optional, into)]
    add_href: MaybeText,
    #[prop(optional_no_strip)] edge: Option<Edge>,
) -> impl IntoView {
    let (class, name, edge) = edged(edge, &label);
    let rank = rank.map(|rank| {
        view! { <span class="sort-rank"><span class="sr-only">{format!("{} ", t!("Sorts as number"))}</span>{rank}</span> }
    });
    let add = add_href.into_option().map(|href| {
        let words = t!("Then by {label}", label);
        view! { <a class="sort-add" href=href aria-label=words.clone() title=words><Icon name="plus"/></a> }
    });
    let (sort, icon) = match direction {
        Some(SortDirection::Ascending) => (Some("ascending"), "arrow-up"),
        Some(SortDirection::Descending) => (Some("descending"), "arrow-down"),
        None => (None, "chevrons-up-down"),
    };
    view! {
        <th scope="col" aria-sort=sort class=class class:is-numeric=numeric aria-label=name>
            <a class="sort" href=href><span>{label}</span><Icon name=icon/>{rank}</a>{add}{edge}
        </th>
    }
    .into_any()
}

/// The header cell of the checkbox column; an island may make it choose all.
#[component]
pub fn HeadCheck(
    #[prop(default = t!("Choose all rows on this page").to_owned(), into)] label: String,
    #[prop(optional, into)] form: MaybeText,
) -> impl IntoView {
    view! { <th scope="col" class="is-check"><input type="checkbox" class="check" data-check-all="" form=form.into_option() aria-label=label/></th> }
        .into_any()
}

/// One row; `id` and `version` become `data-id` and `data-version` for islands.
#[component]
pub fn Row(
    #[prop(optional, into)] id: MaybeText,
    #[prop(optional, into)] version: MaybeText,
    #[prop(optional)] selected: bool,
    children: Children,
) -> impl IntoView {
    let chosen = selected.then_some("true");
    view! { <tr data-id=id.into_option() data-version=version.into_option() aria-selected=chosen class:is-selected=selected>{children()}</tr> }.into_any()
}

/// [`Row`] as text, for lists of many.
pub fn row(id: &str, version: Option<&str>, cells: &Markup) -> Markup {
    html! { tr data-id=(Text(id)) data-version=[version.map(Text)] { (cells) } }
}

/// The checkbox of a row; belongs to the form that the bulk actions send.
#[component]
pub fn RowCheck(
    #[prop(default = "id".to_owned(), into)] name: String,
    #[prop(into)] value: String,
    /// "Choose Amina Otieno"
    #[prop(into)]
    label: String,
    #[prop(optional)] checked: bool,
    #[prop(optional, into)] form: MaybeText,
) -> impl IntoView {
    drawn(row_check(&name, &value, &label, checked, form.as_deref()))
}

/// [`RowCheck`] as text, for lists of many.
pub fn row_check(name: &str, value: &str, label: &str, checked: bool, form: Option<&str>) -> Markup {
    html! {
        td.is-check { input.check type="checkbox" name=(Text(name)) value=(Text(value)) checked[checked] form=[form.map(Text)] aria-label=(Text(label)); }
    }
}

/// One cell. `label` is its column, shown on phones where rows are cards.
#[component]
pub fn Cell(
    #[prop(into)] label: String,
    #[prop(optional)] numeric: bool,
    /// The cell that names the row: it leads the card on a phone and is the row's header.
    #[prop(optional)]
    lead: bool,
    /// Key of the field, as `data-field` for islands.
    #[prop(optional, into)]
    field: MaybeText,
    children: Children,
) -> impl IntoView {
    let field = field.into_option();
    if lead {
        return view! { <th scope="row" class="is-lead" data-label=label data-field=field dir="auto">{children()}</th> }.into_any();
    }
    // Figures keep the page's direction: a currency sign in Arabic would turn the number round.
    let direction = (!numeric).then_some("auto");
    view! { <td class:is-numeric=numeric data-label=label data-field=field dir=direction>{children()}</td> }.into_any()
}

/// What a [`Cell`] as text is of.
#[derive(Clone, Copy, Debug, Default)]
pub struct CellOf<'a> {
    pub label: &'a str,
    pub numeric: bool,
    pub lead: bool,
    pub field: Option<&'a str>,
    /// Of the column, in pixels.
    pub width: Option<u16>,
}

/// [`Cell`] as text, for lists of many.
pub fn cell(of: CellOf<'_>, content: &Markup) -> Markup {
    let CellOf { label, numeric, lead, field, width } = of;
    let (sized, wide) = (width.is_some(), width.map(width_class).unwrap_or_default());
    html! {
        @if lead {
            th.is-lead.(wide)[sized] scope="row" data-label=(Text(label)) data-field=[field.map(Text)] dir="auto" { (content) }
        } @else {
            td.is-numeric[numeric].(wide)[sized] data-label=(Text(label)) data-field=[field.map(Text)] dir=[(!numeric).then_some("auto")] { (content) }
        }
    }
}

/// The last cell of a row: buttons that appear under the pointer or the focus, a menu.
#[component]
pub fn RowActions(children: Children) -> impl IntoView {
    view! { <td class="is-actions"><span class="row-actions">{children()}</span></td> }.into_any()
}

/// [`RowActions`] as text, for lists of many.
pub fn row_actions(content: &Markup) -> Markup {
    html! { td.is-actions { span.row-actions { (content) } } }
}

/// The header over [`RowActions`].
#[component]
pub fn HeadActions() -> impl IntoView {
    view! { <th scope="col" class="is-actions"><span class="sr-only">{t!("Actions")}</span></th> }.into_any()
}

/// The line under a list: what there is in all, and the pages.
#[component]
pub fn TableFoot(#[prop(optional, into)] end: Slot, children: Children) -> impl IntoView {
    view! { <footer class="table-foot"><div class="table-foot-text">{children()}</div>{end.into_option()}</footer> }
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::plain;

    #[test]
    fn rows_and_cells_as_text_are_the_components() {
        let owner = Owner::new();
        owner.with(|| {
            let content = || html! { "4 < 5" };
            for (numeric, lead, field) in
                [(false, false, None), (true, false, Some("value")), (false, true, Some("name"))]
            {
                let of = CellOf { label: "A & B", numeric, lead, field, width: None };
                let text = row("7", Some("3"), &cell(of, &content()));
                let component = view! {
                    <Row id="7" version="3"><Cell label="A & B" numeric lead field>"4 < 5"</Cell></Row>
                };
                assert_eq!(plain(drawn(text)), plain(component.into_any()));
            }
            let sized = |lead| cell(CellOf { lead, width: Some(280), ..CellOf::default() }, &content()).into_string();
            assert!(sized(false).starts_with("<td class=\" w-col-280\""), "{}", sized(false));
            assert!(sized(true).starts_with("<th class=\"is-lead w-col-280\""), "{}", sized(true));
            let component = view! { <RowActions>"4 < 5"</RowActions> };
            assert_eq!(plain(drawn(row_actions(&content()))), plain(component.into_any()));
        });
    }
}
