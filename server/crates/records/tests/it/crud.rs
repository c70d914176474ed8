//! Create, read, change, throw away, put back.

use crate::world::{World, at, object, with};
use domain::records::{DeleteRecord, ListRecords, RestoreRecord, TransitionRecord, UpdateRecord};
use domain::schema::Filter;
use domain::schema::ListQuery;
use domain::{Kind, Reach};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn a_record_is_created_with_what_it_needs_and_told() {
    let world = World::new().await;
    let here = &world.here;
    let lead = world
        .create(&here.user, "lead", json!({ "name": "  Lake  House ", "email": "Lake@X.com", "value": { "amount": "1,250.5", "currency": "KES" } }))
        .await
        .unwrap();
    assert_eq!(lead.text("number"), Some("LEAD-000001"));
    assert_eq!(lead.text("status"), Some("new"));
    assert_eq!(lead.text("name"), Some("Lake  House"));
    assert_eq!(lead.values["value"], json!({ "amount": "1250.50", "currency": "KES" }));
    assert_eq!(lead.text("owner"), Some(here.user.access.member.to_string().as_str()));
    assert_eq!((lead.label("owner"), lead.label("createdBy")), (Some("Uma User"), Some("Uma User")));
    assert_eq!((lead.version, lead.text("createdAt")), (1, Some("2026-11-20T12:00:00Z")));
    assert_eq!(lead.values["phone"], Value::Null);
    assert_eq!(world.get(&here.viewer, "lead", lead.id).await.unwrap(), lead);
    let told: Vec<(String, String, Option<Value>, Value)> = sqlx::query_as(
        "select c.operation, e.type, c.before, c.after from changes c join events e on e.change_id = c.id",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    let [(operation, event, None, after)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((operation.as_str(), event.as_str()), ("records.create", "crm.lead.created"));
    assert_eq!(
        (&after["email"], &after["version"], &after["status"]),
        (&json!("Lake@X.com"), &json!(1), &json!("new"))
    );
    world.end().await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let world = World::new().await;
    let wrong = json!({
        "emial": "a@b.co", "email": "nobody", "status": "won", "number": "LEAD-9", "id": "x", "tenantId": "x", "version": 3,
        "createdAt": "2026-01-01T00:00:00Z", "customer": Uuid::nil(), "value": { "amount": "1", "currency": "ZZZ" }, "country": "XX"
    });
    let error = world.create(&world.here.user, "lead", wrong).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(at(&error, "emial").contains("did you mean email"), "{error:?}");
    assert!(at(&error, "email").contains("no @"));
    for field in ["status", "number", "id", "tenantId", "version", "createdAt", "customer", "value", "country"] {
        at(&error, field);
    }
    assert_eq!(at(&error, "name"), "Name is required");
    assert_eq!(error.fields.len(), 12);
    assert_eq!((world.count("leads").await, world.count("changes").await), (0, 0));
    world.end().await;
}

#[tokio::test]
async fn defaults_are_filled_in_unless_something_is_said() {
    let world = World::new().await;
    let user = &world.here.user;
    let plain = world.create(user, "sample", json!({ "name": "A" })).await.unwrap();
    let none = world.create(user, "sample", json!({ "name": "B", "colour": null, "owner": null })).await.unwrap();
    assert_eq!((plain.text("colour"), none.text("colour"), none.text("owner")), (Some("green"), None, None));
    world.end().await;
}

#[tokio::test]
async fn every_type_comes_back_as_it_went_in() {
    let world = World::new().await;
    let user = with(&world.here.user, |access| {
        access.grants.0.insert(crate::sample::MARGIN.to_owned(), Reach::All);
    });
    let lead = world.lead_of(&user, "Target").await;
    let values = json!({
        "name": "Ünïcode \"quoted\" \\ 🚗", "code": "A-1", "email": "a@b.co", "phone": "+254 700 123", "country": "KE", "pieces": -7,
        "weight": "-12.345", "price": { "amount": "-4938", "currency": "JPY" }, "fragile": false, "day": "2026-02-28",
        "moment": "2026-11-21T09:30:15Z", "colour": "red", "lead": lead.id, "keeper": world.here.rep.access.member,
        "share": "12.50", "length": 5_400, "site": "https://example.com/ä?b=c", "tags": ["new", "sold"], "serial": "AB-123",
        "address": { "street": "Moi Avenue 4\nFloor 2", "postcode": "00100", "city": "Nairobi", "country": "KE" },
        "place": { "lat": "-1.292100", "lon": "36.821900" },
        "margin": { "amount": "1.250", "currency": "KWD" }, "secret": "s", "note": "two\nlines\t", "owner": world.here.boss.access.member
    });
    let made = world.create(&user, "sample", values.clone()).await.unwrap();
    for (key, value) in object(values) {
        let value = if key == "note" { json!("two\nlines") } else { value };
        assert_eq!(made.values[&key], value, "{key}");
    }
    assert_eq!((made.label("lead"), made.label("keeper")), (Some("Target"), Some("Rita Rep")));
    // What a new row points at is called as it is when it is read, be it others, oneself or nothing.
    assert_eq!(world.get(&user, "sample", made.id).await.unwrap(), made);
    let own = json!({ "name": "Own", "keeper": world.here.user.access.member, "owner": null });
    let own = world.create(&user, "sample", own).await.unwrap();
    assert_eq!((own.label("lead"), own.label("keeper"), own.label("owner")), (None, Some("Uma User"), None));
    assert_eq!(world.get(&user, "sample", own.id).await.unwrap(), own);
    // Emptied again, one by one and together.
    let mut empty: Value = json!({});
    for field in world.sample().editable().filter(|field| !field.required) {
        empty[&field.key] = Value::Null;
    }
    let emptied = world.update(&user, "sample", &made, empty.clone()).await.unwrap();
    for key in object(empty).keys() {
        assert_eq!(emptied.values[key], Value::Null, "{key}");
    }
    assert!(emptied.label("lead").is_none());
    world.end().await;
}

/// What is written loosely is kept in one form, and what no field of the type can hold is refused in words that say what to do.
#[tokio::test]
async fn types_of_more_than_a_word_are_strict_and_forgiving() {
    let world = World::new().await;
    let user = &world.here.user;
    let loose = json!({
        "name": "A", "share": 7.5, "length": "1h 30m", "site": "example.com", "tags": ["sold", "new", "sold"],
        "address": { "city": " Nairobi ", "country": "ke", "region": "" }, "place": { "lat": -1.2921, "lon": 36.8219 }, "serial": " AB-123 ",
    });
    let made = world.create(user, "sample", loose).await.unwrap();
    for (key, value) in [
        ("share", json!("7.50")),
        ("length", json!(5_400)),
        ("site", json!("https://example.com")),
        ("tags", json!(["new", "sold"])),
        ("address", json!({ "city": "Nairobi", "country": "KE" })),
        ("place", json!({ "lat": "-1.292100", "lon": "36.821900" })),
        ("serial", json!("AB-123")),
    ] {
        assert_eq!(made.values[key], value, "{key}");
    }
    let same =
        world.update(user, "sample", &made, json!({ "tags": ["sold", "new"], "length": "90 min" })).await.unwrap();
    assert_eq!(same.version, made.version, "nothing differs");
    for (key, value, words) in [
        ("share", json!("12.345"), "12.345 has more than 2 decimals"),
        ("share", json!("-100.01"), "-100.01 is below the least allowed, -100.00"),
        ("length", json!("90"), "90 has no unit; write 90h for hours or 90m for minutes"),
        ("length", json!(-1), "-1 s is below the least allowed, 0 min"),
        (
            "site",
            json!("javascript:alert(1)"),
            "javascript:alert(1) is not an address of the web: it names no site, such as example.com",
        ),
        (
            "site",
            json!("ftp://x.example"),
            "ftp://x.example is not an address of the web: it begins with http:// or https://",
        ),
        ("tags", json!("new"), "\"new\" should be a list of choices"),
        ("tags", json!(["nwe"]), "nwe is not one of the choices; did you mean New?"),
        (
            "address",
            json!({ "town": "x" }),
            "town is no part of an address; it has street, postcode, city, region and country",
        ),
        (
            "address",
            json!({ "country": "Kenya" }),
            "Country: Kenya is not a country code; use two letters such as KE or DE",
        ),
        ("place", json!("91, 0"), "The latitude 91 is outside -90 to 90 degrees"),
        ("place", json!({ "lat": 1 }), "The point has no lon; it is written as lat and lon, in degrees"),
        (
            "serial",
            json!("ab-123"),
            "ab-123 does not fit; write it as two capitals, a dash and three digits, such as AB-123",
        ),
        (
            "serial",
            json!("AB-1234"),
            "AB-1234 does not fit; write it as two capitals, a dash and three digits, such as AB-123",
        ),
    ] {
        let refused = world.update(user, "sample", &made, json!({ key: value })).await.unwrap_err();
        assert_eq!(refused.fields[0].message, words, "{key}");
    }
    // Several choices are asked for one by one.
    let filtered = |text: &'static str| {
        let filter = Filter::parse(text, &world.sample()).unwrap();
        let world = &world;
        async move { world.all(user, "sample", Some(filter)).await.unwrap().len() }
    };
    world.create(user, "sample", json!({ "name": "B", "tags": ["odd"] })).await.unwrap();
    world.create(user, "sample", json!({ "name": "C" })).await.unwrap();
    for (text, rows) in [
        ("tags = sold", 1),
        ("tags in (new, odd)", 2),
        ("tags = \"Odd, or so\"", 1),
        ("tags != new", 2),
        ("tags not in (new, odd)", 1),
        ("tags is empty", 1),
        ("length >= 1h and length <= \"90 min\"", 1),
        ("length = 5400", 1),
        ("share > 7 and share < 7.51", 1),
        ("site starts with https://exa", 1),
    ] {
        assert_eq!(filtered(text).await, rows, "{text}");
    }
    assert!(
        Filter::parse("place = x", &world.sample()).is_err() && Filter::parse("address = x", &world.sample()).is_err()
    );
    world.end().await;
}

/// Figures over other rows: of those that the reader may see, at the moment of reading.
#[tokio::test]
async fn figures_count_what_the_reader_may_see() {
    let world = World::new().await;
    let people = &world.here;
    let lead = world.lead_of(&people.user, "Lake").await;
    let kes = |amount: &str| json!({ "amount": amount, "currency": "KES" });
    let sample = |name: &str, owner: &platform::Caller, more: Value| {
        let mut values = json!({ "name": name, "lead": lead.id, "owner": owner.access.member });
        values.as_object_mut().unwrap().extend(object(more));
        values
    };
    for values in [
        sample(
            "A",
            &people.rep,
            json!({ "colour": "red", "weight": "1.250", "price": kes("10"), "day": "2026-11-20" }),
        ),
        sample(
            "B",
            &people.rep,
            json!({ "colour": "red", "weight": "0.250", "price": kes("2.50"), "day": "2026-11-01" }),
        ),
        sample("C", &people.user, json!({ "price": kes("-1"), "moment": "2026-11-20T10:00:00Z" })),
        json!({ "name": "Of nobody" }),
    ] {
        world.create(&people.user, "sample", values).await.unwrap();
    }
    let gone = world.create(&people.user, "sample", sample("D", &people.rep, json!({ "weight": "99" }))).await.unwrap();
    world.run(&people.admin, DeleteRecord { entity: "sample".to_owned(), id: gone.id, version: None }).await.unwrap();
    let of = |record: &domain::records::Record| {
        ["samples", "redSamples", "weight", "worth", "margin", "firstDay", "lastMoment"]
            .map(|key| record.values[key].clone())
    };
    let all = [
        json!(3),
        json!(1),
        json!("1.500"),
        kes("11.50"),
        Value::Null,
        json!("2026-11-01"),
        json!("2026-11-20T10:00:00Z"),
    ];
    assert_eq!(of(&world.get(&people.user, "lead", lead.id).await.unwrap()), all);
    // The same in a list, and where a write answers the row.
    let listed = world.all(&people.user, "lead", None).await.unwrap();
    assert_eq!(of(&listed[0]), all);
    let mut lead = world
        .update(&people.user, "lead", &lead, json!({ "city": "Kisumu", "owner": people.rep.access.member }))
        .await
        .unwrap();
    assert_eq!(of(&lead), all);
    // Who reads only what is theirs counts only that.
    let own = world.get(&people.rep, "lead", lead.id).await.unwrap();
    assert_eq!((&own.values["samples"], &own.values["worth"]), (&json!(2), &kes("12.50")));
    // Two currencies have no sum; a hidden field has none for whoever may not read it.
    world
        .create(
            &people.user,
            "sample",
            sample("E", &people.user, json!({ "price": { "amount": "1", "currency": "EUR" } })),
        )
        .await
        .unwrap();
    assert_eq!(world.get(&people.user, "lead", lead.id).await.unwrap().values["worth"], Value::Null);
    let trusted = with(&people.user, |access| {
        access.grants.0.insert(crate::sample::MARGIN.to_owned(), Reach::All);
    });
    world.create(&trusted, "sample", sample("F", &people.user, json!({ "margin": kes("3") }))).await.unwrap();
    assert_eq!(world.get(&trusted, "lead", lead.id).await.unwrap().values["margin"], kes("3.00"));
    assert_eq!(world.get(&people.user, "lead", lead.id).await.unwrap().values["margin"], Value::Null);
    // Nobody types them, and the other workspace counts its own.
    lead = world.get(&people.user, "lead", lead.id).await.unwrap();
    let refused = world.update(&people.user, "lead", &lead, json!({ "samples": 5 })).await.unwrap_err();
    assert_eq!(refused.fields[0].message, "samples is set by the server");
    let there = world.lead_of(&world.there.user, "Lake").await;
    assert_eq!((&there.values["samples"], &there.values["weight"]), (&json!(0), &Value::Null));
    world.end().await;
}

/// What is computed follows in every way of writing: one row, a move, many at once, back again.
#[tokio::test]
async fn computed_values_follow_what_they_are_computed_from() {
    let world = World::new().await;
    let user = &world.here.user;
    let entity = world.sample();
    let kes = |amount: &str| json!({ "amount": amount, "currency": "KES" });
    let made = world
        .create(user, "sample", json!({ "name": "A", "price": kes("12.50"), "pieces": 4, "day": "2026-11-20" }))
        .await
        .unwrap();
    assert_eq!((&made.values["worth"], &made.values["dear"]), (&kes("50.00"), &json!(false)));
    let refused = world.update(user, "sample", &made, json!({ "worth": kes("1") })).await.unwrap_err();
    assert_eq!(refused.fields[0].message, "Worth is set by the server");
    let dearer = world.update(user, "sample", &made, json!({ "pieces": 10 })).await.unwrap();
    assert_eq!((&dearer.values["worth"], &dearer.values["dear"]), (&kes("125.00"), &json!(true)));
    let (before, after): (Value, Value) =
        sqlx::query_as("select before, after from changes where record_id = $1 and before is not null")
            .bind(made.id)
            .fetch_one(&world.owner)
            .await
            .unwrap();
    assert_eq!((&before["worth"], &after["worth"], &after["dear"]), (&kes("50.00"), &kes("125.00"), &json!(true)));
    let poorer = world.update(user, "sample", &dearer, json!({ "price": null })).await.unwrap();
    assert_eq!((&poorer.values["worth"], &poorer.values["dear"]), (&Value::Null, &json!(false)));
    let priced = world.update(user, "sample", &poorer, json!({ "price": kes("1") })).await.unwrap();
    let finish = TransitionRecord {
        entity: "sample".to_owned(),
        id: priced.id,
        version: None,
        name: None,
        to: Some("ready".to_owned()),
        pipeline: None,
        values: object(json!({})),
    };
    let ready = world.run(user, finish).await.unwrap();
    assert_eq!(ready.values["dear"], json!(true), "a move counts too");
    // Many at once, and back.
    let mut ctx = world.open(user).await;
    let change = object(json!({ "pieces": 20 }));
    let changed = records::update_many(&mut ctx, &entity, vec![(ready.id, ready.version, change)]).await.unwrap();
    let records::Updated::Changed { version, before } = &changed[0] else { panic!("{changed:?}") };
    assert_eq!(before.get("worth"), Some(&kes("10.00")));
    let back = vec![(ready.id, *version, before.clone())];
    records::revert_many(&mut ctx, &entity, back).await.unwrap();
    ctx.commit().await.unwrap();
    let now = world.get(user, "sample", ready.id).await.unwrap();
    assert_eq!((&now.values["worth"], &now.values["pieces"]), (&kes("10.00"), &json!(10)));
    let found = world.all(user, "sample", Some(Filter::parse("worth = 10 and dear = true", &entity).unwrap())).await;
    assert_eq!(found.unwrap().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn an_update_tells_what_differs_and_nothing_else() {
    let world = World::new().await;
    let user = &world.here.user;
    let lead = world
        .create(
            user,
            "lead",
            json!({ "name": "Lake", "city": "Kisumu", "value": { "amount": "5", "currency": "EUR" } }),
        )
        .await
        .unwrap();
    let same = world
        .update(user, "lead", &lead, json!({ "name": "Lake", "value": { "amount": "5.00", "currency": "EUR" } }))
        .await
        .unwrap();
    assert_eq!(same, lead);
    let changed = world.update(user, "lead", &lead, json!({ "name": "Lake", "city": "Nairobi" })).await.unwrap();
    assert_eq!(
        (changed.version, changed.text("city"), changed.label("updatedBy")),
        (2, Some("Nairobi"), Some("Uma User"))
    );
    let told: Vec<(String, Value, Value)> =
        sqlx::query_as("select e.type, c.before, c.after from changes c join events e on e.change_id = c.id where c.before is not null")
            .fetch_all(&world.owner)
            .await
            .unwrap();
    let before = json!({ "city": "Kisumu", "version": 1 });
    assert_eq!(told, [("crm.lead.updated".to_owned(), before, json!({ "city": "Nairobi", "version": 2 }))]);
    for (values, field) in
        [(json!({ "status": "won" }), "status"), (json!({ "name": null }), "name"), (json!({ "cty": "x" }), "cty")]
    {
        let error = world.update(user, "lead", &changed, values).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        at(&error, field);
    }
    let none = UpdateRecord {
        entity: "lead".to_owned(),
        id: lead.id,
        version: None,
        values: object(json!({ "city": "x" })),
        base: None,
    };
    assert_eq!(world.run(user, none).await.unwrap_err().kind, Kind::VersionRequired);
    world.end().await;
}

#[tokio::test]
async fn two_living_records_do_not_share_a_unique_value() {
    let world = World::new().await;
    let user = &world.here.user;
    let first = world.create(user, "lead", json!({ "name": "One", "email": "Jo@x.com" })).await.unwrap();
    let error = world.create(user, "lead", json!({ "name": "Two", "email": " jo@X.COM " })).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert_eq!(at(&error, "email"), "Another lead already has this e-mail: LEAD-000001");
    // Who may not see the holder is not told who it is; the other workspace is another world.
    let error = world.create(&world.here.rep, "lead", json!({ "name": "Two", "email": "jo@x.com" })).await.unwrap_err();
    assert_eq!(at(&error, "email"), "Another lead already has this e-mail");
    world.create(&world.there.user, "lead", json!({ "name": "Two", "email": "jo@x.com" })).await.unwrap();
    let second = world.create(user, "lead", json!({ "name": "Two" })).await.unwrap();
    let error = world.update(user, "lead", &second, json!({ "email": "JO@x.com" })).await.unwrap_err();
    assert_eq!(at(&error, "email"), "Another lead already has this e-mail: LEAD-000001");
    // In the trash it holds nothing, and comes back only while nobody else does.
    let gone = world.run(user, DeleteRecord { entity: "lead".to_owned(), id: first.id, version: None }).await.unwrap();
    assert_eq!(gone.deleted_at.as_deref(), Some("2026-11-20T12:00:00Z"));
    let second = world.update(user, "lead", &second, json!({ "email": "JO@x.com" })).await.unwrap();
    let restore = RestoreRecord { entity: "lead".to_owned(), id: first.id };
    let error = world.run(user, restore.clone()).await.unwrap_err();
    assert!(at(&error, "email").ends_with(second.text("number").unwrap()), "{error}");
    world.update(user, "lead", &second, json!({ "email": null })).await.unwrap();
    let back = world.run(user, restore).await.unwrap();
    assert_eq!((back.deleted_at, back.version), (None, 3));
    world.end().await;
}

#[tokio::test]
async fn the_trash_is_for_those_who_may_empty_it() {
    let world = World::new().await;
    let here = &world.here;
    let lead = world.lead_of(&here.user, "Gone").await;
    let others = world.lead_of(&here.admin, "Kept").await;
    let delete = |id, version| DeleteRecord { entity: "lead".to_owned(), id, version };
    assert_eq!(world.run(&here.viewer, delete(lead.id, None)).await.unwrap_err().kind, Kind::Forbidden);
    // Users may throw away their own only; they see the other one, so they are told.
    assert_eq!(world.run(&here.user, delete(others.id, None)).await.unwrap_err().kind, Kind::Forbidden);
    assert_eq!(world.run(&here.user, delete(lead.id, Some(7))).await.unwrap_err().kind, Kind::Stale);
    world.run(&here.user, delete(lead.id, Some(1))).await.unwrap();
    assert_eq!(world.run(&here.user, delete(lead.id, None)).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(world.update(&here.user, "lead", &lead, json!({ "city": "x" })).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(world.get(&here.viewer, "lead", lead.id).await.unwrap_err().kind, Kind::NotFound);
    assert!(world.get(&here.user, "lead", lead.id).await.unwrap().deleted_at.is_some());
    assert!(world.get(&here.admin, "lead", lead.id).await.unwrap().deleted_at.is_some());
    world.run(&here.admin, delete(others.id, None)).await.unwrap();
    let trash = |caller| {
        world.run(
            caller,
            ListRecords { entity: "lead".to_owned(), query: ListQuery { trash: true, ..ListQuery::default() } },
        )
    };
    let ids = |page: domain::records::Page| page.records().unwrap().iter().map(|record| record.id).collect::<Vec<_>>();
    assert_eq!(ids(trash(&here.user).await.unwrap()), [lead.id]);
    assert_eq!(ids(trash(&here.admin).await.unwrap()).len(), 2);
    assert_eq!(trash(&here.viewer).await.unwrap_err().kind, Kind::Forbidden);
    assert!(world.all(&here.admin, "lead", None).await.unwrap().is_empty());
    world.end().await;
}

#[tokio::test]
async fn numbers_go_on_without_a_gap_while_one_person_works() {
    let world = World::new().await;
    for expected in ["LEAD-000001", "LEAD-000002", "LEAD-000003"] {
        assert_eq!(world.lead_of(&world.here.user, "x").await.text("number"), Some(expected));
        world.test.clock.advance(chrono::Duration::seconds(1));
    }
    assert_eq!(world.lead_of(&world.there.user, "x").await.text("number"), Some("LEAD-000001"));
    world.end().await;
}

#[tokio::test]
async fn many_creations_at_once_get_numbers_of_their_own() {
    let world = World::new().await;
    let mut tasks = Vec::new();
    for name in 0..8 {
        let (platform, caller) = (world.platform.clone(), world.here.user.clone());
        tasks.push(tokio::spawn(async move {
            let mut numbers = Vec::new();
            for _ in 0..25 {
                let operation = domain::records::CreateRecord {
                    entity: "lead".to_owned(),
                    values: object(json!({ "name": format!("n{name}") })),
                };
                let made = platform.clone().backend(caller.clone()).run(operation).await.unwrap();
                numbers.push(made.text("number").unwrap().to_owned());
            }
            numbers
        }));
    }
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.extend(task.await.unwrap());
    }
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 200);
    assert_eq!(world.count("events").await, 200);
    world.end().await;
}
