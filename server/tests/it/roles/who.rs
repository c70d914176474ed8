//! Who can see a record and why, and roles edited without scripts.

use super::*;

/// Who can see a record: what the page says of each member is what happens when that member tries.
#[tokio::test]
async fn who_can_see_this_is_what_happens() {
    let world = world().await;
    let tenant = world.tenant("lakeside", "core").await;
    make_roles(&world, &tenant).await;
    let pool = world.owner().await;
    let place = Uuid::from_u128(5);
    sqlx::query("insert into locations (tenant_id, id, name) values ($1, $2, 'Kisumu')")
        .bind(tenant.id.0)
        .bind(place)
        .execute(&pool)
        .await
        .unwrap();
    let local = grants(&[
        ("crm.*.read", Reach::Location),
        ("crm.*.update", Reach::Location),
        ("people.member.read", Reach::All),
    ]);
    sqlx::query("insert into roles (tenant_id, key, label, rank, grants) values ($1, 'LOCAL', 'Local', null, $2)")
        .bind(tenant.id.0)
        .bind(sqlx::types::Json(local))
        .execute(&pool)
        .await
        .unwrap();
    let mut members = Vec::new();
    for (key, ..) in roles() {
        members.push(world.member(&tenant, &format!("A {key}"), &[key]).await);
    }
    let rep = world.member(&tenant, "Rep", &["SALES_REP", "WAREHOUSE"]).await;
    let boss = world.member(&tenant, "Boss", &["SALES_MANAGER"]).await;
    let near = world.member(&tenant, "Near", &["LOCAL"]).await;
    let far = world.member(&tenant, "Far", &["LOCAL"]).await;
    for (member, column, value) in
        [(&rep, "manager_id", boss.access.member.0), (&near, "location_id", place), (&rep, "location_id", place)]
    {
        let sql = format!("update members set {column} = $2 where id = $1");
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(member.access.member.0).bind(value).execute(&pool).await.unwrap();
    }
    members.extend([rep.clone(), boss.clone(), near, far]);
    let mut callers = Vec::new();
    for member in &members {
        callers.push(world.caller(&tenant, member.access.member).await);
    }
    let (mut rows, mut answers) = (0, 0);
    for maker in [&rep, &boss, &members[4]] {
        let maker = world.caller(&tenant, maker.access.member).await;
        let values = json!({ "name": "Lead" }).as_object().unwrap().clone();
        let record = world.run(&maker, CreateRecord { entity: "lead".to_owned(), values }).await.unwrap();
        rows += 1;
        let told = world.run(&callers[4], RecordAccess { entity: "lead".to_owned(), id: record.id }).await.unwrap();
        for caller in &callers {
            let row = told.iter().find(|row| row.member == caller.access.member.0);
            let sees = world.run(caller, GetRecord { entity: "lead".to_owned(), id: record.id }).await.is_ok();
            assert_eq!(row.is_some(), sees, "{} sees: {row:?}", caller.access.name);
            for (verb, said) in [
                (Verb::Update, row.and_then(|row| row.update.as_ref())),
                (Verb::Delete, row.and_then(|row| row.delete.as_ref())),
            ] {
                let may = MayRecords { entity: "lead".to_owned(), verb, ids: vec![record.id] };
                let may = world.run(caller, may).await.is_ok_and(|ids| ids == [record.id]);
                assert_eq!(said.is_some() && sees, may && sees, "{} {verb:?}: {row:?}", caller.access.name);
                answers += 1;
            }
        }
        // Whoever may not see the record is told what anybody is told of one that never was.
        let blind = callers.iter().find(|caller| told.iter().all(|row| row.member != caller.access.member.0)).unwrap();
        let lead = |id| RecordAccess { entity: "lead".to_owned(), id };
        let refused = world.run(blind, lead(record.id)).await.unwrap_err();
        if refused.kind != Kind::Forbidden {
            assert_eq!(refused, world.run(blind, lead(Uuid::from_u128(9))).await.unwrap_err());
        }
    }
    println!("who-can-see records={rows} members={} answers={answers} differing=0", callers.len());
    pool.close().await;
    world.end().await;
}

/// The page without scripts: a grid of selects is posted as it stands and comes back as it was saved.
#[tokio::test]
async fn roles_are_edited_by_forms_alone() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (owner, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (user, caller) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let answer = owner
        .form(
            "/w/lakeside/do/people.create_role",
            &[("label", "Showroom lead"), ("copyOf", "SALES_REP"), ("_next", "/w/lakeside/settings/roles/{key}")],
        )
        .await;
    assert_eq!(answer.headers()["location"], "/w/lakeside/settings/roles/SHOWROOM_LEAD");
    let (status, html) = owner.page("/w/lakeside/settings/roles/SHOWROOM_LEAD").await;
    assert_eq!(status, 200);
    assert!(
        html.contains("name=\"grants.crm.*.read\"") && html.contains("name=\"grants.inventory.product.read_cost\""),
        "the grid is there"
    );
    let form = [
        ("key", "SHOWROOM_LEAD"),
        ("version", "1"),
        ("label", "Showroom lead"),
        ("about", "Floor"),
        ("grants.none", "false"),
        ("grants.crm.lead.read", "team"),
        ("grants.crm.lead.update", ""),
    ];
    let answer = owner.form("/w/lakeside/do/people.update_role", &form).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let (_, html) = owner.page("/w/lakeside/settings/roles/SHOWROOM_LEAD").await;
    assert!(html.contains("value=\"team\" selected"), "what was saved is shown");
    // Taking everything away is an edit too.
    let none = [("key", "SHOWROOM_LEAD"), ("version", "2"), ("grants.none", "false"), ("grants.crm.lead.read", "")];
    assert_eq!(owner.form("/w/lakeside/do/people.update_role", &none).await.status(), StatusCode::SEE_OTHER);
    let member = caller.access.member.to_string();
    let set = [("member", member.as_str()), ("roles.SHOWROOM_LEAD", "true"), ("roles.USER", "true")];
    assert_eq!(owner.form("/w/lakeside/do/people.set_roles", &set).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(held(&server.world, caller.access.member.0).await, ["USER", "SHOWROOM_LEAD"]);
    // Who may not is refused by name, and finds no way to try on the page.
    let answer = user.form("/w/lakeside/do/people.set_roles", &set).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let (_, html) = user.page(&format!("/w/lakeside/settings/people/{member}/roles")).await;
    assert!(html.contains("Needs the permission people.member.set_roles"), "{html}");
    server.end().await;
}
