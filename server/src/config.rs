//! Settings: read from the environment once, checked together, so that a start-up fault lists every wrong one.

mod oidc;

use integrations::{S3Settings, SmtpSettings};
#[cfg(feature = "oidc")]
use platform::auth::oidc::ProviderSettings;
use platform::secret::{Keyring, Secret};
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Config {
    pub database: Database,
    pub max_connections: u32,
    pub data_dir: PathBuf,
    /// A folder of packs beside those of the build. None: those alone.
    pub packs: Option<PathBuf>,
    pub address: SocketAddr,
    /// Without a trailing slash.
    pub base_url: String,
    pub site_root: PathBuf,
    /// Networks whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// `id:base64`, the first one seals. None with the managed database: a key is made and kept beside it.
    pub encryption_keys: Option<Secret<String>>,
    /// None: messages are shown and not sent.
    pub mail: Option<SmtpSettings>,
    /// Where files lie. None: in `files/` of the data directory.
    pub s3: Option<S3Settings>,
    /// `host:port` of the scanner that files pass. None: none is asked.
    pub clamd: Option<String>,
    /// Whom people may sign in with in place of a password. None: passwords alone.
    #[cfg(feature = "oidc")]
    pub provider: Option<ProviderSettings>,
    /// After this time without a sign of life of a worker, another one takes over what it had in hand.
    pub lease: Duration,
    pub limits: RateLimits,
    pub logs: LogFormat,
    pub log_filter: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A private cluster in the data directory.
    Managed,
    External {
        app: Secret<String>,
        owner: Secret<String>,
        platform: Secret<String>,
    },
}

/// Requests in ten seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    pub address: u32,
    pub member: u32,
    pub workspace: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Pretty,
    Json,
}

/// Everything that is wrong with the settings, one line each.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<String>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of the settings cannot be used:", self.0.len())?;
        for fault in &self.0 {
            writeln!(f, "  {fault}")?;
        }
        f.write_str(".env.example lists every setting with its meaning and an example.")
    }
}

impl std::error::Error for ConfigFaults {}

impl Config {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_env() -> Result<Self, ConfigFaults> {
        Self::read(&std::env::vars().collect())
    }

    pub fn read(vars: &HashMap<String, String>) -> Result<Self, ConfigFaults> {
        let mut reader = Reader { vars, faults: Vec::new() };
        let address = reader.address();
        let config = Self {
            database: reader.database(),
            max_connections: reader.parsed(
                "DATABASE_MAX_CONNECTIONS",
                20,
                "a number of connections from 2 to 500",
                |n| (2..=500).contains(n),
            ),
            data_dir: reader.get("NEXUS_DATA_DIR").unwrap_or(".nexus").into(),
            packs: reader.packs(),
            base_url: reader.base_url(address),
            address,
            site_root: reader.get("LEPTOS_SITE_ROOT").unwrap_or("target/site").into(),
            trusted_proxies: reader.proxies(),
            encryption_keys: reader.encryption_keys(),
            mail: reader.mail(),
            s3: reader.s3(),
            clamd: reader.get("CLAMD_ADDR").map(str::to_owned),
            #[cfg(feature = "oidc")]
            provider: reader.provider(),
            lease: reader.lease(),
            limits: reader.limits(),
            logs: reader.logs(),
            log_filter: reader.get("RUST_LOG").unwrap_or("info,sqlx=warn,hyper=warn").to_owned(),
        };
        #[cfg(not(feature = "oidc"))]
        reader.no_provider();
        if reader.faults.is_empty() { Ok(config) } else { Err(ConfigFaults(reader.faults)) }
    }

