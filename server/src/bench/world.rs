//! What is measured on: a private cluster of its own with twenty workspaces, people, and a known number of leads.

use super::client::{Connection, request};
use super::process::Nexus;
use super::{data, load, terms};
use crate::config::{Config, Database};
use crate::{out, start};
use anyhow::{Context, Result, bail};
use cluster::Cluster;
use domain::{MemberId, TenantId};
use platform::auth::{self, NewTenant};
use platform::random::token;
use platform::{Pools, Services};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use uuid::Uuid;

/// Of every workspace.
pub const INDUSTRY: &str = "automotive";
/// The measured workspace; its neighbours are `bench-2` and so on.
const SLUG: &str = "bench";
const TENANTS: u32 = 20;
const MEMBERS: u32 = 8;
const LOGIN: &str = "member-1@bench.example";
/// People of a neighbour, who sign in all at once (`door`).
pub const GUESTS: u8 = 200;

/// Removed with everything in it, unless it is to be kept.
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

pub struct World {
    pub tenant: TenantId,
    /// Who signs in.
    pub member: MemberId,
    neighbours: Vec<TenantId>,
    password: String,
    site_root: PathBuf,
    // Dropped in this order: the cluster leaves its folder before the folder goes.
    cluster: Option<Cluster>,
    admin_url: String,
    folder: Folder,
}

impl World {
    pub async fn open(mut config: Config, keep: Option<PathBuf>) -> Result<Self> {
        let (path, keep) = match keep {
            Some(path) => (path, true),
            None => (std::env::temp_dir().join(format!("nexus-bench-{}", std::process::id())), false),
        };
        std::fs::create_dir_all(&path).with_context(|| format!("{} could not be made", path.display()))?;
        let folder = Folder { path: path.canonicalize()?, keep };
        out::line(&format!("Preparing a database in {} ...", folder.path.display()));
        let site_root = std::path::absolute(&config.site_root)?;
        config.data_dir.clone_from(&folder.path);
        config.database = Database::Managed;
        config.encryption_keys = None;
        let cluster = Cluster::start(&folder.path).await.context("The database of the measurement could not start")?;
        let urls = cluster.urls().clone();
        platform::migrate::migrate(&urls.owner).await?;
        let password = start::kept(&folder.path.join("bench-password"), || token(&platform::random::SystemRandom, 12))?;
        let pools = Pools::connect(&urls.app, &urls.platform, 4).await?;
        let services = start::services(&config, pools, &start::library(None)?)?;
        let people = people(&services, &password).await;
        services.pools.close().await;
        let (tenant, member, neighbours) = people?;
        Ok(Self {
            tenant,
            member,
            neighbours,
            password,
            site_root,
            cluster: Some(cluster),
            admin_url: urls.admin,
            folder,
        })
    }

    /// Loading takes long and is no fault.
    pub async fn admin(&self) -> Result<PgConnection> {
        Ok(PgConnectOptions::from_str(&self.admin_url)?.disable_statement_logging().connect().await?)
    }

    /// Brings the measured workspace to this many leads.
    pub async fn fill(&self, rows: u32) -> Result<()> {
        let mut admin = self.admin().await?;
        data::fill(&mut admin, self.tenant, &self.neighbours, i64::from(rows)).await?;
        admin.close().await?;
        Ok(())
    }

    /// Brings the search index up to the leads that are there.
    pub async fn index(&self) -> Result<()> {
        for tenant in std::iter::once(self.tenant).chain(self.neighbours.iter().copied()) {
            terms::fill(self, tenant).await?;
        }
        let mut admin = self.admin().await?;
        terms::finish(&mut admin).await?;
        admin.close().await?;
        Ok(())
    }

    /// Takes away what measurements have written.
    pub async fn tidy(&self) -> Result<()> {
        let mut admin = self.admin().await?;
        data::tidy(&mut admin).await?;
        admin.close().await?;
        Ok(())
    }

    /// Leads spread over the whole workspace, the same in each run.
    pub async fn sample(&self, rows: u32, count: u32) -> Result<Vec<Uuid>> {
        let mut admin = self.admin().await?;
        let ids = data::sample(&mut admin, self.tenant, i64::from(rows), i64::from(count)).await?;
        admin.close().await?;
        Ok(ids)
    }

