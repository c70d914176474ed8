//! Sample values, one table for all kinds: what is typed, how REST says it, how a page shows it; and what is refused,
//! with the words that say why. A kind that is added has to be added here, or nothing compiles.

use domain::schema::{Field, FieldKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The id of nothing.
pub const NOWHERE: &str = "0199a000-0000-7000-8000-000000000000";

/// A row or a member that a value points at.
#[derive(Clone)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// What there is to point at.
pub struct Known {
    pub members: Vec<Named>,
    /// By the key of the entity.
    pub rows: BTreeMap<String, Vec<Named>>,
}

impl Known {
    /// Of few the first again.
    fn pick(&self, field: &Field, number: usize) -> &Named {
        let all = field.target().map_or(&self.members, |target| &self.rows[target]);
        &all[number % all.len()]
    }
}

pub struct Sample {
    /// What stands behind `values.{key}` in the names of the form, and what is typed there; of several choices each by
    /// itself.
    pub typed: Vec<(&'static str, String)>,
    /// As REST takes and answers it.
    pub value: Value,
    /// What a page shows of it, all of these.
    pub shown: Vec<String>,
}

fn said(typed: &str, value: Value, shown: &str) -> Sample {
    Sample { typed: vec![("", typed.to_owned())], value, shown: vec![shown.to_owned()] }
}

fn plain(text: &str) -> Sample {
    said(text, json!(text), text)
}

/// The file that is sent for a field that holds one.
pub fn upload(field: &Field) -> Option<(&'static str, &'static [u8])> {
    match field.kind {
        FieldKind::File { .. } => Some(("plan.pdf", b"%PDF-1.7\nexercise".as_slice())),
        FieldKind::Image { .. } => Some(("photo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDRexercise".as_slice())),
        _ => None,
    }
}

/// The sample of a field; `number` tells one row's from another's. Nothing for what no form holds.
pub fn sample(field: &Field, number: usize, known: &Known) -> Option<Sample> {
    let turn = number % 3;
    Some(match &field.kind {
        FieldKind::Text { .. } if field.pattern.is_some() => plain(&format!("AB-{}", 123 + number)),
        FieldKind::Text { .. } => plain(["Blue vase", "Red bowl", "Green jug"][turn]),
        FieldKind::LongText { .. } => plain(["Thrown by hand.", "Cast in two halves.", "Fired twice."][turn]),
        FieldKind::Email => plain(["vase@example.com", "bowl@example.org", "jug@example.net"][turn]),
        FieldKind::Phone => plain(["+254 700 000111", "+49 30 5550222", "+255 22 5550333"][turn]),
        FieldKind::Country => plain(["KE", "DE", "TZ"][turn]),
        FieldKind::Integer { .. } => {
            let (typed, value) = [("1,250", 1250), ("40", 40), ("7", 7)][turn];
            said(typed, json!(value), typed)
        }
        FieldKind::Decimal { .. } => {
            let (typed, value) = [("12.5", "12.500"), ("2.25", "2.250"), ("0.5", "0.500")][turn];
            said(typed, json!(value), value)
        }
        FieldKind::Money { .. } => {
            let (typed, amount, currency, shown) = [
                ("1250.5", "1250.50", "KES", "KES 1,250.50"),
                ("80", "80.00", "EUR", "EUR 80"),
                ("5", "5.00", "KES", "KES 5"),
            ][turn];
            Sample {
                typed: vec![(".amount", typed.to_owned()), (".currency", currency.to_owned())],
                value: json!({ "amount": amount, "currency": currency }),
                shown: vec![shown.to_owned()],
            }
        }
        FieldKind::Percentage { .. } => {
            let (typed, value, shown) =
                [("12.5 %", "12.50", "12.5%"), ("40", "40.00", "40%"), ("0.25", "0.25", "0.25%")][turn];
            said(typed, json!(value), shown)
        }
        FieldKind::Duration { .. } => {
            let (typed, value, shown) =
                [("1h 30m", 5400, "1 h 30 min"), ("45 min", 2700, "45 min"), ("2:00", 7200, "2 h")][turn];
            said(typed, json!(value), shown)
        }
        FieldKind::Boolean => {
            let yes = number.is_multiple_of(2);
            said(&yes.to_string(), json!(yes), if yes { "Yes" } else { "No" })
        }
        FieldKind::Date { .. } => {
            let (day, shown) = [("2026-10-02", "2 Oct"), ("2026-10-09", "9 Oct"), ("2026-10-16", "16 Oct")][turn];
            said(day, json!(day), shown)
        }
        FieldKind::Datetime => {
            // Typed as the workspace's clock shows it, which is three hours ahead.
            let (typed, value, shown) = [
                ("2026-10-05T09:30", "2026-10-05T06:30:00Z", "5 Oct"),
                ("2026-10-12T02:30", "2026-10-11T23:30:00Z", "12 Oct"),
                ("2026-10-19T12:00", "2026-10-19T09:00:00Z", "19 Oct"),
            ][turn];
            said(typed, json!(value), shown)
        }
        FieldKind::Option { options } => {
            let choice = &options[number % options.len()];
            said(&choice.key, json!(choice.key), &choice.label)
        }
        FieldKind::Options { options } => {
            let chosen: Vec<_> =
                options.iter().enumerate().filter(|(at, _)| at % 3 != turn).map(|(_, one)| one).collect();
            Sample {
                typed: chosen.iter().map(|choice| ("", choice.key.clone())).collect(),
                value: chosen.iter().map(|choice| json!(choice.key)).collect(),
                shown: chosen.iter().map(|choice| choice.label.clone()).collect(),
            }
        }
        FieldKind::Url => {
            let site = ["example.com/vase", "example.org/bowl", "example.net/jug"][turn];
            said(site, json!(format!("https://{site}")), site)
        }
        FieldKind::Address => {
            let street = ["Moi Avenue 4", "Hauptstrasse 7", "Uhuru Street 9"][turn];
            let rest = [("postcode", "00100"), ("city", "Nairobi"), ("region", "Nairobi County"), ("country", "KE")];
            let parts = [[("street", street)].as_slice(), &rest].concat();
            let value: serde_json::Map<String, Value> =
                parts.iter().map(|(part, text)| ((*part).to_owned(), json!(text))).collect();
            let names = [".street", ".postcode", ".city", ".region", ".country"];
            Sample {
                typed: names.iter().zip(&parts).map(|(name, (_, text))| (*name, (*text).to_owned())).collect(),
                value: Value::Object(value),
                shown: vec![format!("{street}, 00100 Nairobi, Nairobi County, KE")],
            }
        }
        FieldKind::Geo => {
            let (typed, lat, lon) = [
                ("-1.2921, 36.8219", "-1.292100", "36.821900"),
                ("52.52, 13.405", "52.520000", "13.405000"),
                ("-6.8, 39.28", "-6.800000", "39.280000"),
            ][turn];
            said(typed, json!({ "lat": lat, "lon": lon }), typed)
        }
        FieldKind::Reference { .. } | FieldKind::Member => {
            let one = known.pick(field, number);
            said(&one.id, json!(one.id), &one.name)
        }
        FieldKind::References { .. } => {
            // Two of them, and in another row one.
            let mut chosen = vec![known.pick(field, number)];
            if turn == 0 {
                chosen.push(known.pick(field, number + 1));
            }
            chosen.sort_by(|one, other| one.id.cmp(&other.id));
            Sample {
                typed: chosen.iter().map(|one| ("", one.id.clone())).collect(),
                value: chosen.iter().map(|one| json!(one.id)).collect(),
                shown: chosen.iter().map(|one| one.name.clone()).collect(),
            }
        }
        FieldKind::AnyReference { entities } => {
            let entity = &entities[number % entities.len()];
            let rows = &known.rows[entity];
            let one = &rows[number / entities.len() % rows.len()];
            Sample {
                typed: vec![("", format!("{entity}:{}", one.id))],
                value: json!({ "entity": entity, "id": one.id }),
                shown: vec![one.name.clone()],
            }
        }
        FieldKind::File { .. } | FieldKind::Image { .. } => {
            let (name, _) = upload(field)?;
            Sample { typed: Vec::new(), value: Value::Null, shown: vec![name.to_owned()] }
        }
        FieldKind::State | FieldKind::Number | FieldKind::Checklist => return None,
    })
}

/// What is refused.
pub struct Wrong {
    pub part: &'static str,
    pub typed: String,
    /// A part of the message at the field.
    pub says: &'static str,
    /// Whether the control shows what was typed: a choice that there is not cannot be chosen again.
    pub kept: bool,
    /// The cell of a file that is refused alike, with a part of the reason. No cell holds a file.
    pub cell: Option<(String, &'static str)>,
}

impl Wrong {
    fn typed(text: &str, says: &'static str) -> Self {
        Self { part: "", typed: text.to_owned(), says, kept: true, cell: Some((text.to_owned(), says)) }
    }

    fn choice(text: &str, says: &'static str) -> Self {
        Self { kept: false, ..Self::typed(text, says) }
    }

    /// An id in the form, a name in a file.
    fn nobody(cell: &str, says: &'static str) -> Self {
        let nowhere = "points at something that does not exist";
        let typed = Self::typed(NOWHERE, nowhere);
        Self { cell: Some((cell.to_owned(), says)), ..typed }
    }
}

pub fn wrong(field: &Field) -> Option<Wrong> {
    Some(match &field.kind {
        FieldKind::Text { .. } if field.pattern.is_some() => {
            Wrong::typed("ab 1", "does not fit; write it as two capital")
        }
        FieldKind::Text { max } | FieldKind::LongText { max } => {
            Wrong::typed(&"x".repeat(*max as usize + 1), "characters are too many")
        }
        FieldKind::Email => Wrong::typed("nobody", "it has no @"),
        FieldKind::Phone => Wrong::typed("call me", "is not a phone number"),
        FieldKind::Country => Wrong::typed("XX", "is not a country code"),
        FieldKind::Integer { .. } => Wrong::typed("many", "is not a whole number"),
        FieldKind::Decimal { .. } => Wrong::typed("much", "is not a number"),
        FieldKind::Percentage { .. } => Wrong::typed("most", "is not a number"),
        FieldKind::Money { .. } => Wrong { part: ".amount", ..Wrong::typed("dear", "is not an amount") },
        FieldKind::Duration { .. } => Wrong::typed("a while", "is not a length of time"),
        FieldKind::Boolean => Wrong::choice("maybe", "is neither yes nor no"),
        FieldKind::Date { .. } => Wrong::typed("2026-02-31", "is a day that does not exist"),
        FieldKind::Datetime => Wrong::typed("soon", "is not a moment"),
        FieldKind::Option { .. } | FieldKind::Options { .. } => Wrong::choice("plaid", "is not one of the choices"),
        FieldKind::Url => Wrong::typed("ftp://example.com", "it begins with http:// or https://"),
        FieldKind::Address => Wrong { part: ".country", ..Wrong::typed("XX", "is not a country code") },
        FieldKind::Geo => Wrong::typed("over there", "is not a point"),
        FieldKind::Reference { .. } | FieldKind::References { .. } => Wrong::nobody("Nowhere Ltd", "is not a known"),
        FieldKind::AnyReference { entities } => {
            let typed = format!("{}:{NOWHERE}", entities[0]);
            Wrong { typed, ..Wrong::nobody("Nowhere Ltd", "is not a known") }
        }
        FieldKind::Member => Wrong::nobody("Nobody", "is not a member of this workspace"),
        // Sent as a file of the wrong kind.
        FieldKind::File { .. } | FieldKind::Image { .. } => {
            Wrong { cell: None, ..Wrong::choice("", "The file is plain text") }
        }
        FieldKind::State | FieldKind::Number | FieldKind::Checklist => return None,
    })
}
