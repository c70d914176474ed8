//! Calendars and timelines as pages: days on the workspace's clock, moves by form, what is refused in words, and what is nobody's to see.

use crate::support::{Client, Server};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

const API: &str = "/w/lakeside/api/v1";
const CALENDAR: &str = "/w/lakeside/activities?view=calendar";

async fn make(client: &Client, list: &str, row: Value) -> Value {
    let (status, answer) = client.write(Method::POST, &format!("{API}/{list}"), &row).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer["data"].clone()
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap()
}

/// Titles of the cards on a day, in their order.
fn on(page: &str, day: &str) -> Vec<String> {
    let Some(rest) = page.split(&format!("data-column=\"{day}\"")).nth(1) else { return Vec::new() };
    let cell = rest.split("data-column=").next().unwrap_or_default();
    let cell = cell.split("</ul>").next().unwrap_or_default().replace("<!>", "");
    let titles = cell.split("class=\"card-title\"").skip(1);
    // Behind what is only heard, and the marks of the renderer.
    titles.filter_map(|part| part.split("</a>").next()?.rsplit('>').next().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_month_a_week_and_a_day_show_rows_on_the_workspaces_days() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let harbour = server.world.tenant("harbour", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["USER"]).await;
    let (neema, _) = server.signed_in(&harbour, "Neema", &["USER"]).await;
    // Half past eleven at night in Nairobi is still the same day in UTC; half past midnight is not.
    for (subject, at) in [("Late call", "2026-11-20T20:30:00Z"), ("After midnight", "2026-11-20T21:30:00Z")] {
        make(&amina, "activities", json!({ "subject": subject, "kind": "call", "happenedOn": at })).await;
    }
    make(&amina, "activities", json!({ "subject": "No day", "kind": "call" })).await;
    make(&amina, "activities", json!({ "subject": "Next year", "kind": "call", "happenedOn": "2027-11-20T09:00:00Z" }))
        .await;
    let foreign = json!({ "subject": "Foreign", "kind": "call", "happenedOn": "2026-11-20T09:00:00Z" });
    let (status, _) = neema.write(Method::POST, "/w/harbour/api/v1/activities", &foreign).await;
    assert_eq!(status, StatusCode::CREATED);
    for scale in ["", "&scale=week", "&scale=agenda"] {
        let (status, page) = amina.page(&format!("{CALENDAR}{scale}")).await;
        assert_eq!(status, StatusCode::OK, "{scale}");
        assert_eq!(on(&page, "2026-11-20"), ["Late call"], "{scale}");
        assert_eq!(on(&page, "2026-11-21"), ["After midnight"], "{scale}");
        assert!(page.contains("23:30") && page.contains("00:30"), "{scale}");
        assert!(!page.contains("Next year") && !page.contains("No day") && !page.contains("Foreign"), "{scale}");
    }
    // Monday first, whole weeks, today marked, and the ways on.
    let (_, page) = amina.page(CALENDAR).await;
    assert!(page.contains("November 2026") && page.contains("data-column=\"2026-10-26\""));
    assert!(page.contains("data-column=\"2026-12-06\"") && !page.contains("data-column=\"2026-12-07\""));
    assert_eq!(page.matches("aria-current=\"date\"").count(), 1);
    assert!(page.contains("on=2026-10-01") && page.contains("on=2026-12-01"));
    let (_, page) = amina.page(&format!("{CALENDAR}&on=2027-11-01")).await;
    assert_eq!(on(&page, "2027-11-20"), ["Next year"]);
    let (_, page) = amina.page(&format!("{CALENDAR}&scale=day&on=2026-11-20")).await;
    assert!(on(&page, "2026-11-20") == ["Late call"] && !page.contains("After midnight"));
    // Filters and searches of the list hold, and come along to the other kinds.
    let filter = app::page::encode("subject starts with After");
    let (_, page) = amina.page(&format!("{CALENDAR}&filter={filter}")).await;
    assert!(on(&page, "2026-11-20").is_empty() && on(&page, "2026-11-21") == ["After midnight"]);
    assert!(page.contains(&format!("?view=all&amp;filter={filter}")), "the table keeps the filter");
    // A condition that is added comes back to the calendar.
    let answer = amina.get(&format!("{CALENDAR}&add.field=kind&add.op=%3D&add.value=call")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let to = answer.headers()[header::LOCATION].to_str().unwrap();
    assert!(to.contains("view=calendar") && to.contains("filter="), "{to}");
    server.end().await;
}

#[tokio::test]
async fn a_row_is_moved_to_another_day_by_its_form_and_refusals_are_said() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["USER"]).await;
    let (peter, _) = server.signed_in(&lakeside, "Peter", &["VIEWER"]).await;
    let task = make(&amina, "tasks", json!({ "title": "Call back", "dueOn": "2026-11-24" })).await;
    let page_of = "/w/lakeside/tasks?view=calendar";
    let (_, page) = amina.page(page_of).await;
    assert_eq!(on(&page, "2026-11-24"), ["Call back"]);
    assert!(page.contains("do/records.update") && page.contains("data-handle"));
    let moved = async |version: &str, day: &str, base: &str| {
        let fields = [
            ("entity", "task"),
            ("id", id(&task)),
            ("version", version),
            ("base.dueOn", base),
            ("values.dueOn", day),
            ("_page", page_of),
            ("_done", "Task moved"),
        ];
        amina.form("/w/lakeside/do/records.update", &fields).await
    };
    let answer = moved("1", "2026-11-26", "\"2026-11-24\"").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], page_of);
    let (_, page) = amina.page(page_of).await;
    assert!(on(&page, "2026-11-24").is_empty() && on(&page, "2026-11-26") == ["Call back"]);
    let (_, row) = amina.json(&format!("{API}/tasks/{}", id(&task))).await;
    assert_eq!((&row["data"]["dueOn"], &row["data"]["version"]), (&json!("2026-11-26"), &json!(2)));

    // Whoever still looks at the old page is told, and what they chose stays in the form.
    let late = moved("1", "2026-11-27", "\"2026-11-24\"").await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let page = late.text().await.unwrap();
    assert!(page.contains("was changed by Amina after you read it") && page.contains("value=\"2026-11-27\""), "{page}");
    // What is no day is said beside the control, with what was typed.
    let wrong = moved("2", "2026-02-31", "\"2026-11-26\"").await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = wrong.text().await.unwrap();
    assert!(page.contains("It was not moved") && page.contains("a day that does not exist"), "{page}");
    assert!(page.contains("value=\"2026-02-31\""), "what was typed stays");
    let (_, row) = amina.json(&format!("{API}/tasks/{}", id(&task))).await;
    assert_eq!(row["data"]["dueOn"], json!("2026-11-26"));

    // Who may only look gets no handle and the reason, and nowhere to make something new.
    let (_, page) = peter.page(page_of).await;
    assert_eq!(on(&page, "2026-11-26"), ["Call back"]);
    assert!(!page.contains("data-handle") && !page.contains("do/records.update"));
    assert!(page.contains("Needs the permission crm.task.update") && !page.contains("cal-new"));
    // Something new on a day: the form opens with it, and leads back.
    let (_, page) = amina.page(page_of).await;
    let link =
        page.split("<a ").find(|link| link.split('>').next().is_some_and(|tag| tag.contains("cal-new"))).unwrap();
    let new = link.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let (status, form) = amina.page(&new).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        form.contains("value=\"2026-10-26\"")
            && form.contains("name=\"_next\" value=\"/w/lakeside/tasks?view=calendar\""),
        "{new}"
    );
    // A field that knows no future offers none.
    let (_, page) = amina.page("/w/lakeside/leads?view=calendar").await;
    assert!(page.contains("Enquired on cannot be after today"));
    assert!(page.contains("enquiredOn=2026-11-20") && !page.contains("enquiredOn=2026-11-21"));
    server.end().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_a_kind_without_days_is_not_found() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["USER"]).await;
    for (query, words) in [
        ("view=calendar&date=dueno", "did you mean dueOn?"),
        ("view=calendar&date=title", "Tasks have no days by title"),
        ("view=calendar&on=2026-02-31", "2026-02-31 is not a day"),
        ("view=calendar&on=99999-01-01", "is not a day"),
        ("view=calendar&scale=decade", "decade is no stretch of days"),
        ("view=calendar&filter=stauts%20%3D%20new", "did you mean status?"),
        ("view=timeline&group=title", "Tasks cannot be grouped by title"),
        ("view=calendar&search=x&as_of=2026-11-20T11:00:00Z", "are not searched by words"),
    ] {
        let (status, page) = amina.page(&format!("/w/lakeside/tasks?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(page.contains(words), "{query}: {words}");
    }
    // The ends of what a date can hold are walked into and not out of.
    for on in ["1900-01-01", "2100-12-31"] {
        for rest in ["view=calendar", "view=calendar&scale=week", "view=calendar&scale=agenda", "view=timeline"] {
            let (status, _) = amina.page(&format!("/w/lakeside/tasks?{rest}&on={on}")).await;
            assert_eq!(status, StatusCode::OK, "{rest} {on}");
        }
    }
    // Customers have no day but when they were made; where there is none, there is no calendar.
    for kind in ["calendar", "timeline"] {
        let (status, _) = amina.page(&format!("/w/lakeside/customers?view={kind}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    let (_, page) = amina.page("/w/lakeside/customers").await;
    assert!(!page.contains("view=calendar"));
    // What is not described has a calendar all the same, by the first of its days.
    make(&amina, "tasks", json!({ "title": "Some task", "dueOn": "2026-11-24" })).await;
    let (status, page) = amina.page("/w/lakeside/activities?view=timeline&scale=month").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Happened on"));
    // As it stood: before anything was made, and nothing can be moved.
    let (status, page) = amina.page("/w/lakeside/tasks?view=calendar&as_of=2026-11-20T11:00:00Z").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        on(&page, "2026-11-24").is_empty() && page.contains("This is how it stood") && !page.contains("data-handle")
    );
    server.end().await;
}

#[tokio::test]
async fn a_timeline_draws_bars_and_says_them_and_a_crowd_is_cut_with_words() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, caller) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let customer = make(&amina, "customers", json!({ "name": "Lakeside" })).await;
    let of = id(&customer);
    let deal = |name: &str, close: &str| json!({ "name": name, "customer": of, "closeOn": close });
    make(&amina, "opportunities", deal("Short", "2026-11-25")).await;
    make(&amina, "opportunities", deal("Long", "2027-03-01")).await;
    let (status, page) = amina.page("/w/lakeside/opportunities?view=timeline").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Oct – Dec 2026") && page.matches("class=\"tl-bar\"").count() == 2, "{page}");
    // In words as well, and what goes on beyond the edge has a mark.
    assert!(page.contains("20 – 25 Nov 2026") && page.contains("20 Nov 2026 – 1 Mar 2027"));
    assert_eq!(page.matches("tl-on is-end").count(), 1);
    let (_, page) = amina.page("/w/lakeside/opportunities?view=timeline&group=owner&scale=month").await;
    assert!(page.contains("November 2026") && page.replace("<!>", "").contains("<span dir=\"auto\">Amina</span>"));
    let (_, page) = amina.page("/w/lakeside/opportunities?view=timeline&end=").await;
    assert_eq!((page.matches("class=\"tl-point\"").count(), page.contains("class=\"tl-bar\"")), (2, false));
    // Still going on next year: it began before and is drawn from the edge.
    let (_, page) = amina.page("/w/lakeside/opportunities?view=timeline&on=2027-02-01").await;
    assert!(page.contains(">Long<") && !page.contains(">Short<"));

    // A crowd on one day: five hundred are read, and the page says so; the grid shows three and leads on.
    let owner = server.world.owner().await;
    sqlx::query(
        "insert into tasks (tenant_id, id, number, status, title, title_norm, due_on, created_by)
         select $1, gen_random_uuid(), 'TASK-9' || lpad(i::text, 5, '0'), 'open', 'Task ' || i, 'task ' || i,
             date '2026-11-01' + i / 40, $2 from generate_series(0, 799) i",
    )
    .bind(lakeside.id.0)
    .bind(caller.access.member.0)
    .execute(&owner)
    .await
    .unwrap();
    owner.close().await;
    let (_, page) = amina.page("/w/lakeside/tasks?view=calendar").await;
    assert!(page.contains("500 of 800 shown, up to 13 Nov 2026"), "{page}");
    assert_eq!(on(&page, "2026-11-02").len(), 3);
    assert!(page.contains("+ 37 more") && page.contains("scale=day&amp;on=2026-11-02"));
    assert!(page.contains("Not all shown") && page.contains("Not shown"));
    let (_, page) = amina.page("/w/lakeside/tasks?view=calendar&scale=day&on=2026-11-18").await;
    assert_eq!(on(&page, "2026-11-18").len(), 40);
    assert!(!page.contains("Narrow the filter or choose fewer days"));
    server.end().await;
}

