//! The demo: two workspaces with people who can sign in. Nothing of it exists unless it is asked for, and the password is random.

use crate::state::App;
use crate::{out, start};
use anyhow::Result;
use domain::company::{Company, GetCompany, SaveCompany};
use domain::{TenantId, UserId};
use platform::auth::{self, NewTenant};
use platform::random::token;
use platform::{Caller, Services};
use sqlx::PgPool;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use uuid::Uuid;
use words::Language;

struct Person {
    name: &'static str,
    email: &'static str,
    /// Roles in Lakeside Motors and in Harbour Autos; none where not a member.
    lakeside: &'static [&'static str],
    harbour: &'static [&'static str],
    language: Language,
    says: &'static str,
}

const PEOPLE: [Person; 9] = [
    Person {
        name: "Amina Otieno",
        email: "amina@demo.example",
        lakeside: &["USER"],
        harbour: &["USER"],
        language: Language::English,
        says: "salesperson, in both workspaces",
    },
    Person {
        name: "John Mwangi",
        email: "john@demo.example",
        lakeside: &["MANAGER", "SALES_MANAGER"],
        harbour: &["USER"],
        language: Language::English,
        says: "sales manager",
    },
    Person {
        name: "Grace Wanjiru",
        email: "grace@demo.example",
        lakeside: &["OWNER", "FINANCE_MANAGER"],
        harbour: &[],
        language: Language::English,
        says: "owner of Lakeside Motors",
    },
    Person {
        name: "Peter Kamau",
        email: "peter@demo.example",
        lakeside: &["VIEWER"],
        harbour: &[],
        language: Language::English,
        says: "may only look",
    },
    Person {
        name: "Samuel Njoroge",
        email: "samuel@demo.example",
        lakeside: &["SALES_REP"],
        harbour: &[],
        language: Language::English,
        says: "sees what is his own",
    },
    Person {
        name: "Neema Hassan",
        email: "neema@demo.example",
        lakeside: &[],
        harbour: &["MANAGER", "SALES_MANAGER"],
        language: Language::English,
        says: "manager of Harbour Autos only",
    },
    Person {
        name: "Faith Achieng",
        email: "faith@demo.example",
        lakeside: &["FINANCE_MANAGER"],
        harbour: &["FINANCE_MANAGER"],
        language: Language::English,
        says: "finance manager, in both workspaces",
    },
    Person {
        name: "Daniel Kiprono",
        email: "daniel@demo.example",
        lakeside: &["WAREHOUSE"],
        harbour: &["WAREHOUSE"],
        language: Language::English,
        says: "warehouse, in both workspaces",
    },
    Person {
        name: "Zuhura Salim",
        email: "zuhura@demo.example",
        lakeside: &["USER"],
        harbour: &["USER"],
        language: Language::Swahili,
        says: "salesperson who reads Swahili, in both workspaces",
    },
];
const STAFF: (&str, &str) = ("Platform Admin", "admin@demo.example");
const INDUSTRY: &str = "automotive";

pub async fn prepare(app: &App, library: &packs::Library) -> Result<()> {
    let services = &app.platform.services;
    let hash = services.auth.passwords().hash(&password(app)?, services.random.as_ref()).await?;
    let lakeside = NewTenant {
        currency: "KES".to_owned(),
        timezone: "Africa/Nairobi".to_owned(),
        ..NewTenant::new("lakeside", "Lakeside Motors", INDUSTRY)
    };
    let harbour = NewTenant {
        currency: "TZS".to_owned(),
        timezone: "Africa/Dar_es_Salaam".to_owned(),
        ..NewTenant::new("harbour", "Harbour Autos", INDUSTRY)
    };
    let lakeside_id = tenant(services, &lakeside).await?;
    let harbour_id = tenant(services, &harbour).await?;
    for person in &PEOPLE {
        let user = user(services, person, &hash).await?;
        for (tenant, roles) in [(lakeside_id, person.lakeside), (harbour_id, person.harbour)] {
            if !roles.is_empty() {
                join(services, tenant, user, roles).await?;
            }
        }
    }
    let pool = &services.pools.platform;
    if !exists(pool, "select exists (select from staff where email_norm = $1)", STAFF.1).await? {
        auth::create_staff(
            pool,
            services.clock.as_ref(),
            services.random.as_ref(),
            STAFF.0,
            STAFF.1,
            "SUPER_ADMIN",
            &hash,
        )
        .await?;
    }
    for workspace in [&lakeside, &harbour] {
        packs::seed::seed(&app.platform, library, INDUSTRY, packs::seed::Size::Medium, &workspace.slug).await?;
    }
    company(app, lakeside_id, "Lakeside Motors Ltd", "Oginga Odinga Street 12\nKisumu 40100\nKenya", "P051234567X")
        .await?;
    company(app, harbour_id, "Harbour Autos Ltd", "Nyerere Road 88\nDar es Salaam\nTanzania", "102-345-678").await?;
    Ok(())
}

