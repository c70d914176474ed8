//! The settings of signing in by a provider.

use super::Reader;
#[cfg(feature = "oidc")]
use platform::auth::oidc::ProviderSettings;
#[cfg(feature = "oidc")]
use platform::secret::Secret;

const NAMES: [&str; 7] = [
    "OIDC_ISSUER",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_EMAIL_DOMAINS",
    "OIDC_NAME",
    "OIDC_TRUST_MFA",
    "OIDC_INNER_HOSTS",
];
/// Those without which there is none.
#[cfg(feature = "oidc")]
const NEEDED: [&str; 4] = ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_EMAIL_DOMAINS"];

/// For each question to the provider.
#[cfg(feature = "oidc")]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(8);

impl Reader<'_> {
    /// Nobody could sign in in the way that the settings promise.
    #[cfg(not(feature = "oidc"))]
    pub(super) fn no_provider(&mut self) {
        for name in NAMES.into_iter().filter(|name| self.get(name).is_some()).collect::<Vec<_>>() {
            self.fault(name, "is set, but this build cannot sign in by a provider; build it with `--features oidc`");
        }
    }

    #[cfg(feature = "oidc")]
    pub(super) fn provider(&mut self) -> Option<ProviderSettings> {
        if NAMES.iter().all(|name| self.get(name).is_none()) {
            return None;
        }
        let before = self.faults.len();
        for name in NEEDED.into_iter().filter(|name| self.get(name).is_none()).collect::<Vec<_>>() {
            self.fault(name, format!("is missing; {} are set together, or none of them", NEEDED.join(", ")));
        }
        let inner = self.inner_hosts();
        let issuer = self.issuer(&inner);
        let domains = self.domains();
        let trust_mfa = self.trust_mfa();
        let host = issuer.split('/').nth(2).unwrap_or_default().to_owned();
        let name = self.get("OIDC_NAME").map_or(host, str::to_owned);
        if name.chars().count() > 40 || name.chars().any(char::is_control) {
            self.fault("OIDC_NAME", "is longer than the 40 letters that a button has");
        }
        let text = |name| self.get(name).unwrap_or_default().to_owned();
        let (client_id, client_secret) = (text("OIDC_CLIENT_ID"), Secret::new(text("OIDC_CLIENT_SECRET")));
        let settings =
            ProviderSettings { name, issuer, client_id, client_secret, domains, trust_mfa, inner, patience: PATIENCE };
        (self.faults.len() == before).then_some(settings)
    }

    /// Letter by letter as the provider has it: some end with a slash.
    #[cfg(feature = "oidc")]
    fn issuer(&mut self, inner: &[String]) -> String {
        let text = self.get("OIDC_ISSUER").unwrap_or_default();
        let plain = text.strip_prefix("http://");
        let rest = text.strip_prefix("https://").or(plain).unwrap_or_default();
        let host = rest.split('/').next().unwrap_or_default();
        let odd = host.is_empty() || rest.contains(['?', '#', '@', ' ']);
        if !text.is_empty() && odd {
            let words = "is not the address of a provider such as https://accounts.example.com, without ? and #";
            self.fault("OIDC_ISSUER", format!("{text} {words}"));
        } else if plain.is_some() {
            let named = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
            if !inner.contains(&named) {
                let words = "must begin with https://; without encryption it may only be a host of OIDC_INNER_HOSTS";
                self.fault("OIDC_ISSUER", format!("{text} {words}"));
            }
        }
        text.to_owned()
    }

    #[cfg(feature = "oidc")]
    fn domains(&mut self) -> Vec<String> {
        let mut domains = Vec::new();
        for part in parts(self.get("OIDC_EMAIL_DOMAINS").unwrap_or_default()) {
            let domain = part.trim_start_matches('@').to_lowercase();
            let fits = domain.contains('.')
                && domain.split('.').all(|label| !label.is_empty())
                && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
            if fits {
                domains.push(domain);
            } else {
                let words = "is not a domain such as example.com; each is written out, and none stands for all";
                self.fault("OIDC_EMAIL_DOMAINS", format!("{part} {words}"));
            }
        }
        domains
    }

    #[cfg(feature = "oidc")]
    fn inner_hosts(&mut self) -> Vec<String> {
        let mut hosts = Vec::new();
        for part in parts(self.get("OIDC_INNER_HOSTS").unwrap_or_default()) {
            let port = part.rsplit_once(':').filter(|(host, _)| !host.is_empty() && !host.contains('/'));
            if port.is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
                hosts.push(part.to_owned());
            } else {
                self.fault("OIDC_INNER_HOSTS", format!("{part} is not a host and port such as id.corp.example:443"));
            }
        }
        hosts
    }

    #[cfg(feature = "oidc")]
    fn trust_mfa(&mut self) -> bool {
        match self.get("OIDC_TRUST_MFA") {
            None | Some("no") => false,
            Some("yes") => true,
            Some(other) => {
                self.fault("OIDC_TRUST_MFA", format!("{other} is neither yes nor no"));
                false
            }
        }
    }
}

