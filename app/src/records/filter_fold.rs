//! What the filter line sends (`add.field`, `add.op`, `add.value`, `add.at`, `add.to`, `add.join`), folded into `filter=`; the browser goes on to that address.

use super::filter_tree::{Join, Place, joined, replaced};
use super::list_state::ListState;
use crate::page::{PageContext, Viewer};
use domain::records::ListRecords;
use domain::schema::value::{Rules, read};
use domain::schema::{Comparison, Count, Entity, Field, FieldKind, Filter, ListQuery, Test, duration, pointing};
use domain::{BackendHandle, Result, Verb};
use uuid::Uuid;
use words::t;

/// Rows that one typed name may stand for.
const SAME_NAME: u32 = 20;

/// The condition that is being changed, with its place.
pub fn changed<'a>(page: &PageContext, state: &'a ListState) -> Option<(Place, &'a Test)> {
    let place = Place::parse(page.query("add.at")?)?;
    match place.of(state.filter.as_ref()?) {
        Some(Filter::Test(test)) => Some((place, test)),
        _ => None,
    }
}

/// The place beside which a condition is added, and how it joins what stands there.
pub fn beside(page: &PageContext, state: &ListState) -> Option<(Place, Join)> {
    let place = Place::parse(page.query("add.to")?)?;
    place.of(state.filter.as_ref()?)?;
    Some((place, if page.query("add.join") == Some("and") { Join::And } else { Join::Or }))
}

/// The filter with one more condition, or with the one that was changed in its old place.
fn folded(page: &PageContext, state: &ListState, test: Filter) -> Filter {
    let Some(filter) = state.filter.clone() else { return test };
    if let Some((place, _)) = changed(page, state) {
        return replaced(&filter, &place, Some(test)).unwrap_or(filter);
    }
    match beside(page, state) {
        Some((place, join)) => joined(&filter, &place, join, test).unwrap_or(filter),
        None => filter.and(test),
    }
}

/// What became of a condition that was sent.
pub enum Added {
    /// Nothing was sent.
    Nothing,
    /// The filter with it.
    Filter(Filter),
    /// Why it was refused.
    Refused(String),
}

/// Folds what was sent into the filter.
pub async fn added(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    state: &ListState,
) -> Result<Added> {
    let (Some(key), Some(symbol)) = (page.query("add.field"), page.query("add.op")) else { return Ok(Added::Nothing) };
    let Some(field) = entity.field(key) else {
        return Ok(Added::Refused(t!("{entity} has no field {field}", entity = entity.labels.one, field = key)));
    };
    let Some(comparison) =
        Comparison::from_symbol(symbol).filter(|comparison| Comparison::offered(field).contains(comparison))
    else {
        return Ok(Added::Refused(t!("{field} cannot be compared that way", field = field.label)));
    };
    let sent = sent_values(page);
    let values = match values(viewer, backend, field, entity, comparison, &sent).await? {
        Ok(values) => values,
        Err(message) => return Ok(Added::Refused(message)),
    };
    let comparison = match (comparison, values.len()) {
        (Comparison::Equals, 2..) => Comparison::In,
        (Comparison::NotEquals, 2..) => Comparison::NotIn,
        (Comparison::In, 1) => Comparison::Equals,
        (Comparison::NotIn, 1) => Comparison::NotEquals,
        (other, _) => other,
    };
    if !Comparison::offered(field).contains(&comparison) {
        return Ok(Added::Refused(t!(
            "{field} takes one value here; add a second condition for the other",
            field = field.label,
        )));
    }
    let test = Filter::Test(Test { field: field.key.clone(), comparison, values });
    Ok(Added::Filter(folded(page, state, test)))
}

pub fn sent_values(page: &PageContext) -> Vec<&str> {
    page.query
        .iter()
        .filter(|(key, value)| key == "add.value" && !value.trim().is_empty())
        .map(|(_, value)| value.trim())
        .collect()
}

/// The values of a condition as the filter writes them, or what is wrong with them.
async fn values(
    viewer: &Viewer,
    backend: &BackendHandle,
    field: &Field,
    entity: &Entity,
    comparison: Comparison,
    sent: &[&str],
) -> Result<std::result::Result<Vec<String>, String>> {
    if matches!(comparison, Comparison::Empty | Comparison::NotEmpty) {
        return Ok(Ok(Vec::new()));
    }
    if sent.is_empty() {
        return Ok(Err(t!("Say what {field} is compared with", field = field.label)));
    }
    match &field.kind {
        FieldKind::Reference { entity: target } | FieldKind::References { entity: target } => {
            named_rows(viewer, backend, target, sent).await
        }
        FieldKind::AnyReference { .. } => named_of_any(viewer, backend, field, sent).await,
        FieldKind::Country => Ok(Ok(sent
            .iter()
            .flat_map(|text| text.split([',', ' ']))
            .filter(|code| !code.is_empty())
            .map(str::to_uppercase)
            .collect())),
        FieldKind::Duration { .. } => {
            Ok(sent.iter().map(|text| duration::parse(text).map(|_| (*text).to_owned())).collect())
        }
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Percentage { .. } => {
            // Whether a value is within the field's bounds does not matter to a comparison; whether it is a number does.
            let open = Field { kind: unbounded(&field.kind), ..field.clone() };
            let rules = Rules { today: chrono::NaiveDate::default() };
            let read = sent
                .iter()
                .map(|text| read(&open, entity.states.as_ref(), text, &viewer.currency, rules).map(|_| plain(text)));
            Ok(read.collect())
        }
        FieldKind::Money { .. } => Ok(sent.iter().map(|text| amount(text)).collect()),
        _ => Ok(Ok(sent.iter().map(|text| (*text).to_owned()).collect())),
    }
}

