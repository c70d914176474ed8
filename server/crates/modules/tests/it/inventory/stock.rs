//! L-04: sixty-four at once for few units, orders of several lines, and the ledger of movements against what is on hand.

use crate::world::World;
use domain::Kind;
use domain::inventory::{Adjust, Movements};

const ADDS_UP: &str = "\
select count(*) from products p cross join lateral (
    select coalesce(sum(m.quantity), 0)::bigint as quantity, coalesce(sum(m.reserved), 0)::bigint as reserved, count(*) as movements
    from stock_movements m where m.product_id = p.id) m
where p.stocked and (p.quantity, p.reserved, p.movements) is distinct from (m.quantity, m.reserved, m.movements)";

/// What is reserved for orders is what their lines say.
const COVERED: &str = "\
select count(*) from products p where p.stocked and p.reserved <> (
    select coalesce(sum(l.reserved), 0)::bigint from order_lines l where l.product_id = p.id)";

#[tokio::test]
async fn sixty_four_pickers_never_sell_one_piece_twice() {
    let world = World::new().await.shared();
    // Forty of each for sixty-four orders of one to three: about two thirds can be had.
    let mut products = Vec::new();
    for name in ["Pad", "Disc", "Belt", "Lamp"] {
        products.push(world.product(name, 40).await);
    }
    let mut orders = Vec::new();
    for at in 0..64_usize {
        // Lines name products in every order, so that unsorted locks would wait in a circle.
        let mut lines: Vec<_> = (0..3).map(|step| (products[(at + step) % 4], 1 + (at % 3) as i64)).collect();
        if at % 2 == 0 {
            lines.reverse();
        }
        let order = world.order(&lines).await.order.id;
        world.along(order, &["submitted", "approved"]).await;
        orders.push(order);
    }
    let tries = orders.iter().map(|order| {
        let (world, order) = (world.clone(), *order);
        tokio::spawn(async move {
            match world.go(&world.boss, order, "picking").await {
                Ok(_) => {
                    // Some let go again, some ship.
                    let next = if order.as_u128() % 4 == 0 { "on_hold" } else { "shipped" };
                    world.go(&world.boss, order, next).await.map(|_| true)
                }
                Err(error) if error.message.contains("asked for") => Ok(false),
                Err(error) => Err(error),
            }
        })
    });
    let done = futures::future::join_all(tries).await;
    let picked =
        done.into_iter().map(|done| done.unwrap().expect("no deadlock, no other refusal")).filter(|got| *got).count();
    assert!((12..64).contains(&picked), "{picked} were picked");
    assert_eq!(world.number("select count(*) from products where quantity < 0 or reserved > quantity").await, 0);
    assert_eq!(world.number(ADDS_UP).await, 0, "movements are not what is on hand");
    assert_eq!(world.number(COVERED).await, 0, "reserved is not what the lines say");
    let half = "select count(*) from (select order_id from order_lines group by order_id
        having count(*) filter (where reserved + shipped > 0) not in (0, count(*))) half";
    assert_eq!(world.number(half).await, 0, "an order was part-reserved");
    let sold = "select coalesce(sum(shipped), 0)::bigint / 1000 from order_lines";
    let left = "select sum(quantity)::bigint / 1000 from products";
    assert_eq!(world.number(sold).await + world.number(left).await, 160, "pieces were lost or made up");
    println!("{picked} of 64 orders were picked");
    World::done(world).await;
}

