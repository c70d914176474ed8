//! Who asks, and what they may: as it is in the database at each request, so that a change of roles holds on the very next one.

use crate::auth::{Impersonation, WorkspaceLink};
use crate::idempotency::Holder;
use domain::{Error, Grants, MemberId, Reach, Result, TenantId, UserId};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use words::Language;

/// A member in a workspace.
#[derive(Debug, Clone)]
pub struct Access {
    pub tenant: TenantId,
    pub slug: String,
    pub workspace: String,
    pub industry: String,
    pub plan: String,
    pub currency: String,
    /// IANA name, of the workspace: its days begin there.
    pub timezone: String,
    /// That of the person, if it is another one.
    pub own_timezone: Option<String>,
    /// That of the person, of pages and mails.
    pub language: Language,
    pub user: Option<UserId>,
    pub member: MemberId,
    pub name: String,
    pub email: Option<String>,
    pub location: Option<Uuid>,
    /// Every role held.
    pub roles: Vec<String>,
    /// The highest on the ladder, or the first job role: what refusals name.
    pub role: String,
    pub grants: Grants,
    /// Every workspace that the person may enter, this one included, where that was asked for together with the rest.
    pub workspaces: Option<Vec<WorkspaceLink>>,
    /// What waits for the member, where that was asked for together with the rest.
    pub waiting: Waiting,
    /// The number that stands for all that the member's rights and views hang on, as of this request; none where it was not asked for, and where what
    /// holds hangs on the time too.
    pub number: Option<i64>,
    /// Set where support staff act for the member.
    pub impersonation: Option<Impersonation>,
    /// Set where a key asks on the member's behalf; `grants` are then what its scopes leave.
    pub key: Option<Key>,
}

/// Told and unread, and asked and undecided; each counted to a hundred at most, since they are counted with every page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    pub notifications: u64,
    pub approvals: u64,
}

/// A key that is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub id: Uuid,
    /// Requests that it may make in a minute.
    pub per_minute: u32,
}

/// What stands between a member and who really acts: support staff acting for them, or a key. Every change row keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Through {
    /// `impersonation` or `api_key`.
    pub kind: &'static str,
    pub id: Uuid,
}

impl Access {
    /// None where the member acts in person.
    pub fn through(&self) -> Option<Through> {
        let support = self.impersonation.as_ref().map(|acted| Through { kind: "impersonation", id: acted.id });
        support.or_else(|| self.key.map(|key| Through { kind: "api_key", id: key.id }))
    }

    /// Whose idempotency keys are meant, and by which rights.
    pub fn holder(&self) -> Holder {
        Holder { tenant: self.tenant, member: self.member, rights: self.rights() }
    }

    /// SHA-256 of what the member may do and how far: another one as soon as a grant, a role or the location is. No part holds what ends it.
    fn rights(&self) -> Vec<u8> {
        let location = self.location.map(|location| location.to_string());
        let grants = self.grants.0.iter().flat_map(|(permission, reach)| [permission.as_str(), reach.as_str()]);
        let roles = self.roles.iter().map(String::as_str);
        let mut hash = Sha256::new();
        for part in grants.chain([""]).chain(roles).chain([""]).chain(location.as_deref()) {
            hash.update(part);
            hash.update([0_u8]);
        }
        hash.finalize().to_vec()
    }

    /// Where the person's clock stands: what times are shown and typed in.
    pub fn clock_zone(&self) -> &str {
        self.own_timezone.as_deref().unwrap_or(&self.timezone)
    }

    pub fn require(&self, permission: &str) -> Result<Reach> {
        self.grants.reach(permission).ok_or_else(|| Error::forbidden(permission, &self.role))
    }
}

/// A person of the platform's own staff.
#[derive(Debug, Clone)]
pub struct StaffAccess {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub role: String,
}
