//! What whoever signs in hears when it does not work: what happened, and what to do next. The log has the reasons that are for the operator alone.

use domain::{Error, Kind};
use words::t;

pub fn down(name: &str) -> Error {
    let words = t!(
        "{name} does not answer as it should at the moment. Wait a minute and try again, or use your password",
        name
    );
    Error::unavailable(words)
}

/// The settings here, or those there, do not fit.
pub fn misset(name: &str) -> Error {
    let words = t!(
        "{name} and Nexus are not set up to work together, so nobody can sign in with it. Use your password, and tell whoever runs this installation",
        name
    );
    Error::unavailable(words)
}

/// The same for a sign-in that never was, took too long, was used, or was begun in another browser.
pub fn lost() -> Error {
    Error::new(
        Kind::Unauthenticated,
        t!("This sign-in took longer than ten minutes, was used already, or was begun in another browser. Begin again"),
    )
}

pub fn denied(name: &str) -> Error {
    let words = t!(
        "{name} did not let you in, or you stopped there. Nothing was done. Begin again to choose another account, or use your password",
        name
    );
    Error::new(Kind::Unauthenticated, words)
}

pub fn untrue(name: &str) -> Error {
    let words = t!(
        "What {name} said could not be verified, so nobody was signed in. Begin again; if that does not help, tell whoever runs this installation",
        name
    );
    Error::new(Kind::Unauthenticated, words)
}

pub fn clocks(name: &str) -> Error {
    let words = t!(
        "The clocks of {name} and of this server differ by more than a minute, so nobody was signed in. Begin again; if that does not help, tell whoever runs this installation",
        name
    );
    Error::new(Kind::Unauthenticated, words)
}

/// A confirmation was asked for, and the provider did not ask the person.
pub fn not_again(name: &str) -> Error {
    let words = t!(
        "{name} does not say that it asked you just now, so this confirms nothing. Set a password with \"Forgot your password?\" and confirm with that",
        name
    );
    Error::new(Kind::Unauthenticated, words)
}

pub fn no_address(name: &str) -> Error {
    let words = t!(
        "{name} does not tell your e-mail address, and without it nobody knows whose account is meant. Use your password, or tell whoever runs this installation",
        name
    );
    Error::new(Kind::Forbidden, words)
}

pub fn unverified(name: &str, address: &str) -> Error {
    let words = t!(
        "{name} has not confirmed that {address} is yours. Confirm the address there, then begin again, or use your password",
        name,
        address
    );
    Error::new(Kind::Forbidden, words)
}

pub fn elsewhere(name: &str, address: &str) -> Error {
    let words = t!(
        "{address} may not be used to sign in with {name} here. Choose the account of your organisation there, or use your password",
        name,
        address
    );
    Error::new(Kind::Forbidden, words)
}

pub fn unknown(address: &str) -> Error {
    let words = t!(
        "Nobody has an account as {address} yet. Ask an administrator of your workspace to invite this address, and open the link in that mail",
        address
    );
    Error::new(Kind::Forbidden, words)
}

pub fn closed(address: &str) -> Error {
    let words = t!(
        "The account of {address} is closed. Ask an administrator of your workspace, or tell whoever runs this installation",
        address
    );
    Error::new(Kind::Forbidden, words)
}

/// The address is known here as somebody else's there.
pub fn another(name: &str, address: &str) -> Error {
    let words = t!(
        "Somebody else of {name} signs in to the account of {address} already. Use your password, or tell whoever runs this installation to part the two",
        name,
        address
    );
    Error::new(Kind::Forbidden, words)
}
