//! Whose account it is that opens: verified addresses of the right domains, second factors, invitations, and what a workspace asks.

use super::*;
use crate::factor::set_up;
use domain::people::Invite;

/// The page that refuses, as text.
async fn words(answer: Response) -> (u16, String) {
    (answer.status().as_u16(), answer.text().await.unwrap().replace("&#39;", "'"))
}

/// No account opens by an address that the provider does not vouch for, that is of another domain, or that only looks like one.
#[tokio::test]
async fn an_address_opens_an_account_only_where_it_is_verified_and_of_the_right_domain() {
    let (fake, server, _) = world().await;
    for (name, email) in [("Amina", "amina@acme.example"), ("Kevin", "kevin@acme.example"), ("Eve", "eve@evil.example")]
    {
        server.world.user(name, email).await;
    }
    let mut tried = 0;
    for (email, verified, said) in [
        ("amina@acme.example", json!(false), "Acme ID has not confirmed that amina@acme.example is yours"),
        ("amina@acme.example", Value::Null, "has not confirmed that amina@acme.example is yours"),
        ("amina@acme.example", json!("yes"), "has not confirmed that amina@acme.example is yours"),
        ("eve@evil.example", json!(true), "eve@evil.example may not be used to sign in with Acme ID"),
        ("amina@mail.acme.example", json!(true), "may not be used to sign in"),
        ("amina@acme.example.evil.example", json!(true), "may not be used to sign in"),
        ("amina@evilacme.example", json!(true), "may not be used to sign in"),
        ("amina@acme.example@evil.example", json!(true), "does not tell your e-mail address"),
        ("amina@evil.example, amina@acme.example", json!(true), "does not tell your e-mail address"),
        ("+254712345678", json!(true), "does not tell your e-mail address"),
        // The sign of the kelvin becomes a k where case is folded.
        ("\u{212a}evin@acme.example", json!(true), "does not tell your e-mail address"),
        ("baraka@acme.example", json!(true), "Nobody has an account as baraka@acme.example yet. Ask an administrator"),
        ("<b>x</b>@acme.example", json!(true), "does not tell your e-mail address"),
    ] {
        let client = server.client();
        let change = |claims: &mut Value| claims["email_verified"] = verified.clone();
        let (status, page) = words(journey(&fake, &server, &client, "", ("a-1", email), change).await).await;
        assert!(status == 403 && page.contains(said), "{email} {verified}: {status} {page}");
        assert!(client.cookie("nexus").is_none() && !page.contains("<b>x"), "{email}");
        tried += 1;
    }
    assert_eq!(counts(&server).await, (0, 0));

    // The endpoint about the person is asked where the token has no address, and believed about this person alone.
    for (person, status, said) in [
        (
            json!({ "sub": "b-2", "email": "amina@acme.example", "email_verified": true }),
            403,
            "does not tell your e-mail",
        ),
        (json!({ "sub": "a-1", "email": "amina@acme.example", "email_verified": false }), 403, "has not confirmed"),
        (json!({ "sub": "a-1" }), 403, "does not tell your e-mail"),
        (json!({ "email": "amina@acme.example", "email_verified": true }), 503, "does not answer as it should"),
        (json!({ "sub": "a-1", "email": "Amina@Acme.example", "email_verified": true }), 303, ""),
    ] {
        fake.is().person = person.clone();
        let client = server.client();
        let change = |claims: &mut Value| {
            claims.as_object_mut().unwrap().retain(|name, _| !name.starts_with("email"));
        };
        let answer = words(journey(&fake, &server, &client, "", ("a-1", "x"), change).await).await;
        assert!(answer.0 == status && answer.1.contains(said), "{person}: {answer:?}");
        tried += 1;
    }
    assert_eq!(counts(&server).await, (1, 1));
    println!("bar=C-22 addresses={tried} wrong_accounts=0 pass=1");
    server.end().await;
}

