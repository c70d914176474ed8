//! Who made a change, in words for people. One place, so that no page names the member alone where somebody else acted.

/// The name of who acted: the member's, behind that of the staff or key that acted for them. It reads `changes` as `c` and what
/// [`actor_joins!`](crate::actor_joins) joins.
#[macro_export]
macro_rules! actor_name {
    () => {
        "coalesce(i.staff_name || ' for ' || m.name, k.name || ' (key) for ' || m.name, m.name)"
    };
}

/// Joins of [`actor_name!`](crate::actor_name), with a blank before and behind. Changes from before 0033 have who acted in their cause alone.
#[macro_export]
macro_rules! actor_joins {
    () => {
        " left join members m on m.tenant_id = c.tenant_id and m.id = c.actor_id
left join impersonations i on i.tenant_id = c.tenant_id
  and i.id = case when c.through_kind = 'impersonation' then c.through_id when c.cause_kind = 'impersonation' then c.cause_id end
left join api_keys k on k.tenant_id = c.tenant_id
  and k.id = case when c.through_kind = 'api_key' then c.through_id when c.cause_kind = 'api_key' then c.cause_id end "
    };
}
