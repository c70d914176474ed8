-- Takes jobs for a worker: $1 kinds, $2 how many of each, $3 how many altogether, $4 lease in seconds, $5 the worker's name.
--
-- Jobs of dead workers come first: they have waited a lease longer. One that a worker did not survive for the last allowed time is given up
-- here, so that it cannot take down one worker after the other for ever.
-- Where more is due than can be taken, scopes take turns, those with the least running first: ten thousand jobs of one keep nobody waiting.
-- Rows that others are looking at are skipped, not waited for.
with recursive wanted as (
    select kind, count, count < (
        select count(*) from (select from jobs j where j.kind = w.kind and state = 'queued' and run_at <= now() limit w.count + 1) due
    ) as crowded
    from unnest($1::text[], $2::int[]) as w (kind, count)
),
-- Steps through the index from one scope to the next, instead of reading all that waits.
scopes as (
    select w.kind, w.count, (select scope from jobs j where j.kind = w.kind and state = 'queued' order by scope limit 1) as scope
    from wanted w where crowded
    union all
    select s.kind, s.count,
        (select scope from jobs j where j.kind = s.kind and state = 'queued' and j.scope > s.scope order by scope limit 1)
    from scopes s where s.scope is not null
),
busy as (select kind, scope, count(*) as running from jobs where state = 'running' and kind = any ($1) group by kind, scope),
-- More than are wanted, because another worker may be taking the same ones.
candidates as (
    select w.kind, j.id, j.run_at, 0::bigint as turn from wanted w cross join lateral (
        select id, run_at from jobs where kind = w.kind and state = 'queued' and run_at <= now() order by run_at limit w.count
    ) j where not crowded
    union all
    select s.kind, j.id, j.run_at, coalesce(b.running, 0) + row_number() over (partition by s.kind, s.scope order by j.run_at)
    from scopes s left join busy b on b.kind = s.kind and b.scope = s.scope cross join lateral (
        select id, run_at from jobs where kind = s.kind and scope = s.scope and state = 'queued' and run_at <= now()
        order by run_at limit s.count * 4
    ) j
),
expired as (
    select w.kind, j.id, j.run_at, -1::bigint as turn from wanted w cross join lateral (
        select id, run_at from jobs where kind = w.kind and state = 'running' and lease_until < now()
        order by lease_until limit w.count for update skip locked
    ) j
),
due as (
    select w.kind, j.id, j.run_at, j.turn from wanted w cross join lateral (
        select q.id, c.run_at, c.turn from candidates c join jobs q on q.id = c.id
        where c.kind = w.kind and q.state = 'queued' order by c.turn, c.run_at
        limit greatest(w.count - (select count(*) from expired e where e.kind = w.kind), 0) for update of q skip locked
    ) j
),
picked as (select id from (select * from expired union all select * from due) p order by turn, run_at limit $3)
update jobs j set
    state = case when attempts < max_attempts then 'running' else 'failed' end,
    attempts = least(attempts + 1, max_attempts),
    claim_no = claim_no + 1,
    lease_until = case when attempts < max_attempts then now() + make_interval(secs => $4) end,
    finished_at = case when attempts < max_attempts then null else now() end,
    error = case when attempts < max_attempts then error else
        format('Given up: %s of %s workers that took this job stopped without an answer, the last one was %s', attempts, max_attempts, worker)
        || coalesce(E'\nThe last error that was reported: ' || error, '') end,
    worker = $5
from picked where j.id = picked.id
returning j.id, j.tenant_id, j.kind, j.payload, j.attempts, j.max_attempts, j.claim_no, j.state
