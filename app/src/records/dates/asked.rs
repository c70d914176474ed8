//! What the address of a calendar or a timeline says beside what every list says: by which days rows stand, and how many days are shown.

use super::super::list_state::{Unreadable, plain_view, readable, written};
use crate::page::PageContext;
use domain::schema::{Entity, Field, View, ViewKind};
use domain::views::{SCALES, SavedView};
use words::t;

/// By which days rows stand in a calendar or on a timeline, and how many days are shown. Fields are known, dated and the viewer's to read; what a
/// view names and somebody may not read is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dates {
    pub date: Option<String>,
    pub end: Option<String>,
    /// One of `domain::views::SCALES`; the usual one of the kind when absent.
    pub scale: Option<String>,
}

impl Dates {
    pub fn read(
        page: &PageContext,
        entity: &Entity,
        view: &View,
        saved: Option<&SavedView>,
        problems: &mut Vec<Unreadable>,
    ) -> Self {
        if !view.kind.is_dated() {
            return Self::default();
        }
        // A field that exists but is hidden is as unknown as one that is not.
        let seen = |field: &&Field| page.viewer.as_ref().is_none_or(|viewer| readable(viewer, field));
        let mut field = |parameter: &'static str, own: &Option<String>| {
            let asked = written(page, parameter);
            let key = asked.or(own.as_deref()).filter(|key| !key.is_empty())?;
            if entity.dated().filter(seen).any(|field| field.key == key) {
                return Some(key.to_owned());
            }
            asked?;
            let meant = domain::text::nearest(key, entity.dated().filter(seen).map(|field| field.key.as_str()));
            let rows = &entity.labels.many;
            let message = match meant {
                Some(meant) => t!("{rows} have no days by {field}; did you mean {meant}?", rows, field = key, meant),
                None => t!("{rows} have no days by {field}", rows, field = key),
            };
            problems.push(Unreadable { parameter, text: key.to_owned(), message });
            None
        };
        let (date, end) = (field("date", &view.date), field("end", &view.end));
        let own = saved.and_then(|saved| saved.content.scale.as_deref());
        let scale = written(page, "scale").or(own).filter(|scale| !scale.is_empty()).map(str::to_owned);
        if let Some(text) = scale.as_ref().filter(|scale| !SCALES.contains(&scale.as_str())) {
            let message = t!("{text} is no stretch of days; choose one of {known}", text, known = SCALES.join(", "));
            problems.push(Unreadable { parameter: "scale", text: text.clone(), message });
        }
        Self { date, end, scale }
    }
}

/// The view of an entity whose description says nothing of days, though it has some: `view=calendar` and `view=timeline`.
pub fn view(entity: &Entity, key: &str) -> Option<View> {
    let kind = ViewKind::from_name(key).filter(|kind| kind.is_dated())?;
    let fields = entity.first_view(ViewKind::Board).map_or_else(Vec::new, |board| board.fields.clone());
    entity.dated().any(|field| !field.is_stamp()).then(|| View {
        key: key.to_owned(),
        label: kind.label().to_owned(),
        kind,
        fields,
        ..plain_view(entity)
    })
}

#[cfg(test)]
mod tests {
    use super::{Dates, view};
    use crate::records::fixture::{entity, page, viewer};
    use domain::schema::ViewKind;
    use std::sync::Arc;

    fn read(query: &[(&str, &str)], may_read_secrets: bool) -> (Dates, Vec<String>) {
        let entity = entity();
        let mut viewer = viewer();
        if may_read_secrets {
            viewer.grants.0.insert("crm.secret.read".to_owned(), domain::Reach::All);
        }
        let mut page = page(query);
        page.viewer = Some(Arc::new(viewer));
        let mut problems = Vec::new();
        let dates = Dates::read(&page, &entity, &view(&entity, "calendar").unwrap(), None, &mut problems);
        (dates, problems.into_iter().map(|problem| format!("{}: {}", problem.parameter, problem.message)).collect())
    }

    #[test]
    fn what_has_a_day_has_a_calendar_and_what_has_only_its_making_has_none() {
        let mut entity = (*entity()).clone();
        let calendar = view(&entity, "calendar").unwrap();
        assert_eq!(
            (calendar.kind, calendar.key.as_str(), calendar.label.as_str()),
            (ViewKind::Calendar, "calendar", "Calendar")
        );
        assert_eq!(view(&entity, "timeline").unwrap().kind, ViewKind::Timeline);
        assert!(view(&entity, "board").is_none() && view(&entity, "table").is_none() && view(&entity, "all").is_none());
        let days: Vec<&str> = entity.dated().map(|field| field.key.as_str()).collect();
        assert_eq!(days, ["enquiredOn", "closedOn", "createdAt", "updatedAt"]);
        entity.fields.retain(|field| !matches!(field.key.as_str(), "enquiredOn" | "closedOn"));
        assert!(view(&entity, "calendar").is_none());
    }

    #[test]
    fn days_are_those_that_there_are_and_that_one_may_read() {
        let (dates, problems) = read(&[("date", "createdAt"), ("end", "enquiredOn"), ("scale", "week")], false);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(dates.date.as_deref(), Some("createdAt"));
        assert_eq!((dates.end.as_deref(), dates.scale.as_deref()), (Some("enquiredOn"), Some("week")));
        let (_, problems) = read(&[("date", "enquired"), ("end", "name"), ("scale", "decade")], false);
        assert_eq!(problems.len(), 3);
        assert_eq!(problems[0], "date: Leads have no days by enquired; did you mean enquiredOn?");
        // What one may not read is as unknown as what is not there, and is not guessed.
        assert_eq!(read(&[("date", "closedOn")], false).1, ["date: Leads have no days by closedOn"]);
        assert!(read(&[("date", "closedOn")], true).1.is_empty());
        assert_eq!(read(&[("end", "")], false).0, Dates::default());
    }
}
