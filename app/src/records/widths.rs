//! The columns that an address asks for, and how wide they are: `columns=name:280,phone`. Without a script the chooser sends the widths beside its
//! boxes, and the browser is led to the address that says both in one.

use super::list_state::{ListState, Unreadable};
use crate::page::PageContext;
use domain::schema::Entity;
use domain::views::{SavedView, column_parts, column_width, print_columns};
use std::collections::BTreeMap;
use words::t;

/// Pixels, by the key of a field. A column that has none is as wide as what stands in it.
pub type Widths = BTreeMap<String, u16>;

/// What the chooser calls its widths: `width=name:280`.
pub const CHOSEN: &str = "width";

/// `columns=name:280,status`, or the same name for each box of a form, with its widths beside them.
pub fn asked(page: &PageContext, entity: &Entity, problems: &mut Vec<Unreadable>) -> Option<(Vec<String>, Widths)> {
    let sent = |name: &'static str| {
        let values = page.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str());
        values.flat_map(|value| column_parts(value).map(move |(key, width)| (value, key, width)))
    };
    let (mut columns, mut widths) = (Vec::<String>::new(), Widths::new());
    let mut problem =
        |text: &str, message| problems.push(Unreadable { parameter: "columns", text: text.to_owned(), message });
    for (value, key, width) in sent("columns") {
        let Some(field) = entity.field(key) else {
            problem(key, unknown(entity, key));
            continue;
        };
        if columns.contains(&field.key) {
            continue;
        }
        columns.push(field.key.clone());
        match width.map(column_width) {
            Some(Ok(width)) => {
                widths.insert(field.key.clone(), width);
            }
            Some(Err(message)) => problem(value, message),
            None => {}
        }
    }
    if columns.is_empty() {
        return None;
    }
    // Of columns that are not ticked the chooser sends widths too: they are nothing.
    for (value, key, width) in sent(CHOSEN).filter(|(_, key, _)| columns.iter().any(|column| column == key)) {
        match column_width(width.unwrap_or_default()) {
            Ok(width) => {
                widths.insert(key.to_owned(), width);
            }
            Err(message) => problem(value, message),
        }
    }
    Some((columns, widths))
}

fn unknown(entity: &Entity, key: &str) -> String {
    let one = &entity.labels.one;
    match domain::text::nearest(key, entity.fields.iter().map(|field| field.key.as_str())) {
        Some(meant) => t!("{entity} has no field {key}; did you mean {meant}?", entity = one, key, meant),
        None => t!("{entity} has no field {key}", entity = one, key),
    }
}

/// The widths of a saved view. One that can no longer be is left out, and its column is as wide as what stands in it.
pub fn kept(entity: &Entity, saved: &SavedView) -> Widths {
    let parts = column_parts(saved.content.columns.as_deref().unwrap_or_default());
    let known = parts.filter(|(key, _)| entity.field(key).is_some());
    known.filter_map(|(key, width)| Some((key.to_owned(), column_width(width?).ok()?))).collect()
}

/// These columns with their widths, as an address says them.
pub fn print<'a>(columns: impl IntoIterator<Item = &'a str>, widths: &Widths) -> String {
    print_columns(columns.into_iter().map(|key| (key, widths.get(key).copied())))
}

/// Where the chooser was sent: the address that says in one what it says in two.
pub fn folded(page: &PageContext, state: &ListState) -> Option<String> {
    let sent = page.query.iter().any(|(name, _)| name == CHOSEN);
    let columns = || print(state.view.fields.iter().map(String::as_str), &state.widths);
    sent.then(|| page.with_query(&[("columns", Some(&columns())), (CHOSEN, None)]))
}

#[cfg(test)]
mod tests {
    use super::folded;
    use crate::records::fixture::{entity, page, saved};
    use crate::records::list_state::ListState;
    use domain::views::{SavedView, ViewContent};

    /// What the list says of its columns, whether that is a change, and what cannot be read.
    fn read(query: &[(&str, &str)], views: &[SavedView]) -> (String, bool, Vec<(String, String)>) {
        let page = page(query);
        let (state, problems) = ListState::read(&page, &entity(), views).unwrap();
        let problems = problems.into_iter().map(|problem| {
            assert_eq!(problem.parameter, "columns");
            (problem.text, problem.message)
        });
        (state.content().columns.unwrap(), state.changed(&page), problems.collect())
    }

