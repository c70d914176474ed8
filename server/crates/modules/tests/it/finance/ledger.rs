//! L-03: sixty-four at once post at random; what does not balance is refused by the database at commit; what is posted stays; the trial
//! balance is what an independent sum says it is.

use crate::world::World;
use domain::Kind;
use domain::finance::{Amount, Ledger};
use domain::finance::{GetEntry, PostLedger, ReverseEntry, TrialBalance};
use serde_json::json;

fn entry(account: &str, counter: &str, amount: i64) -> PostLedger {
    PostLedger {
        account: account.into(),
        debit: None,
        credit: None,
        counter_account: counter.into(),
        amount: Some(Amount::Text(amount.to_string())),
        currency: None,
        description: "Test".into(),
        posted_on: None,
        source: None,
    }
}

/// Random enough, and the same each time.
fn dice(seed: u64) -> u64 {
    let mixed = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 7
}

#[tokio::test]
async fn sixty_four_post_at_random_and_the_books_balance_at_every_moment() {
    let world = World::new().await.shared();
    world.create("exchange_rate", json!({ "currency": "USD", "rate": "129.37", "validFrom": "2026-01-01" })).await;
    const ACCOUNTS: [&str; 5] = ["receivable", "bank", "sales", "tax", "exchange"];
    const UNBALANCED: &str = "\
        select count(*) from (select entry_id from journal_lines group by entry_id, currency having sum(debit_minor) <> sum(credit_minor)
        union all select entry_id from journal_lines group by entry_id having sum(base_debit_minor) <> sum(base_credit_minor)) wrong";
    let clients = (0..64_u64).map(|client| {
        let world = world.clone();
        tokio::spawn(async move {
            for step in 0..8 {
                let roll = dice(client * 100 + step);
                let (from, to) = ((roll % 5) as usize, (roll / 5 % 5) as usize);
                let mut posting = entry(ACCOUNTS[from], ACCOUNTS[to], (roll % 100_000) as i64);
                posting.currency = Some(if roll.is_multiple_of(3) { "USD" } else { "KES" }.into());
                let posted = world.run(posting).await;
                assert_eq!(posted.is_ok(), from != to && !roll.is_multiple_of(100_000), "{posted:?}");
                if let Ok(posted) = posted
                    && roll.is_multiple_of(7)
                {
                    world
                        .run(ReverseEntry { entry: posted.entry, reason: "Wrong".into(), posted_on: None })
                        .await
                        .unwrap();
                }
            }
        })
    });
    let clients = futures::future::join_all(clients);
    tokio::pin!(clients);
    let mut looked = 0;
    loop {
        tokio::select! {
            done = &mut clients => { done.into_iter().for_each(|done| done.unwrap()); break }
            wrong = world.number(UNBALANCED) => { assert_eq!(wrong, 0); looked += 1; }
        }
    }
    assert_eq!(world.number(UNBALANCED).await, 0);
    let entries = world.number("select count(*) from journal_entries").await;
    assert!(entries > 300, "{entries}");
    let trial = world.run(TrialBalance { on: None }).await.unwrap();
    assert_eq!(trial.debit, trial.credit);
    // Independently: signed sums of raw lines by account.
    for account in &trial.accounts {
        let sql = format!(
            "select sum(base_debit_minor - base_credit_minor)::bigint from journal_lines where account_id = '{}'",
            account.account
        );
        assert_eq!(world.number(&sql).await, account.balance.minor(), "{}", account.name);
    }
    // And as the pages of each account add up.
    for account in &trial.accounts {
        let (mut cursor, mut seen, mut balance) = (None, 0, 0);
        loop {
            let page = world
                .run(Ledger {
                    account: account.code.clone(),
                    from: None,
                    to: None,
                    limit: Some(17),
                    cursor: cursor.clone(),
                })
                .await
                .unwrap();
            assert_eq!(page.opening.minor(), balance, "{}", account.name);
            seen += page.lines.len() as i64;
            balance = page.lines.last().map_or(balance, |line| line.balance.minor());
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(balance, account.balance.minor());
        let sql = format!("select count(*) from journal_lines where account_id = '{}'", account.account);
        assert_eq!(world.number(&sql).await, seen);
    }
    println!("{entries} entries, balance looked at {looked} times meanwhile");
    World::done(world).await;
}

/// An entry and its lines in SQL, as somebody who passes by the server would write them.
fn forged(world: &World, lines: &[(i64, i64, &str)], count: usize, amount: i64) -> String {
    let (here, me) = (world.tenant.id, world.boss.access.member);
    let mut sql = format!(
        "with e as (insert into journal_entries (tenant_id, id, number, status, description, posted_on, amount_minor, amount_currency, line_count, created_by)
            values ('{here}', gen_random_uuid(), 'JE-' || gen_random_uuid(), 'posted', 'x', '2026-11-20', {amount}, 'KES', {count}, '{me}') returning id) "
    );
    let line = |(at, (debit, credit, currency)): (usize, &(i64, i64, &str))| {
        format!(
            "select '{here}'::uuid, e.id, {at}, (select id from ledger_accounts where code = '{}'), '2026-11-20'::date, 1, 'x', '{currency}', {debit}, {credit}, 'KES', {debit}, {credit}, 1 from e",
            if debit > &0 { "1200" } else { "4000" }
        )
    };
    let lines: Vec<String> = lines.iter().enumerate().map(line).collect();
    sql += &format!(
        "insert into journal_lines (tenant_id, entry_id, position, account_id, posted_on, sequence, description, currency, debit_minor, credit_minor, base_currency, base_debit_minor, base_credit_minor, rate) {}",
        lines.join(" union all ")
    );
    sql
}

