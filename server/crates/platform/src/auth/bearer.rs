//! What programs carry in `Authorization: Bearer`: a kind, random letters, and six letters that are worked out from the rest, so that whoever
//! looks through code and logs for leaked keys can tell one from a word that looks like it (docs/api.md has the pattern).

use crate::random::{Random, token_hash};
use sha2::{Digest, Sha256};

/// 214 random bits. Six of the letters are shown in lists; 178 bits are left without them.
const LETTERS: usize = 36;
const CHECK: usize = 6;
/// Letters behind the kind that lists show.
const SHOWN: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What such a value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    /// A key of a workspace.
    Key,
    /// Of a person's token pair.
    Access,
    /// The other of the pair: it makes the next one and opens nothing else.
    Refresh,
    /// The same two of the platform's staff.
    StaffAccess,
    StaffRefresh,
}

impl Bearer {
    const ALL: [Self; 5] = [Self::Key, Self::Access, Self::Refresh, Self::StaffAccess, Self::StaffRefresh];

    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Key => "nx_live_",
            Self::Access => "nx_at_",
            Self::Refresh => "nx_rt_",
            Self::StaffAccess => "nx_sat_",
            Self::StaffRefresh => "nx_srt_",
        }
    }

    /// A new value.
    pub fn mint(self, random: &dyn Random) -> String {
        let mut text = self.prefix().to_owned();
        let whole = text.len() + LETTERS;
        let mut bytes = [0; LETTERS];
        while text.len() < whole {
            random.fill(&mut bytes);
            // Six bits that number no letter are drawn again: a remainder would make some letters likelier than others.
            let letters = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 63)));
            text.extend(letters.take(whole - text.len()).map(|letter| char::from(*letter)));
        }
        let check = check(&text);
        text + &check
    }

    /// What a value is, if it is one: kind, letters and check fit each other. It says nothing about whether it was ever given out.
    pub fn of(value: &str) -> Option<Self> {
        let kind = Self::ALL.into_iter().find(|kind| value.starts_with(kind.prefix()))?;
        let rest = value.get(kind.prefix().len()..)?;
        let fits = rest.len() == LETTERS + CHECK && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (fits && check(value.get(..value.len() - CHECK)?) == value.get(value.len() - CHECK..)?).then_some(kind)
    }

    /// By what its owner knows a key again.
    pub fn shown(self, value: &str) -> String {
        value.chars().skip(self.prefix().len()).take(SHOWN).collect()
    }
}

/// What is kept of a value.
pub(crate) fn hash(value: &str) -> Vec<u8> {
    token_hash(value.as_bytes()).to_vec()
}

/// The first 32 bits of the SHA-256, in base 62.
fn check(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let mut number = usize::try_from(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])).unwrap_or(0);
    let mut letters = [b'0'; CHECK];
    for letter in letters.iter_mut().rev() {
        *letter = ALPHABET[number % ALPHABET.len()];
        number /= ALPHABET.len();
    }
    letters.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{SeededRandom, SystemRandom};
    use std::collections::HashSet;

    /// F-09: the form that scanners look for, and no value twice.
    #[test]
    fn a_value_has_its_form_and_no_other_value_has_it() {
        for kind in Bearer::ALL {
            let mut seen = HashSet::new();
            for _ in 0..2000 {
                let value = kind.mint(&SystemRandom);
                assert_eq!(value.len(), kind.prefix().len() + 42);
                assert_eq!(Bearer::of(&value), Some(kind));
                assert!(seen.insert(value));
            }
        }
        let value = Bearer::Key.mint(&SeededRandom::new(7));
        assert_eq!(Bearer::Key.shown(&value).len(), 6);
        assert!(value.starts_with(&format!("nx_live_{}", Bearer::Key.shown(&value))));
        for at in 0..value.len() {
            let mut other = value.clone().into_bytes();
            other[at] = if other[at] == b'x' { b'y' } else { b'x' };
            assert_eq!(Bearer::of(std::str::from_utf8(&other).unwrap()), None, "letter {at}");
        }
        let longer = format!("{value}0");
        let upper = value.to_uppercase();
        for other in ["", "nx_live_", "nx_live_ä", &value[..value.len() - 1], &longer, &upper] {
            assert_eq!(Bearer::of(other), None, "{other}");
        }
    }

    /// The worked example of docs/api.md.
    #[test]
    fn the_check_is_as_documented() {
        let text = format!("nx_live_{}", "0".repeat(LETTERS));
        let digest = Sha256::digest(text.as_bytes());
        let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        let place = |letter: u8| ALPHABET.iter().position(|known| *known == letter).unwrap() as u64;
        let read = check(&text).bytes().fold(0_u64, |number, letter| number * 62 + place(letter));
        assert_eq!(read, u64::from(number));
    }

    /// Every letter of the alphabet as often as any other, to five standard deviations.
    #[test]
    fn letters_are_even() {
        let mut counts = [0_u32; 62];
        let values = 10_000;
        for _ in 0..values {
            let value = Bearer::Key.mint(&SystemRandom);
            for letter in value.bytes().skip(8).take(LETTERS) {
                counts[ALPHABET.iter().position(|known| *known == letter).unwrap()] += 1;
            }
        }
        let mean = (values * LETTERS) as f64 / 62.0;
        for count in counts {
            assert!((f64::from(count) - mean).abs() < 5.0 * mean.sqrt(), "{count} of {mean}");
        }
    }
}
