//! A showroom project through its stages over HTTP, by pages without scripts and by REST: what is ticked, what a gate asks for, who it is handed
//! to, what is late.

use crate::support::{Client, Server};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

const API: &str = "/w/bowman/api/v1";
const PAGES: &str = "/w/bowman/projects";

struct Showroom {
    server: Server,
    ann: Client,
    sam: Client,
    grace: Client,
    project: String,
}

impl Showroom {
    async fn new() -> Self {
        let server = Server::new().await;
        let bowman = server.world.tenant("bowman", "home-showrooms").await;
        server.world.furnish(&bowman).await;
        let (grace, _) = server.signed_in(&bowman, "Grace", &["OWNER"]).await;
        let (ann, _) = server.signed_in(&bowman, "Ann", &["CONSULTANT"]).await;
        let (sam, _) = server.signed_in(&bowman, "Sam", &["SURVEYOR"]).await;
        let (_, client) = post(&ann, "/customers", &json!({ "name": "Baobab Homes" })).await;
        let made = json!({ "name": "Bathroom, 5 Mill Lane", "client": client["id"] });
        let (status, project) = post(&ann, "/projects", &made).await;
        assert_eq!((status, project["number"].as_str()), (StatusCode::CREATED, Some("PROJ-000001")), "{project}");
        let project = project["id"].as_str().unwrap().to_owned();
        Self { server, ann, sam, grace, project }
    }