/// What documents say of their sender, unless somebody has said it already.
async fn company(app: &App, tenant: TenantId, name: &str, address: &str, tax_number: &str) -> Result<()> {
    let access = auth::automation(&app.platform.services.pools, tenant).await?;
    let slug = access.slug.clone();
    let caller = Caller { access: Arc::new(access), session: None, origin: app.platform.origin(None) };
    let backend = app.platform.clone().backend(caller);
    if backend.run(GetCompany {}).await?.version > 0 {
        return Ok(());
    }
    let some = |text: &str| Some(text.to_owned());
    let company = Company {
        legal_name: some(name),
        address: some(address),
        tax_number: some(tax_number),
        email: Some(format!("accounts@{slug}.example")),
        bank: some("Ziwa Bank"),
        account_number: some("0123456789"),
        swift: some("ZIWAXXXX"),
        payment_terms: some("30 days net"),
        invoice_note: some("Thank you for your business."),
        ..Company::default()
    };
    backend.run(SaveCompany { version: 0, company }).await?;
    Ok(())
}

async fn exists(pool: &PgPool, sql: &'static str, word: &str) -> Result<bool> {
    Ok(sqlx::query_scalar(sql).bind(word).fetch_one(pool).await?)
}

async fn tenant(services: &Services, new: &NewTenant) -> Result<TenantId> {
    let known: Option<Uuid> = sqlx::query_scalar("select id from tenants where slug = $1")
        .bind(&new.slug)
        .fetch_optional(&services.pools.platform)
        .await?;
    match known {
        Some(known) => Ok(TenantId(known)),
        None => Ok(auth::create_tenant(&services.pools, services.clock.as_ref(), services.random.as_ref(), new).await?),
    }
}

async fn user(services: &Services, person: &Person, hash: &str) -> Result<UserId> {
    let pool = &services.pools.platform;
    let known: Option<Uuid> = sqlx::query_scalar("select id from users where email_norm = $1")
        .bind(person.email)
        .fetch_optional(pool)
        .await?;
    match known {
        Some(known) => Ok(UserId(known)),
        None => {
            let (clock, random) = (services.clock.as_ref(), services.random.as_ref());
            let user = auth::create_user(pool, clock, random, person.name, person.email, hash).await?;
            let spoken = sqlx::query("update users set language = $2 where id = $1");
            spoken.bind(user.0).bind(person.language.tag()).execute(pool).await?;
            Ok(user)
        }
    }
}

async fn join(services: &Services, tenant: TenantId, user: UserId, roles: &[&str]) -> Result<()> {
    const MEMBER: &str = "select exists (select from members where tenant_id = $1 and user_id = $2)";
    let known: bool =
        sqlx::query_scalar(MEMBER).bind(tenant.0).bind(user.0).fetch_one(&services.pools.platform).await?;
    if !known {
        auth::add_member(&services.pools, services.clock.as_ref(), services.random.as_ref(), tenant, user, roles, None)
            .await?;
    }
    Ok(())
}

pub fn print(app: &App, address: SocketAddr) -> Result<()> {
    let password = password(app)?;
    out::line("");
    out::line(&format!("Demo sign-ins, all with the password {password}"));
    for person in &PEOPLE {
        out::line(&format!("  {:<22} {}", person.email, person.says));
    }
    out::line(&format!("  {:<22} platform staff, at http://{address}/admin", STAFF.1));
    out::line(&format!("The password is kept in {}", file(app).display()));
    Ok(())
}

fn file(app: &App) -> PathBuf {
    app.config.data_dir.join("demo-password")
}

fn password(app: &App) -> Result<String> {
    start::kept(&file(app), || token(app.platform.services.random.as_ref(), 12))
}
