//! Passwords: argon2id, hashed beside the runtime's threads and never more at once than there are cores.
//!
//! The policy follows ASVS 6.2 and NIST 800-63B: length instead of composition rules, nothing that everybody tries first, nothing that is
//! mostly the person's own name or address. Whatever characters somebody types are taken as they are and never cut off.

use crate::random::Random;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use domain::{Error, Result};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use words::t;

const MIN_CHARS: usize = 8;
const MAX_CHARS: usize = 128;
/// What has to be left of a password when words about its owner are taken out.
const MIN_WITHOUT_CONTEXT: usize = 8;
/// Nobody waits longer for a turn at hashing; then the answer is "busy".
const WAIT: Duration = Duration::from_millis(900);

/// What one hash costs. Below the floor of OWASP (19 MiB, 2 passes, 1 lane) nothing is accepted: it is raised to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

impl Cost {
    fn params(self) -> Params {
        let floor = Self::default();
        let (memory, passes) = (self.memory_kib.max(floor.memory_kib), self.passes.max(floor.passes));
        // Out of range only for numbers far above the floor; the library's own default is the floor.
        Params::new(memory, passes, self.lanes.max(floor.lanes), None).unwrap_or_default()
    }
}

/// What came of comparing a password with a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub matches: bool,
    /// The hash was made at a lower cost than today's.
    pub outdated: bool,
}

/// Hashes and compares. One per process: it is what keeps many sign-ins at once from starving everything else.
pub struct Passwords {
    params: Params,
    turns: Arc<Semaphore>,
    /// Hash of nothing anybody knows: compared with where there is no account, so that both take as long.
    decoy: String,
}

impl Passwords {
    pub fn new(cost: Cost, random: &dyn Random) -> Result<Self> {
        let params = cost.params();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut unknown = [0; 32];
        random.fill(&mut unknown);
        let decoy = hash_now(&params, &unknown, &salt(random))?;
        Ok(Self { params, turns: Arc::new(Semaphore::new(cores)), decoy })
    }

    /// A PHC string. Does not check the policy; see [`check_password`].
    pub async fn hash(&self, password: &str, random: &dyn Random) -> Result<String> {
        let (params, password, salt) = (self.params.clone(), password.to_owned(), salt(random));
        let turn = self.turn().await?;
        blocking(turn, move || hash_now(&params, password.as_bytes(), &salt)).await
    }

    /// Compares with the hash of an account, or takes just as long where there is none.
    pub(crate) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<Verdict> {
        let known = hash.is_some();
        let (params, password, hash) =
            (self.params.clone(), password.to_owned(), hash.unwrap_or(&self.decoy).to_owned());
        let turn = self.turn().await?;
        let verdict = blocking(turn, move || verify_now(&params, password.as_bytes(), &hash)).await?;
        Ok(Verdict { matches: verdict.matches && known, ..verdict })
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        match tokio::time::timeout(WAIT, self.turns.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Error::unavailable(t!("Many people are signing in right now. Try again in a moment"))),
        }
    }
}

/// The turn goes with the work, so that a caller who leaves does not make room before the work is done.
async fn blocking<T: Send + 'static>(
    turn: OwnedSemaphorePermit,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(move || {
        let result = work();
        drop(turn);
        result
    });
    done.await.unwrap_or_else(|error| {
        tracing::error!(%error, "hashing a password did not finish");
        Err(Error::internal())
    })
}

fn salt(random: &dyn Random) -> [u8; 16] {
    let mut salt = [0; 16];
    random.fill(&mut salt);
    salt
}

fn hash_now(params: &Params, password: &[u8], salt: &[u8]) -> Result<String> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let hash: argon2::password_hash::Result<PasswordHash> = argon2.hash_password_with_salt(password, salt);
    hash.map(|hash| hash.to_string()).map_err(|error| {
        tracing::error!(%error, "cannot hash a password");
        Error::internal()
    })
}

fn verify_now(params: &Params, password: &[u8], hash: &str) -> Result<Verdict> {
    let Ok(hash) = PasswordHash::new(hash) else {
        tracing::error!("a stored password hash cannot be read");
        return Err(Error::internal());
    };
    let matches = Argon2::default().verify_password(password, &hash).is_ok();
    let outdated = Params::try_from(&hash).is_ok_and(|made| {
        made.m_cost() < params.m_cost() || made.t_cost() < params.t_cost() || made.p_cost() < params.p_cost()
    });
    Ok(Verdict { matches, outdated })
}

/// The 3,000 most used of at least eight characters, from the frequency list of zxcvbn (MIT); sorted, lower case.
static COMMON: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Whether a new password will do. `context` is what an attacker knows of its owner: name, address, workspace.
pub fn check_password(password: &str, context: &[&str]) -> Result<()> {
    let refuse = |why: String| Err(Error::field("password", why));
    let chars = password.chars().count();
    if chars < MIN_CHARS {
        return refuse(t!(
            "A password has at least {least} characters. A few words in a row are easy to remember and hard to guess",
            least = MIN_CHARS
        ));
    }
    if chars > MAX_CHARS {
        return refuse(t!("A password has at most {most} characters; this one has {chars}", most = MAX_CHARS, chars));
    }
    if password.contains('\0') {
        return refuse(t!("The password holds a character (NUL) that no keyboard types").to_owned());
    }
    let lower = password.to_lowercase();
    if COMMON.binary_search(&lower.as_str()).is_ok() || is_monotonous(&lower) {
        return refuse(t!("This is one of the passwords that are tried first. Choose another one").to_owned());
    }
    if let Some(word) = leaning(&lower, context) {
        return refuse(t!(
            "This password is little more than \"{word}\". Without it, at least {least} characters must be left",
            word,
            least = MIN_WITHOUT_CONTEXT
        ));
    }
    Ok(())
}

