//! Looking an invitation up by its link, and making the link that is mailed. Taking one up is `modules::people::accept_invitation`.

use super::recovery::{TOKEN_BYTES, hash};
use crate::clock::Clock;
use crate::db::{Pools, TenantTx, TxMode, db_error};
use crate::random::{Random, token};
use crate::secret::Secret;
use domain::{Result, TenantId, UserId};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

// By the hash alone: the link says which workspace it is for.
const OPEN: &str = "\
select i.tenant_id as tenant, i.id, i.name, coalesce(i.email, i.phone) as login, i.phone is not null as by_phone, i.roles, i.manager_id as manager,
    i.location_id as location, i.invited_by, t.name as workspace, t.slug, t.locale, m.name as inviter,
    (select u.id from users u where u.email_norm = i.email_norm or u.phone = i.phone) as account
from invitations i join tenants t on t.id = i.tenant_id join members m on m.tenant_id = i.tenant_id and m.id = i.invited_by
where i.key = $1 and i.status = 'PENDING' and i.expires_at > $2 and t.deleted_at is null and t.status in ('TRIAL', 'ACTIVE') and m.status = 'ACTIVE'";

const SEND: &str = "\
update invitations set key = $3, sent_at = $4 where tenant_id = $1 and id = $2 and status = 'PENDING' and expires_at > $4
returning name, coalesce(email, phone) as login, phone is not null as by_phone, roles,
    (select name from tenants where id = $1) as workspace, (select locale from tenants where id = $1) as language,
    (select m.name from members m where m.tenant_id = $1 and m.id = invited_by) as inviter";

/// An invitation whose link is good.
#[derive(Debug, Clone, FromRow)]
pub struct OpenInvitation {
    pub tenant: Uuid,
    pub id: Uuid,
    pub name: Option<String>,
    pub login: String,
    pub by_phone: bool,
    pub roles: Vec<String>,
    pub manager: Option<Uuid>,
    pub location: Option<Uuid>,
    pub invited_by: Uuid,
    pub workspace: String,
    pub slug: String,
    pub locale: String,
    pub inviter: String,
    /// Who has an account under its address.
    pub account: Option<Uuid>,
}

/// For the mail that invites.
#[derive(Debug, Clone, FromRow)]
pub struct InvitationMail {
    pub name: Option<String>,
    pub login: String,
    pub by_phone: bool,
    pub roles: Vec<String>,
    pub workspace: String,
    pub language: String,
    pub inviter: String,
}

impl OpenInvitation {
    pub fn is_for(&self, user: UserId) -> bool {
        self.account == Some(user.0)
    }
}

/// The invitation behind a link, `None` for one that never was, was taken up, revoked, replaced, or ran out.
pub async fn open_invitation(platform: &PgPool, clock: &dyn Clock, token: &str) -> Result<Option<OpenInvitation>> {
    sqlx::query_as(OPEN).bind(hash(token)).bind(clock.now()).fetch_optional(platform).await.map_err(db_error)
}

/// A new link for an invitation that waits; the one before is void.
pub async fn invitation_link(
    pools: &Pools,
    clock: &dyn Clock,
    random: &dyn Random,
    tenant: TenantId,
    id: Uuid,
) -> Result<Option<(Secret<String>, InvitationMail)>> {
    let token = token(random, TOKEN_BYTES);
    let mut tx = TenantTx::begin(&pools.app, tenant, TxMode::ReadWrite).await.map_err(db_error)?;
    let mail: Option<InvitationMail> = sqlx::query_as(SEND)
        .bind(tenant.0)
        .bind(id)
        .bind(hash(&token))
        .bind(clock.now())
        .fetch_optional(tx.conn())
        .await
        .map_err(db_error)?;
    tx.commit().await.map_err(db_error)?;
    Ok(mail.map(|mail| (token.into(), mail)))
}