    pub fn secure(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

struct Reader<'a> {
    vars: &'a HashMap<String, String>,
    faults: Vec<String>,
}

impl<'a> Reader<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.vars.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn fault(&mut self, name: &str, what: impl fmt::Display) {
        self.faults.push(format!("{name}: {what}"));
    }

    fn parsed<T: std::str::FromStr>(&mut self, name: &str, default: T, meaning: &str, valid: impl Fn(&T) -> bool) -> T {
        let Some(text) = self.get(name) else { return default };
        match text.parse::<T>() {
            Ok(value) if valid(&value) => value,
            _ => {
                self.fault(name, format!("{text} is not {meaning}"));
                default
            }
        }
    }

    fn address(&mut self) -> SocketAddr {
        let name = if self.get("NEXUS_SITE_ADDR").is_some() { "NEXUS_SITE_ADDR" } else { "LEPTOS_SITE_ADDR" };
        let default = SocketAddr::from(([127, 0, 0, 1], 3000));
        let mut address = self.parsed(name, default, "an address such as 127.0.0.1:3000", |_| true);
        if self.get("PORT").is_some() {
            let port = self.parsed("PORT", address.port(), "a port from 0 to 65535", |_| true);
            address.set_port(port);
        }
        address
    }

    fn base_url(&mut self, address: SocketAddr) -> String {
        let Some(text) = self.get("NEXUS_BASE_URL") else { return format!("http://{address}") };
        let host = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .map(|rest| rest.trim_end_matches('/'));
        match host {
            Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => {}
            _ => self.fault("NEXUS_BASE_URL", format!("{text} is not an origin such as https://nexus.example.com")),
        }
        text.trim_end_matches('/').to_owned()
    }

    fn packs(&mut self) -> Option<PathBuf> {
        let folder = PathBuf::from(self.get("NEXUS_PACKS")?);
        if !folder.is_dir() {
            self.fault("NEXUS_PACKS", format!("{} is not a folder", folder.display()));
        }
        Some(folder)
    }

    fn database(&mut self) -> Database {
        let url = |reader: &mut Self, name: &str| {
            let text = reader.get(name).unwrap_or_default().to_owned();
            if !text.is_empty() && !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
                reader.fault(name, "does not begin with postgres://");
            }
            text
        };
        let (app, owner, platform) =
            (url(self, "DATABASE_URL"), url(self, "DATABASE_OWNER_URL"), url(self, "DATABASE_PLATFORM_URL"));
        if app.is_empty() {
            for (name, text) in [("DATABASE_OWNER_URL", &owner), ("DATABASE_PLATFORM_URL", &platform)] {
                if !text.is_empty() {
                    self.fault(
                        name,
                        "is set, but DATABASE_URL is not; set all three, or none for the managed database",
                    );
                }
            }
            return Database::Managed;
        }
        for (name, text, role) in
            [("DATABASE_OWNER_URL", &owner, "nexus_owner"), ("DATABASE_PLATFORM_URL", &platform, "nexus_platform")]
        {
            if text.is_empty() {
                self.fault(
                    name,
                    format!("is missing; with DATABASE_URL it must name the same database as the role {role}"),
                );
            }
        }
        Database::External { app: app.into(), owner: owner.into(), platform: platform.into() }
    }

    fn proxies(&mut self) -> Vec<IpAddr> {
        let Some(text) = self.get("TRUSTED_PROXIES") else { return Vec::new() };
        let mut proxies = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.parse() {
                Ok(address) => proxies.push(address),
                Err(_) => self.fault("TRUSTED_PROXIES", format!("{part} is not an IP address")),
            }
        }
        proxies
    }

    fn encryption_keys(&mut self) -> Option<Secret<String>> {
        let keys = self.get("NEXUS_ENCRYPTION_KEYS").map(str::to_owned);
        match &keys {
            None if self.get("DATABASE_URL").is_some() => {
                self.fault(
                    "NEXUS_ENCRYPTION_KEYS",
                    "is missing; with DATABASE_URL it must hold at least one id:base64key of 32 bytes",
                );
            }
            Some(text) => {
                if let Err(problem) = Keyring::parse(text) {
                    self.fault("NEXUS_ENCRYPTION_KEYS", problem);
                }
            }
            None => {}
        }
        keys.map(Secret::new)
    }

    fn mail(&mut self) -> Option<SmtpSettings> {
        let (url, from) = (self.get("SMTP_URL"), self.get("MAIL_FROM").unwrap_or_default());
        let Some(url) = url else {
            if !from.is_empty() {
                self.fault("MAIL_FROM", "is set, but SMTP_URL is not; set both, or none to send nothing");
            }
            return None;
        };
        let read = SmtpSettings::read(url, from);
        read.map_err(|faults| faults.into_iter().for_each(|(name, problem)| self.fault(name, problem))).ok()
    }

    /// All that has no default, or nothing.
    fn s3(&mut self) -> Option<S3Settings> {
        let names = ["S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"];
        let [bucket, key_id, secret] = names.map(|name| self.get(name));
        if let (Some(bucket), Some(key_id), Some(secret)) = (bucket, key_id, secret) {
            let region = self.get("S3_REGION").unwrap_or("us-east-1").to_owned();
            let endpoint = self.get("S3_ENDPOINT").map(|endpoint| endpoint.trim_end_matches('/').to_owned());
            let secret = Secret::new(secret.to_owned());
            return Some(S3Settings { bucket: bucket.to_owned(), region, endpoint, key_id: key_id.to_owned(), secret });
        }
        if [bucket, key_id, secret].iter().any(Option::is_some) {
            let missing: Vec<_> = names.into_iter().filter(|name| self.get(name).is_none()).collect();
            for name in missing {
                self.fault(
                    name,
                    "is missing; set the bucket, the key and its secret, or none of them to keep files here",
                );
            }
        }
        None
    }

    fn lease(&mut self) -> Duration {
        Duration::from_secs(
            self.parsed("NEXUS_LEASE_SECONDS", 20, "a number of seconds from 2 to 600", |n| (2..=600).contains(n)),
        )
    }

    fn limits(&mut self) -> RateLimits {
        let mut read = |name, default| {
            self.parsed(name, default, "a number of requests in ten seconds, at least 10", |n| *n >= 10)
        };
        RateLimits {
            address: read("NEXUS_LIMIT_ADDRESS", 1000),
            member: read("NEXUS_LIMIT_MEMBER", 500),
            workspace: read("NEXUS_LIMIT_WORKSPACE", 5000),
        }
    }

    fn logs(&mut self) -> LogFormat {
        use std::io::IsTerminal;
        match self.get("NEXUS_LOG") {
            Some("json") => LogFormat::Json,
            Some("pretty") => LogFormat::Pretty,
            Some(other) => {
                self.fault("NEXUS_LOG", format!("{other} is neither pretty nor json"));
                LogFormat::Json
            }
            None if std::io::stdout().is_terminal() => LogFormat::Pretty,
            None => LogFormat::Json,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn nothing_set_is_the_managed_database_on_loopback() {
        let config = Config::read(&vars(&[])).unwrap();
        assert_eq!((config.database, config.base_url.as_str()), (Database::Managed, "http://127.0.0.1:3000"));
    }

    #[test]
    fn mail_needs_a_server_and_a_sender() {
        assert_eq!(Config::read(&vars(&[])).unwrap().mail, None);
        let both = [("SMTP_URL", "smtps://user:hunter2@mail.example.com"), ("MAIL_FROM", "post@example.com")];
        let config = Config::read(&vars(&both)).unwrap();
        assert!(config.mail.is_some() && !format!("{config:?}").contains("hunter2"));
        for one in both {
            let faults = Config::read(&vars(&[one])).unwrap_err().0;
            assert!(faults.len() == 1 && faults[0].starts_with("MAIL_FROM:"), "{faults:?}");
        }
    }

    /// F-11: what a fault or a log prints of the settings opens nothing.
    #[test]
    fn settings_are_printed_without_their_secrets() {
        let keys = Keyring::generate("k1", &platform::random::SystemRandom);
        let url = |role: &str| format!("postgres://{role}:hunter2@db.example.com/nexus");
        let (app, owner, platform) = (url("nexus_app"), url("nexus_owner"), url("nexus_platform"));
        let config = Config::read(&vars(&[
            ("DATABASE_URL", &app),
            ("DATABASE_OWNER_URL", &owner),
            ("DATABASE_PLATFORM_URL", &platform),
            ("NEXUS_ENCRYPTION_KEYS", keys.expose()),
            ("SMTP_URL", "smtps://user:hunter2@mail.example.com"),
            ("MAIL_FROM", "post@example.com"),
        ]));
        let printed = format!("{:?}", config.unwrap());
        let key = keys.expose().split(':').nth(1).unwrap();
        assert!(!printed.contains("hunter2") && !printed.contains(key), "{printed}");
    }

    #[test]
    fn every_wrong_setting_is_named_at_once() {
        let faults = Config::read(&vars(&[
            ("PORT", "banana"),
            ("NEXUS_BASE_URL", "nexus.example.com"),
            ("DATABASE_URL", "mysql://x"),
            ("TRUSTED_PROXIES", "10.0.0.1, everyone"),
            ("NEXUS_LOG", "xml"),
            ("DATABASE_MAX_CONNECTIONS", "1"),
            ("SMTP_URL", "mail.example.com"),
            ("MAIL_FROM", "nobody"),
            ("NEXUS_LEASE_SECONDS", "0"),
            ("NEXUS_PACKS", "/nowhere/at/all"),
        ]))
        .unwrap_err();
        for name in [
            "PORT",
            "NEXUS_BASE_URL",
            "DATABASE_URL",
            "DATABASE_OWNER_URL",
            "DATABASE_PLATFORM_URL",
            "TRUSTED_PROXIES",
            "NEXUS_LOG",
            "DATABASE_MAX_CONNECTIONS",
            "NEXUS_ENCRYPTION_KEYS",
            "SMTP_URL",
            "MAIL_FROM",
            "NEXUS_LEASE_SECONDS",
            "NEXUS_PACKS",
        ] {
            assert!(
                faults.0.iter().any(|fault| fault.starts_with(&format!("{name}:"))),
                "{name} is not named in {faults}"
            );
        }
    }
}
