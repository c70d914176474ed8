//! How people come and go, over HTTP and by the mails that they get: nothing here knows a link that was not sent to it.

mod invitations;
mod members;
mod recovery;
mod sign_up;

use crate::support::{Client, Server, steady};
use reqwest::{Response, StatusCode, header};
use std::path::PathBuf;
use std::time::Duration;
use testkit::{PASSWORD, TestTenant};

/// Takes the mail of this template to this address out of the outbox, once it is there.
pub async fn mail(server: &Server, template: &str, to: &str) -> String {
    for _ in 0..400 {
        if let Some((path, text)) = waiting(server, template, to).into_iter().next() {
            std::fs::remove_file(path).unwrap();
            return text;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("no mail {template} to {to} came")
}

fn waiting(server: &Server, template: &str, to: &str) -> Vec<(PathBuf, String)> {
    let files = std::fs::read_dir(server.data.join("outbox")).into_iter().flatten().flatten();
    files
        .map(|file| file.path())
        .filter(|path| path.to_string_lossy().ends_with(&format!("-{template}.txt")))
        .filter_map(|path| std::fs::read_to_string(&path).ok().map(|text| (path, text)))
        .filter(|(_, text)| text.starts_with(&format!("To: {to}\n")) && text.ends_with('\n'))
        .collect()
}

/// Path of the link in a mail. It leads to this server, whatever the request said that asked for it.
pub fn link(server: &Server, mail: &str) -> String {
    let line = mail.lines().find(|line| line.starts_with("http")).unwrap_or_else(|| panic!("no link in\n{mail}"));
    line.strip_prefix(&server.base).unwrap_or_else(|| panic!("{line} leads elsewhere")).to_owned()
}

fn location(answer: &Response) -> &str {
    answer.headers().get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
}

async fn sign_in(server: &Server, login: &str, password: &str) -> (Client, StatusCode) {
    let client = server.client();
    // Another minute for each try: how often one may be made is not what is looked at.
    server.world.clock.advance(chrono::Duration::seconds(30));
    let answer = client.form("/sign-in", &[("login", login), ("password", password)]).await;
    (client, answer.status())
}

/// A person with an account and no workspace, signed in.
async fn stranger(server: &Server, name: &str, email: &str) -> Client {
    server.world.user(name, email).await;
    let (client, status) = sign_in(server, email, PASSWORD).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    client
}

async fn invite(client: &Client, tenant: &TestTenant, login: &str, role: &str) -> Response {
    let action = format!("/w/{}/do/people.invite", tenant.slug);
    let page = format!("/w/{}/settings/people", tenant.slug);
    client.form(&action, &[("login", login), (&format!("roles.{role}"), "true"), ("_page", &page)]).await
}

/// The chance that a value of one group is above one of the other (Mann-Whitney): a half where they are alike.
pub fn auc(left: &[f64], right: &[f64]) -> f64 {
    let above: f64 = left
        .iter()
        .map(|left| {
            right
                .iter()
                .map(|right| {
                    if left > right {
                        1.0
                    } else if left < right {
                        0.0
                    } else {
                        0.5
                    }
                })
                .sum::<f64>()
        })
        .sum();
    above / (left.len() * right.len()) as f64
}
