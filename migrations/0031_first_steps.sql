-- Who has put the first steps of a new workspace away.
--
-- Why so: whether a step is done is read from what it leaves behind, so nothing is kept of it. Only that somebody does not want to see the list is
-- theirs to say, and no row says anything else.

create table first_steps_put_away (
    tenant_id uuid not null constraint first_steps_put_away_tenant references tenants (id),
    member_id uuid not null,
    put_away_at timestamptz not null,
    primary key (tenant_id, member_id),
    constraint first_steps_put_away_member foreign key (tenant_id, member_id) references members (tenant_id, id)
);
call secure_tenant_table('first_steps_put_away', 'insert');
