//! Signing up, by mail and by phone, and the first owner of an installation.

use super::*;
use crate::support::client_from;

pub fn fields(login: &str) -> [(&'static str, &str); 7] {
    [
        ("name", "Amina Otieno"),
        ("login", login),
        ("password", PASSWORD),
        ("workspace", "Lakeside Motors"),
        ("industry", "automotive"),
        ("currency", "KES"),
        ("timezone", "Africa/Nairobi"),
    ]
}

async fn count(server: &Server, sql: &'static str) -> i64 {
    let owner = server.world.owner().await;
    let count = sqlx::query_scalar(sql).fetch_one(&owner).await.unwrap();
    owner.close().await;
    count
}

#[tokio::test]
async fn nothing_is_made_before_the_address_is_confirmed() {
    let server = Server::new().await;
    server.world.tenant("lakeside-motors", "core").await;
    let client = server.client();
    let (_, page) = client.page("/sign-up").await;
    assert!(page.contains("Automotive") && page.contains("Create a workspace"), "{page}");
    let wrong =
        client.form("/sign-up", &[("name", "Amina"), ("login", "amina"), ("password", "short"), ("slug", "-")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = wrong.text().await.unwrap();
    for said in
        ["neither an e-mail address", "at least 8 characters", "Choose the industry", "begins with a letter", "1 to 80"]
    {
        assert!(wrong.contains(said), "{said} is not in\n{wrong}");
    }
    let asked = client.form("/sign-up", &fields("amina@new.example")).await;
    assert_eq!((asked.status(), location(&asked)), (StatusCode::SEE_OTHER, "/sign-up?sent=1"));
    let path = link(&server, &mail(&server, "sign_up", "amina@new.example").await);
    assert_eq!(count(&server, "select count(*) from users").await, 0);
    assert_eq!(count(&server, "select count(*) from tenants").await, 1);
    assert_eq!(sign_in(&server, "amina@new.example", PASSWORD).await.1, StatusCode::UNPROCESSABLE_ENTITY);
    // Looking at the link, as a scanner of mails does, uses nothing up.
    assert_eq!(server.client().page(&path).await.0, StatusCode::OK);
    assert_eq!(count(&server, "select count(*) from users").await, 0);
    let done = client.form(&path, &[]).await;
    assert_eq!(
        (done.status(), location(&done)),
        (StatusCode::SEE_OTHER, "/w/lakeside-motors-2"),
        "the next free address"
    );
    assert_eq!(client.page("/w/lakeside-motors-2").await.0, StatusCode::OK);
    assert_eq!(client.form(&path, &[]).await.status(), StatusCode::NOT_FOUND, "good once");
    assert!(count(&server, "select count(*) from ledger_accounts").await > 10, "it begins with a chart of accounts");
    // Once more with the same address: the mail says that there is an account.
    client.form("/sign-up", &fields("Amina@new.example")).await;
    let known = mail(&server, "sign_up_known", "Amina@new.example").await;
    assert!(known.contains("has an account already") && link(&server, &known) == "/sign-in", "{known}");
    // A second workspace, without leaving.
    let second = client
        .form(
            "/workspaces/new",
            &[
                ("workspace", "Åsa's"),
                ("slug", "second"),
                ("industry", "automotive"),
                ("currency", "EUR"),
                ("timezone", "Europe/Berlin"),
            ],
        )
        .await;
    assert_eq!(location(&second), "/w/second");
    assert_eq!(client.page("/w/second").await.0, StatusCode::OK);
    let (_, page) = client.page("/workspaces").await;
    assert!(page.contains("/w/second") && page.contains("/w/lakeside-motors-2"));
    server.end().await;
}

/// Whoever asks for them finds sample records in the new workspace, and is their owner; nobody else does.
#[tokio::test]
async fn sample_records_are_there_for_whoever_asked_for_them() {
    let server = Server::new().await;
    let client = server.client();
    let asked = [&fields("amina@new.example")[..], &[("sample", "true")]].concat();
    // What was ticked stays so where the form is refused, and is not ticked by itself.
    let ticked =
        |page: &str| page.split_once("id=\"sample\"").unwrap().1.split('>').next().unwrap().contains("checked");
    let wrong = [&asked[..6], &[("timezone", "nowhere"), ("sample", "true")]].concat();
    assert!(ticked(&client.form("/sign-up", &wrong).await.text().await.unwrap()));
    assert!(!ticked(&client.page("/sign-up").await.1));
    client.form("/sign-up", &asked).await;
    let path = link(&server, &mail(&server, "sign_up", "amina@new.example").await);
    assert_eq!(location(&client.form(&path, &[]).await), "/w/lakeside-motors");
    let own = "select count(*) from leads l join members m on m.id = l.owner_id where m.kind = 'person'";
    let filled = count(&server, "select count(*) from leads").await;
    assert!(filled >= 10 && count(&server, own).await >= 10, "{filled} leads");
    assert!(count(&server, "select count(*) from orders").await > 0);
    let (_, page) = client.page("/w/lakeside-motors/leads?view=everything").await;
    assert!(page.contains("LEAD-0000"), "{page}");
    let another = [("workspace", "Second"), ("slug", "second"), ("industry", "automotive"), ("currency", "EUR")];
    let another = [&another[..], &[("timezone", "Europe/Berlin")]].concat();
    assert_eq!(location(&client.form("/workspaces/new", &another).await), "/w/second");
    assert_eq!(count(&server, "select count(*) from leads").await, filled, "the other one is empty");
    let sampled = [&another[..], &[("_key", "k"), ("sample", "true")]].concat();
    assert_eq!(location(&client.form("/workspaces/new", &sampled).await), "/w/second-2");
    assert_eq!(count(&server, "select count(*) from leads").await, 2 * filled);
    server.end().await;
}

/// L-07. The form of another workspace, pressed twice: the one id that its person and its key make. Of two people, two.
#[tokio::test]
async fn another_workspace_is_made_once_by_its_form() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let (john, _) = server.signed_in(&tenant, "John", &["USER"]).await;
    let form = |name: &'static str, key: &'static str| {
        let choices = [("industry", "automotive"), ("currency", "EUR"), ("timezone", "Europe/Berlin")];
        [&[("workspace", name), ("slug", "second"), ("_key", key)][..], &choices].concat()
    };
    let pressed = form("Second", "k1");
    let (first, again) = tokio::join!(amina.form("/workspaces/new", &pressed), amina.form("/workspaces/new", &pressed));
    assert_eq!((location(&first), location(&again)), ("/w/second", "/w/second"));
    assert_eq!(location(&amina.form("/workspaces/new", &pressed).await), "/w/second", "and after a while");
    let other = amina.form("/workspaces/new", &form("Third", "k1")).await;
    assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(other.text().await.unwrap().contains("This form has made Second already"));
    assert_eq!(location(&amina.form("/workspaces/new", &form("Second", "k2")).await), "/w/second-2", "another form");
    assert_eq!(location(&john.form("/workspaces/new", &pressed).await), "/w/second-3", "another person");
    assert_eq!(count(&server, "select count(*) from tenants").await, 4);
    println!("bar=L-07 workspaces=3 pressed=6 pass=1");
    server.end().await;
}

/// R185. By phone, with a code that the sandbox shows.
#[tokio::test]
async fn a_phone_signs_up_with_a_code() {
    let server = Server::new().await;
    let client = server.client();
    let asked = client.form("/sign-up", &fields("+254 712 345 678")).await;
    let next = location(&asked).to_owned();
    let of = next.strip_prefix("/sign-up/code?of=").unwrap_or_else(|| panic!("{next}")).to_owned();
    assert_eq!(client.page(&next).await.0, StatusCode::OK);
    let message = mail(&server, "sign_up_code", "+254712345678").await;
    let code = message
        .split_whitespace()
        .find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()))
        .unwrap()
        .to_owned();
    let wrong = if code == "123456" { "123457" } else { "123456" };
    for _ in 0..4 {
        assert_eq!(
            client.form("/sign-up/code", &[("of", &of), ("code", wrong)]).await.status(),
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
    let done = client.form("/sign-up/code", &[("of", &of), ("code", &code)]).await;
    assert_eq!(location(&done), "/w/lakeside-motors");
    assert_eq!(sign_in(&server, "0712345678", PASSWORD).await.1, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(sign_in(&server, "+254712345678", PASSWORD).await.1, StatusCode::SEE_OTHER);
    // Five wrong ones close the code, the right one included.
    server.world.clock.advance(chrono::Duration::minutes(10));
    let asked = client.form("/sign-up", &fields("+254 712 345 679")).await;
    let of = location(&asked).rsplit('=').next().unwrap().to_owned();
    let message = mail(&server, "sign_up_code", "+254712345679").await;
    let code = message
        .split_whitespace()
        .find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()))
        .unwrap()
        .to_owned();
    let wrong = if code == "123456" { "123457" } else { "123456" };
    for _ in 0..5 {
        client.form("/sign-up/code", &[("of", &of), ("code", wrong)]).await;
    }
    assert_eq!(
        client.form("/sign-up/code", &[("of", &of), ("code", &code)]).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    println!("bar=R185 tries=5 pass=1");
    server.end().await;
}

/// A message costs money, and each code that is sent can be guessed at: they are counted by number, however it is typed, whether or not it has an account
/// and whatever sign-up they are for, and by the address that asks.
#[tokio::test]
async fn codes_are_counted_by_number_and_by_address() {
    let server = Server::new().await;
    server.world.user("Known", "+254 700 000 001").await;
    let from = |last: u8| client_from(&server.base, std::net::IpAddr::from([127, 0, 1, last]));
    let ask = async |client: &Client, phone: &str| {
        // The mails of an address are counted as well, by the minute.
        server.world.clock.advance(chrono::Duration::seconds(20));
        client.form("/sign-up", &fields(phone)).await
    };
    for number in ["700000001", "700000002"] {
        let (one, rest) = number.split_at(3);
        let typed = [
            format!("+254{number}"),
            format!("00254{number}"),
            format!("+254 {one} {rest}"),
            format!("+254 ({one}) {rest}"),
            format!("+254-{one}-{rest}"),
        ];
        for (last, phone) in (1..).zip(&typed) {
            assert_eq!(ask(&from(last), phone).await.status(), StatusCode::SEE_OTHER, "{phone}");
        }
        let refused = ask(&from(9), &typed[0]).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{number}");
        assert!(refused.headers().contains_key(header::RETRY_AFTER));
        assert!(refused.text().await.unwrap().contains("Too many codes were sent to this number"));
    }
    let crowd = from(20);
    for number in 0..20 {
        let phone = format!("+2547100000{number:02}");
        assert_eq!(ask(&crowd, &phone).await.status(), StatusCode::SEE_OTHER, "{phone}");
    }
    assert_eq!(ask(&crowd, "+254710000099").await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(&from(21), "+254710000099").await.status(), StatusCode::SEE_OTHER, "another address");
    assert_eq!(ask(&crowd, "amina@new.example").await.status(), StatusCode::SEE_OTHER, "a mail");
    server.world.clock.advance(chrono::Duration::hours(2));
    assert_eq!(ask(&crowd, "+254700000001").await.status(), StatusCode::SEE_OTHER, "after a while");
    assert_eq!(count(&server, "select count(*) from sign_ups").await, 33);
    let told = "select count(*) from rate_counters where key like '%700000001%'";
    assert_eq!(count(&server, told).await, 0, "the number lies open among the counters");
    server.end().await;
}

/// C-20. A fresh installation has no account that anybody could guess; its first owner comes by a link that is good once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_owner_comes_by_a_link() {
    let server = Server::new().await;
    let names = [
        "admin",
        "admin@nexus.example",
        "admin@demo.example",
        "admin@example.com",
        "root",
        "administrator",
        "test@example.com",
        "demo@demo.example",
        "owner",
        "grace@demo.example",
    ];
    let passwords = ["admin", "password", "nexus", "changeme", "12345678"];
    let mut signed_in = 0;
    for name in names {
        for password in passwords {
            for path in ["/sign-in", "/admin/sign-in"] {
                server.world.clock.advance(chrono::Duration::seconds(60));
                let answer = server.client().form(path, &[("login", name), ("password", password)]).await;
                signed_in += u32::from(answer.status() == StatusCode::SEE_OTHER);
            }
        }
    }
    assert_eq!(signed_in, 0);
    assert_eq!(count(&server, "select (select count(*) from users) + (select count(*) from staff)").await, 0);
    assert_eq!(server.client().page("/setup?token=guess").await.0, StatusCode::NOT_FOUND);
    let auth = server.world.services().auth.clone();
    let token = auth.setup_link().await.unwrap().expect("nobody is there");
    let path = format!("/setup?token={}", token.expose());
    assert_eq!(server.client().page(&path).await.0, StatusCode::OK);
    let presses: Vec<_> = (0..20)
        .map(|number| {
            let (client, token) = (server.client(), token.expose().clone());
            tokio::spawn(async move {
                let login = format!("owner{number}@new.example");
                let mut typed = fields(&login).to_vec();
                typed.push(("token", &token));
                client.form("/setup", &typed).await.status()
            })
        })
        .collect();
    let mut made = 0;
    for press in presses {
        made += i64::from(press.await.unwrap() == StatusCode::SEE_OTHER);
    }
    assert_eq!((made, count(&server, "select count(*) from users").await), (1, 1));
    assert_eq!(server.client().page(&path).await.0, StatusCode::NOT_FOUND);
    assert!(auth.setup_link().await.unwrap().is_none(), "no link where somebody is");
    println!("bar=C-20 pairs=50 realms=2 logins={signed_in} setup_presses=20 owners={made} pass=1");
    server.end().await;
}

/// R68. A program signs up as the form does: the answer is one for who has an account and who has none, and nothing exists before the mail's link.
#[tokio::test]
async fn a_program_signs_up_and_learns_nothing() {
    const REGISTER: &str = "/api/v1/auth/register";
    let server = Server::new().await;
    server.world.user("Known", "known@new.example").await;
    let body = |login: &str| {
        let fields = fields(login).map(|(name, value)| (name.to_owned(), value.into()));
        serde_json::Value::Object(fields.into_iter().collect())
    };
    let client = server.client();
    let mut answers = Vec::new();
    for login in ["known@new.example", "amina@new.example"] {
        let (status, answer) = client.write(reqwest::Method::POST, REGISTER, &body(login)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1], "the answer tells who has an account");
    assert!(mail(&server, "sign_up_known", "known@new.example").await.contains("has an account already"));
    let path = link(&server, &mail(&server, "sign_up", "amina@new.example").await);
    assert_eq!(count(&server, "select count(*) from users").await, 1);
    assert_eq!(location(&client.form(&path, &[]).await), "/w/lakeside-motors");
    let login = serde_json::json!({ "email": "amina@new.example", "password": PASSWORD });
    let (status, pair) = server.client().write(reqwest::Method::POST, "/api/v1/auth/login", &login).await;
    assert!(status == StatusCode::OK && pair["accessToken"].is_string() && pair["user"]["name"] == "Amina Otieno");

    // A phone gets its code, and the answer says where it goes.
    let (_, answer) = client.write(reqwest::Method::POST, REGISTER, &body("+254712345678")).await;
    assert!(answer["next"].as_str().unwrap().starts_with("/sign-up/code?of="), "{answer}");
    // Everything that is wrong at once, and no password back.
    let mut wrong = body("nobody");
    wrong["password"] = "short".into();
    wrong["industry"] = "none".into();
    let (status, answer) = client.write(reqwest::Method::POST, REGISTER, &wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let said = answer.to_string();
    assert!(["login", "password", "industry"].iter().all(|field| said.contains(&format!("\"{field}\""))), "{said}");
    assert!(!said.contains("short"), "{said}");
    wrong["role"] = "OWNER".into();
    assert_eq!(
        client.write(reqwest::Method::POST, REGISTER, &wrong).await.0,
        StatusCode::BAD_REQUEST,
        "what nobody asks"
    );
    let form = client.request(reqwest::Method::POST, REGISTER).header("content-type", "text/plain");
    assert_eq!(client.send(form.body(body("other@new.example").to_string())).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(count(&server, "select count(*) from sign_ups").await, 3);
    server.end().await;
}