    async fn read(&self) -> Value {
        let (status, answer) = self.ann.json(&format!("{API}/projects/{}", self.project)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["data"].clone()
    }

    fn page(&self) -> String {
        format!("{PAGES}/{}", self.project)
    }

    async fn tick(&self, client: &Client, items: &[&str]) {
        for item in items {
            let version = self.read().await["version"].clone();
            let tick =
                json!({ "entity": "project", "id": self.project, "version": version, "item": item, "done": true });
            let (status, answer) = post(client, "/operations/records.tick", &tick).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
        }
    }

    async fn step(&self, client: &Client, name: &str, values: Value) -> (StatusCode, Value) {
        let path = format!("{API}/projects/{}/transitions/{name}", self.project);
        client.write(Method::POST, &path, &values).await
    }

    /// As far as the stage in which the survey can be booked.
    async fn visited(&self) {
        self.tick(&self.ann, &["client_called", "wishes_noted"]).await;
        let budget = json!({ "amount": "9000", "currency": "KES" });
        self.step(&self.ann, "qualify", json!({ "room": "bathroom", "budget": budget })).await;
        self.tick(&self.ann, &["decision_makers", "visit_confirmed"]).await;
        self.step(&self.ann, "visit", json!({ "visitOn": "2026-11-24" })).await;
        self.tick(&self.ann, &["styles_chosen", "survey_explained"]).await;
        assert_eq!(self.read().await["status"], "showroom_visit");
    }
}

async fn post(client: &Client, path: &str, body: &Value) -> (StatusCode, Value) {
    let (status, answer) = client.write(Method::POST, &format!("{API}{path}"), body).await;
    (status, if status.is_success() { answer["data"].clone() } else { answer })
}

/// The hidden fields of the form on a page that posts to this operation and has this mark.
fn form(page: &str, operation: &str, mark: &str) -> Vec<(String, String)> {
    let action = format!("action=\"/w/bowman/do/{operation}\"");
    let forms = page.split("<form").skip(1).map(|part| part.split("</form>").next().unwrap_or_default());
    let form = forms
        .filter(|form| form.contains(&action))
        .find(|form| form.contains(mark))
        .unwrap_or_else(|| panic!("no form of {operation} with {mark}"));
    let inputs = form.split("<input").skip(1).filter(|input| input.contains("type=\"hidden\""));
    let attribute = |input: &str, name: &str| {
        let value = input.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        value.unwrap_or_default().replace("&amp;", "&")
    };
    inputs.map(|input| (attribute(input, "name"), attribute(input, "value"))).collect()
}

async fn send(client: &Client, operation: &str, fields: &[(String, String)]) -> reqwest::Response {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    client.form(&format!("/w/bowman/do/{operation}"), &fields).await
}

#[tokio::test]
async fn items_are_ticked_by_a_form_and_by_rest() {
    let showroom = Showroom::new().await;
    let (ann, path) = (&showroom.ann, showroom.page());
    let (status, page) = ann.page(&path).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Enquiry: 0 of 2 done") && page.contains("2 days left"), "{page}");
    assert!(page.contains("Client called back") && page.contains("Within a working day."));
    assert!(page.contains("Open on the checklist: Client called back, Wishes and budget noted"), "the step says why");
    let sent = form(&page, "records.tick", "value=\"client_called\"");
    let answer = send(ann, "records.tick", &sent).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], format!("{path}#checklist"));
    // A second click is led to the same place, and ticks nothing twice.
    assert_eq!(send(ann, "records.tick", &sent).await.status(), StatusCode::SEE_OTHER);
    let read = showroom.read().await;
    assert_eq!((read["version"].as_i64(), read["checklist"].as_object().map(serde_json::Map::len)), (Some(2), Some(1)));
    let (_, page) = ann.page(&path).await;
    assert!(page.contains("Enquiry: 1 of 2 done") && page.contains("ticked “Client called back”"), "{page}");
    assert!(page.contains("aria-checked=\"true\"") && page.contains("todo-who\"><bdi>Ann"), "{page}");

    // A form that was read before is refused in words, and the page stands.
    let mut stale = form(&page, "records.tick", "value=\"wishes_noted\"");
    stale.iter_mut().find(|(name, _)| name == "version").unwrap().1 = "1".to_owned();
    stale.iter_mut().find(|(name, _)| name == "_key").unwrap().1.push('x');
    let answer = send(ann, "records.tick", &stale).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let text = answer.text().await.unwrap();
    assert!(text.contains("That was not done") && text.contains("by Ann after you read it"), "{text}");

    // Whoever may not change the project sees what is done, and nothing to press.
    let (_, page) = showroom.sam.page(&path).await;
    assert!(page.contains("Enquiry: 1 of 2 done") && !page.contains("do/records.tick"), "{page}");
    assert!(page.contains("Your permission crm.project.update is for"), "{page}");
    let tick =
        json!({ "entity": "project", "id": showroom.project, "version": 2, "item": "wishes_noted", "done": true });
    assert_eq!(post(&showroom.sam, "/operations/records.tick", &tick).await.0, StatusCode::FORBIDDEN);
    let (status, refused) = post(
        ann,
        "/operations/records.tick",
        &json!({ "entity": "project", "id": showroom.project, "version": 2, "item": "wishes_notd", "done": true }),
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refused.to_string().contains("did you mean wishes_noted?"), "{refused}");

    // The trail tells it, and it can be taken back.
    let (_, told) = showroom.grace.json(&format!("{API}/projects/{}/timeline", showroom.project)).await;
    let change = told["data"].as_array().unwrap().iter().find(|entry| entry["operation"] == "records.tick").unwrap();
    showroom.tick(ann, &["wishes_noted"]).await;
    let (status, plan) = post(&showroom.grace, "/operations/audit.undo", &json!({ "change": change["id"] })).await;
    assert_eq!((status, plan["done"].as_i64()), (StatusCode::OK, Some(1)), "{plan}");
    let left = showroom.read().await["checklist"].clone();
    assert!(left.get("client_called").is_none() && left.get("wishes_noted").is_some(), "only the one: {left}");
    let (_, document) = ann.json(&format!("{API}/openapi.json")).await;
    let ticks = &document["components"]["schemas"]["ProjectRecord"]["properties"]["checklist"];
    assert!(ticks.to_string().contains("client_called"), "{ticks}");
    showroom.server.end().await;
}

