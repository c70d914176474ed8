//! A reference to a row of any of several entities, beyond what every field goes through: what it may not point at, lists by what it points at, the
//! page of that row, files that name it, who does not see it, and what a merge makes of it.

use super::pack;
use super::samples::NOWHERE;
use super::sheets::{run, uploaded};
use super::world::{API, PIECES, World, found, operation, pair, read, send, text, text_of, written};
use crate::support::Client;
use app::page::encode;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

const NO_SUCH: &str = "About points at something that does not exist, or is not yours to see";

/// Three pieces: of a customer, of a contact, and of nobody.
pub struct Pointed<'a> {
    world: &'a World,
    customer: String,
    contact: String,
    of_customer: String,
    of_contact: String,
    of_nobody: String,
}

fn to(entity: &str, id: &str) -> Value {
    json!({ "entity": entity, "id": id })
}

async fn piece(world: &World, name: &str, about: &Value) -> String {
    let made = written(&world.grace, Method::POST, "/pieces", &json!({ "name": name, "about": about })).await;
    text_of(&made, "id")
}

/// The row after a change of what it was read as.
async fn changed(client: &Client, id: &str, mut values: Value) -> Value {
    let path = format!("/pieces/{id}");
    values["version"] = read(client, &path).await["version"].clone();
    written(client, Method::PATCH, &path, &values).await
}

async fn customer(world: &World, name: &str) -> String {
    text_of(&written(&world.grace, Method::POST, "/customers", &json!({ "name": name })).await, "id")
}

impl<'a> Pointed<'a> {
    pub async fn new(world: &'a World) -> Self {
        let first = |entity: &str| world.known.rows[entity][0].id.clone();
        let (customer, contact) = (first("customer"), first("contact"));
        let of_customer = piece(world, "Kind one", &to("customer", &customer)).await;
        let of_contact = piece(world, "Kind two", &to("contact", &contact)).await;
        let of_nobody = piece(world, "Kind three", &Value::Null).await;
        Self { world, customer, contact, of_customer, of_contact, of_nobody }
    }

    /// In a new row and in a change, with the reason at the field. Another workspace's row is refused in the words of one that never was.
    pub async fn refused(&self) {
        let world = self.world;
        let elsewhere = world.server.world.tenant("elsewhere", pack::INDUSTRY).await;
        world.server.world.furnish(&elsewhere).await;
        let (neema, _) = world.server.signed_in(&elsewhere, "Neema", &["OWNER"]).await;
        let theirs = json!({ "name": "Theirs" });
        let (status, made) = neema.write(Method::POST, "/w/elsewhere/api/v1/customers", &theirs).await;
        assert!(status.is_success(), "{made}");
        let theirs = text_of(&made["data"], "id");
        let gone = customer(world, "Gone").await;
        written(&world.grace, Method::DELETE, &format!("/customers/{gone}"), &json!({})).await;
        for (value, says) in [
            (to("customer", &theirs), NO_SUCH),
            (to("customer", NOWHERE), NO_SUCH),
            (to("customer", &gone), NO_SUCH),
            // There is such a row, of the other entity.
            (to("customer", &self.contact), NO_SUCH),
            (to("lead", &self.customer), "lead is not a known customer or contact"),
            (to("custmer", &self.customer), "did you mean customer?"),
            (to("customer", "Lake Gallery"), "Lake Gallery is not a known customer"),
            (json!(self.customer), "should be an entity and an id"),
            (json!({ "id": self.customer }), "is written as an entity and an id"),
            (json!([to("customer", &self.customer)]), "should be an entity and an id"),
        ] {
            let new = json!({ "name": "Refused", "about": value });
            let version = world.read(&self.of_nobody).await["version"].clone();
            let change = json!({ "about": value, "version": version });
            for (method, path, body) in [
                (Method::POST, format!("{API}/pieces"), &new),
                (Method::PATCH, format!("{API}/pieces/{}", self.of_nobody), &change),
            ] {
                let (status, answer) = world.grace.write(method, &path, body).await;
                let said = answer["details"]["about"].as_str().unwrap_or_default();
                assert!(status.is_client_error() && said.contains(says), "{path} {body}: {status} {answer}");
                assert!(!answer.to_string().contains("Theirs"), "{answer}");
            }
        }
        assert_eq!(found(&world.grace, &[("filter", "name = Refused")]).await.unwrap(), Vec::<String>::new());
        assert_eq!(world.read(&self.of_nobody).await["about"], Value::Null);
        // Nothing is a value.
        let row = changed(&world.grace, &self.of_customer, json!({ "about": null })).await;
        assert_eq!(row["about"], Value::Null);
        let again = to("customer", &self.customer);
        let row = changed(&world.grace, &self.of_customer, json!({ "about": again })).await;
        assert_eq!((&row["about"], &row["_labels"]["about"]), (&again, &json!("Lake Gallery")));
    }