/// `5,000` compares the figure whatever its currency; `5000 KES` asks for the currency too.
fn amount(text: &str) -> std::result::Result<String, String> {
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [figure] => match domain::money::parse_scaled(figure, 2) {
            Ok(minor) => Ok(whole(&domain::money::scaled(minor, 2))),
            Err(_) => Err(t!("{text} is not an amount; write 5000, or 5000 KES", text)),
        },
        [one, other] => {
            let (figure, code) =
                if one.starts_with(|first: char| first.is_alphabetic()) { (other, one) } else { (one, other) };
            let money = domain::Money::parse(figure, &code.to_uppercase()).map_err(|error| error.to_string())?;
            Ok(format!("{} {}", whole(&money.amount()), money.currency()))
        }
        _ => Err(t!("{text} is not an amount; write 5000, or 5000 KES", text)),
    }
}

/// Without decimals that say nothing.
fn whole(amount: &str) -> String {
    match amount.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole.to_owned(),
        _ => amount.to_owned(),
    }
}

fn unbounded(kind: &FieldKind) -> FieldKind {
    match kind {
        FieldKind::Decimal { scale, .. } => FieldKind::Decimal { scale: *scale, min: None, max: None },
        FieldKind::Percentage { scale, .. } => FieldKind::Percentage { scale: *scale, min: None, max: None },
        _ => FieldKind::Integer { min: None, max: None },
    }
}

fn plain(number: &str) -> String {
    number.chars().filter(|letter| !matches!(letter, ',' | '%')).collect::<String>().trim().to_owned()
}

/// People write names; the filter holds ids. A name that several rows have stands for all of them.
async fn named_rows(
    viewer: &Viewer,
    backend: &BackendHandle,
    target: &str,
    names: &[&str],
) -> Result<std::result::Result<Vec<String>, String>> {
    let Some(target) = viewer.catalog.get(target).filter(|target| viewer.may(target, Verb::Read)) else {
        return Ok(Err(t!("You may not see what this field points at").to_owned()));
    };
    let mut ids = Vec::new();
    for name in names {
        if Uuid::try_parse(name).is_ok() {
            ids.push((*name).to_owned());
            continue;
        }
        let test =
            Test { field: target.title.clone(), comparison: Comparison::StartsWith, values: vec![(*name).to_owned()] };
        let query = ListQuery {
            filter: Some(Filter::Test(test)),
            limit: SAME_NAME,
            fields: vec![target.title.clone()],
            count: Count::None,
            ..ListQuery::default()
        };
        let rows = backend.run(ListRecords { entity: target.key.clone(), query }).await?.take_records()?;
        if rows.is_empty() {
            let one = target.labels.one.to_lowercase();
            return Ok(Err(t!("There is no {entity} whose name begins with {name}", entity = one, name)));
        }
        ids.extend(rows.iter().map(|row| row.id.to_string()));
    }
    Ok(Ok(ids))
}

/// The same where rows may be of several entities: `customer:*` stands for itself, and a name is looked for among all of them, or behind `Customer:`
/// among those.
async fn named_of_any(
    viewer: &Viewer,
    backend: &BackendHandle,
    field: &Field,
    names: &[&str],
) -> Result<std::result::Result<Vec<String>, String>> {
    let mut values = Vec::new();
    for name in names {
        if field.read_pointer(name).is_ok() {
            values.push((*name).to_owned());
            continue;
        }
        let (only, rest) = field.split_pointer(name);
        let (mut found, mut why) = (Vec::new(), None);
        for entity in field.entities().iter().filter(|entity| only.is_none_or(|only| only == *entity)) {
            match named_rows(viewer, backend, entity, &[rest]).await? {
                Ok(ids) => found.extend(ids.iter().map(|id| field.pointer(entity, id))),
                Err(message) => why = Some(message),
            }
        }
        match why {
            Some(message) if found.is_empty() && only.is_some() => return Ok(Err(message)),
            _ if found.is_empty() => {
                let known = pointing::known(field.entities());
                return Ok(Err(t!("There is no {entity} whose name begins with {name}", entity = known, name = rest)));
            }
            _ => values.extend(found),
        }
    }
    Ok(Ok(values))
}

