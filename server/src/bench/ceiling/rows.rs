//! Leads as the ceiling reads and answers them.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

/// One with all its fields, as the API answers it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lead {
    pub(super) id: Uuid,
    version: i64,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    city: Option<String>,
    country: Option<String>,
    value: Worth,
    source: Option<String>,
    enquired_on: Option<NaiveDate>,
    next_step: Option<String>,
    notes: Option<String>,
    #[serde(rename = "customer")]
    customer_id: Option<Uuid>,
    #[serde(rename = "opportunity")]
    opportunity_id: Option<Uuid>,
    number: String,
    status: String,
    #[serde(rename = "owner")]
    owner_id: Option<Uuid>,
    #[serde(serialize_with = "moment")]
    pub(super) created_at: DateTime<Utc>,
    created_by: Uuid,
    #[serde(serialize_with = "moment")]
    updated_at: DateTime<Utc>,
    updated_by: Option<Uuid>,
    #[serde(rename = "_labels")]
    titles: Titles,
}

/// An amount with its currency, or neither.
pub(super) struct Worth {
    value_minor: Option<i64>,
    pub(super) value_currency: Option<String>,
}

#[derive(Serialize)]
struct Titles {
    #[serde(rename = "customer", skip_serializing_if = "Option::is_none")]
    customer_title: Option<String>,
    #[serde(rename = "opportunity", skip_serializing_if = "Option::is_none")]
    opportunity_title: Option<String>,
    #[serde(rename = "owner", skip_serializing_if = "Option::is_none")]
    owner_title: Option<String>,
    #[serde(rename = "createdBy", skip_serializing_if = "Option::is_none")]
    creator_title: Option<String>,
    #[serde(rename = "updatedBy", skip_serializing_if = "Option::is_none")]
    updater_title: Option<String>,
}

/// By position: looking each column up by its name costs more than the rest of the answer.
impl FromRow<'_, PgRow> for Lead {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get(0)?,
            version: row.try_get(1)?,
            name: row.try_get(3)?,
            email: row.try_get(4)?,
            phone: row.try_get(5)?,
            company: row.try_get(6)?,
            city: row.try_get(7)?,
            country: row.try_get(8)?,
            value: Worth { value_minor: row.try_get(9)?, value_currency: row.try_get(10)? },
            source: row.try_get(11)?,
            enquired_on: row.try_get(12)?,
            next_step: row.try_get(13)?,
            notes: row.try_get(14)?,
            customer_id: row.try_get(15)?,
            opportunity_id: row.try_get(16)?,
            number: row.try_get(17)?,
            status: row.try_get(18)?,
            owner_id: row.try_get(19)?,
            created_at: row.try_get(20)?,
            created_by: row.try_get(21)?,
            updated_at: row.try_get(22)?,
            updated_by: row.try_get(23)?,
            titles: Titles {
                customer_title: row.try_get(24)?,
                opportunity_title: row.try_get(25)?,
                owner_title: row.try_get(26)?,
                creator_title: row.try_get(27)?,
                updater_title: row.try_get(28)?,
            },
        })
    }
}

impl Worth {
    pub(super) fn amount(&self) -> String {
        self.value_minor.map_or_else(String::new, |minor| format!("{}.{:02}", minor / 100, minor % 100))
    }
}

impl Serialize for Worth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Money<'a> {
            amount: String,
            currency: &'a str,
        }
        self.value_currency.as_deref().map(|currency| Money { amount: self.amount(), currency }).serialize(serializer)
    }
}

fn moment<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// One as a line of the list page.
pub(super) struct Line {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) company: Option<String>,
    pub(super) status: String,
    pub(super) value: Worth,
    pub(super) source: Option<String>,
    pub(super) country: Option<String>,
    pub(super) owner_title: Option<String>,
    pub(super) enquired_on: Option<NaiveDate>,
    pub(super) number: String,
}

impl FromRow<'_, PgRow> for Line {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get(0)?,
            name: row.try_get(3)?,
            company: row.try_get(4)?,
            status: row.try_get(5)?,
            value: Worth { value_minor: row.try_get(6)?, value_currency: row.try_get(7)? },
            source: row.try_get(8)?,
            country: row.try_get(9)?,
            enquired_on: row.try_get(11)?,
            number: row.try_get(12)?,
            owner_title: row.try_get(13)?,
        })
    }
}
