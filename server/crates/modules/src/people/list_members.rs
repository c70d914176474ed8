//! Everyone in the workspace, by name.

use domain::Result;
use domain::people::{ListMembers, Member};
use platform::{Ctx, db_error};
use sqlx::FromRow;
use uuid::Uuid;

const ROWS: &str = "\
select id, name, email, roles, kind, status, manager_id, location_id from members where tenant_id = $1 order by lower(name), id limit 2000";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    name: String,
    email: Option<String>,
    roles: Vec<String>,
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
        status: if row.kind == "automation" { row.kind } else { row.status.to_lowercase() },
        manager: row.manager_id.filter(|_| open),
        location: row.location_id.filter(|_| open),
    }
}