    fn kept(columns: &str) -> [SavedView; 1] {
        [saved(ViewContent { columns: Some(columns.to_owned()), ..ViewContent::default() })]
    }

    #[test]
    fn a_column_has_a_width_where_the_address_gives_it_one() {
        let (columns, changed, problems) = read(&[("columns", "name:280,value,score:80")], &[]);
        assert_eq!((columns.as_str(), changed, problems), ("name:280,value,score:80", true, Vec::new()));
        // The view's own columns, of which one has a width now.
        let own = "name,secret,status,value";
        assert!(!read(&[("columns", own)], &[]).1);
        assert!(read(&[("columns", &own.replace("status", "status:200"))], &[]).1);
        // Once named, once counted.
        assert_eq!(read(&[("columns", "name:200,name:300")], &[]).0, "name:200");
    }

    #[test]
    fn a_width_that_cannot_be_is_refused_by_name() {
        for width in ["60", "85", "660", "wide", ""] {
            let columns = format!("name,value:{width}");
            let (read, _, problems) = read(&[("columns", &columns)], &[]);
            let [(text, message)] = problems.as_slice() else { panic!("{problems:?}") };
            assert_eq!((text, read.as_str()), (&columns, "name,value"));
            assert!(message.contains("80 to 640 pixels wide, in steps of 20"), "{message}");
        }
        let (_, _, problems) = read(&[("columns", "name,vlaue:200")], &[]);
        assert!(problems[0].1.contains("did you mean value"), "{problems:?}");
    }

    #[test]
    fn the_chooser_is_led_to_the_address_that_says_it_in_one() {
        let sent = [
            ("columns", "name"),
            ("columns", "value"),
            ("width", ""),
            ("width", "value:320"),
            ("width", "score:200"),
            ("choose", "columns"),
        ];
        let page = page(&sent);
        let (state, problems) = ListState::read(&page, &entity(), &[]).unwrap();
        assert!(problems.is_empty());
        let there = folded(&page, &state).unwrap();
        assert_eq!(there, "/w/lakeside/leads?choose=columns&columns=name%2Cvalue%3A320");
        assert!(read(&[("columns", "name"), ("width", "name:85")], &[]).2[0].1.contains("640"));
        // Nothing is led anywhere by an address that says it in one.
        let page = crate::records::fixture::page(&[("columns", "name:200")]);
        assert_eq!(folded(&page, &ListState::read(&page, &entity(), &[]).unwrap().0), None);
    }

    #[test]
    fn a_view_keeps_widths_and_is_changed_by_others() {
        let (views, id) = (kept("value:200,name"), uuid::Uuid::from_u128(7).to_string());
        let opened = |more: &[(&str, &str)]| {
            let query: Vec<(&str, &str)> = [("view", id.as_str())].into_iter().chain(more.iter().copied()).collect();
            let (columns, changed, problems) = read(&query, &views);
            assert!(problems.is_empty());
            (columns, changed)
        };
        assert_eq!(opened(&[]), ("value:200,name".to_owned(), false));
        assert_eq!(opened(&[("columns", "value:200,name")]), ("value:200,name".to_owned(), false));
        assert_eq!(opened(&[("columns", "value,name")]), ("value,name".to_owned(), true));
        assert_eq!(opened(&[("columns", "value:220,name")]), ("value:220,name".to_owned(), true));
        // One from before there were widths, and one with a width that there is no longer.
        for columns in ["value,name", "value:85,name"] {
            let read = read(&[("view", &id)], &kept(columns));
            assert_eq!(read, ("value,name".to_owned(), false, Vec::new()));
        }
        // A column that is gone takes its width with it.
        let gone = vec!["The column budget is gone".to_owned()];
        let (state, _) = ListState::read(&page(&[("view", &id)]), &entity(), &kept("name:200,budget:300")).unwrap();
        assert_eq!((state.gone, state.view.fields), (gone, vec!["name".to_owned()]));
        assert_eq!(state.widths.into_iter().collect::<Vec<_>>(), [("name".to_owned(), 200)]);
    }
}