#[tokio::test]
async fn what_does_not_balance_is_refused_at_commit() {
    let world = World::new().await;
    assert_eq!(
        world.attempt(&forged(&world, &[(5, 0, "KES"), (0, 5, "KES")], 2, 5)).await,
        None,
        "a right one is taken"
    );
    for (name, sql) in [
        ("sides differ", forged(&world, &[(5, 0, "KES"), (0, 4, "KES")], 2, 5)),
        ("currencies differ", forged(&world, &[(5, 0, "USD"), (0, 5, "KES")], 2, 5)),
        ("a line less than it says", forged(&world, &[(5, 0, "KES"), (0, 5, "KES")], 3, 5)),
        ("another amount than it says", forged(&world, &[(5, 0, "KES"), (0, 5, "KES")], 2, 6)),
    ] {
        let refused = world.attempt(&sql).await.unwrap_or_else(|| panic!("{name} was taken"));
        assert_eq!(refused, ("23514".to_owned(), "journal_entries_balanced".to_owned()), "{name}");
    }
    let sided = world.attempt(&forged(&world, &[(5, 5, "KES"), (0, 5, "KES")], 2, 5)).await.unwrap();
    assert_eq!(sided.1, "journal_lines_sided");
    assert_eq!(world.number("select count(*) from journal_entries").await, 1);
    // A balanced pair that comes later belongs to no entry that says so.
    let later = "insert into journal_lines select tenant_id, entry_id, position + 10, account_id, posted_on, sequence, description, customer_id,
        currency, debit_minor, credit_minor, base_currency, base_debit_minor, base_credit_minor, rate from journal_lines";
    assert_eq!(world.attempt(later).await.unwrap().1, "journal_entries_balanced");
    world.end().await;
}

#[tokio::test]
async fn what_is_posted_stays() {
    let world = World::new().await;
    let posted = world.run(entry("bank", "sales", 100)).await.unwrap();
    let before = world.test.fingerprint(&["journal_entries", "journal_lines"]).await;
    for sql in [
        "update journal_entries set description = 'other'",
        "update journal_lines set debit_minor = debit_minor + 1",
        "delete from journal_lines",
        "delete from journal_entries",
        "truncate journal_lines",
    ] {
        assert_eq!(world.attempt(sql).await.unwrap().0, "42501", "{sql}");
        if !sql.starts_with("truncate") {
            let error = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&world.owner).await.unwrap_err();
            assert!(error.to_string().contains("reverse it"), "the owner: {error}");
        }
    }
    let delete = domain::records::DeleteRecord { entity: "journal_entry".into(), id: posted.entry, version: None };
    assert_eq!(world.run(delete).await.unwrap_err().kind, Kind::Conflict);
    assert_eq!(world.test.fingerprint(&["journal_entries", "journal_lines"]).await, before);
    let reverse = ReverseEntry { entry: posted.entry, reason: "Wrong account".into(), posted_on: None };
    let reversal = world.run(reverse.clone()).await.unwrap();
    assert_eq!(world.run(reverse).await.unwrap_err().kind, Kind::Conflict);
    let view = world.run(GetEntry { id: posted.entry }).await.unwrap();
    assert_eq!((view.reversed_by, view.lines[0].debit.minor()), (Some(reversal.entry), 10_000));
    let turned = world.run(GetEntry { id: reversal.entry }).await.unwrap();
    assert_eq!((turned.lines[0].credit.minor(), turned.lines[0].account), (10_000, view.lines[0].account));
    world.end().await;
}

#[tokio::test]
async fn a_posting_by_hand_says_what_is_wrong() {
    let world = World::new().await;
    let mut wrong = entry("AR", "sales", 10);
    wrong.currency = Some("USD".into());
    let error = world.run(wrong).await.unwrap_err();
    assert_eq!(
        error.message,
        "There is no exchange rate of USD into KES for 2026-11-20; add one under Exchange rates, then try again"
    );
    for (field, posting) in [
        ("account", entry("nothing", "sales", 1)),
        ("counterAccount", entry("AR", "receivable", 1)),
        ("amount", entry("AR", "sales", 0)),
        ("amount", entry("AR", "sales", -5)),
        ("description", PostLedger { description: " ".into(), ..entry("AR", "sales", 1) }),
        ("postedOn", PostLedger { posted_on: "2026-11-21".parse().ok(), ..entry("AR", "sales", 1) }),
        (
            "credit",
            serde_json::from_value(
                json!({ "account": "AR", "debit": "5", "credit": "5", "counterAccount": "sales", "description": "x" }),
            )
            .unwrap(),
        ),
    ] {
        let error = world.run(posting).await.unwrap_err();
        assert_eq!(error.fields.first().map(|fault| fault.field.as_str()), Some(field), "{error:?}");
    }
    // As requirement 138 writes it: account AR, debit the order's total.
    let posting = json!({ "account": "AR", "debit": { "amount": "12.50", "currency": "KES" }, "counterAccount": "revenue", "description": "Order shipped", "source": { "entity": "order", "id": world.customer } });
    let posted = world.run(serde_json::from_value::<PostLedger>(posting).unwrap()).await.unwrap();
    let view = world.run(GetEntry { id: posted.entry }).await.unwrap();
    assert_eq!((view.lines[0].name.as_str(), view.lines[0].debit.amount()), ("Accounts receivable", "12.50".into()));
    assert_eq!(view.entry.text("sourceEntity"), Some("order"));
    world.end().await;
}
