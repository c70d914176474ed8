//! Signing up by mail or phone, another workspace for somebody who has an account, and the first owner.

use super::super::tokens;
use super::*;
use platform::limit::LimitKey;
use std::time::Duration;
use words::tn;

/// Codes that go to one number, and those that are asked for from one address, in an hour, whatever sign-up they are for: a message costs money and
/// wakes whoever has the number, and every code that is sent can be guessed at.
const CODES_OF_NUMBER: u32 = 5;
const CODES_OF_ADDRESS: u32 = 20;
const CODES_WINDOW: Duration = Duration::from_hours(1);

pub async fn sign_up(
    State(state): State<App>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let fields = fields(&body);
    match pend(&asked, &fields).await {
        Ok(next) => Redirect::to(&next).into_response(),
        Err(error) => asked.again("/sign-up", "sign_up", fields, error, Some(asked.choosing())).await,
    }
}

/// Writes a sign-up down and sends for its link or code, whoever the address belongs to. Where it goes on.
async fn pend(asked: &Asked<'_>, fields: &[(String, String)]) -> Result<String> {
    let services = &asked.state.platform.services;
    let (name, workspace) = person_and_workspace(asked, fields)?;
    services.auth.count_mail(asked.info.address).await?;
    let (login, password) = (text(fields, "login"), text(fields, "password"));
    if let Some(phone) = auth::login_of(&login)?.phone {
        count_code(asked, &phone)?;
    }
    let new =
        SignUp { name: &name, login: &login, password: &password, language: asked.language(), workspace: &workspace };
    let (id, login) = services.auth.pend_sign_up(new).await?;
    people::queue_now(services, &AccountMail::SignUp { id }).await?;
    Ok(if login.phone.is_some() { format!("/sign-up/code?of={id}") } else { "/sign-up?sent=1".to_owned() })
}

/// Counts a code for a phone, or refuses it: alike for a number that has an account, which is sent a message too.
fn count_code(asked: &Asked<'_>, phone: &str) -> Result<()> {
    let keys = [
        LimitKey::hashed("sign_up_number", phone, CODES_OF_NUMBER, CODES_WINDOW),
        LimitKey::address("sign_up_address", asked.info.address, CODES_OF_ADDRESS, CODES_WINDOW),
    ];
    let decision = asked.state.limiter.check(&keys);
    if decision.allowed {
        return Ok(());
    }
    let words = tn!(
        decision.reset_seconds.div_ceil(60),
        "Too many codes were sent to this number, or asked for from here. Try again in {count} minute",
        "Too many codes were sent to this number, or asked for from here. Try again in {count} minutes"
    );
    Err(Error { retry_after: Some(decision.reset_seconds), ..Error::new(Kind::RateLimited, words) })
}

/// What a program says of a person and a workspace to be.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Register {
    name: String,
    #[serde(alias = "email", alias = "phone")]
    login: String,
    password: String,
    workspace: String,
    industry: String,
    currency: Option<String>,
    timezone: Option<String>,
    slug: Option<String>,
    #[serde(default)]
    sample: bool,
}

/// The same for a program (R68). The answer is one and the same, whether the address has an account or not: what there is to know stands in the mail.
pub async fn register(
    State(state): State<App>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let done = async {
        let new: Register = tokens::read(&headers, &body)?;
        let (currency, timezone) = guess(&headers);
        let fields = [
            ("name", new.name),
            ("login", new.login),
            ("password", new.password),
            ("workspace", new.workspace),
            ("industry", new.industry),
            ("currency", new.currency.unwrap_or_else(|| currency.to_owned())),
            ("timezone", new.timezone.unwrap_or_else(|| timezone.to_owned())),
            ("slug", new.slug.unwrap_or_default()),
            ("sample", new.sample.to_string()),
        ];
        pend(&asked, &fields.map(|(name, value)| (name.to_owned(), value))).await
    };
    match done.await {
        Ok(next) => {
            let message = "A link or a code is on its way to this address. Nothing exists before it is confirmed";
            let mut response = tokens::json_text(&serde_json::json!({ "message": message, "next": next }));
            *response.status_mut() = StatusCode::ACCEPTED;
            response
        }
        Err(error) => tokens::problem(info, error),
    }
}

/// Every fault of both at once.
fn person_and_workspace(asked: &Asked<'_>, fields: &[(String, String)]) -> Result<(String, NewWorkspace)> {
    let name = people::person_name(&text(fields, "name"));
    let login = auth::login_of(&text(fields, "login"));
    let workspace = asked.workspace(fields);
    let password = auth::check_password(
        &text(fields, "password"),
        &[&text(fields, "name"), &text(fields, "login"), &text(fields, "workspace")],
    );
    let mut faults = Vec::new();
    for error in [name.as_ref().err(), login.as_ref().err(), password.as_ref().err()].into_iter().flatten() {
        faults.extend(error.fields.iter().cloned());
    }
    match (name, workspace) {
        (Ok(name), Ok(workspace)) if faults.is_empty() => Ok((name, workspace)),
        (_, workspace) => {
            faults.extend(workspace.err().unwrap_or_default());
            Err(Error::fields(faults))
        }
    }
}

