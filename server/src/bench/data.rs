//! Leads by the hundred thousand, the same in each run, made by the database itself.

use crate::out;
use anyhow::{Result, bail};
use domain::TenantId;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

/// Made leads come before it, and what measurements write comes after: a million of them, a minute apart, from the first of 2024.
const UNTIL: &str = "timestamptz '2026-01-01 00:00Z'";
/// The workspaces of the measurement, and not those that are seeded beside them.
const MEASURED: &str = "select id from tenants where slug = 'bench' or slug like 'bench-%'";
/// Each of the nineteen neighbours has this part of the measured workspace's rows.
const NEIGHBOURS_SHARE: i64 = 100;

/// Rows `$2` to `$3` of a workspace. Every value hangs on the number of the row alone; ids and owners on those of the workspace too.
const LEADS: &str = "\
insert into leads (tenant_id, id, number, status, name, name_norm, email, email_norm, phone, company, company_norm, city, city_norm, country,
    value_minor, value_currency, source, enquired_on, next_step, notes, owner_id, created_by, created_at, updated_by, updated_at)
select $1, (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid,
    'LEAD-' || lpad(n::text, greatest(6, length(n::text)), '0'),
    (array['new', 'new', 'new', 'new', 'contacted', 'contacted', 'contacted', 'qualified', 'qualified', 'proposal', 'negotiation',
        'won', 'won', 'lost'])[1 + a % 14],
    name, lower(name), 'lead' || n || '@company' || c % 5000 || '.example', 'lead' || n || '@company' || c % 5000 || '.example',
    '+254 7' || lpad((b % 100000000)::text, 8, '0'), company, lower(company), city, lower(city),
    (array['KE', 'TZ', 'UG', 'RW', 'ET', 'NG', 'GH', 'ZA', 'GB', 'DE', 'FR', 'US'])[1 + b % 12],
    case when a % 10 > 0 then 10000 + c % 9000000 end, case when a % 10 > 0 then 'USD' end,
    (array['web_form', 'walk_in', 'referral', 'trade_fair', 'whatsapp', 'cold_call', 'partner', 'import'])[1 + c % 8],
    at::date - a % 4, case when b % 3 = 0 then 'Call back next week' end,
    case when c % 3 = 0 then 'Asked for ' || 1 + a % 40 || ' units, delivered before the end of the quarter.' end,
    people.ids[1 + a % array_length(people.ids, 1)], people.ids[1], at, people.ids[1 + b % array_length(people.ids, 1)], at
from (select n, md5($1::text || n) as h, timestamptz '2024-01-01 00:00Z' + n * interval '1 minute' as at,
        ('x' || substr(md5(n::text), 1, 6))::bit(24)::int as a, ('x' || substr(md5(n::text), 7, 6))::bit(24)::int as b,
        ('x' || substr(md5(n::text), 13, 6))::bit(24)::int as c
    from generate_series($2::bigint, $3::bigint) n) g
cross join lateral (select
    (array['Amina', 'John', 'Grace', 'Peter', 'Neema', 'Samuel', 'Chebet', 'Abdi', 'Zawadi', 'Kofi', 'Lerato', 'Tunde', 'Hana', 'Ingrid',
        'Louis', 'Maria'])[1 + a % 16] || ' ' ||
    (array['Otieno', 'Mwangi', 'Wanjiru', 'Kamau', 'Hassan', 'Njoroge', 'Zimba', 'Lubega', 'Okafor', 'Mensah', 'Dlamini', 'Bekele', 'Weber',
        'Martin', 'Smith', 'Garcia'])[1 + b % 16] as name,
    (array['Lakeside', 'Harbour', 'Savanna', 'Ivory Gate', 'Coral', 'Summit', 'Baobab', 'Union'])[1 + b % 8] || ' ' ||
    (array['Motors', 'Textiles', 'Tours', 'Supplies', 'Foods', 'Works', 'Clinic', 'Traders'])[1 + c % 8] || ' ' || c % 5000 as company,
    (array['Nairobi', 'Dar es Salaam', 'Kampala', 'Kigali', 'Addis Ababa', 'Lagos', 'Accra', 'Durban', 'London', 'Berlin', 'Lyon',
        'Austin'])[1 + b % 12] as city) words
cross join (select array_agg(id order by kind desc, email_norm) as ids from members where tenant_id = $1) people";

const NUMBERS: &str = "\
insert into number_series (tenant_id, entity, next) values ($1, 'lead', $2 + 1)
on conflict (tenant_id, entity) do update set next = greatest(number_series.next, excluded.next)";

const KEPT: &str = "select to_regclass('bench_kept') is not null";
const KEEP: &str = "insert into bench_kept select * from leads where tenant_id = $1 order by created_at limit $2";
const LAST: &str =
    r#"select to_char(max(created_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from bench_kept"#;
/// All but those that the database fills by itself.
const WRITTEN: &str = "\
select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
where attrelid = 'leads'::regclass and attnum > 0 and not attisdropped and attgenerated = ''";
/// Whole rows: also who changed them last, and how often. What points at them needs no check: they were there.
const PUT_BACK: &str = "\
begin;
set local session_replication_role = replica;
delete from leads l using bench_kept k where l.tenant_id = k.tenant_id and l.id = k.id;
insert into leads ({columns}) select {columns} from bench_kept;
drop table bench_kept;
commit";

/// Words that no row has any more.
const FORGET: &str = "\
delete from search_spellings p
where not exists (select from search_terms s where s.tenant_id = p.tenant_id and s.term = p.term)";

/// What was written beside rows: that and how they were changed.
const TRACES: &str = "\
truncate changes, events, idempotency_keys, imports, import_chunks, import_rows, bulk_changes, bulk_rows, exports";

/// Adds what is missing. Rows of an earlier size stay as they are.
pub async fn fill(admin: &mut PgConnection, tenant: TenantId, neighbours: &[TenantId], rows: i64) -> Result<()> {
    tidy(admin).await?;
    let mut wanted = vec![(tenant, rows)];
    wanted.extend(neighbours.iter().map(|neighbour| (*neighbour, rows / NEIGHBOURS_SHARE)));
    let there = count(admin, tenant).await?;
    if there > rows {
        bail!(
            "The kept database holds {there} leads, more than the {rows} asked for. Name another folder or remove it"
        );
    }
    if there == rows {
        return Ok(());
    }
    out::line(&format!("Loading {rows} leads ..."));
    // Indexes are made once, after the rows, and references need no check: they were looked up.
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "select indexname::text, indexdef from pg_indexes where tablename = 'leads' and indexname <> 'leads_pkey'",
    )
    .fetch_all(&mut *admin)
    .await?;
    run(admin, "set session_replication_role = replica").await?;
    run(admin, "set maintenance_work_mem = '512MB'").await?;
    run(admin, "begin").await?;
    for (name, _) in &indexes {
        run(admin, &format!("drop index {name}")).await?;
    }
    for (tenant, rows) in wanted {
        let there = count(admin, tenant).await?;
        sqlx::query(LEADS).bind(tenant.0).bind(there + 1).bind(rows).execute(&mut *admin).await?;
        sqlx::query(NUMBERS).bind(tenant.0).bind(rows).execute(&mut *admin).await?;
    }
    for (_, definition) in &indexes {
        run(admin, definition).await?;
    }
    run(admin, "commit").await?;
    run(admin, "vacuum (analyze) leads").await?;
    run(admin, "analyze").await?;
    run(admin, "checkpoint").await
}

