//! Permissions: `area.noun.verb` with a reach. A role is a bundle of grants; a member's grants are the union of the roles held.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far a permission goes. Ordered: a wider reach includes every narrower one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Rows that the member owns.
    Own,
    /// Rows of the member and of everyone below in the manager chain.
    Team,
    /// Rows of the member's location.
    Location,
    All,
}

/// What can be done with any described entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Read,
    Create,
    Update,
    Delete,
    Import,
    Export,
}

impl Verb {
    pub const ALL: [Self; 6] = [Self::Read, Self::Create, Self::Update, Self::Delete, Self::Import, Self::Export];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Import => "import",
            Self::Export => "export",
        }
    }
}

/// Granted permissions. A key is `area.noun.verb`, each part a word or `*`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grants(pub BTreeMap<String, Reach>);

impl Grants {
    /// The widest reach that any matching grant gives, or `None` where the permission is missing.
    pub fn reach(&self, permission: &str) -> Option<Reach> {
        self.0
            .iter()
            .filter(|(pattern, _)| matches(pattern, permission) && includes(pattern, permission))
            .map(|(_, reach)| *reach)
            .max()
    }

    pub fn allows(&self, permission: &str) -> bool {
        self.reach(permission).is_some()
    }

    /// Adds the grants of another role; the wider reach wins.
    pub fn merge(&mut self, other: &Self) {
        for (pattern, reach) in &other.0 {
            let held = self.0.entry(pattern.clone()).or_insert(*reach);
            *held = (*held).max(*reach);
        }
    }
}

/// Areas that a star does not include, unless everything is granted: whoever may read all that a workspace does need not read who did it,
/// when and from where.
const APART: [&str; 1] = ["audit"];

fn includes(pattern: &str, permission: &str) -> bool {
    let area = permission.split('.').next().unwrap_or_default();
    !APART.contains(&area) || pattern == "*.*.*" || pattern.split('.').next() == Some(area)
}

fn matches(pattern: &str, permission: &str) -> bool {
    let mut wanted = permission.split('.');
    for part in pattern.split('.') {
        match wanted.next() {
            Some(word) if part == "*" || part == word => {}
            _ => return false,
        }
    }
    wanted.next().is_none()
}

/// The ladder, lowest first. A workspace may add job roles beside it, which are bundles of grants without a rank.
pub const LADDER: [&str; 5] = ["VIEWER", "USER", "MANAGER", "ADMIN", "OWNER"];

/// A role as a new workspace gets it.
pub struct RoleSeed {
    pub key: &'static str,
    pub label: &'static str,
    /// Place on the ladder, 1 to 5; job roles have none.
    pub rank: Option<i16>,
    pub grants: &'static [(&'static str, Reach)],
}

