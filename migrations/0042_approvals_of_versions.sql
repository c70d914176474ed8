-- An approval is about its record as it was when it was asked for, and a decision about the record as whoever decides has seen it.
--
-- Why so: a record may be changed while its approval waits. Without the versions, what was raised after the approver had looked was approved with
-- it, and whoever had raised it could be the one to approve. A decision about an earlier version stays as it is and no longer counts, so a
-- member may decide once for each version.

alter table approvals
    -- Of the record, when it was asked for; none where there is no record.
    add column record_version bigint;
alter table approval_decisions
    -- Of the record that was decided about; 0 where there is none.
    add column version bigint not null default 0,
    drop constraint approval_decisions_pkey,
    add constraint approval_decisions_pkey primary key (tenant_id, approval_id, member_id, version);

-- What waits already: the last version that was written by then. What asked for an approval told of it together with its own changes.
update approvals a set record_version = (
    select max((c.after ->> 'version')::bigint) from changes c
    where c.tenant_id = a.tenant_id and c.record_id = a.record_id and c.entity = a.entity and c.outcome = 'done'
      and c.at <= (select min(o.at) from changes o where o.tenant_id = a.tenant_id and o.record_id = a.id and o.entity = 'approval'))
where a.state = 'PENDING' and a.record_id is not null;
update approval_decisions d set version = a.record_version
from approvals a
where a.tenant_id = d.tenant_id and a.id = d.approval_id and a.state = 'PENDING' and a.record_version is not null;
