//! How far a permission goes, compiled into a condition on rows.

use crate::sql::{Argument, Bind, Sql};
use domain::Reach;
use platform::Access;

/// The condition that a row named by `alias` lies within the reach. `All` is `true`.
///
/// The people below a member are found once per statement: an array that is computed before the first row, so that an index on the owner
/// still serves.
pub fn within(sql: &mut Sql, access: &Access, reach: Reach, tenant: Argument, alias: impl Fn(&mut Sql)) {
    match reach {
        Reach::All => {
            sql.push("true");
        }
        Reach::Own => own(sql, access, &alias),
        Reach::Team => team(sql, access, tenant, &alias),
        Reach::Location => {
            let Some(location) = access.location else {
                // Without a location of one's own only what every narrower reach gives is left.
                return team(sql, access, tenant, &alias);
            };
            sql.push("(");
            alias(sql);
            sql.push(".location_id = ");
            sql.bind(Bind::Id(Some(location)));
            sql.push(" or ");
            team(sql, access, tenant, &alias);
            sql.push(")");
        }
    }
}

fn own(sql: &mut Sql, access: &Access, alias: &impl Fn(&mut Sql)) {
    alias(sql);
    sql.push(".owner_id = ");
    sql.bind(Bind::Id(Some(access.member.0)));
}

fn team(sql: &mut Sql, access: &Access, tenant: Argument, alias: &impl Fn(&mut Sql)) {
    alias(sql);
    sql.push(".owner_id = any (array(");
    members_below(sql, access, tenant);
    sql.push("))");
}

/// The member and everyone below in the manager chain. `union` ends the walk should somebody be their own manager's manager.
pub fn members_below(sql: &mut Sql, access: &Access, tenant: Argument) {
    sql.push("with recursive team (id) as (select ");
    sql.bind(Bind::Id(Some(access.member.0)));
    sql.push(" union select m.id from members m join team on m.manager_id = team.id where m.tenant_id = ")
        .again(tenant);
    sql.push(") select id from team");
}

/// ` and <condition>` on rows named `t`, nothing for `All`.
pub fn and(sql: &mut Sql, access: &Access, reach: Reach, tenant: Argument) {
    if reach != Reach::All {
        // Some have a handful of rows, some have nearly all.
        sql.varies("owner_id").push(" and ");
        within(sql, access, reach, tenant, |sql| {
            sql.push("t");
        });
    }
}
