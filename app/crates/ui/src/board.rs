//! The board: columns of cards. Moving is the app's; these are the shells with the hooks it needs (`data-` attributes).

use leptos::prelude::*;
use words::t;

use crate::{Hue, Icon, MaybeText, Slot, StateDot, StateShape};

#[component]
pub fn Board(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! { <div class="board" role="region" aria-label=label tabindex="0">{children()}</div> }.into_any()
}

/// One column: name, count, sum, weighted sum; `gate` says why a held card may not be dropped here.
#[component]
pub fn BoardColumn(
    /// The value of the grouping field; becomes `data-column`.
    #[prop(into)]
    id: String,
    #[prop(into)] title: String,
    count: u64,
    #[prop(optional, into)] sum: MaybeText,
    #[prop(optional, into)] weighted: MaybeText,
    #[prop(optional)] hue: Hue,
    #[prop(optional)] shape: StateShape,
    /// Said beside the count; more cards than this are pointed out.
    #[prop(optional_no_strip)]
    limit: Option<u64>,
    /// The cards that the limit is about, where `count` is of some of them, or of others too.
    #[prop(optional_no_strip)]
    held: Option<u64>,
    #[prop(optional, into)] gate: MaybeText,
    #[prop(optional, into)] actions: Slot,
    /// "Show 40 more", a new card.
    #[prop(optional, into)]
    foot: Slot,
    children: Children,
) -> impl IntoView {
    let held = held.unwrap_or(count);
    let over = limit.is_some_and(|limit| held > limit);
    let shown = match limit.map(grouped) {
        Some(limit) if held == count => t!("{part} of {whole}", part = grouped(count), whole = limit),
        Some(limit) if held < count => {
            t!("{count} match; {part} of {whole} counted", count = grouped(count), part = grouped(held), whole = limit)
        }
        Some(limit) => {
            t!("{count} match; {part} of {whole} in all", count = grouped(count), part = grouped(held), whole = limit)
        }
        None => grouped(count),
    };
    let warning = over.then(|| view! { <Icon name="triangle-alert" label=t!("over the limit")/> });
    let sum = sum.into_option().map(|sum| view! { <span class="money">{sum}</span> });
    let weighted = weighted.into_option().map(|weighted| {
        let title = t!("Weighted by the probability of each stage");
        view! { <span class="board-weighted" title=title>{t!("{amount} weighted", amount = weighted)}</span> }
    });
    let gate =
        gate.into_option().map(|gate| view! { <p class="board-gate"><Icon name="lock"/><span>{gate}</span></p> });
    let foot = foot.wrap(|foot| view! { <div class="board-foot">{foot}</div> }.into_any());
    let heading = format!("column-{id}");
    view! {
        <section class=format!("board-column {}", hue.class()) data-column=id aria-labelledby=heading>
            <header class="board-head">
                <h2 class="board-title" id=heading.clone()><StateDot shape/><span dir="auto">{title}</span></h2>
                <span class="board-count" class:is-over=over>{warning}{shown}</span>
                {actions.into_option()}
                <p class="board-sums">{sum}{weighted}</p>
            </header>
            {gate}
            <ul class="board-cards">{children()}</ul>
            {foot}
        </section>
    }
    .into_any()
}

/// `2975` as `2,975`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One card of three lines: title, chosen fields, chips. `handle` is where it can be held.
#[component]
pub fn BoardCard(
    /// Becomes `data-id`.
    #[prop(into)]
    id: String,
    #[prop(into)] title: String,
    #[prop(into)] href: String,
    #[prop(optional, into)] fields: Slot,
    #[prop(optional, into)] chips: Slot,
    /// The "Move to" menu.
    #[prop(optional, into)]
    menu: Slot,
    #[prop(optional)] handle: bool,
) -> impl IntoView {
    let fields = fields.wrap(|fields| view! { <div class="card-fields">{fields}</div> }.into_any());
    let chips = chips.wrap(|chips| view! { <div class="card-chips">{chips}</div> }.into_any());
    let menu = menu.wrap(|menu| view! { <div class="card-menu">{menu}</div> }.into_any());
    let grip = handle.then(
        || view! { <span class="card-handle" data-handle="" aria-hidden="true"><Icon name="grip-vertical"/></span> },
    );
    view! {
        <li class="card" data-id=id>
            {grip}
            <a class="card-title" href=href dir="auto">{title}</a>
            {menu}
            {fields}
            {chips}
        </li>
    }
    .into_any()
}

/// One field of a card; its label is for those who hear it.
#[component]
pub fn CardField(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! { <span class="card-field"><span class="sr-only">{format!("{label}: ")}</span><span dir="auto">{children()}</span></span> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::plain;

    /// The head of a column of so many cards, as HTML.
    fn head(count: u64, limit: Option<u64>) -> String {
        narrowed(count, limit, None)
    }

    /// The same of a board that shows some of them.
    fn narrowed(count: u64, limit: Option<u64>, held: Option<u64>) -> String {
        let column = || view! { <BoardColumn id="proposal" title="Proposal" count limit held>""</BoardColumn> };
        Owner::new().with(|| plain(column().into_any()).concat())
    }

    #[test]
    fn a_column_says_its_limit_and_when_it_is_over() {
        let (free, full, over) = (head(1_234, None), head(12, Some(12)), head(13, Some(12)));
        assert!(free.contains("1,234") && !free.contains(" of ") && !free.contains("is-over"), "{free}");
        assert!(full.contains("12 of 12") && !full.contains("over the limit") && !full.contains("is-over"), "{full}");
        // In words and by a sign, not by colour alone.
        assert!(over.contains("13 of 12") && over.contains("over the limit") && over.contains("is-over"), "{over}");
        let some = narrowed(2, Some(6), Some(8));
        assert!(some.contains("2 match; 8 of 6 in all") && some.contains("over the limit"), "{some}");
        // Cards that take no place are not counted with the others.
        let more = narrowed(7, Some(6), Some(6));
        assert!(more.contains("7 match; 6 of 6 counted") && !more.contains("over the limit"), "{more}");
        let none = narrowed(2, None, Some(8));
        assert!(none.contains("2</span") && !none.contains(" match"), "{none}");
    }
}
