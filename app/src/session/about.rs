//! What the server hands to the pages of sign-in and of the own account.

use domain::people::NewKey;

/// What such a page is about.
pub enum About {
    Factor(FactorPage),
    Confirm(ConfirmPage),
    Impersonate(ImpersonatePage),
    /// A key that was made by this request.
    NewKey(NewKey),
}

/// The second factor of a person, or of a member of staff.
#[derive(Default)]
pub struct FactorPage {
    /// Before the paths: nothing, or `/admin`.
    pub base: &'static str,
    /// Since when there is one (RFC 3339).
    pub since: Option<String>,
    pub codes_left: i64,
    /// A seed that waits for its first code.
    pub picture: Option<Picture>,
    /// Recovery codes, this once.
    pub codes: Vec<String>,
    /// A workspace asks for it.
    pub required: bool,
    /// It may be replaced, not taken away.
    pub fixed: bool,
    pub next: String,
}

pub struct Picture {
    /// As text, for those who cannot scan.
    pub seed: String,
    pub uri: String,
    /// Dark squares row by row.
    pub dark: Vec<bool>,
    pub width: usize,
}

/// Somebody is asked to prove who they are before something is done.
pub struct ConfirmPage {
    pub base: &'static str,
    /// Where the proof goes, together with what was to be done.
    pub action: String,
    pub fields: Vec<(String, String)>,
    /// A code is asked for, not the password.
    pub by_code: bool,
    /// There is a second factor, so one may choose.
    pub has_factor: bool,
    pub back: String,
    pub problem: Option<String>,
}

/// Support staff choose for whom they act.
pub struct ImpersonatePage {
    pub slug: String,
    pub workspace: String,
    pub tenant: String,
    pub allowed: bool,
    /// Id, name, address or role.
    pub members: Vec<(String, String, String)>,
}