/// One character over and over, or a run through the alphabet or the digits.
fn is_monotonous(password: &str) -> bool {
    let codes: Vec<i64> = password.chars().map(|letter| i64::from(u32::from(letter))).collect();
    let steps: Vec<i64> = codes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    [-1, 0, 1].iter().any(|step| steps.iter().all(|taken| taken == step))
}

/// The word about the owner that a password rests on, if it does.
fn leaning(password: &str, context: &[&str]) -> Option<String> {
    let mut words: Vec<String> = context
        .iter()
        .flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()))
        .chain(["nexus"])
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() >= 3)
        .collect();
    // Long ones first, so that a short one inside a long one does not spare the rest of it.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    let mut rest = password.to_owned();
    let mut first = None;
    for word in words {
        if rest.contains(&word) {
            rest = rest.replace(&word, "");
            first.get_or_insert(word);
        }
    }
    first.filter(|_| rest.chars().count() < MIN_WITHOUT_CONTEXT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;
    use domain::Kind;

    fn refused(password: &str) -> bool {
        check_password(password, &["Åsa Öberg", "asa.oberg@nordtech.example", "Nordtech Solar"]).is_err()
    }

    /// C-12: what is taken and what is not.
    #[test]
    #[rustfmt::skip]
    fn the_policy() {
        let long = "a1".repeat(64);
        let taken = [
            "correct horse battery staple", "zqkvmwpx", "ZQKVMWPX", "73915284", "p@55&&(2", "        x", "   leading", "trailing   ", "tab\tinside",
            "пароль-длинный", "密码密码密码密码一", "🦀🐙🦑🐚🦞🦐🐡🐠", "ñandú veloz", "e\u{301}clair au chocolat", "\u{200f}מילת מעבר", "'; drop table users; --",
            "<script>alert(1)</script>", "%00%00%00%00", "\\0\\0\\0\\0", "null null null", "undefined undefined", "0000-1111-2222", "asa likes long walks",
            "my solar panels are blue", "nexus correct horse", "Öberg och havet blått", "qwertyuiop plus more", "password is not this", "aaaaaaab", "abcdefgx", &long,
            "a quite long passphrase that goes on for well over sixty-four characters in all",
        ];
        for password in taken {
            assert!(!refused(password), "{password}");
        }
        let longer = format!("{long}x");
        let no = [
            "", "a", "1234567", "short 1", "🦀🐙🦑🐚🦞🦐🐡", "password", "Password", "PASSWORD", "12345678", "123456789", "qwertyuiop", "iloveyou", "sunshine",
            "trustno1", "passw0rd", "aaaaaaaa", "        ", "zzzzzzzzzzzzzzzz", "abcdefghijkl", "zyxwvutsrq", "0123456789", "87654321", "asaoberg1", "AsaOberg2026",
            "nordtech1", "NordtechSolar", "solarsolarsolar", "nexus123", "NexusNexus1", "öbergöberg", "nul\0inside it", &longer,
        ];
        for password in no {
            assert!(refused(password), "{password}");
        }
        assert_eq!(taken.len() + no.len(), 64);
    }

    #[test]
    fn the_list_is_sorted_for_the_search() {
        assert_eq!(COMMON.len(), 3000);
        assert!(COMMON.is_sorted());
        assert!(COMMON.iter().all(|word| word.chars().count() >= MIN_CHARS && word.to_lowercase() == *word));
    }

    #[tokio::test]
    async fn hashes_are_argon2id_at_the_floor_or_above() {
        let cheap = Passwords::new(Cost { memory_kib: 8, passes: 1, lanes: 1 }, &SystemRandom).unwrap();
        let hash = cheap.hash("correct horse", &SystemRandom).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, cheap.hash("correct horse", &SystemRandom).await.unwrap());
        let same = Verdict { matches: true, outdated: false };
        assert_eq!(cheap.verify("correct horse", Some(&hash)).await.unwrap(), same);
        assert!(!cheap.verify("correct horsf", Some(&hash)).await.unwrap().matches);
        assert!(!cheap.verify("correct horse", None).await.unwrap().matches);
        let dear = Passwords::new(Cost { memory_kib: 20_000, passes: 3, lanes: 1 }, &SystemRandom).unwrap();
        assert_eq!(dear.verify("correct horse", Some(&hash)).await.unwrap(), Verdict { matches: true, outdated: true });
    }

    #[tokio::test]
    async fn the_last_byte_counts() {
        let passwords = Passwords::new(Cost::default(), &SystemRandom).unwrap();
        let (left, right) = (format!("{}a", "é".repeat(60)), format!("{}b", "é".repeat(60)));
        let hash = passwords.hash(&left, &SystemRandom).await.unwrap();
        assert!(passwords.verify(&left, Some(&hash)).await.unwrap().matches);
        assert!(!passwords.verify(&right, Some(&hash)).await.unwrap().matches);
    }

    /// C-11: more sign-ins than there is room for are answered soon, not queued for ever.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_crowd_is_told_to_wait() {
        let passwords = Arc::new(Passwords::new(Cost::default(), &SystemRandom).unwrap());
        let held: Vec<_> =
            futures::future::join_all((0..passwords.turns.available_permits()).map(|_| passwords.turn())).await;
        #[expect(clippy::disallowed_methods, reason = "a measurement")]
        let began = std::time::Instant::now();
        let refused = passwords.verify("correct horse", None).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Unavailable);
        assert!(began.elapsed() < Duration::from_millis(1100));
        drop(held);
        assert!(passwords.verify("correct horse", None).await.is_ok());
    }
}
