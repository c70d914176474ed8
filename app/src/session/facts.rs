//! What the server knows of a link or a form about accounts, for the page that shows it.

/// One industry to choose: its word and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Industry {
    pub slug: String,
    pub label: String,
}

/// For forms that make a workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choosing {
    pub industries: Vec<Industry>,
    /// Guessed from the browser's languages.
    pub currency: String,
    pub timezone: String,
}

/// An invitation, and who looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationFacts {
    pub workspace: String,
    pub inviter: String,
    pub name: Option<String>,
    pub login: String,
    pub roles: Vec<String>,
    pub looker: Looker,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looker {
    /// Nobody has an account under the address yet.
    New,
    /// Somebody has, and is not signed in here.
    SignedOut,
    /// It is theirs.
    Invited,
    /// Somebody else is signed in, by this name.
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountFacts {
    Choosing(Choosing),
    /// Whose password a link sets.
    Reset {
        login: String,
    },
    SignUp {
        name: String,
        login: String,
        workspace: String,
    },
    Invitation(InvitationFacts),
    Email {
        email: String,
    },
}