#[cfg(test)]
mod tests {
    use super::{Added, Place, added, amount};
    use crate::records::filter_form::{done_href, edit_href};
    use crate::records::fixture::{entity, page, viewer};
    use crate::records::list_state::ListState;
    use domain::backend::{AnyBox, BoxFuture};
    use domain::{Backend, BackendHandle, Error};
    use futures::FutureExt;
    use std::sync::Arc;

    /// Nothing here may ask the business.
    struct Nobody;

    impl Backend for Nobody {
        fn run_any(&self, _: &'static str, _: AnyBox) -> BoxFuture<'static, domain::Result<AnyBox>> {
            Box::pin(async { Err(Error::internal()) })
        }

        fn run_json(&self, _: &str, _: serde_json::Value) -> BoxFuture<'static, domain::Result<String>> {
            Box::pin(async { Err(Error::internal()) })
        }
    }

    fn fold(query: &[(&str, &str)]) -> Result<String, String> {
        let (page, entity) = (page(query), entity());
        let (state, _) = ListState::read(&page, &entity, &[]).unwrap();
        let backend = BackendHandle(Arc::new(Nobody));
        match added(&page, &viewer(), &backend, &entity, &state).now_or_never().unwrap().unwrap() {
            Added::Nothing => Ok(String::new()),
            Added::Filter(filter) => Ok(filter.print()),
            Added::Refused(message) => Err(message),
        }
    }

    #[test]
    fn a_condition_joins_the_filter() {
        let folded =
            fold(&[("add.field", "status"), ("add.op", "="), ("add.value", "new"), ("add.value", "qualified")]);
        assert_eq!(folded.unwrap(), "status not in (won, lost) and status in (new, qualified)");
        let folded = fold(&[("filter", ""), ("add.field", "value"), ("add.op", ">"), ("add.value", "5,000 kes")]);
        assert_eq!(folded.unwrap(), "value > \"5000 KES\"");
        assert_eq!(
            fold(&[("filter", ""), ("add.field", "name"), ("add.op", "is empty"), ("add.value", "x")]).unwrap(),
            "name is empty"
        );
        assert_eq!(fold(&[]).unwrap(), "");
    }

    #[test]
    fn a_changed_condition_keeps_its_place() {
        let filter = ("filter", "status = new and score > 3");
        let change = [filter, ("add.at", "0"), ("add.field", "status"), ("add.op", "!="), ("add.value", "won")];
        assert_eq!(fold(&change).unwrap(), "status != won and score > 3");
    }

    #[test]
    fn a_condition_beside_another_makes_a_group() {
        let filter = ("filter", "status = new and score > 3");
        let more = [("add.field", "score"), ("add.op", "<"), ("add.value", "1")];
        let add = |to, join| fold(&[&[filter, ("add.to", to), ("add.join", join)][..], &more].concat()).unwrap();
        assert_eq!(add("0", "or"), "(status = new or score < 1) and score > 3");
        assert_eq!(add("7", "or"), "status = new and score > 3 and score < 1");
        let grouped = ("filter", "(status = new or score < 1) and score > 3");
        let change = [grouped, ("add.at", "0.1"), ("add.field", "score"), ("add.op", "<"), ("add.value", "2")];
        assert_eq!(fold(&change).unwrap(), "(status = new or score < 2) and score > 3");
    }

    #[test]
    fn what_cannot_be_compared_is_said() {
        for query in [
            vec![("add.field", "score"), ("add.op", ">"), ("add.value", "many")],
            vec![("add.field", "score"), ("add.op", "starts with"), ("add.value", "1")],
            vec![("add.field", "nothing"), ("add.op", "="), ("add.value", "1")],
            vec![("add.field", "status"), ("add.op", "=")],
            vec![("add.field", "secret"), ("add.op", "="), ("add.value", "x")],
        ] {
            assert!(fold(&query).is_err(), "{query:?}");
        }
        // Beyond the bounds of the field, but a number.
        assert!(
            fold(&[("add.field", "score"), ("add.op", ">"), ("add.value", "1,000")]).unwrap().ends_with("score > 1000")
        );
    }

    #[test]
    fn amounts_are_read_with_and_without_a_currency() {
        assert_eq!(amount("5,000").unwrap(), "5000");
        assert_eq!(amount("5000.50").unwrap(), "5000.50");
        assert_eq!(amount("kes 12").unwrap(), "12 KES");
        assert_eq!(amount("1.500 kwd").unwrap(), "1.500 KWD");
        assert!(amount("about 5").is_err() && amount("5 zzz").is_err() && amount("").is_err());
    }

    #[test]
    fn links_of_the_line_keep_the_rest() {
        let page = page(&[("search", "a b"), ("add.field", "status"), ("add.at", "0"), ("cursor", "c")]);
        assert_eq!(done_href(&page, Some("x = 1")), "/w/lakeside/leads?search=a%20b&filter=x%20%3D%201");
        let (state, _) = ListState::read(&page, &entity(), &[]).unwrap();
        let href = edit_href(&page, state.filter.as_ref().unwrap(), &Place::parse("0").unwrap()).unwrap();
        assert_eq!(href, "/w/lakeside/leads?search=a%20b&add.field=status&add.at=0");
    }
}
