//! A filter as a tree that links take apart and put together: conditions have places such as `1.0`, the first within the second.

use domain::schema::Filter;

/// Where a condition stands: which part of the filter, which part of that, and so on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place(Vec<usize>);

/// How a condition joins another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    And,
    Or,
}

impl Place {
    pub fn parse(text: &str) -> Option<Self> {
        let steps: Option<Vec<usize>> = text.split('.').map(|step| step.parse().ok()).collect();
        steps.filter(|steps| steps.len() <= domain::schema::filter::MAX_DEPTH + 1).map(Self)
    }

    pub fn print(&self) -> String {
        self.0.iter().map(usize::to_string).collect::<Vec<_>>().join(".")
    }

    pub fn inside(&self, at: usize) -> Self {
        Self(self.0.iter().copied().chain([at]).collect())
    }

    /// The condition or group that stands here. A filter of one condition is its own first part.
    pub fn of<'a>(&self, filter: &'a Filter) -> Option<&'a Filter> {
        let mut steps = self.0.iter();
        let mut here = match filter {
            Filter::All(parts) => parts.get(*steps.next()?)?,
            other if *steps.next()? == 0 => other,
            _ => return None,
        };
        for step in steps {
            here = match here {
                Filter::All(parts) | Filter::Any(parts) => parts.get(*step)?,
                Filter::Test(_) => return None,
            };
        }
        Some(here)
    }
}

/// The filter with something else in the place, or with nothing there.
pub fn replaced(filter: &Filter, place: &Place, by: Option<Filter>) -> Option<Filter> {
    let whole = Filter::All(match filter {
        Filter::All(parts) => parts.clone(),
        other => vec![other.clone()],
    });
    tidy(put(whole, &place.0, by)?)
}

/// The filter with one more condition beside the one in the place: "or" makes a group of the two where there was none.
pub fn joined(filter: &Filter, place: &Place, join: Join, test: Filter) -> Option<Filter> {
    let here = place.of(filter)?.clone();
    let both = match (here, join) {
        (Filter::Any(mut parts), Join::Or) => {
            parts.push(test);
            Filter::Any(parts)
        }
        (Filter::All(mut parts), Join::And) => {
            parts.push(test);
            Filter::All(parts)
        }
        (one, Join::Or) => Filter::Any(vec![one, test]),
        (one, Join::And) => Filter::All(vec![one, test]),
    };
    replaced(filter, place, Some(both))
}

fn put(filter: Filter, steps: &[usize], by: Option<Filter>) -> Option<Filter> {
    let Some((step, rest)) = steps.split_first() else { return by };
    let change = |mut parts: Vec<Filter>| {
        if *step < parts.len()
            && let Some(part) = put(parts.remove(*step), rest, by)
        {
            parts.insert(*step, part);
        }
        parts
    };
    match filter {
        Filter::All(parts) => Some(Filter::All(change(parts))),
        Filter::Any(parts) => Some(Filter::Any(change(parts))),
        test => Some(test),
    }
}

/// A group of one is that one, a group of none is nothing, and a group within its like is no group of its own.
fn tidy(filter: Filter) -> Option<Filter> {
    let (any, parts) = match filter {
        Filter::Any(parts) => (true, parts),
        Filter::All(parts) => (false, parts),
        test => return Some(test),
    };
    let mut flat = Vec::new();
    for part in parts.into_iter().filter_map(tidy) {
        match part {
            Filter::Any(inner) if any => flat.extend(inner),
            Filter::All(inner) if !any => flat.extend(inner),
            other => flat.push(other),
        }
    }
    match flat.len() {
        0 => None,
        1 => flat.pop(),
        _ if any => Some(Filter::Any(flat)),
        _ => Some(Filter::All(flat)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Join, Place, joined, replaced};
    use crate::records::fixture::entity;
    use domain::schema::Filter;

    fn filter(text: &str) -> Filter {
        Filter::parse(text, &entity()).unwrap()
    }

    fn place(text: &str) -> Place {
        Place::parse(text).unwrap()
    }

    #[test]
    fn groups_are_made_and_taken_apart() {
        let test = filter("score > 5");
        let or = |text: &str, at: &str, join| joined(&filter(text), &place(at), join, test.clone()).unwrap().print();
        assert_eq!(or("status = new", "0", Join::Or), "status = new or score > 5");
        assert_eq!(
            or("status = new and name is empty", "1", Join::Or),
            "status = new and (name is empty or score > 5)"
        );
        assert_eq!(
            or("name is empty and (status = new or status = won)", "1", Join::Or),
            "name is empty and (status = new or status = won or score > 5)"
        );
        assert_eq!(
            or("name is empty and (status = new or status = won)", "1.0", Join::And),
            "name is empty and ((status = new and score > 5) or status = won)"
        );
        let without = |text: &str, at: &str| replaced(&filter(text), &place(at), None).map(|filter| filter.print());
        let group = "name is empty and (status = new or status = won)";
        assert_eq!(without(group, "1.0").unwrap(), "name is empty and status = won");
        assert_eq!(without(group, "1").unwrap(), "name is empty");
        assert_eq!(without("status = new or status = won", "0.1").unwrap(), "status = new");
        assert_eq!(without("status = new", "0"), None);
    }

    #[test]
    fn places_are_found_again_and_nonsense_is_nowhere() {
        let group = filter("name is empty and (status = new or (score > 1 and status = won))");
        assert_eq!(place("1.1.0").of(&group).unwrap().print(), "score > 1");
        assert_eq!(place("1.1.0").print(), "1.1.0");
        assert_eq!(place("0").of(&filter("status = new")).unwrap().print(), "status = new");
        for wrong in ["2", "0.1", "1.5", "1.1.0.0"] {
            assert!(place(wrong).of(&group).is_none(), "{wrong}");
        }
        assert!(Place::parse("1.x").is_none() && Place::parse("").is_none());
        assert!(Place::parse("0.0.0.0.0.0.0.0").is_none());
    }
}