/// Takes away what measurements have written and puts back what they have changed, so that the next one finds what this one found.
pub async fn tidy(admin: &mut PgConnection) -> Result<()> {
    let changed = put_back(admin).await?;
    // The words of the leads that stay are kept: making them anew takes longer than most measurements.
    run(
        admin,
        &format!(
            "delete from search_terms s using leads l where l.tenant_id in ({MEASURED}) and l.created_at >= {UNTIL}
             and s.tenant_id = l.tenant_id and s.record_id = l.id"
        ),
    )
    .await?;
    let written = AssertSqlSafe(format!("delete from leads where tenant_id in ({MEASURED}) and created_at >= {UNTIL}"));
    let written = sqlx::query(written).execute(&mut *admin).await?;
    if written.rows_affected() > 0 || changed {
        run(admin, FORGET).await?;
        run(admin, TRACES).await?;
        run(admin, "vacuum (analyze) leads").await?;
        run(admin, "vacuum (analyze) search_terms").await?;
        run(admin, "checkpoint").await?;
    }
    Ok(())
}

/// Keeps the first rows as they are until everything is tidied, be it by the next run. Answers when the last of them was made, which is before
/// any other was.
pub async fn keep(admin: &mut PgConnection, tenant: TenantId, rows: i64) -> Result<String> {
    run(admin, "create table bench_kept (like leads)").await?;
    sqlx::query(KEEP).bind(tenant.0).bind(rows).execute(&mut *admin).await?;
    Ok(sqlx::query_scalar(LAST).fetch_one(admin).await?)
}

/// False where none were kept.
async fn put_back(admin: &mut PgConnection) -> Result<bool> {
    let kept: bool = sqlx::query_scalar(KEPT).fetch_one(&mut *admin).await?;
    if kept {
        let columns: String = sqlx::query_scalar(WRITTEN).fetch_one(&mut *admin).await?;
        run(admin, &PUT_BACK.replace("{columns}", &columns)).await?;
    }
    Ok(kept)
}

async fn count(admin: &mut PgConnection, tenant: TenantId) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from leads where tenant_id = $1").bind(tenant.0).fetch_one(admin).await?)
}

pub async fn sample(admin: &mut PgConnection, tenant: TenantId, rows: i64, count: i64) -> Result<Vec<Uuid>> {
    let sql = "select id from leads where tenant_id = $1 and number = any (array(
        select 'LEAD-' || lpad(n::text, greatest(6, length(n::text)), '0') from generate_series(1::bigint, $2, greatest(1, $2 / $3)) n))
        order by md5(id::text)";
    Ok(sqlx::query_scalar(sql).bind(tenant.0).bind(rows).bind(count).fetch_all(admin).await?)
}

pub async fn run(admin: &mut PgConnection, sql: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(admin).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Connection as _;
    use testkit::TestWorld;

    #[tokio::test]
    async fn rows_that_were_kept_are_as_they_were_once_it_is_tidied() {
        let world = TestWorld::new(records::register).await;
        let tenant = world.tenant("bench", "core").await;
        world.member(&tenant, "Bea", &["USER"]).await;
        let mut admin = PgConnection::connect(&world.urls.admin).await.unwrap();
        fill(&mut admin, tenant.id, &[], 20).await.unwrap();
        let before = world.fingerprint(&["leads"]).await;
        let last = keep(&mut admin, tenant.id, 5).await.unwrap();
        assert_eq!(last, "2024-01-01T00:05:00Z");
        let change = format!(
            "update leads set city = 'Elsewhere', version = 3, updated_at = now() where created_at <= '{last}'"
        );
        run(&mut admin, &change).await.unwrap();
        assert_ne!(world.fingerprint(&["leads"]).await, before);
        tidy(&mut admin).await.unwrap();
        assert_eq!(world.fingerprint(&["leads"]).await, before);
        // What was put back is kept no longer.
        assert!(!put_back(&mut admin).await.unwrap());
        admin.close().await.unwrap();
        world.end().await;
    }
}