#[tokio::test]
async fn an_order_that_cannot_ship_says_which_line_and_why() {
    let world = World::new().await;
    let (oil, pad) = (world.product("Oil", 10).await, world.product("Brake pad", 1).await);
    let order = world.order(&[(oil, 2), (pad, 3)]).await.order.id;
    world.along(order, &["submitted", "approved"]).await;
    let error = world.go(&world.boss, order, "picking").await.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (Kind::Conflict, "Line 2, Brake pad: 3 asked for, 1 on hand"));
    assert_eq!(error.fields[0].field, "lines.2");
    assert_eq!(
        world.number("select count(*) from stock_movements where kind = 'reserve'").await,
        0,
        "the oil was kept back"
    );
    world.run(Adjust { product: pad, by: None, counted: Some("4".into()), reason: "Counted".into() }).await.unwrap();
    world.along(order, &["picking"]).await;
    // What is reserved cannot be taken from the shelf by hand.
    let taken = Adjust { product: pad, by: Some("-2".into()), counted: None, reason: "Broken".into() };
    let error = world.run(taken).await.unwrap_err();
    assert_eq!(error.message, "3 of 4 are reserved for orders in picking; put those on hold first");
    let looking = &world;
    let at = |id| async move {
        let world = looking;
        let product = world.get("product", id).await;
        (product.text("quantity").unwrap().to_owned(), product.text("reserved").unwrap().to_owned())
    };
    assert_eq!(at(pad).await, ("4.000".into(), "3.000".into()));
    world.along(order, &["on_hold"]).await;
    assert_eq!(at(pad).await, ("4.000".into(), "0.000".into()));
    world.along(order, &["picking", "shipped"]).await;
    assert_eq!(at(pad).await, ("1.000".into(), "0.000".into()));
    world.along(order, &["returned"]).await;
    assert_eq!(at(pad).await, ("4.000".into(), "0.000".into()));
    let page = world.run(Movements { product: pad, limit: Some(2), before: None }).await.unwrap();
    assert_eq!(page.movements[0].kind, "take_back");
    let rest = world.run(Movements { product: pad, limit: Some(50), before: page.next }).await.unwrap();
    let kinds: Vec<&str> =
        page.movements.iter().chain(&rest.movements).map(|movement| movement.kind.as_str()).collect();
    assert_eq!(kinds, ["take_back", "ship", "reserve", "release", "reserve", "adjust", "adjust"]);
    assert_eq!(rest.next, None);
    assert_eq!(world.number(ADDS_UP).await, 0);
    world.end().await;
}

#[tokio::test]
async fn the_database_holds_stock_to_its_movements() {
    let world = World::new().await;
    let pad = world.product("Brake pad", 2).await;
    let service =
        world.create("product", serde_json::json!({ "name": "Service", "sku": "S", "stocked": false })).await.id;
    let (me, here) = (world.boss.access.member, world.tenant.id);
    let movement = |product, quantity: i64, reserved: i64| {
        format!(
            "insert into stock_movements (tenant_id, id, product_id, sequence, kind, quantity, reserved, quantity_after, reserved_after, reason, created_by)
             values ('{here}', gen_random_uuid(), '{product}', 0, 'adjust', {quantity}, {reserved}, 0, 0, 'x', '{me}')"
        )
    };
    for (sql, wanted) in [
        (format!("update products set quantity = 99000 where id = '{pad}'"), "products_stock_moved"),
        (format!("update products set reserved = 1 where id = '{pad}'"), "products_stock_moved"),
        (movement(pad, -3000, 0), "products_quantity_range"),
        (movement(pad, 0, 3000), "products_reserved_covered"),
        (movement(service, 1000, 0), "stock_movements_stocked"),
        (movement(pad, 0, 0), "stock_movements_some"),
    ] {
        assert_eq!(world.attempt(&sql).await.unwrap_or_else(|| panic!("{sql} was taken")).1, wanted, "{sql}");
    }
    for sql in ["update stock_movements set quantity = 1", "delete from stock_movements"] {
        assert_eq!(world.attempt(sql).await.unwrap().0, "42501", "{sql}");
        let error = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&world.owner).await.unwrap_err();
        assert!(error.to_string().contains("reverse it"), "{error}");
    }
    assert_eq!(world.attempt(&movement(pad, 1000, 0)).await, None);
    assert_eq!(world.number("select sum(quantity)::bigint from products").await, 3000);
    world.end().await;
}