/// An account is one person's of the provider; whoever is given the address there later does not get it, and who is disabled here does not get in.
#[tokio::test]
async fn an_account_belongs_to_one_person_of_the_provider() {
    let (fake, server, tenant) = world().await;
    let user = server.world.user("Amina", "amina@acme.example").await;
    server.world.join(&tenant, user, &["OWNER"], None).await;
    let who = ("a-1", "amina@acme.example");
    assert_eq!(journey(&fake, &server, &server.client(), "", who, |_| {}).await.status(), StatusCode::SEE_OTHER);
    let other = server.client();
    let (status, page) = words(journey(&fake, &server, &other, "", ("b-2", who.1), |_| {}).await).await;
    assert!(
        status == 403 && page.contains("Somebody else of Acme ID signs in to the account of amina@acme.example"),
        "{page}"
    );
    assert!(other.cookie("nexus").is_none());
    told(&server, 0, "done", &json!({ "firstTime": false })).await;
    told(&server, 1, "refused", &json!({ "provider": fake.issuer })).await;

    let owner = server.world.owner().await;
    sqlx::query("update users set status = 'DISABLED'").execute(&owner).await.unwrap();
    let sessions = counts(&server).await.0;
    for subject in ["a-1", "c-3"] {
        let client = server.client();
        let (status, page) = words(journey(&fake, &server, &client, "", (subject, who.1), |_| {}).await).await;
        assert!(status == 403 && page.contains("The account of amina@acme.example is closed"), "{page}");
        assert!(client.cookie("nexus").is_none());
    }
    assert_eq!(counts(&server).await, (sessions, 1));

    // A domain that may come in no longer: nor may those who came before.
    sqlx::query("update users set status = 'ACTIVE'").execute(&owner).await.unwrap();
    let (status, page) =
        words(journey(&fake, &server, &server.client(), "", ("a-1", "amina@gone.example"), |_| {}).await).await;
    assert!(status == 403 && page.contains("may not be used"), "{page}");
    owner.close().await;
    server.end().await;
}

