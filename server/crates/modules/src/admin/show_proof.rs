//! How workspaces are kept apart: read from PostgreSQL's catalogue at the moment somebody looks, beside what the tests of this build hold.
//!
//! The catalogue says the same to every role, so nothing here is seen that the platform role may not see. Grants come from the tables' own
//! lists of rights: `information_schema` would show those of the asking role alone.

use domain::admin::{Bar, Grant, MatrixRun, Policy, Proof, RoleProof, ShowProof, TableProof};
use domain::{Error, Result};
use platform::{StaffCtx, db_error};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use sqlx::types::Json;
use std::collections::BTreeMap;

/// What is promised, and the tests that hold it.
const BARS: &str = include_str!("../../../../tests/bars.toml");
/// What the matrix found when it was last recorded (`null`: never).
const MATRIX: &str = include_str!("../../../../tests/matrix.json");
/// The tables by which the matrix says who may what.
const TABLES: [&str; 2] = [
    include_str!("../../../../tests/it/matrix/operations.toml"),
    include_str!("../../../../tests/it/matrix/routes.toml"),
];

const ROLES: &str = "\
select r.rolname::text as name, r.rolsuper as superuser, r.rolbypassrls as bypasses,
    (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
     where c.relowner = r.oid and c.relkind in ('r', 'p')) as owns
from pg_roles r where r.rolname in ('nexus_app', 'nexus_platform', 'nexus_ai', 'nexus_owner')
order by array_position(array['nexus_app', 'nexus_platform', 'nexus_ai', 'nexus_owner'], r.rolname::text)";

// A partition is reached through its parent alone, and has no policies of its own.
const FOUND: &str = "\
select c.relname::text as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
    c.relname = 'tenants' or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as of_workspace,
    coalesce((select jsonb_agg(jsonb_build_object('name', p.polname,
            'roles', case when 0 = any (p.polroles) then jsonb_build_array('PUBLIC')
                else (select jsonb_agg(r.rolname order by r.rolname) from pg_roles r where r.oid = any (p.polroles)) end,
            'command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
            'ownRows', coalesce(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) like '%current_setting(''app.tenant_id''%') order by p.polname)
        from pg_policy p where p.polrelid = c.oid), '[]') as policies,
    coalesce((select jsonb_agg(jsonb_build_object('role', g.role, 'may', g.may) order by g.role) from (
        select case when x.grantee = 0 then 'PUBLIC' else pg_get_userbyid(x.grantee)::text end as role,
            jsonb_agg(lower(x.privilege_type) order by x.privilege_type) as may
        from aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x where x.grantee <> c.relowner group by x.grantee) g), '[]') as grants
from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
where c.relkind in ('r', 'p') and not c.relispartition
order by 4 desc, 1";

#[derive(FromRow)]
struct FoundRole {
    name: String,
    superuser: bool,
    bypasses: bool,
    owns: i64,
}

#[derive(FromRow)]
struct FoundTable {
    name: String,
    enabled: bool,
    forced: bool,
    of_workspace: bool,
    policies: Json<Vec<Policy>>,
    grants: Json<Vec<Grant>>,
}

pub async fn show_proof(ctx: &mut StaffCtx, _: ShowProof) -> Result<Proof> {
    let database = sqlx::query_scalar("select 'PostgreSQL ' || current_setting('server_version')");
    let database: String = database.fetch_one(ctx.conn()).await.map_err(db_error)?;
    let roles: Vec<FoundRole> = sqlx::query_as(ROLES).fetch_all(ctx.conn()).await.map_err(db_error)?;
    let tables: Vec<FoundTable> = sqlx::query_as(FOUND).fetch_all(ctx.conn()).await.map_err(db_error)?;
    let role = |FoundRole { name, superuser, bypasses, owns }| RoleProof { name, superuser, bypasses, owns };
    let table = |found: FoundTable| TableProof {
        name: found.name,
        of_workspace: found.of_workspace,
        enabled: found.enabled,
        forced: found.forced,
        policies: found.policies.0,
        grants: found.grants.0,
    };
    Ok(Proof {
        database,
        roles: roles.into_iter().map(role).collect(),
        tables: tables.into_iter().map(table).collect(),
        bars: bars()?,
        matrix: matrix()?,
    })
}

fn bars() -> Result<Vec<Bar>> {
    #[derive(Deserialize)]
    struct Promise {
        says: String,
        /// None where a command of its own holds it.
        #[serde(default)]
        tests: Vec<String>,
    }
    let promises: BTreeMap<String, Promise> = toml::from_str(BARS).map_err(|_| Error::internal())?;
    Ok(promises.into_iter().map(|(id, it)| Bar { id, says: it.says, tests: it.tests.len() }).collect())
}

fn matrix() -> Result<Option<MatrixRun>> {
    let run: Option<MatrixRun> = serde_json::from_str(MATRIX).map_err(|_| Error::internal())?;
    Ok(run.map(|run| MatrixRun { current: run.tables == fingerprint(&TABLES), ..run }))
}

/// SHA-256 of the tables, one after the other.
pub fn fingerprint(tables: &[&str]) -> String {
    let mut hash = Sha256::new();
    for table in tables {
        hash.update(table.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_embedded_can_be_read() {
        assert!(bars().unwrap().len() > 40);
        assert!(matrix().is_ok());
        assert_eq!(fingerprint(&["a", "b"]), fingerprint(&["ab"]));
        assert_eq!(fingerprint(&TABLES).len(), 64);
    }
}
