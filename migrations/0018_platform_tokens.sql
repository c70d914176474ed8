-- The token pair of staff, and the entries of the trail that are feedback.
--
-- Why so: staff are another realm, so their pairs have a table of their own beside their own sessions: no statement for people's tokens can meet one
-- of theirs. A pair is a session that no browser holds, as in 0013.

alter table staff_sessions
    add column kind text not null default 'browser' constraint staff_sessions_kind_known check (kind in ('browser', 'token'));

create table staff_tokens (
    hash bytea primary key,
    session_id uuid not null constraint staff_tokens_session references staff_sessions (id) on delete cascade,
    kind text not null constraint staff_tokens_kind_known check (kind in ('access', 'refresh')),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index staff_tokens_by_session on staff_tokens (session_id);
create index staff_tokens_by_end on staff_tokens (expires_at);
grant select, insert, update, delete on staff_tokens to nexus_platform;

-- Few entries are feedback; without this, finding them would read the whole trail of the workspace.
create index changes_feedback on changes (tenant_id, id) where operation in ('audit.give_feedback', 'audit.send_feedback');