#[tokio::test]
async fn a_saved_view_remembers_the_kind_and_its_days() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    make(&amina, "tasks", json!({ "title": "Due", "dueOn": "2026-11-24" })).await;
    let (_, page) = amina.page("/w/lakeside/tasks?view=calendar&scale=week").await;
    assert!(!page.contains(">Changed<"), "to go through weeks changes nothing");
    let (_, page) = amina.page("/w/lakeside/tasks?view=calendar&date=createdAt&scale=week").await;
    assert!(page.contains(">Changed<") && page.contains("Save as"));
    let (_, page) = amina.page("/w/lakeside/tasks/views?view=calendar&date=createdAt&scale=week").await;
    assert!(page.contains("As a calendar by Created."), "{page}");
    assert!(
        page.contains("name=\"content.kind\" value=\"calendar\"")
            && page.contains("name=\"content.scale\" value=\"week\"")
    );
    let fields = [
        ("entity", "task"),
        ("label", "Made this week"),
        ("content.kind", "calendar"),
        ("content.date", "createdAt"),
        ("content.scale", "week"),
        ("pinned", "true"),
        ("_page", "/w/lakeside/tasks/views"),
        ("_next", "/w/lakeside/tasks?view={id}"),
    ];
    let answer = amina.form("/w/lakeside/do/views.create", &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let opened = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let (_, page) = amina.page(&opened).await;
    assert!(page.contains("16 – 22 Nov 2026") && on(&page, "2026-11-20") == ["Due"], "{page}");
    assert!(!page.contains(">Changed<") && page.contains("Created is set by the system"));
    let (_, page) = amina.page(&format!("{opened}&scale=month")).await;
    assert!(page.contains(">Changed<") && page.contains("Back to Made this week"));
    let (_, page) = amina.page("/w/lakeside/tasks/views").await;
    assert!(page.contains("Calendar · Private"));
    for content in [
        json!({ "kind": "calendar", "date": "title" }),
        json!({ "kind": "calendar", "scale": "decade" }),
        json!({ "kind": "timeline", "end": "nothing" }),
    ] {
        let wrong = json!({ "entity": "task", "label": "No", "content": content });
        let (status, answer) = amina.write(Method::POST, &format!("{API}/operations/views.create"), &wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    }
    server.end().await;
}
