-- Why somebody is told something, and what of it a member wants to be told.
--
-- Why so: what one does not want to be told is kept, and not what one wants, so that everybody is told of a kind that is new. Whoever tells leaves
-- out those who do not want it; nothing that was told is hidden afterwards.

alter table notifications add column kind text not null default 'workflow'
    constraint notifications_kind_known check (kind in ('mention', 'assignment', 'approval', 'workflow'));

create table notification_mutes (
    tenant_id uuid not null constraint notification_mutes_tenant references tenants (id),
    member_id uuid not null,
    kind text not null constraint notification_mutes_kind_known check (kind in ('mention', 'assignment', 'approval', 'workflow')),
    muted_at timestamptz not null,
    primary key (tenant_id, member_id, kind),
    constraint notification_mutes_member foreign key (tenant_id, member_id) references members (tenant_id, id)
);
call secure_tenant_table('notification_mutes', 'insert, delete');
