//! Whether somebody may give roles, or act on somebody who holds them: nobody reaches above what they hold.

use domain::people::grant::exceeds;
use domain::people::{GivableRole, GivableRoles};
use domain::permission::Grants;
use domain::{Error, FieldError, Kind, Result};
use platform::{Access, Ctx, db_error};
use uuid::Uuid;

const ROLES: &str = "select key, grants from roles where tenant_id = $1 and key = any($2)";
/// Locks the members, so that of two owners who go at once one stays.
const OWNERS: &str = "\
select id from members where tenant_id = $1 and kind = 'person' and status = 'ACTIVE' and 'OWNER' = any(roles) order by id for update";

const ALL: &str = "select key, label, grants from roles where tenant_id = $1 order by rank nulls last, label, key";

pub async fn givable_roles(ctx: &mut Ctx, _: GivableRoles) -> Result<Vec<GivableRole>> {
    let tenant = ctx.access.tenant.0;
    let found: Vec<(String, String, sqlx::types::Json<Grants>)> =
        sqlx::query_as(ALL).bind(tenant).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let (held, own) = (&ctx.access.grants, &ctx.access.roles);
    Ok(found
        .into_iter()
        .map(|(key, label, grants)| GivableRole { lacking: exceeds(held, own, &key, &grants.0), key, label })
        .collect())
}

pub async fn known(ctx: &mut Ctx, roles: &[String]) -> Result<Vec<(String, Grants)>> {
    let tenant = ctx.access.tenant.0;
    let found: Vec<(String, sqlx::types::Json<Grants>)> =
        sqlx::query_as(ROLES).bind(tenant).bind(roles).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    Ok(found.into_iter().map(|(key, grants)| (key, grants.0)).collect())
}

/// Every role that does not exist or holds more than the giver does is named.
pub fn check(giver: &Access, roles: &[String], known: &[(String, Grants)]) -> Result<()> {
    if roles.is_empty() {
        return Err(Error::field("roles", "Choose at least one role"));
    }
    for role in roles {
        let Some((_, grants)) = known.iter().find(|(key, _)| key == role) else {
            return Err(Error::field("roles", format!("There is no role {role} in this workspace")));
        };
        if let Some(lacking) = exceeds(&giver.grants, &giver.roles, role, grants) {
            let message = format!("You cannot give {role}: you lack {lacking} yourself. Ask somebody who holds it");
            let field = FieldError { field: "roles".to_owned(), message: message.clone() };
            return Err(Error {
                fields: vec![field],
                required_permission: Some(lacking),
                user_role: Some(giver.role.clone()),
                ..Error::new(Kind::Forbidden, message)
            });
        }
    }
    Ok(())
}

/// Refuses to act on somebody who holds more than the caller.
pub async fn not_above(ctx: &mut Ctx, target: &[String]) -> Result<()> {
    let known = known(ctx, target).await?;
    let lacking = known.iter().find_map(|(role, grants)| {
        exceeds(&ctx.access.grants, &ctx.access.roles, role, grants).map(|lacking| (role.clone(), lacking))
    });
    match lacking {
        None => Ok(()),
        Some((role, lacking)) => Err(Error {
            required_permission: Some(lacking.clone()),
            user_role: Some(ctx.access.role.clone()),
            ..Error::new(
                Kind::Forbidden,
                format!("This person holds {role}, and with it {lacking}, which you lack. Ask somebody who holds it"),
            )
        }),
    }
}

/// Refuses what would leave the workspace without an owner who can work.
pub async fn an_owner_stays(ctx: &mut Ctx, without: Uuid) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    let owners: Vec<Uuid> =
        sqlx::query_scalar(OWNERS).bind(tenant).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    if owners == [without] {
        return Err(Error::conflict("This is the last owner of the workspace. Make somebody else an owner first"));
    }
    Ok(())
}
