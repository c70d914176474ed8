//! Who is meant by a role, a member, or those above a member; and telling them.

use domain::workflow::{Audience, NotificationKind, Notified, Notify};
use domain::{Error, Result};
use platform::{Bind, Ctx, Notice, Statement, notice};
use uuid::Uuid;
use words::t;

const BY_ROLE: &str = "\
select id from members where tenant_id = $1 and status = 'ACTIVE' and kind = 'person' and roles && $2::text[] order by id";
const BY_ID: &str = "select id from members where tenant_id = $1 and id = $2 and status = 'ACTIVE' and kind = 'person'";
// `union` would end the walk should somebody be their own manager's manager; the level ends it anyway.
const ABOVE: &str = "\
with recursive up (id, level) as (
    select manager_id, 1 from members where tenant_id = $1 and id = $2
    union all
    select m.manager_id, up.level + 1 from members m join up on m.id = up.id where m.tenant_id = $1 and up.level < $3
)
select m.id from up join members m on m.tenant_id = $1 and m.id = up.id
where up.level = $3 and m.status = 'ACTIVE' and m.kind = 'person'";

/// In the order of their ids: whoever has been a member the longest comes first.
pub async fn members(ctx: &mut Ctx, audience: &Audience) -> Result<Vec<Uuid>> {
    let found = match audience {
        Audience::Role(role) => by_role(ctx, vec![role.clone()]).await?,
        Audience::Member(id) => ids(ctx, BY_ID, vec![Bind::Id(Some(*id))]).await?,
        Audience::Above { member, level } => {
            let binds = vec![Bind::Id(Some(*member)), Bind::Int(Some(i64::from(*level)))];
            ids(ctx, ABOVE, binds).await?
        }
    };
    match audience {
        // Nobody is that far up: those who run the workspace are.
        Audience::Above { .. } if found.is_empty() => by_role(ctx, vec!["ADMIN".to_owned(), "OWNER".to_owned()]).await,
        _ => Ok(found),
    }
}

async fn by_role(ctx: &mut Ctx, roles: Vec<String>) -> Result<Vec<Uuid>> {
    ids(ctx, BY_ROLE, vec![Bind::texts(roles)]).await
}

async fn ids(ctx: &mut Ctx, sql: &'static str, mut binds: Vec<Bind>) -> Result<Vec<Uuid>> {
    binds.insert(0, Bind::Id(Some(ctx.access.tenant.0)));
    ctx.fetch(Statement::new(sql, binds)).await?.iter().map(|row| row.get(0)).collect()
}

pub async fn notify(ctx: &mut Ctx, notify: Notify) -> Result<Notified> {
    if notify.title.trim().is_empty() {
        return Err(Error::field("title", t!("Say what there is to tell")));
    }
    let members = members(ctx, &notify.to).await?;
    let line = |member: &Uuid| Notice {
        member: *member,
        kind: NotificationKind::Workflow,
        title: notify.title.clone(),
        body: notify.body.clone(),
        entity: notify.entity.clone(),
        record: notify.record,
        key: notify.key.clone(),
        beside: None,
    };
    let notices: Vec<Notice> = members.iter().map(line).collect();
    notice::tell(ctx, &notices).await?;
    Ok(Notified { members })
}
