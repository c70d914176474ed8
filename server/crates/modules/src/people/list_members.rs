//! Everyone in the workspace, by name.

use domain::Result;
use domain::people::{ListMembers, Member};
use platform::{Ctx, db_error};
use sqlx::FromRow;
use uuid::Uuid;

const ROWS: &str = "\
select m.id, m.name, m.email, m.roles, m.kind, m.status, m.manager_id, m.location_id,
    array(select coalesce(r.label, u.key) from unnest(m.roles) with ordinality as u (key, place)
        left join roles r on r.tenant_id = m.tenant_id and r.key = u.key order by u.place) as role_labels
from members m where m.tenant_id = $1 order by lower(m.name), m.id limit 2000";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    name: String,
    email: Option<String>,
    roles: Vec<String>,
    role_labels: Vec<String>,
    kind: String,
    status: String,
    manager_id: Option<Uuid>,
    location_id: Option<Uuid>,
}

pub async fn list_members(ctx: &mut Ctx, _: ListMembers) -> Result<Vec<Member>> {
    // Owners are shown by name to everyone; addresses and roles are for those who may read members.
    let details = ctx.access.grants.allows("people.member.read");
    let (tenant, me) = (ctx.access.tenant.0, ctx.access.member.0);
    let rows: Vec<Row> = sqlx::query_as(ROWS).bind(tenant).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    Ok(rows.into_iter().map(|row| member(row, details, me)).collect())
}

fn member(row: Row, details: bool, me: Uuid) -> Member {
    let open = details || row.id == me;
    Member {
        id: row.id,
        name: row.name,
        email: row.email.filter(|_| open),
        roles: if open { row.roles } else { Vec::new() },
        role_labels: if open { row.role_labels } else { Vec::new() },
        status: if row.kind == "automation" { row.kind } else { row.status.to_lowercase() },
        manager: row.manager_id.filter(|_| open),
        location: row.location_id.filter(|_| open),
    }
}
