//! At the door: a crowd that signs in at once holds nobody else up, and what a refusal takes does not tell who has an account. What is measured
//! wants the machine for itself, so the suite leaves it out: `cargo nextest run -p nexus --test it --run-ignored only door::` runs it.

use crate::people::auc;
use crate::support::{Client, Server, client_from, steady, wanted};
use reqwest::{StatusCode, header};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use testkit::PASSWORD;
use tokio::time::Instant;

const CROWD: usize = 200;

fn percentile(mut times: Vec<Duration>, of: usize) -> Duration {
    times.sort();
    times[(times.len() * of / 100).min(times.len() - 1)]
}

/// How long a page takes that has nothing to do with signing in, over and over until the flag falls.
async fn glances(client: Client, until: Instant) -> Vec<Duration> {
    let mut times = Vec::new();
    while Instant::now() < until {
        let began = Instant::now();
        let (status, _) = client.page("/sign-in").await;
        assert_eq!(status, StatusCode::OK);
        times.push(began.elapsed());
    }
    times
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) / 1024
}

/// C-11. Two hundred people from two hundred addresses at once: those for whom there is room get in, the others are told to come back within a
/// second, and pages go on.
#[ignore = "measures time"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measure_a_crowd_at_the_door_holds_nobody_up() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    for number in 0..CROWD {
        server.world.member(&tenant, &format!("Guest{number}"), &["USER"]).await;
    }
    let hash =
        server.world.services().auth.passwords().hash(PASSWORD, server.world.services().random.as_ref()).await.unwrap();
    let owner = server.world.owner().await;
    sqlx::query("update user_credentials set password_hash = $1").bind(hash).execute(&owner).await.unwrap();
    owner.close().await;
    let glancing = server.client();
    let quiet = glances(glancing.clone(), Instant::now() + Duration::from_secs(2)).await;
    let clients: Vec<Client> = (0..CROWD)
        .map(|number| {
            let [low, high] = [u8::try_from(number % 200 + 1).unwrap(), u8::try_from(number / 200 + 1).unwrap()];
            client_from(&server.base, IpAddr::V4(Ipv4Addr::new(127, 0, high, low)))
        })
        .collect();
    let (before, began) = (resident(), Instant::now());
    let busy = tokio::spawn(glances(glancing, Instant::now() + Duration::from_secs(3)));
    let crowd: Vec<_> = clients
        .into_iter()
        .enumerate()
        .map(|(number, client)| {
            let login = format!("guest{number}@lakeside.example");
            tokio::spawn(async move {
                let began = Instant::now();
                let answer = client.form("/sign-in", &[("login", &login), ("password", PASSWORD)]).await;
                (answer.status(), began.elapsed())
            })
        })
        .collect();
    let (mut inside, mut refused, mut slowest, mut others) = (0, 0, Duration::ZERO, Vec::new());
    for guest in crowd {
        match guest.await.unwrap() {
            (StatusCode::SEE_OTHER, took) => (inside, slowest) = (inside + 1, slowest.max(took)),
            (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, took) => {
                (refused, slowest) = (refused + 1, slowest.max(took));
            }
            (status, _) => others.push(status),
        }
    }
    let over = began.elapsed();
    let busy = busy.await.unwrap();
    let grown = resident().saturating_sub(before);
    let (calm, under) = (percentile(quiet, 99), percentile(busy, 99));
    println!(
        "bar=C-11 at_once={CROWD} inside={inside} refused={refused} slowest_ms={} all_ms={} page_p99_quiet_ms={} page_p99_busy_ms={} grown_mb={grown} pass=1",
        slowest.as_millis(),
        over.as_millis(),
        calm.as_millis(),
        under.as_millis()
    );
    assert!(others.is_empty(), "{others:?}");
    assert!(inside > 0 && refused > 0, "{inside} got in and {refused} were refused: there was no crowd");
    assert!(slowest < Duration::from_secs(2), "somebody waited {slowest:?}");
    assert!(under < calm * 2 + Duration::from_millis(250), "pages took {under:?} in place of {calm:?}");
    assert!(grown < 100, "{grown} MB more are in use");
    server.end().await;
}

/// Signs in with a wrong password, as one who has an account and as one who has none, in turns. Answers must be equal byte for byte; their
/// times, where they are measured, must not tell one from the other. The bar's thousand pairs are `NEXUS_PAIRS=1000`; fewer can say less, so the
/// band is wider for them.
async fn told_apart(server: &Server, flow: &str, known: &str, timed: bool) -> String {
    let pairs = if timed { wanted("NEXUS_PAIRS", 100) } else { 5 };
    let (mut left, mut right, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    let client = server.client();
    let attempts = &server.world.services().pools.platform;
    for round in 0..pairs {
        // Who comes first changes: what one leaves behind falls to the other.
        for side in if round % 2 == 0 { [true, false] } else { [false, true] } {
            let login = if side { known } else { "nobody@lakeside.example" };
            let began = Instant::now();
            let answer = client.form("/sign-in", &[("login", login), ("password", "not the password")]).await;
            let (status, headers) = (answer.status(), format!("{:?}", answer.headers().keys().collect::<Vec<_>>()));
            let location = answer.headers().get(header::LOCATION).cloned();
            let body = answer.text().await.unwrap();
            let took = began.elapsed().as_secs_f64();
            if side { &mut left } else { &mut right }.push(took);
            answers.push(format!("{status} {headers} {location:?} {}", steady(&body.replace(login, "LOGIN"))));
            sqlx::query("delete from sign_in_attempts").execute(attempts).await.unwrap();
        }
    }
    let (equal, auc) = (answers.iter().all(|answer| *answer == answers[0]), auc(&left, &right));
    assert!(equal, "{flow}: {:?}", answers.iter().find(|answer| **answer != answers[0]));
    if !timed {
        return format!("bar=C-15 flow={flow} n={pairs} bytes_equal={equal} pass=1");
    }
    let band = f64::max(0.05, 3.0 * (1.0 / (6.0 * pairs as f64)).sqrt());
    let pass = (auc - 0.5).abs() <= band;
    let line = format!("bar=C-15 flow={flow} n={pairs} bytes_equal={equal} auc={auc:.3} band={band:.3}");
    assert!(pass, "{line}");
    line + " pass=1"
}

async fn with_a_factor() -> Server {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    crate::factor::set_up(&server, &amina, "").await;
    server
}

/// C-15, the second factor: without the password nobody learns that an account has one.
#[tokio::test]
async fn a_wrong_password_does_not_tell_who_has_a_second_factor() {
    let server = with_a_factor().await;
    println!("{}", told_apart(&server, "second_factor", "amina@lakeside.example", false).await);
    server.end().await;
}

/// C-15, signing in.
#[ignore = "measures time"]
#[tokio::test]
async fn measure_signing_in_tells_nobody_who_has_an_account() {
    let server = Server::new().await;
    server.world.user("Known", "known@lakeside.example").await;
    println!("{}", told_apart(&server, "sign_in", "known@lakeside.example", true).await);
    server.end().await;
}

/// The same with a second factor.
#[ignore = "measures time"]
#[tokio::test]
async fn measure_signing_in_tells_nobody_who_has_a_second_factor() {
    let server = with_a_factor().await;
    println!("{}", told_apart(&server, "second_factor", "amina@lakeside.example", true).await);
    server.end().await;
}