/// Whoever has a second factor is asked for it, and the account is put together with nobody before the code was right; not even a browser that was let
/// off, nor a provider that asked for one itself, changes that the first time.
#[tokio::test]
async fn a_second_factor_is_asked_for_before_anything_is_put_together() {
    let fake = Fake::start().await;
    let server = server_with(ProviderSettings { trust_mfa: true, ..settings(&fake) }).await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    let phone = set_up(&server, &amina, "").await;
    let who = ("a-1", "amina@lakeside.example");
    // This browser is not asked after a password.
    amina.form("/sign-out", &[]).await;
    amina.form("/sign-in", &[("login", who.1), ("password", PASSWORD)]).await;
    let entered = amina.form("/sign-in/code", &[("code", &phone.code(&server)), ("trust", "on")]).await;
    assert_eq!(entered.status(), StatusCode::SEE_OTHER);
    amina.form("/sign-out", &[]).await;
    let by_password = amina.form("/sign-in", &[("login", who.1), ("password", PASSWORD)]).await;
    assert_eq!(location(&by_password), "/", "the code is not asked for");
    amina.form("/sign-out", &[]).await;
    server.world.clock.advance(Duration::seconds(60));

    let strong = |claims: &mut Value| claims["amr"] = json!(["pwd", "mfa"]);
    let before = counts(&server).await;
    let came = journey(&fake, &server, &amina, "?next=%2Fw%2Flakeside%2Fleads", who, strong).await;
    assert_eq!(location(&came), "/sign-in/code?next=%2Fw%2Flakeside%2Fleads");
    assert!(amina.cookie("nexus").is_none() && amina.cookie("nexus_oidc").is_none());
    assert_eq!(counts(&server).await, before, "nothing is open, and nothing is put together");
    let wrong = amina.form("/sign-in/code", &[("code", "000000")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(counts(&server).await, before);
    server.world.clock.advance(Duration::seconds(30));
    let right = amina.form("/sign-in/code", &[("code", &phone.code(&server)), ("next", "/w/lakeside/leads")]).await;
    assert_eq!(location(&right), "/w/lakeside/leads");
    assert_eq!(counts(&server).await, (before.0 + 1, 1));
    assert_eq!(amina.get(LEADS).await.status(), StatusCode::OK);
    told(&server, 1, "done", &json!({ "provider": fake.issuer, "firstTime": true })).await;
    mail(&server, "provider_linked", who.1).await;

    // From then on a provider that asked for more is believed, one that did not is not, and a browser that was let off is let off.
    for (claim, fresh, next) in [
        (Some(json!(["mfa"])), true, "/"),
        (Some(json!(["pwd"])), true, "/sign-in/code"),
        (None, true, "/sign-in/code"),
        (None, false, "/"),
    ] {
        let client = if fresh { server.client() } else { amina.clone() };
        let came = journey(&fake, &server, &client, "", who, |claims| {
            if let Some(claim) = &claim {
                claims["amr"] = claim.clone();
            }
        });
        assert_eq!(location(&came.await), next, "{claim:?} {fresh}");
    }
    // Half-open with nothing to put together: the second page is as after a password.
    let client = server.client();
    journey(&fake, &server, &client, "", who, |_| {}).await;
    server.world.clock.advance(Duration::seconds(30));
    assert_eq!(location(&client.form("/sign-in/code", &[("code", &phone.code(&server))]).await), "/");
    assert_eq!(counts(&server).await.1, 1);
    server.end().await;
}

/// A workspace that asks for a second factor is content with a provider's where whoever runs the installation believes it, and with no other.
#[tokio::test]
async fn what_a_workspace_asks_holds_for_those_who_come_by_a_provider() {
    for trusted in [false, true] {
        let fake = Fake::start().await;
        let server = server_with(ProviderSettings { trust_mfa: trusted, ..settings(&fake) }).await;
        let tenant = server.world.tenant("lakeside", "core").await;
        let (owner, _) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
        let user = server.world.user("Amina", "amina@acme.example").await;
        server.world.join(&tenant, user, &["USER"], None).await;
        let policy = json!({ "secondFactor": "roles", "roles": { "USER": true } });
        let (status, _) =
            owner.write(Method::POST, "/w/lakeside/api/v1/operations/people.save_security", &policy).await;
        assert_eq!(status, StatusCode::OK);
        for (amr, right) in [(json!(["pwd"]), 403), (json!(["pwd", "mfa"]), if trusted { 200 } else { 403 })] {
            let client = server.client();
            let came = journey(&fake, &server, &client, "", ("a-1", "amina@acme.example"), |claims| {
                claims["amr"] = amr.clone();
            });
            assert_eq!(came.await.status(), StatusCode::SEE_OTHER);
            let (status, body) = client.json(LEADS).await;
            assert_eq!(status.as_u16(), right, "trusted {trusted}, {amr}");
            if right == 403 {
                assert_eq!(body["code"], "second_factor_required");
            }
        }
        server.end().await;
    }
}

/// Coming from a provider that still knew the person confirms nothing; one that asked them just now does, and can be told to.
#[tokio::test]
async fn a_provider_confirms_only_what_it_asked_just_now() {
    let (fake, server, _) = world().await;
    server.world.user("Amina", "amina@acme.example").await;
    let who = ("a-1", "amina@acme.example");
    let now = || server.world.clock.now().timestamp();
    let confirmed = async |client: &Client| client.form("/second-factor/prepare", &[]).await.status();
    for (asked_at, right) in [
        (None, StatusCode::FORBIDDEN),
        (Some(now() - 301), StatusCode::FORBIDDEN),
        (Some(now() - 240), StatusCode::SEE_OTHER),
        // A moment to come is now, and no later.
        (Some(now() + 86_400), StatusCode::SEE_OTHER),
    ] {
        let client = server.client();
        let came = journey(&fake, &server, &client, "", who, |claims| claims["auth_time"] = json!(asked_at)).await;
        assert_eq!(came.status(), StatusCode::SEE_OTHER);
        assert_eq!(confirmed(&client).await, right, "{asked_at:?}");
    }

    let amina = server.client();
    journey(&fake, &server, &amina, "", who, |_| {}).await;
    let (status, page) = amina.page("/confirm?next=%2Fsecond-factor").await;
    let again = "/sign-in/oidc?next=%2Fsecond-factor&amp;again=1";
    assert!(status == StatusCode::OK && page.contains("No password here?") && page.contains(again), "{page}");
    let asked = begin(&amina, "?next=%2Fsecond-factor&again=1").await;
    assert_eq!((asked.get("prompt"), asked.get("max_age")), ("login", "0"));
    // The provider did not ask, or does not say so: the session stays what it was, and the words say what else there is.
    for asked_at in [None, Some(now() - 61)] {
        let before = amina.cookie("nexus");
        let change = |claims: &mut Value| claims["auth_time"] = json!(asked_at);
        let answer = journey(&fake, &server, &amina, "?next=%2Fsecond-factor&again=1", who, change).await;
        let (status, page) = words(answer).await;
        assert!(status == 403 && page.contains("does not say that it asked you just now"), "{asked_at:?} {page}");
        assert_eq!(amina.cookie("nexus"), before);
        assert_eq!(confirmed(&amina).await, StatusCode::FORBIDDEN);
    }
    let before = amina.cookie("nexus");
    let change = |claims: &mut Value| claims["auth_time"] = json!(now());
    let came = journey(&fake, &server, &amina, "?next=%2Fsecond-factor&again=1", who, change).await;
    assert_eq!(location(&came), "/second-factor");
    assert_ne!(amina.cookie("nexus"), before, "another id");
    assert_eq!(confirmed(&amina).await, StatusCode::SEE_OTHER);
    server.end().await;
}

/// Nobody gets an account by the provider alone; an invitation to the verified address makes one, for that address and once.
#[tokio::test]
async fn an_invitation_makes_an_account_for_the_verified_address() {
    let (fake, server, tenant) = world().await;
    let (_, olive) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let invite = async |login: &str| {
        let roles = vec!["USER".to_owned()];
        let invite = Invite { login: login.to_owned(), name: None, roles, manager: None, location: None };
        server.world.run(&olive, invite).await.unwrap();
        let letter = mail(&server, "invitation", login).await;
        crate::people::link(&server, &letter)
    };
    let link = invite("baraka@acme.example").await;
    let (_, page) = server.client().page(&link).await;
    let query = format!("?next={}", app::page::encode(&link));
    assert!(page.contains("Join with Acme ID") && page.contains(&format!("href=\"/sign-in/oidc{query}\"")), "{page}");

    let people = async || {
        let owner = server.world.owner().await;
        let count: i64 = sqlx::query_scalar("select count(*) from users").fetch_one(&owner).await.unwrap();
        owner.close().await;
        count
    };
    let before = people().await;
    // Somebody else with the same link, and the right person without it.
    let (status, page) =
        words(journey(&fake, &server, &server.client(), &query, ("c-3", "chui@acme.example"), |_| {}).await).await;
    assert!(status == 403 && page.contains("This invitation is for baraka@acme.example"), "{page}");
    for elsewhere in ["", "?next=%2Finvitations%2Finvented", "?next=%2Finvitations%2Fa%2Fb"] {
        let client = server.client();
        let (status, page) =
            words(journey(&fake, &server, &client, elsewhere, ("b-2", "baraka@acme.example"), |_| {}).await).await;
        assert!(
            status == 403 && page.contains("Nobody has an account as baraka@acme.example yet"),
            "{elsewhere}: {page}"
        );
    }
    assert_eq!(people().await, before);

    let baraka = server.client();
    let came = journey(&fake, &server, &baraka, &query, ("b-2", "Baraka@acme.example"), |_| {}).await;
    assert_eq!(location(&came), "/w/lakeside");
    assert_eq!(baraka.get(LEADS).await.status(), StatusCode::OK);
    assert_eq!(people().await, before + 1);
    let (_, me) = baraka.json("/api/v1/auth/me").await;
    assert_eq!(me["data"]["user"]["name"], "Amina of Acme", "the name that the provider has");
    // Later without a link.
    let again = server.client();
    assert_eq!(location(&journey(&fake, &server, &again, "", ("b-2", "baraka@acme.example"), |_| {}).await), "/");
    assert_eq!(again.get(LEADS).await.status(), StatusCode::OK);
    assert_eq!(people().await, before + 1);
    let (status, _) = server.client().page(&link).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "the link was used");

    // Who has an account comes back to the invitation, and presses its button.
    server.world.user("Chui", "chui@acme.example").await;
    let link = invite("chui@acme.example").await;
    let chui = server.client();
    let query = format!("?next={}", app::page::encode(&link));
    assert_eq!(location(&journey(&fake, &server, &chui, &query, ("c-3", "chui@acme.example"), |_| {}).await), link);
    assert_eq!(location(&chui.form(&link, &[]).await), "/w/lakeside");
    server.end().await;
}

/// Staff do not come in this way: the same address opens the account of a person or none, and never the platform.
#[tokio::test]
async fn the_platform_does_not_open_by_a_provider() {
    let (fake, server, _) = world().await;
    let services = server.world.services();
    let hash = services.auth.passwords().hash(PASSWORD, services.random.as_ref()).await.unwrap();
    let (pool, clock, random) = (&services.pools.platform, services.clock.as_ref(), services.random.as_ref());
    platform::auth::create_staff(pool, clock, random, "Jane", "jane@acme.example", "ADMIN", &hash).await.unwrap();
    let (_, page) = server.client().page("/admin/sign-in").await;
    assert!(!page.contains("Acme ID") && !page.contains("/sign-in/oidc"));
    for next in ["", "?next=%2Fadmin"] {
        let client = server.client();
        let (status, page) =
            words(journey(&fake, &server, &client, next, ("j-1", "jane@acme.example"), |_| {}).await).await;
        assert!(status == 403 && page.contains("Nobody has an account as jane@acme.example yet"), "{page}");
        assert!(client.cookie("nexus-staff").is_none());
    }
    // Who is both comes in as a person.
    server.world.user("Jane", "jane@acme.example").await;
    let client = server.client();
    let came = journey(&fake, &server, &client, "?next=%2Fadmin", ("j-1", "jane@acme.example"), |_| {}).await;
    assert_eq!(location(&came), "/admin");
    assert!(client.cookie("nexus").is_some() && client.cookie("nexus-staff").is_none());
    assert_eq!(client.page("/admin").await.0, StatusCode::NOT_FOUND);
    server.end().await;
}