pub const ROLES: &[RoleSeed] = &[
    RoleSeed { key: "VIEWER", label: "Viewer", rank: Some(1), grants: &[("*.*.read", Reach::All)] },
    RoleSeed {
        key: "USER",
        label: "User",
        rank: Some(2),
        grants: &[
            ("*.*.read", Reach::All),
            ("crm.*.create", Reach::All),
            ("crm.*.update", Reach::All),
            ("crm.*.delete", Reach::Own),
            ("crm.*.import", Reach::All),
            ("crm.*.export", Reach::All),
            ("automotive.*.create", Reach::All),
            ("automotive.*.update", Reach::All),
            ("automotive.*.export", Reach::All),
            ("messaging.message.create", Reach::All),
            ("messaging.message.update", Reach::Own),
            ("sales.order.create", Reach::All),
            ("sales.order.update", Reach::All),
            ("sales.order.delete", Reach::Own),
            ("sales.order.export", Reach::All),
        ],
    },
    RoleSeed {
        key: "MANAGER",
        label: "Manager",
        rank: Some(3),
        grants: &[
            ("*.*.read", Reach::All),
            ("*.*.create", Reach::All),
            ("*.*.update", Reach::All),
            ("*.*.delete", Reach::All),
            ("*.*.import", Reach::All),
            ("*.*.export", Reach::All),
            ("workflow.run.cancel", Reach::All),
            ("workflow.run.retry", Reach::All),
            ("workflow.workflow.start", Reach::All),
        ],
    },
    RoleSeed { key: "ADMIN", label: "Administrator", rank: Some(4), grants: &[("*.*.*", Reach::All)] },
    RoleSeed { key: "OWNER", label: "Owner", rank: Some(5), grants: &[("*.*.*", Reach::All)] },
    RoleSeed {
        key: "SALES_REP",
        label: "Sales representative",
        rank: None,
        grants: &[
            ("crm.*.read", Reach::Own),
            ("crm.*.create", Reach::All),
            ("crm.*.update", Reach::Own),
            ("crm.*.export", Reach::Own),
            ("messaging.message.read", Reach::Own),
            ("messaging.message.create", Reach::All),
            ("messaging.message.update", Reach::Own),
            ("sales.order.read", Reach::Own),
            ("sales.order.create", Reach::All),
            ("sales.order.update", Reach::Own),
            ("sales.order.export", Reach::Own),
            ("sales.price.read", Reach::All),
            ("inventory.product.read", Reach::All),
            ("finance.tax_rate.read", Reach::All),
            ("people.member.read", Reach::All),
        ],
    },
    RoleSeed {
        key: "SALES_MANAGER",
        label: "Sales manager",
        rank: None,
        grants: &[
            ("crm.*.read", Reach::Team),
            ("crm.*.create", Reach::All),
            ("crm.*.update", Reach::Team),
            ("crm.*.delete", Reach::Team),
            ("crm.*.import", Reach::All),
            ("crm.*.export", Reach::Team),
            ("messaging.message.read", Reach::Team),
            ("messaging.message.create", Reach::All),
            ("messaging.message.update", Reach::Team),
            ("sales.order.read", Reach::Team),
            ("sales.order.create", Reach::All),
            ("sales.order.update", Reach::Team),
            ("sales.order.delete", Reach::Team),
            ("sales.order.export", Reach::Team),
            ("sales.price.*", Reach::All),
            ("inventory.product.read", Reach::All),
            ("finance.tax_rate.read", Reach::All),
            ("finance.invoice.read", Reach::Team),
            ("finance.invoice.create", Reach::All),
            ("people.member.read", Reach::All),
        ],
    },
    RoleSeed {
        key: "FINANCE_MANAGER",
        label: "Finance manager",
        rank: None,
        grants: &[
            ("crm.*.read", Reach::All),
            ("sales.*.read", Reach::All),
            ("inventory.*.read", Reach::All),
            ("finance.*.*", Reach::All),
            ("people.member.read", Reach::All),
        ],
    },
    RoleSeed {
        key: "WAREHOUSE",
        label: "Warehouse",
        rank: None,
        grants: &[
            ("crm.customer.read", Reach::All),
            ("sales.order.read", Reach::All),
            ("sales.order.update", Reach::All),
            ("inventory.*.*", Reach::All),
            ("finance.tax_rate.read", Reach::All),
            ("people.member.read", Reach::All),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(list: &[(&str, Reach)]) -> Grants {
        Grants(list.iter().map(|(pattern, reach)| ((*pattern).to_owned(), *reach)).collect())
    }

    #[test]
    fn widest_matching_reach_wins() {
        let held =
            grants(&[("crm.*.read", Reach::Own), ("*.*.read", Reach::Location), ("crm.lead.update", Reach::Team)]);
        assert_eq!(held.reach("crm.lead.read"), Some(Reach::Location));
        assert_eq!(held.reach("crm.lead.update"), Some(Reach::Team));
        assert_eq!(held.reach("crm.lead.delete"), None);
    }

    #[test]
    fn parts_must_match_in_number() {
        let held = grants(&[("crm.*", Reach::All)]);
        assert_eq!(held.reach("crm.lead.read"), None);
        assert_eq!(held.reach("crm.lead"), Some(Reach::All));
    }

    #[test]
    fn a_star_does_not_open_the_audit_trail() {
        let read = "audit.change.read";
        assert_eq!(grants(&[("*.*.read", Reach::All)]).reach(read), None);
        assert_eq!(grants(&[("*.*.*", Reach::All)]).reach(read), Some(Reach::All));
        assert_eq!(grants(&[("audit.*.read", Reach::All)]).reach(read), Some(Reach::All));
    }

    #[test]
    fn the_ladder_only_grows() {
        let ladder: Vec<Grants> = LADDER
            .iter()
            .map(|key| grants(ROLES.iter().find(|role| role.key == *key).map(|role| role.grants).unwrap_or_default()))
            .collect();
        for pair in ladder.windows(2) {
            for verb in Verb::ALL {
                let permission = format!("crm.lead.{}", verb.as_str());
                assert!(pair[0].reach(&permission) <= pair[1].reach(&permission), "{permission}");
            }
        }
    }
}
