//! What becomes of rows: links by name, states through their gates, updates by key.

use crate::support::*;
use domain::imports::Existing;
use serde_json::json;
use testkit::TestWorld;

async fn reasons(
    world: &TestWorld,
    caller: &platform::dispatch::Caller,
    import: &domain::imports::Import,
) -> Vec<String> {
    refusals(world, caller, import).await.into_iter().map(|(row, _, reason)| format!("{row}: {reason}")).collect()
}

#[tokio::test]
async fn members_and_records_are_found_by_their_names() {
    let world = world().await;
    let (demo, amina) = demo(&world).await;
    world.member(&demo, "Sam One", &["USER"]).await;
    let other = world.user("Sam One", "sam@elsewhere.example").await;
    world.join(&demo, other, &["USER"], None).await;
    let lake = create(&world, &amina, "customer", json!({ "name": "Lake Motors" })).await;
    for name in ["Twin", "twin "] {
        create(&world, &amina, "customer", json!({ "name": name })).await;
    }
    let content = format!(
        "Subject,Customer,Owner,Type,When\n\
         By name,lake  MOTORS,john,Call,2026-11-20T10:00:00Z\n\
         By number,{},amina@demo.example,,\n\
         Two of them,Twin,,note,\n\
         None,River Motors,,note,\n\
         Who,,Sam One,note,\n\
         Kind,,,dance,\n",
        lake.text("number").unwrap().to_lowercase()
    );
    let import = ready(&world, &amina, "activity", &content, Existing::Skip).await;
    let shown = preview(&world, &amina, &import).await;
    assert_eq!(
        (&shown.rows[0].values["customer"], &shown.rows[0].values["owner"]),
        (&json!("Lake Motors"), &json!("John"))
    );
    let import = finish(&world, &amina, &import).await;
    assert_eq!((import.created, import.refused), (2, 4));
    let rows = all(&world, &amina, "activity", "").await;
    assert!(rows.iter().all(|row| row.text("customer") == Some(lake.id.to_string().as_str())));
    assert_eq!((rows[0].label("owner"), rows[0].text("kind")), (Some("John"), Some("call")));
    assert_eq!(
        (rows[1].label("owner"), rows[1].text("kind")),
        (Some("Amina"), Some("note")),
        "the default of the description"
    );
    let reasons = reasons(&world, &amina, &import).await;
    for (reason, words) in reasons.iter().zip([
        "3: Twin is the name of 2 records",
        "4: River Motors is not a known customer",
        "5: Sam One is the name of 2 members",
        "6: dance is not one of the choices",
    ]) {
        assert!(reason.starts_with(words), "{reason}: {words}");
    }
    world.end().await;
}

#[tokio::test]
async fn who_reaches_less_finds_less() {
    let world = world().await;
    let (demo, amina) = demo(&world).await;
    create(&world, &amina, "customer", json!({ "name": "Hers" })).await;
    some_lead(&world, &amina, "Taken").await;
    let grants = json!({ "crm.*.read": "own", "crm.*.create": "own", "crm.*.import": "own", "crm.*.update": "own" });
    let owner = world.owner().await;
    sqlx::query("insert into roles (tenant_id, key, label, grants) values ($1, 'CLERK', 'Clerk', $2)")
        .bind(demo.id.0)
        .bind(grants)
        .execute(&owner)
        .await
        .unwrap();
    let clerk = world.member(&demo, "Clerk", &["CLERK"]).await;
    create(&world, &clerk, "customer", json!({ "name": "Mine" })).await;
    let import =
        import(&world, &clerk, "activity", "Subject,Customer,Owner\nA,Hers,\nB,Mine,\nC,Mine,Amina\n", Existing::Skip)
            .await;
    assert_eq!((import.created, import.refused), (1, 2));
    let reasons = reasons(&world, &clerk, &import).await;
    assert!(
        reasons[0].starts_with("1: Hers is not a known customer")
            && reasons[1].starts_with("3: You may not give records to Amina"),
        "{reasons:?}"
    );
    // Somebody else's lead holds the address: it is neither shown nor changed.
    let import = crate::support::import(
        &world,
        &clerk,
        "lead",
        "Name,E-mail,City\nMe,taken@x.example,Kisumu\n",
        Existing::Update,
    )
    .await;
    assert_eq!((import.created, import.updated, import.refused), (0, 0, 1));
    assert_eq!(lead(&world, &amina, "taken@x.example").await.text("city"), None);
    // Another's import is as unknown as none.
    let hers = ready(&world, &amina, "lead", "Name\nX\n", Existing::Skip).await;
    let error = world.run(&clerk, domain::imports::GetImport { id: hers.id }).await.unwrap_err();
    assert_eq!(error.kind, domain::Kind::NotFound);
    let listed = world.run(&clerk, domain::imports::ListImports { entity: "lead".to_owned() }).await.unwrap();
    assert_eq!(listed.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn states_are_entered_through_their_gates() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    let content = "Name,E-mail,Stage,Company,Value,Currency\n\
        A,a@x.example,Qualified,,,\n\
        B,b@x.example,Qualified,Lake,,\n\
        C,c@x.example,won,,12.50,KES\n\
        D,d@x.example,Won,,,\n\
        E,e@x.example,,,7,\n";
    let done = import(&world, &amina, "lead", content, Existing::Skip).await;
    assert_eq!((done.created, done.refused), (3, 2));
    let found = reasons(&world, &amina, &done).await;
    assert_eq!(found, ["1: Moving to Qualified needs Company", "4: Moving to Won needs Value"]);
    let won = lead(&world, &amina, "c@x.example").await;
    assert_eq!((won.text("status"), won.version), (Some("won"), 1));
    let plain = lead(&world, &amina, "e@x.example").await;
    assert_eq!(
        (plain.text("status"), &plain.values["value"]),
        (Some("new"), &json!({ "amount": "7.00", "currency": "KES" })),
        "the workspace's currency"
    );

    // Existing rows: what they have counts towards the gate, and the move has to exist.
    let content = "Name,E-mail,Stage\nB2,b@x.example,Negotiation\nC,c@x.example,Qualified\nE,e@x.example,Proposal\n";
    let done = import(&world, &amina, "lead", content, Existing::Update).await;
    assert_eq!((done.updated, done.refused), (1, 2));
    let found = reasons(&world, &amina, &done).await;
    assert!(found[0].starts_with("1: Moving to Negotiation needs Value") && found[1].contains("From Won"), "{found:?}");
    let moved = lead(&world, &amina, "e@x.example").await;
    assert_eq!((moved.text("status"), moved.version), (Some("proposal"), 2));
    assert_eq!(lead(&world, &amina, "b@x.example").await.version, 1, "a refused row changes nothing at all");
    world.end().await;
}

#[tokio::test]
async fn existing_rows_are_left_alone_or_take_what_differs() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    let lead_before = some_lead(&world, &amina, "Asha").await;
    let content = "Name,E-mail,City,Phone\nAsha New,ASHA@x.example,Kisumu,\nZuri,zuri@x.example,,\n";
    let done = import(&world, &amina, "lead", content, Existing::Skip).await;
    assert_eq!((done.created, done.updated, done.unchanged), (1, 0, 1));
    assert_eq!(lead(&world, &amina, "asha@x.example").await, lead_before);
    let done = import(&world, &amina, "lead", content, Existing::Update).await;
    assert_eq!((done.created, done.updated, done.unchanged), (0, 1, 1));
    let asha = lead(&world, &amina, "asha@x.example").await;
    assert_eq!((asha.text("name"), asha.text("city"), asha.version), (Some("Asha New"), Some("Kisumu"), 2));
    let zuri = lead(&world, &amina, "zuri@x.example").await;
    assert_eq!(zuri.version, 1);
    // Without a key nothing is recognised, and the database lets no two rows share an address.
    let import = upload(&world, &amina, "lead", content.as_bytes()).await.unwrap();
    let mapping = domain::imports::Mapping { key: None, ..import.mapping.clone() };
    let import = map(&world, &amina, &import, mapping).await.unwrap();
    let import = finish(&world, &amina, &import).await;
    assert_eq!((import.created, import.refused), (0, 2));
    let found = reasons(&world, &amina, &import).await;
    assert!(found[0].contains(&format!("{} has this already", asha.text("number").unwrap())), "{found:?}");
    world.end().await;
}

