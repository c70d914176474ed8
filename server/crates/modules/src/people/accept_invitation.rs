//! Taking an invitation up. It is good once: its row is locked, and whoever comes second finds it ended. What its giver has lost since, it
//! does not give.

use super::roles_guard;
use domain::{Error, Kind, MemberId, Result, TenantId, UserId};
use platform::auth::{self, OpenInvitation};
use platform::{Caller, Change, Platform, TxMode, db_error};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;
use words::t;

const LOCK: &str = "\
select id from invitations where tenant_id = $1 and id = $2 and status = 'PENDING' and expires_at > $3 for update";
// Somebody who left comes back as the same member; somebody who is there is not changed by it.
const JOIN: &str = "\
insert into members as m (tenant_id, id, user_id, name, email, email_norm, roles, manager_id, location_id, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
on conflict (tenant_id, user_id) do update set status = 'ACTIVE', name = excluded.name, email = excluded.email, email_norm = excluded.email_norm,
    roles = excluded.roles, manager_id = excluded.manager_id, location_id = excluded.location_id, updated_at = excluded.updated_at
where m.status = 'LEFT'
returning id";
const TAKEN_UP: &str = "\
update invitations set status = 'ACCEPTED', key = null, ended_at = $3, accepted_by = $4 where tenant_id = $1 and id = $2";

/// Name, address as shown and as compared, number.
type Person = (String, Option<String>, Option<String>, Option<String>);

/// Makes the person a member and answers the address of the workspace. The person must be who was invited.
pub async fn accept_invitation(platform: &Arc<Platform>, invitation: &OpenInvitation, user: UserId) -> Result<String> {
    let services = &platform.services;
    let person: Option<Person> =
        sqlx::query_as("select name, email, email_norm, phone from users where id = $1 and status = 'ACTIVE'")
            .bind(user.0)
            .fetch_optional(&services.pools.platform)
            .await
            .map_err(db_error)?;
    let (name, email, email_norm, phone) = person.ok_or_else(Error::unauthenticated)?;
    let wanted = auth::login_of(&invitation.login)?;
    let same =
        (wanted.email.is_some() && wanted.email == email_norm) || (wanted.phone.is_some() && wanted.phone == phone);
    if !same {
        return Err(Error::new(
            Kind::Forbidden,
            t!(
                "This invitation is for {login}. Sign in with that, or ask for an invitation of your own",
                login = invitation.login
            ),
        ));
    }
    let tenant = TenantId(invitation.tenant);
    let void = || {
        let OpenInvitation { inviter, workspace, .. } = invitation;
        let message = t!(
            "{inviter} may no longer give what this invitation gives. Ask an administrator of {workspace} for another one",
            inviter,
            workspace
        );
        Error::new(Kind::Forbidden, message)
    };
    // Whoever invited must still be a member who may give these roles, under this manager and at this location.
    let inviter = auth::member(&services.pools, tenant, MemberId(invitation.invited_by)).await.map_err(|_| void())?;
    inviter.require("people.member.create").map_err(|_| void())?;
    let caller = Caller { access: Arc::new(inviter), session: None, origin: platform.origin(None) };
    let mut ctx = platform.open(&caller, "people.accept_invitation", TxMode::ReadWrite).await?;
    roles_guard::may_give(&mut ctx, &invitation.roles).await.map_err(|_| void())?;
    if let Some(manager) = invitation.manager {
        roles_guard::may_put_under(&mut ctx, None, manager).await.map_err(|_| void())?;
    }
    if let Some(location) = invitation.location {
        roles_guard::may_put_at(&mut ctx, &name, &invitation.roles, location).await.map_err(|_| void())?;
    }
    let (now, id) = (ctx.now(), ctx.new_id());
    let locked: Option<Uuid> = sqlx::query_scalar(LOCK)
        .bind(tenant.0)
        .bind(invitation.id)
        .bind(now)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if locked.is_none() {
        return Err(Error::new(Kind::NotFound, t!("This invitation is no longer good. Ask for another one")));
    }
    let joined: Option<Uuid> = sqlx::query_scalar(JOIN)
        .bind(tenant.0)
        .bind(id)
        .bind(user.0)
        .bind(&name)
        .bind(&email)
        .bind(&email_norm)
        .bind(&invitation.roles)
        .bind(invitation.manager)
        .bind(invitation.location)
        .bind(now)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let member = joined.ok_or_else(|| Error::conflict(t!("You are a member of this workspace already")))?;
    sqlx::query(TAKEN_UP)
        .bind(tenant.0)
        .bind(invitation.id)
        .bind(now)
        .bind(member)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    // It is the new member's own doing.
    ctx.access = Arc::new(platform::Access {
        member: MemberId(member),
        user: Some(user),
        name: name.clone(),
        ..(*caller.access).clone()
    });
    ctx.changed(Change {
        entity: "member".to_owned(),
        record: Some(member),
        before: None,
        after: Some(json!({ "name": name, "roles": invitation.roles, "invitation": invitation.id, "manager": invitation.manager, "location": invitation.location })),
        event: Some("people.member.joined".to_owned()),
    });
    ctx.commit().await?;
    Ok(invitation.slug.clone())
}
