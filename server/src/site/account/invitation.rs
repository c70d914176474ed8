//! Looking at an invitation and taking it up.

use super::*;

async fn invitation_facts(state: &App, session: &Session, token: &str) -> Option<(auth::OpenInvitation, AccountFacts)> {
    let services = &state.platform.services;
    let open = auth::open_invitation(&services.pools.platform, services.clock.as_ref(), token).await.ok().flatten()?;
    let current = sign_in::current(Some(session)).await.ok().flatten().map(|current| UserId(current.owner));
    let looker = match (current, open.account) {
        (Some(user), _) if open.is_for(user) => Looker::Invited,
        (Some(user), _) => Looker::Other(services.auth.login_of_user(user).await.ok().flatten().unwrap_or_default()),
        (None, Some(_)) => Looker::SignedOut,
        (None, None) => Looker::New,
    };
    let facts = AccountFacts::Invitation(InvitationFacts {
        workspace: open.workspace.clone(),
        inviter: open.inviter.clone(),
        name: open.name.clone(),
        login: open.login.clone(),
        roles: open.roles.clone(),
        looker,
    });
    Some((open, facts))
}

pub async fn invitation_page(
    State(state): State<App>,
    session: Session,
    Path(path): Path<TokenPath>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let facts = invitation_facts(&state, &session, &path.token).await.map(|(_, facts)| facts);
    asked.page(&format!("/invitations/{}", app::page::encode(&path.token)), facts).await
}

/// Joins: with one press for whoever is signed in under the address, with a name and a password for somebody new.
pub async fn accept(
    State(state): State<App>,
    session: Session,
    Path(path): Path<TokenPath>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let fields = fields(&body);
    let address = format!("/invitations/{}", app::page::encode(&path.token));
    let Some((open, facts)) = invitation_facts(&state, &session, &path.token).await else {
        return asked.page(&address, None).await;
    };
    let joined = async {
        let current = sign_in::current(Some(&session)).await?.map(|current| UserId(current.owner));
        let (user, new) = match (current, open.account) {
            (Some(user), _) => (user, false),
            (None, Some(_)) => {
                return Err(Error::new(Kind::Forbidden, t!("Sign in as {login} to accept", login = open.login)));
            }
            (None, None) => (newcomer(&state, &fields, &open).await?, true),
        };
        let slug = people::accept_invitation(&state.platform, &open, user).await?;
        Ok((user, new, slug))
    };
    match joined.await {
        Ok((user, true, slug)) => asked.enter(&session, user, &format!("/w/{slug}")).await,
        Ok((_, false, slug)) => {
            let words = t!("You are a member of {workspace}", workspace = open.workspace);
            asked.said(&words, &format!("/w/{slug}"))
        }
        Err(error) => asked.again(&address, "accept_invitation", fields, error, Some(facts)).await,
    }
}

/// The account of somebody who was invited: the link came to the address, so it is confirmed.
async fn newcomer(state: &App, fields: &[(String, String)], open: &auth::OpenInvitation) -> Result<UserId> {
    let services = &state.platform.services;
    let (name, password) = (text(fields, "name"), text(fields, "password"));
    let named = people::person_name(&name);
    let good = auth::check_password(&password, &[&name, &open.login, &open.workspace]);
    let faults: Vec<FieldError> = [named.as_ref().err(), good.as_ref().err()]
        .into_iter()
        .flatten()
        .flat_map(|error| error.fields.clone())
        .collect();
    if !faults.is_empty() {
        return Err(Error::fields(faults));
    }
    let hash = services.auth.passwords().hash(&password, services.random.as_ref()).await?;
    let (clock, random) = (services.clock.as_ref(), services.random.as_ref());
    auth::create_user(&services.pools.platform, clock, random, &named?, &open.login, &hash).await
}