/// What was refused comes back mended, with the marks that kept a spreadsheet from calculating.
#[tokio::test]
async fn the_error_file_can_be_mended_and_imported() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    let content = "Name,E-mail,Mobile,Comment\nAsha,asha.example,+254 722 000 111,=1+1\nZuri,zuri@x.example,1,-\n";
    let first = import(&world, &amina, "lead", content, Existing::Skip).await;
    assert_eq!((first.created, first.refused), (0, 2));
    let file = world.run(&amina, domain::imports::ImportErrorFile { id: first.id }).await.unwrap();
    assert!(file.content.contains("'+254 722 000 111,'=1+1,1,E-mail,"), "{}", file.content);
    let mended = file
        .content
        .replace("asha.example,", "asha@x.example,")
        .replace("zuri@x.example,1,", "zuri@x.example,0722 000 222,");
    let second = import(&world, &amina, "lead", &mended, Existing::Skip).await;
    assert_eq!((second.created, second.refused), (2, 0));
    let asha = lead(&world, &amina, "asha@x.example").await;
    assert_eq!((asha.text("phone"), asha.text("notes")), (Some("+254 722 000 111"), Some("=1+1")));
    world.end().await;
}

#[tokio::test]
async fn several_stand_in_one_cell() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    create(&world, &amina, "customer", json!({ "name": "Lake" })).await;
    let one = create(&world, &amina, "contact", json!({ "name": "Otieno, Brian" })).await;
    let two = create(&world, &amina, "contact", json!({ "name": "Carol" })).await;
    let content = format!(
        "Name,Customer,Participants\n\
         Whole,Lake,\"Otieno, Brian\"\n\
         Semicolons,Lake,\"otieno, brian; Carol;\"\n\
         Commas,Lake,\"carol,{}\"\n\
         None,Lake,\n\
         Unknown,Lake,\"Carol; Nobody\"\n",
        one.text("number").unwrap()
    );
    let import = ready(&world, &amina, "opportunity", &content, Existing::Skip).await;
    let shown = preview(&world, &amina, &import).await;
    assert_eq!(shown.rows[1].values["participants"], json!("Otieno, Brian, Carol"));
    let import = finish(&world, &amina, &import).await;
    assert_eq!((import.created, import.refused), (4, 1));
    let mut both = [one.id, two.id];
    both.sort();
    let participants: Vec<serde_json::Value> =
        all(&world, &amina, "opportunity", "").await.iter().map(|row| row.values["participants"].clone()).collect();
    assert_eq!(participants, [json!([one.id]), json!(both), json!(both), json!(null)]);
    let reasons = reasons(&world, &amina, &import).await;
    assert!(reasons[0].starts_with("5: Nobody is not a known contact"), "{reasons:?}");
    // What somebody points at is kept when the import that made it is taken back; what points goes with its links.
    let undone = undo(&world, &amina, &import).await.unwrap();
    assert_eq!(undone.removed, 4);
    world.end().await;
}