#[tokio::test]
async fn a_move_says_what_is_open_and_hands_the_project_over() {
    let showroom = Showroom::new().await;
    let ann = &showroom.ann;
    let (status, refused) = showroom.step(ann, "qualify", json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let says = "Move to Qualified needs Room and Budget, and what is open on the checklist of Enquiry: Client called back, Wishes and budget noted";
    assert_eq!(refused["message"].as_str().or(refused["detail"].as_str()), Some(says), "{refused}");
    showroom.visited().await;

    // The page of the move asks for what is missing, and offers those who have the role.
    let (status, asked) = ann.page(&format!("{}?move=survey_booked", showroom.page())).await;
    assert_eq!(status, StatusCode::OK);
    assert!(asked.contains("There it belongs to somebody with the role Surveyor."), "{asked}");
    let select = asked.split("name=\"values.owner\"").nth(1).and_then(|rest| rest.split("</select>").next()).unwrap();
    assert!(select.contains(">Sam<") && !select.contains(">Ann<") && !select.contains(">Grace<"), "{select}");
    let mut sent = form(&asked, "records.transition", "value=\"survey_booked\"");
    sent.push(("values.siteAddress".to_owned(), "5 Mill Lane".to_owned()));
    sent.push(("values.surveyOn".to_owned(), "2026-11-26T09:30".to_owned()));
    sent.push(("values.owner".to_owned(), String::new()));
    let answer = send(ann, "records.transition", &sent).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let again = answer.text().await.unwrap();
    assert!(again.contains("Survey booked is for an owner with the role Surveyor"), "{again}");
    assert!(again.contains("Choose Sam") && again.contains("value=\"5 Mill Lane\""), "what was typed stays: {again}");
    let sam = select.split("<option").find(|option| option.contains(">Sam<")).unwrap();
    let sam = sam.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut sent = form(&again, "records.transition", "value=\"survey_booked\"");
    sent.push(("values.siteAddress".to_owned(), "5 Mill Lane".to_owned()));
    sent.push(("values.surveyOn".to_owned(), "2026-11-26T09:30".to_owned()));
    sent.push(("values.owner".to_owned(), sam.to_owned()));
    let answer = send(ann, "records.transition", &sent).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let read = showroom.read().await;
    assert_eq!((&read["status"], &read["_labels"]["owner"]), (&json!("survey_booked"), &json!("Sam")), "{read}");

    // It is Sam's now: Ann sees it and moves it no more, and a designer is wanted next, whom nobody is.
    let (status, _) = showroom.step(ann, "finish_survey", json!({})).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    showroom.tick(&showroom.sam, &["access_agreed", "sizes_taken", "services_located", "photos_taken"]).await;
    let (status, answer) = showroom.step(&showroom.sam, "finish_survey", json!({})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    showroom.tick(&showroom.sam, &["plan_drawn", "risks_noted"]).await;
    let (_, page) = showroom.sam.page(&showroom.page()).await;
    assert!(page.contains("Needs an owner with the role Designer, which nobody has yet"), "{page}");
    let (status, refused) = showroom.step(&showroom.sam, "design", json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(refused.to_string().contains("Nobody has the role yet"), "{refused}");
    showroom.server.end().await;
}

#[tokio::test]
async fn what_is_late_is_said_on_the_board_the_record_and_in_lists() {
    let showroom = Showroom::new().await;
    let ann = &showroom.ann;
    let board = format!("{PAGES}?view=board");
    let (_, page) = ann.page(&board).await;
    assert!(page.contains("2 days left") && page.contains("0 of 2 done"), "{page}");
    // Sessions would end before days have gone by: it is the project that came earlier.
    let owner = showroom.server.world.owner().await;
    for (days, words) in [(2, "Due today"), (3, "3 days over")] {
        sqlx::query("update showroom_projects set status_due = status_due - $1, status_since = status_since - make_interval(days => $1)")
            .bind(days)
            .execute(&owner)
            .await
            .unwrap();
        let (_, page) = ann.page(&board).await;
        assert!(page.contains(words), "{words}: {page}");
    }
    owner.close().await;
    let (_, page) = ann.page(&showroom.page()).await;
    assert!(page.contains("3 days over") && page.contains("due by 17 Nov 2026"), "{page}");
    let (_, late) = ann.json(&format!("{API}/projects?filter=statusDue%20%3C%20today&sort=statusDue")).await;
    assert_eq!(late["data"].as_array().map(Vec::len), Some(1), "{late}");
    let (_, page) = ann.page(&format!("{PAGES}?view=over")).await;
    assert!(page.contains("Bathroom, 5 Mill Lane"), "{page}");
    // A move sets it going anew.
    showroom.visited().await;
    let (_, late) = ann.json(&format!("{API}/projects?filter=statusDue%20%3C%20today")).await;
    assert_eq!(late["data"].as_array().map(Vec::len), Some(0), "{late}");
    assert_eq!(showroom.read().await["statusDue"], "2026-12-04");
    showroom.server.end().await;
}