#[cfg(feature = "oidc")]
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use std::collections::HashMap;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let vars: HashMap<String, String> =
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Config::read(&vars).map_err(|faults| faults.0)
    }

    const WHOLE: [(&str, &str); 4] = [
        ("OIDC_ISSUER", "https://id.example/realms/acme/"),
        ("OIDC_CLIENT_ID", "nexus"),
        ("OIDC_CLIENT_SECRET", "hunter2"),
        ("OIDC_EMAIL_DOMAINS", "acme.example, @Other.example"),
    ];

    #[cfg(not(feature = "oidc"))]
    #[test]
    fn a_build_without_it_says_so() {
        let faults = read(&WHOLE).unwrap_err();
        assert!(faults.len() == 4 && faults.iter().all(|fault| fault.contains("--features oidc")), "{faults:?}");
        assert!(read(&[]).is_ok());
    }

    #[cfg(feature = "oidc")]
    #[test]
    fn a_provider_is_read_whole_or_not_at_all() {
        assert_eq!(read(&[]).unwrap().provider, None);
        let config = read(&WHOLE).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        let provider = config.provider.unwrap();
        assert_eq!(provider.issuer, "https://id.example/realms/acme/", "as it is written");
        assert_eq!((provider.name.as_str(), provider.trust_mfa), ("id.example", false));
        assert_eq!(provider.domains, ["acme.example", "other.example"]);
        for (left_out, _) in WHOLE {
            let some: Vec<_> = WHOLE.into_iter().filter(|(name, _)| *name != left_out).collect();
            let faults = read(&some).unwrap_err();
            assert!(faults.len() == 1 && faults[0].starts_with(left_out), "{faults:?}");
        }
    }

    #[cfg(feature = "oidc")]
    #[test]
    fn every_wrong_setting_is_named_at_once() {
        let faults = read(&[
            ("OIDC_ISSUER", "http://id.example"),
            ("OIDC_EMAIL_DOMAINS", "*, example, acme.example"),
            ("OIDC_NAME", &"x".repeat(41)),
            ("OIDC_TRUST_MFA", "true"),
            ("OIDC_INNER_HOSTS", "id.corp.example"),
        ])
        .unwrap_err();
        for name in [
            "OIDC_ISSUER: http://id.example must begin with https://",
            "OIDC_CLIENT_ID: is missing",
            "OIDC_CLIENT_SECRET: is missing",
            "OIDC_EMAIL_DOMAINS: * is not",
            "OIDC_EMAIL_DOMAINS: example is not",
            "OIDC_NAME: ",
            "OIDC_TRUST_MFA: true is neither",
            "OIDC_INNER_HOSTS: id.corp.example is not",
        ] {
            assert!(faults.iter().any(|fault| fault.starts_with(name)), "{name} is not in {faults:#?}");
        }
        let inner = [
            ("OIDC_ISSUER", "http://localhost:8080/realms/acme"),
            WHOLE[1],
            WHOLE[2],
            WHOLE[3],
            ("OIDC_INNER_HOSTS", "localhost:8080"),
        ];
        assert!(read(&inner).is_ok(), "to try one on the same machine");
        for odd in ["id.example", "https://", "https://id.example/?x=1", "https://me@id.example"] {
            let faults = read(&[("OIDC_ISSUER", odd), WHOLE[1], WHOLE[2], WHOLE[3]]).unwrap_err();
            assert!(faults.len() == 1 && faults[0].starts_with("OIDC_ISSUER: "), "{odd}: {faults:?}");
        }
    }
}
