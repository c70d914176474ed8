//! A lead becomes a customer with a contact and, unless declined, an opportunity; the lead is won and points at them. One transaction.

use domain::crm::{ConvertLead, Converted};
use domain::records::{CreateRecord, GetRecord, Record, Values};
use domain::{Error, Result, Verb};
use platform::Ctx;
use records::Edit;
use serde_json::{Value, json};
use uuid::Uuid;
use words::t;

pub async fn convert_lead(ctx: &mut Ctx, convert: ConvertLead) -> Result<Converted> {
    let lead = ctx.run(GetRecord { entity: "lead".to_owned(), id: convert.id }).await?;
    if lead.deleted_at.is_some() {
        return Err(Error::conflict(t!("This lead is in the trash. Restore it, then convert it")));
    }
    if lead.text("customer").is_some() {
        return Err(Error::conflict(t!("This lead was converted before; its customer is linked on the page")));
    }
    let (customer, contact) = match convert.customer {
        Some(customer) => (existing(ctx, customer).await?, None),
        None => new_customer(ctx, &lead).await?,
    };
    let opportunity = match convert.opportunity.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => Some(new_opportunity(ctx, &lead, customer, contact, name).await?),
        None => None,
    };
    win(ctx, &convert, customer, opportunity).await?;
    Ok(Converted { lead: convert.id, customer, contact, opportunity })
}

async fn existing(ctx: &mut Ctx, customer: Uuid) -> Result<Uuid> {
    let found = ctx.run(GetRecord { entity: "customer".to_owned(), id: customer }).await;
    match found {
        Ok(record) if record.deleted_at.is_none() => Ok(record.id),
        Ok(_) => Err(Error::field("customer", t!("This customer is in the trash"))),
        Err(_) => Err(Error::field("customer", t!("There is no such customer, or it is not yours to see"))),
    }
}

/// A lead with a company becomes that company with the person as its contact; one without becomes the person.
async fn new_customer(ctx: &mut Ctx, lead: &Record) -> Result<(Uuid, Option<Uuid>)> {
    let company = lead.text("company");
    let mut values = copied(lead, &[("city", "city"), ("country", "country"), ("email", "email"), ("phone", "phone")]);
    values.insert("name".to_owned(), json!(company.or(lead.text("name"))));
    values.insert("type".to_owned(), json!(if company.is_some() { "company" } else { "person" }));
    values.insert("owner".to_owned(), lead.values.get("owner").cloned().unwrap_or_default());
    let customer = create(ctx, "customer", values).await?;
    if company.is_none() {
        return Ok((customer, None));
    }
    let mut person = copied(lead, &[("name", "name"), ("email", "email"), ("phone", "phone"), ("owner", "owner")]);
    person.insert("customer".to_owned(), json!(customer));
    Ok((customer, Some(create(ctx, "contact", person).await?)))
}

async fn new_opportunity(
    ctx: &mut Ctx,
    lead: &Record,
    customer: Uuid,
    contact: Option<Uuid>,
    name: &str,
) -> Result<Uuid> {
    let mut values = copied(lead, &[("value", "value"), ("owner", "owner")]);
    values.insert("name".to_owned(), json!(name));
    values.insert("customer".to_owned(), json!(customer));
    values.insert("contact".to_owned(), json!(contact));
    values.insert("lead".to_owned(), json!(lead.id));
    create(ctx, "opportunity", values).await
}

async fn create(ctx: &mut Ctx, entity: &str, values: Values) -> Result<Uuid> {
    let created = ctx.run(CreateRecord { entity: entity.to_owned(), values }).await;
    match created {
        Ok(record) => Ok(record.id),
        // What is wrong with the new row is said about it, not about the lead.
        Err(mut error) => {
            let one = ctx.entity(entity)?.labels.one.to_lowercase();
            error.message = t!("The {entity} could not be made: {why}", entity = one, why = error.message);
            Err(error)
        }
    }
}

/// Values of the lead under the names of the new row; empty ones are left out.
fn copied(lead: &Record, names: &[(&str, &str)]) -> Values {
    names
        .iter()
        .filter_map(|(from, to)| Some(((*to).to_owned(), lead.values.get(*from)?.clone())))
        .filter(|(_, value)| *value != Value::Null)
        .collect()
}

/// A lead that was marked as won by hand stays where it is and only gets its links.
async fn win(ctx: &mut Ctx, convert: &ConvertLead, customer: Uuid, opportunity: Option<Uuid>) -> Result<()> {
    let entity = ctx.entity("lead")?;
    let mut values = Values::new();
    values.insert("customer".to_owned(), json!(customer));
    values.insert("opportunity".to_owned(), json!(opportunity));
    let held = records::hold(ctx, &entity, convert.id, Verb::Update, false).await?;
    if held.text("status") == "won" {
        if convert.version.is_some_and(|version| version != held.version) {
            return Err(Error::conflict(t!("This lead was changed meanwhile. Look at it again, then convert it")));
        }
        records::write(ctx, &entity, &held, Edit { values, status: None, deleted: None }, "converted").await?;
        return Ok(());
    }
    records::transition_internal(ctx, &entity, convert.id, convert.version, "convert", &values).await?;
    Ok(())
}