    /// Signs in as a person does, by the form, and answers the cookies.
    pub async fn sign_in(&self, address: SocketAddr) -> Result<String> {
        let mut connection = Connection::open(address).await?;
        let answer = connection.send(&self.credentials(LOGIN)).await?;
        if answer.status != 303 {
            bail!("The sign-in form answered {}", answer.status);
        }
        let head = connection.head(answer);
        let cookies =
            head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")).filter_map(|line| line.split(';').next());
        Ok(cookies.collect::<Vec<_>>().join("; "))
    }

    /// The form of the sign-in page as it is sent.
    pub fn credentials(&self, login: &str) -> Vec<u8> {
        let form = format!("login={}&password={}", app::page::encode(login), app::page::encode(&self.password));
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
            ("accept", "text/html"),
        ];
        request("POST", "/sign-in", &headers, &form)
    }

    /// Median seconds from nothing running to the first answer.
    pub async fn cold_starts(&mut self, rounds: usize) -> Result<f64> {
        self.leave().await?;
        let mut times = Vec::new();
        for _ in 0..rounds {
            let nexus = Nexus::start(self).await?;
            times.push(nexus.started_in.as_secs_f64());
            // The last one to use the database stops it.
            nexus.stop().await?;
        }
        Ok(load::median(&mut times))
    }

    async fn leave(&mut self) -> Result<()> {
        match self.cluster.take() {
            Some(cluster) => cluster.stop().await,
            None => Ok(()),
        }
    }

    pub async fn end(mut self) -> Result<()> {
        self.leave().await
    }

    pub fn path(&self) -> String {
        format!("/w/{SLUG}")
    }

    pub fn folder(&self) -> &Path {
        &self.folder.path
    }

    pub fn log(&self, name: &str) -> PathBuf {
        self.folder.path.join(format!("bench-{name}.log"))
    }

    pub fn site_root(&self) -> &Path {
        &self.site_root
    }

    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }
}

async fn people(services: &Services, password: &str) -> Result<(TenantId, MemberId, Vec<TenantId>)> {
    let tenant = workspace(services, SLUG).await?;
    let hash = services.auth.passwords().hash(password, services.random.as_ref()).await?;
    for number in 1..=MEMBERS {
        // A salesperson, the role that most people have.
        member(services, tenant, &format!("Member {number}"), &format!("member-{number}@bench.example"), &hash).await?;
    }
    let mut neighbours = Vec::new();
    for number in 2..=TENANTS {
        neighbours.push(workspace(services, &format!("{SLUG}-{number}")).await?);
    }
    for number in 1..=GUESTS {
        member(services, neighbours[0], &format!("Guest {number}"), &guest(number), &hash).await?;
    }
    let signs_in =
        "select m.id from members m join users u on u.id = m.user_id where m.tenant_id = $1 and u.email_norm = $2";
    let member: Uuid =
        sqlx::query_scalar(signs_in).bind(tenant.0).bind(LOGIN).fetch_one(&services.pools.platform).await?;
    Ok((tenant, MemberId(member), neighbours))
}

/// The address of one of them.
pub fn guest(number: u8) -> String {
    format!("guest-{number}@bench.example")
}

async fn workspace(services: &Services, slug: &str) -> Result<TenantId> {
    let known: Option<Uuid> = sqlx::query_scalar("select id from tenants where slug = $1")
        .bind(slug)
        .fetch_optional(&services.pools.platform)
        .await?;
    match known {
        Some(known) => Ok(TenantId(known)),
        None => {
            let new = NewTenant::new(slug, format!("Workspace {slug}"), INDUSTRY);
            Ok(auth::create_tenant(&services.pools, services.clock.as_ref(), services.random.as_ref(), &new).await?)
        }
    }
}

async fn member(services: &Services, tenant: TenantId, name: &str, email: &str, hash: &str) -> Result<()> {
    let pool = &services.pools.platform;
    let known: bool = sqlx::query_scalar("select exists (select from users where email_norm = $1)")
        .bind(email)
        .fetch_one(pool)
        .await?;
    if !known {
        let (clock, random) = (services.clock.as_ref(), services.random.as_ref());
        let user = auth::create_user(pool, clock, random, name, email, hash).await?;
        auth::add_member(&services.pools, clock, random, tenant, user, &["USER"], None).await?;
    }
    Ok(())
}