    /// Whatever the server asks for: one row at most, of this workspace.
    pub async fn held_by_the_database(&self) {
        let owner = self.world.server.world.owner().await;
        let customers = "select id from customers where name = 'Theirs' limit 1";
        let foreign: uuid::Uuid = sqlx::query_scalar(customers).fetch_one(&owner).await.unwrap();
        for (change, constraint) in [
            (format!("about_contact_id = '{}'", self.contact), "exercise_pieces_about_whole"),
            (format!("about_customer_id = '{foreign}'"), "exercise_pieces_about_customer_id_fkey"),
        ] {
            let sql = format!("update exercise_pieces set {change} where id = '{}'", self.of_customer);
            let error = sqlx::query(AssertSqlSafe(sql)).execute(&owner).await.unwrap_err();
            let named = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint);
            assert_eq!(named, Some(constraint));
        }
        owner.close().await;
    }

    /// By a row, by an entity, and by whether there is one at all; on the page in words.
    pub async fn filtered(&self) {
        let grace = &self.world.grace;
        let (one, two, three) = (&self.of_customer, &self.of_contact, &self.of_nobody);
        let (customer, contact) = (format!("customer:{}", self.customer), format!("contact:{}", self.contact));
        for (filter, wanted) in [
            (format!("about = {customer}"), vec![one]),
            ("about = customer:*".to_owned(), vec![one]),
            ("about = Contact:*".to_owned(), vec![two]),
            (format!("about != {customer}"), vec![two, three]),
            ("about != customer:*".to_owned(), vec![two, three]),
            (format!("about in ({customer}, contact:*)"), vec![one, two]),
            (format!("about not in (customer:*, {contact})"), vec![three]),
            ("about is empty".to_owned(), vec![three]),
            ("about is not empty".to_owned(), vec![one, two]),
            (format!("about = customer:{NOWHERE}"), vec![]),
        ] {
            let filter = format!("name starts with Kind and {filter}");
            let mut ids =
                found(grace, &[("filter", &filter)]).await.unwrap_or_else(|error| panic!("{filter}: {error:?}"));
            let mut wanted: Vec<String> = wanted.into_iter().cloned().collect();
            ids.sort();
            wanted.sort();
            assert_eq!(ids, wanted, "{filter}");
        }
        for (filter, says) in [
            (format!("about = {}", self.customer), "write customer:ID or contact:ID"),
            ("about = lead:*".to_owned(), "lead is not a known customer or contact"),
            ("about = customer:Lake".to_owned(), "Lake is not a known customer"),
            ("about > customer:*".to_owned(), "After about comes one of"),
        ] {
            let (status, answer) = found(grace, &[("filter", &filter)]).await.unwrap_err();
            assert!(status == StatusCode::BAD_REQUEST && answer.to_string().contains(says), "{filter}: {answer}");
        }
        for (filter, says) in
            [("about = contact:*".to_owned(), "any contact"), (format!("about = {contact}"), "Amina Otieno")]
        {
            let (status, page) = grace.page(&format!("{PIECES}?view=all&filter={}", encode(&filter))).await;
            assert!(status == StatusCode::OK && text(&page).contains(says), "{filter}");
        }
        // The line of the filter offers each entity, and takes a name, or an entity and a name.
        let line = format!("{PIECES}?view=all&filter=&add.field=about");
        let (_, page) = grace.page(&line).await;
        assert!(text(&page).contains("Any customer") && text(&page).contains("Any contact"));
        for (typed, wanted) in [
            ("customer:*", "about = customer:*".to_owned()),
            ("Amina", format!("about = {contact}")),
            ("Contact: Amina", format!("about = {contact}")),
        ] {
            let answer = grace.get(&format!("{line}&add.op={}&add.value={}", encode("="), encode(typed))).await;
            assert!(answer.status().is_redirection(), "{typed}: {}", answer.status());
            let place = super::world::place_of(&answer);
            assert!(place.contains(&encode(&wanted)), "{typed}: {place} is to hold {wanted}");
        }
        let (_, page) = grace.page(&format!("{line}&add.op={}&add.value=Nobody", encode("="))).await;
        assert!(text(&page).contains("There is no customer or contact whose name begins with Nobody"));
    }

    /// The page of the customer lists the piece, and begins another one about it.
    pub async fn found_from_there(&self) {
        let grace = &self.world.grace;
        let (status, page) = grace.page(&format!("/w/exhibit/customers/{}?tab=pieces.about", self.customer)).await;
        assert!(status == StatusCode::OK && page.contains("Kind one"), "{status}");
        assert!(text(&page).contains("Pieces (About)") && !page.contains("Kind two"));
        let pointer = format!("customer:{}", self.customer);
        assert!(page.contains(&format!("new?about={}", encode(&pointer))), "a new piece about the customer");
        let (_, form) = grace.page(&format!("/w/exhibit/pieces/new?about={}", encode(&pointer))).await;
        let option = form.split("<option").find(|option| option.contains(&format!("value=\"{pointer}\"")));
        assert!(
            option.is_some_and(|option| option.contains("selected") && option.contains("Customer: Lake Gallery")),
            "{option:?}"
        );
        // By the form, in the place of another.
        let row = self.world.read(&self.of_nobody).await;
        let fields = [
            pair("entity", "piece"),
            pair("id", &self.of_nobody),
            pair("version", &row["version"].to_string()),
            pair("values.about", &pointer),
            pair("_key", "about"),
            pair("_page", &format!("{PIECES}/{}/edit", self.of_nobody)),
        ];
        let answer = send(grace, "records.update", &fields, &[]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(self.world.read(&self.of_nobody).await["about"], to("customer", &self.customer));
    }

    /// What was there before and after, by name, also where the two are of two kinds.
    pub async fn told(&self) {
        changed(&self.world.grace, &self.of_nobody, json!({ "about": to("contact", &self.contact) })).await;
        let asked = json!({ "entity": "piece", "id": self.of_nobody, "limit": 10 });
        let entries = operation(&self.world.grace, "records.timeline", &asked).await;
        let mut changes = entries.as_array().unwrap().iter().flat_map(|entry| entry["changes"].as_array().unwrap());
        let told = changes.find(|change| change["field"] == "about").unwrap();
        assert_eq!((&told["before_label"], &told["after_label"]), (&json!("Lake Gallery"), &json!("Amina Otieno")));
        let (_, page) = self.world.grace.page(&format!("{PIECES}/{}", self.of_nobody)).await;
        let words = text(&page);
        assert!(words.contains("Customer: Lake Gallery") && words.contains("Contact: Amina Otieno"));
        changed(&self.world.grace, &self.of_nobody, json!({ "about": null })).await;
    }

    /// A file names a row by its name or number, and where that means two by what it is too.
    pub async fn brought_in(&self) {
        let world = self.world;
        let twin = json!({ "name": "Twin" });
        let customer = text_of(&written(&world.grace, Method::POST, "/customers", &twin).await, "id");
        let contact = text_of(&written(&world.grace, Method::POST, "/contacts", &twin).await, "id");
        let number = text_of(&read(&world.grace, &format!("/customers/{customer}")).await, "number");
        let lines = [
            ("File one", "Customer: Lake Gallery".to_owned(), Ok(to("customer", &self.customer))),
            ("File two", "amina otieno".to_owned(), Ok(to("contact", &self.contact))),
            ("File three", number.clone(), Ok(to("customer", &customer))),
            ("File four", format!("customer:{number}"), Ok(to("customer", &customer))),
            ("File five", "contact: Twin".to_owned(), Ok(to("contact", &contact))),
            (
                "File six",
                "Twin".to_owned(),
                Err("Twin is the name of a customer and contact; say which, such as Customer: Twin"),
            ),
            ("File seven", "Lead: Twin".to_owned(), Err("Lead: Twin is not a known customer or contact")),
            ("File eight", "Customer: Theirs".to_owned(), Err("Theirs is not a known customer")),
        ];
        let rows: Vec<String> = lines.iter().map(|(name, cell, _)| format!("{name},{cell}")).collect();
        let import = uploaded(world, "about.csv", &format!("Name,About\r\n{}", rows.join("\r\n"))).await;
        let mapped = json!({ "id": import["id"], "mapping": import["mapping"] });
        operation(&world.grace, "imports.map", &mapped).await;
        let preview = operation(&world.grace, "imports.preview", &json!({ "id": import["id"] })).await;
        assert_eq!(preview["rows"][0]["values"]["about"], "Customer: Lake Gallery");
        let done = run(world, &import["id"]).await;
        let problems = operation(&world.grace, "imports.problems", &json!({ "id": import["id"] })).await;
        for (row, (name, cell, wanted)) in (1_i64..).zip(&lines) {
            let ids = found(&world.grace, &[("filter", &format!("name = \"{name}\""))]).await.unwrap();
            match wanted {
                Ok(about) => {
                    assert_eq!(ids.len(), 1, "{cell}: {problems}");
                    assert_eq!(world.read(&ids[0]).await["about"], *about, "{cell}");
                }
                Err(says) => {
                    let of = problems.as_array().unwrap().iter().find(|problem| problem["row"] == row).unwrap();
                    assert!(ids.is_empty() && of["reason"].as_str().unwrap().contains(says), "{cell}: {of}");
                }
            }
        }
        assert_eq!(done["refused"], 3, "{done}");
    }

    /// Who may not see what it points at is not told its name, and may not point there; what somebody else put there stays.
    pub async fn out_of_sight(&self) {
        let world = self.world;
        let (rita, caller) = world.server.signed_in(&world.tenant, "Rita", &["SALES_REP"]).await;
        let id = &self.of_customer;
        changed(&world.grace, id, json!({ "owner": caller.access.member.to_string() })).await;
        let row = read(&rita, &format!("/pieces/{id}")).await;
        assert!(row["_labels"]["about"].is_null(), "{row}");
        for page in [format!("{PIECES}/{id}"), format!("{PIECES}?view=all&columns=name,about&filter=")] {
            let (status, page) = rita.page(&page).await;
            assert_eq!(status, StatusCode::OK);
            assert!(page.contains("Kind one") && !page.contains("Lake Gallery") && page.contains("not yours to see"));
        }
        let (_, form) = rita.page("/w/exhibit/pieces/new").await;
        assert!(form.contains("values.about") && !form.contains("Lake Gallery"));
        let answer = rita.get(&format!("{API}/pieces/export?format=csv&fields=name,about")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let file = answer.text().await.unwrap();
        assert!(file.contains("Kind one") && !file.contains("Lake Gallery"), "{file}");
        let own = written(&rita, Method::POST, "/customers", &json!({ "name": "Own Gallery" })).await;
        let other = json!({ "about": to("contact", &self.contact), "version": row["version"] });
        let (status, answer) = rita.write(Method::PATCH, &format!("{API}/pieces/{id}"), &other).await;
        assert!(status.is_client_error() && answer["details"]["about"] == NO_SUCH, "{status} {answer}");
        // What is there already stays while the rest is changed.
        let there = to("customer", &self.customer);
        let row = changed(&rita, id, json!({ "name": "Kind one still", "about": there })).await;
        assert_eq!(row["about"], there);
        let row = changed(&rita, id, json!({ "about": to("customer", &text_of(&own, "id")) })).await;
        assert_eq!(row["_labels"]["about"], "Own Gallery");
        changed(&world.grace, id, json!({ "about": there, "name": "Kind one" })).await;
    }

    /// What points at the one that goes points at the one that stays, and back again; what points at another entity is let be.
    pub async fn merged(&self) {
        let world = self.world;
        let kept = written(&world.grace, Method::POST, "/contacts", &json!({ "name": "A. Otieno" })).await;
        let kept = text_of(&kept, "id");
        let two = json!({ "entity": "contact", "kept": kept, "merged": self.contact });
        let plan = operation(&world.grace, "records.preview_merge", &two).await;
        let moves = plan["moves"].as_array().unwrap().iter().any(|one| one["what"] == "Pieces" && one["by"] == "About");
        assert!(moves && plan["refused"].is_null(), "{plan}");
        let done = operation(&world.grace, "records.merge", &two).await;
        assert_eq!(world.read(&self.of_contact).await["about"], to("contact", &kept));
        assert_eq!(world.read(&self.of_customer).await["about"], to("customer", &self.customer));
        let undo = json!({ "entity": "contact", "merge": done["merge"] });
        let undone = operation(&world.grace, "records.unmerge", &undo).await;
        assert_eq!(undone["kept"], json!([]));
        assert_eq!(world.read(&self.of_contact).await["about"], to("contact", &self.contact));
        // A row that is merged itself takes what it lacks.
        let lacking = piece(world, "Kind four", &Value::Null).await;
        let two = json!({ "entity": "piece", "kept": lacking, "merged": self.of_contact });
        operation(&world.grace, "records.merge", &two).await;
        assert_eq!(world.read(&lacking).await["about"], to("contact", &self.contact));
    }
}