async fn sign_up_facts(state: &App, token: &str) -> Option<AccountFacts> {
    let found = state.platform.services.auth.open_sign_up(token).await.ok().flatten()?;
    Some(AccountFacts::SignUp { name: found.name, login: found.login, workspace: found.workspace })
}

pub async fn confirm_page(
    State(state): State<App>,
    Path(path): Path<TokenPath>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let facts = sign_up_facts(&state, &path.token).await;
    asked.page(&format!("/sign-up/{}", app::page::encode(&path.token)), facts).await
}

pub async fn confirm(
    State(state): State<App>,
    session: Session,
    Path(path): Path<TokenPath>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let services = &state.platform.services;
    match services.auth.take_sign_up(&services.pools, &path.token).await {
        Ok((user, made)) => {
            asked.furnish(&made).await;
            asked.enter(&session, user, &format!("/w/{}", made.slug)).await
        }
        Err(error) => {
            let facts = sign_up_facts(&state, &path.token).await;
            asked
                .again(
                    &format!("/sign-up/{}", app::page::encode(&path.token)),
                    "confirm_sign_up",
                    Vec::new(),
                    error,
                    facts,
                )
                .await
        }
    }
}

pub async fn code(
    State(state): State<App>,
    session: Session,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let fields = fields(&body);
    let services = &state.platform.services;
    let id = Uuid::try_parse(&text(&fields, "of")).unwrap_or_default();
    match services.auth.take_sign_up_by_code(&services.pools, id, &text(&fields, "code")).await {
        Ok((user, made)) => {
            asked.furnish(&made).await;
            asked.enter(&session, user, &format!("/w/{}", made.slug)).await
        }
        Err(error) => asked.again("/sign-up/code", "sign_up_code", fields, error, Some(asked.choosing())).await,
    }
}

pub async fn new_workspace(
    person: Person,
    State(state): State<App>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let fields = fields(&body);
    let services = &state.platform.services;
    let made = async {
        services.auth.count_mail(info.address).await?;
        let workspace = asked.workspace(&fields).map_err(Error::fields)?;
        // A program that sends no key means each of its calls.
        let key = own(&fields, "_key").unwrap_or_else(|| platform::random::token(services.random.as_ref(), 16));
        services.auth.another_workspace(&services.pools, person.0, &workspace, asked.language(), &key).await
    };
    match made.await {
        Ok(made) => {
            let slug = match made {
                Ok(made) => {
                    asked.furnish(&made).await;
                    made.slug
                }
                Err(before) => before,
            };
            Redirect::to(&format!("/w/{slug}")).into_response()
        }
        Err(error) => asked.again("/workspaces/new", "new_workspace", fields, error, Some(asked.choosing())).await,
    }
}

#[derive(Deserialize)]
pub struct SetupQuery {
    #[serde(default)]
    token: String,
}

/// There only for whoever was given the link that the first start printed, and only while nobody has an account.
pub async fn setup_page(
    State(state): State<App>,
    axum::extract::Query(query): axum::extract::Query<SetupQuery>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    match state.platform.services.auth.open_setup_link(&query.token).await {
        Ok(true) => {
            asked.page(&format!("/setup?token={}", app::page::encode(&query.token)), Some(asked.choosing())).await
        }
        _ => draw::refused(&state, &headers, info, &Error::not_found()).await,
    }
}

pub async fn setup(
    State(state): State<App>,
    session: Session,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let fields = fields(&body);
    let token = text(&fields, "token");
    let services = &state.platform.services;
    let auth = &services.auth;
    if !auth.open_setup_link(&token).await.unwrap_or_default() {
        return draw::refused(&state, &headers, info, &Error::not_found()).await;
    }
    let made = async {
        let (name, workspace) = person_and_workspace(&asked, &fields)?;
        let hash = auth.passwords().hash(&text(&fields, "password"), services.random.as_ref()).await?;
        auth.take_setup_link(&token).await?;
        let (clock, random) = (services.clock.as_ref(), services.random.as_ref());
        let user =
            auth::create_user(&services.pools.platform, clock, random, &name, &text(&fields, "login"), &hash).await;
        let user = match user {
            Ok(user) => user,
            Err(error) => {
                auth.give_setup_link_back(&token).await?;
                return Err(error);
            }
        };
        let made =
            auth::make_workspace(&services.pools, clock, random, user, &workspace, asked.language(), None).await?;
        Ok((user, made))
    };
    match made.await {
        Ok((user, made)) => {
            asked.furnish(&made).await;
            asked.enter(&session, user, &format!("/w/{}", made.slug)).await
        }
        Err(error) => asked.again("/setup", "setup", fields, error, Some(asked.choosing())).await,
    }
}
