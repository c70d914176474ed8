//! Permissions: `area.noun.verb` with a reach. A role is a bundle of grants; a member's grants are the union of the roles held.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use words::{mark, t};

/// How far a permission goes. Ordered: a wider reach includes every narrower one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
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
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Read,
    Create,
    Update,
    Delete,
    Import,
    Export,
}

impl Reach {
    pub const ALL: [Self; 4] = [Self::Own, Self::Team, Self::Location, Self::All];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Team => "team",
            Self::Location => "location",
            Self::All => "all",
        }
    }

    /// The rows that it reaches, inside a sentence: "all rows".
    pub fn rows(self) -> &'static str {
        match self {
            Self::Own => t!("rows of one's own"),
            Self::Team => t!("rows of one's team"),
            Self::Location => t!("rows of one's location"),
            Self::All => t!("all rows"),
        }
    }
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
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
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

    /// Whether they hold all that a pattern grants, as far, now and whatever entities are added later. One grant has to cover it by
    /// itself: a sum of many that happens to cover it today is not enough.
    pub fn cover(&self, pattern: &str, reach: Reach) -> bool {
        self.0.iter().any(|(held, far)| *far >= reach && subsumes(held, pattern) && includes(held, pattern))
    }

    /// The first grant of another that goes beyond these.
    pub fn beyond<'a>(&self, other: &'a Self) -> Option<(&'a str, Reach)> {
        let found = other.0.iter().find(|(pattern, reach)| !self.cover(pattern, **reach));
        found.map(|(pattern, reach)| (pattern.as_str(), *reach))
    }

    /// What these grants and others allow both, each permission as far as the narrower of the two: what a key may do of what its member may.
    #[must_use]
    pub fn within(&self, others: &Self) -> Self {
        let mut both: BTreeMap<String, Reach> = BTreeMap::new();
        for (one, near) in &self.0 {
            for (other, far) in &others.0 {
                let Some(pattern) = meet(one, other) else { continue };
                let reach = *near.min(far);
                let held = both.entry(pattern).or_insert(reach);
                *held = (*held).max(reach);
            }
        }
        Self(both)
    }

    /// Adds the grants of another role; the wider reach wins.
    pub fn merge(&mut self, other: &Self) {
        for (pattern, reach) in &other.0 {
            let held = self.0.entry(pattern.clone()).or_insert(*reach);
            *held = (*held).max(*reach);
        }
    }
}

/// The pattern of what two patterns grant both. One that names an area must not open what a star in the other's place leaves closed.
fn meet(one: &str, other: &str) -> Option<String> {
    let (left, right): (Vec<&str>, Vec<&str>) = (one.split('.').collect(), other.split('.').collect());
    if left.len() != right.len() {
        return None;
    }
    let parts = left.iter().zip(&right).map(|(left, right)| match (*left, *right) {
        ("*", word) | (word, "*") => Some(word),
        (left, right) => (left == right).then_some(left),
    });
    let mut parts: Vec<&str> = parts.collect::<Option<_>>()?;
    let starred = |pattern: &str| pattern.starts_with("*.") && pattern != "*.*.*";
    if let [area, _, verb] = parts.as_mut_slice()
        && (starred(one) || starred(other))
        && apart(area, verb)
    {
        // Of an area that a star does not include, it includes reading at most.
        if *verb != "*" || apart(area, "read") {
            return None;
        }
        *verb = "read";
    }
    Some(parts.join("."))
}

/// Whether everything that the pattern matches is matched by `held` too.
fn subsumes(held: &str, pattern: &str) -> bool {
    let (held, pattern): (Vec<&str>, Vec<&str>) = (held.split('.').collect(), pattern.split('.').collect());
    held.len() == pattern.len() && held.iter().zip(&pattern).all(|(held, wanted)| *held == "*" || held == wanted)
}

/// `area.noun.verb`, each part a word or `*`.
pub fn is_pattern(text: &str) -> bool {
    let word = |part: &str| {
        part == "*"
            || (part.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'))
    };
    text.len() <= 120 && text.split('.').count() == 3 && text.split('.').all(word)
}

/// A permission of operations that are about no described entity, in the words of the page that grants it.
pub struct Fixed {
    pub key: &'static str,
    /// Said with `words::say`.
    pub label: &'static str,
}

/// Beside the permissions of entities and of their fields. Every permission that the server asks for is one or the other; a test reads the
/// sources for it.
pub const FIXED: &[Fixed] = &[
    Fixed { key: "audit.change.read", label: mark!("See the audit trail") },
    Fixed { key: "inventory.stock.update", label: mark!("Adjust stock") },
    Fixed { key: "people.key.create", label: mark!("Make keys for programs that act on one's own behalf") },
    Fixed { key: "people.key.manage", label: mark!("See and revoke the keys of everybody") },
    Fixed { key: "people.location.create", label: mark!("Add locations") },
    Fixed { key: "people.location.update", label: mark!("Rename locations") },
    Fixed { key: "people.member.create", label: mark!("Invite people, with roles as far as one's own go") },
    Fixed { key: "people.member.read", label: mark!("See addresses, roles and managers of members") },
    Fixed { key: "people.member.set_roles", label: mark!("Give roles to members, as far as one's own go") },
    Fixed {
        key: "people.member.update",
        label: mark!("Change members, suspend and restore them, hand over their records"),
    },
    Fixed { key: "people.role.manage", label: mark!("Make, change and delete roles, as far as one's own go") },
    Fixed { key: "people.role.read", label: mark!("See roles") },
    Fixed { key: "people.security.manage", label: mark!("Say who needs a second factor, and how long sessions last") },
    Fixed { key: "people.session.manage", label: mark!("See and end the sessions of members") },
    Fixed { key: "records.view.update", label: mark!("Make and change views of the whole team") },
    Fixed { key: "settings.company.update", label: mark!("Say who the workspace is on its documents") },
    Fixed { key: "workflow.notification.send", label: mark!("Send notifications") },
    Fixed { key: "workflow.run.cancel", label: mark!("Cancel runs") },
    Fixed { key: "workflow.run.read", label: mark!("See runs") },
    Fixed { key: "workflow.run.retry", label: mark!("Try runs again") },
    Fixed { key: "workflow.workflow.read", label: mark!("See workflows") },
    Fixed { key: "workflow.workflow.save", label: mark!("Make and change workflows") },
    Fixed { key: "workflow.workflow.start", label: mark!("Start workflows by hand") },
];

/// What a star in the place of the area does not include, unless everything is granted. Whoever may read all that a workspace does need not
/// read who did it, when and from where; whoever may change all its records need not change who works there, or what it is called.
fn apart(area: &str, verb: &str) -> bool {
    match area {
        "audit" => true,
        "people" | "settings" => verb != "read",
        _ => false,
    }
}

fn includes(pattern: &str, permission: &str) -> bool {
    let area = permission.split('.').next().unwrap_or_default();
    let verb = permission.rsplit('.').next().unwrap_or_default();
    !apart(area, verb) || pattern == "*.*.*" || pattern.split('.').next() == Some(area)
}

fn matches(pattern: &str, permission: &str) -> bool {
    // A page asks a hundred times, of a role with a hundred grants: most are of another area, which its first letter tells.
    if !pattern.starts_with('*') && pattern.as_bytes().first() != permission.as_bytes().first() {
        return false;
    }
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
    /// Kept in English; said with `words::say`, also as a workspace has it.
    pub label: &'static str,
    /// Place on the ladder, 1 to 5; job roles have none.
    pub rank: Option<i16>,
    pub grants: &'static [(&'static str, Reach)],
}

pub const ROLES: &[RoleSeed] = &[
    RoleSeed { key: "VIEWER", label: mark!("Viewer"), rank: Some(1), grants: &[("*.*.read", Reach::All)] },
    RoleSeed {
        key: "USER",
        label: mark!("User"),
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
        label: mark!("Manager"),
        rank: Some(3),
        grants: &[
            ("*.*.read", Reach::All),
            ("*.*.create", Reach::All),
            ("*.*.update", Reach::All),
            ("*.*.delete", Reach::All),
            ("*.*.import", Reach::All),
            ("*.*.export", Reach::All),
            ("inventory.product.read_cost", Reach::All),
            ("inventory.product.write_cost", Reach::All),
            ("workflow.run.cancel", Reach::All),
            ("workflow.run.retry", Reach::All),
            ("workflow.workflow.start", Reach::All),
        ],
    },
    RoleSeed { key: "ADMIN", label: mark!("Administrator"), rank: Some(4), grants: &[("*.*.*", Reach::All)] },
    RoleSeed { key: "OWNER", label: mark!("Owner"), rank: Some(5), grants: &[("*.*.*", Reach::All)] },
    RoleSeed {
        key: "SALES_REP",
        label: mark!("Sales representative"),
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
        label: mark!("Sales manager"),
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
        label: mark!("Finance manager"),
        rank: None,
        grants: &[
            ("crm.*.read", Reach::All),
            ("sales.*.read", Reach::All),
            ("inventory.*.read", Reach::All),
            ("inventory.product.read_cost", Reach::All),
            ("finance.*.*", Reach::All),
            ("people.member.read", Reach::All),
        ],
    },
    RoleSeed {
        key: "WAREHOUSE",
        label: mark!("Warehouse"),
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

/// What a role is called, for people: its own name where it comes with Nexus, else its key in words (`SITE_MANAGER` is "Site manager").
pub fn role_label(key: &str) -> String {
    if let Some(seed) = ROLES.iter().find(|role| role.key == key) {
        return words::say(seed.label).to_owned();
    }
    let words = key.to_lowercase().replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_without_a_name_is_called_by_its_key() {
        assert_eq!(
            (role_label("SALES_REP").as_str(), role_label("SITE_MANAGER").as_str()),
            ("Sales representative", "Site manager")
        );
        assert_eq!(role_label(""), "");
    }

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

    /// B-03: what covers a pattern covers every permission in it.
    #[test]
    fn a_grant_covers_what_it_subsumes() {
        let held = grants(&[("crm.*.read", Reach::Team), ("crm.lead.update", Reach::All)]);
        assert!(held.cover("crm.lead.read", Reach::Own) && held.cover("crm.*.read", Reach::Team));
        assert!(!held.cover("crm.*.read", Reach::All), "farther");
        assert!(!held.cover("*.*.read", Reach::Own) && !held.cover("crm.*.*", Reach::Own), "wider");
        assert!(!held.cover("crm.*.update", Reach::Own), "one of many is not all");
        let other =
            grants(&[("crm.lead.read", Reach::Own), ("crm.lead.update", Reach::All), ("crm.lead.delete", Reach::Own)]);
        assert_eq!(held.beyond(&other), Some(("crm.lead.delete", Reach::Own)));
        for wrong in [
            "",
            "crm",
            "crm.lead",
            "crm.lead.read.all",
            "crm..read",
            "CRM.lead.read",
            "crm.le*d.read",
            "crm.lead.read\n",
        ] {
            assert!(!is_pattern(wrong), "{wrong:?}");
        }
        assert!(is_pattern("*.*.*") && is_pattern("crm.lead_2.read"));
    }

    /// F-09: what a key may is what its member and its scopes allow both, for every pair of patterns and every permission.
    #[test]
    fn the_meeting_of_two_grants_is_exact() {
        let areas = ["*", "crm", "people", "settings", "audit"];
        let (nouns, verbs) = (["*", "lead", "member"], ["*", "read", "update"]);
        let mut patterns = Vec::new();
        for area in areas {
            for noun in nouns {
                patterns.extend(verbs.map(|verb| format!("{area}.{noun}.{verb}")));
            }
        }
        let permissions: Vec<&String> = patterns.iter().filter(|pattern| !pattern.contains('*')).collect();
        let mut compared = 0;
        for (place, one) in patterns.iter().enumerate() {
            for (at, other) in patterns.iter().enumerate() {
                let (near, far) = (Reach::ALL[place % 4], Reach::ALL[at % 4]);
                let (left, right) = (grants(&[(one, near)]), grants(&[(other, far)]));
                let both = left.within(&right);
                for permission in &permissions {
                    let wanted =
                        left.reach(permission).zip(right.reach(permission)).map(|(left, right)| left.min(right));
                    assert_eq!(both.reach(permission), wanted, "{one} and {other}: {permission} by {both:?}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 15_000, "{compared}");
    }

    #[test]
    fn several_grants_meet_pair_by_pair() {
        let member = grants(&[("crm.*.read", Reach::Own), ("crm.lead.update", Reach::All), ("*.*.read", Reach::Team)]);
        let scopes = grants(&[("crm.lead.*", Reach::Location), ("sales.*.read", Reach::All)]);
        let both = member.within(&scopes);
        assert_eq!(both.reach("crm.lead.read"), Some(Reach::Team));
        assert_eq!(both.reach("crm.lead.update"), Some(Reach::Location));
        assert_eq!(both.reach("sales.order.read"), Some(Reach::Team));
        assert_eq!(both.reach("crm.customer.read"), None);
        assert_eq!(both.reach("crm.lead.delete"), None);
        assert_eq!(member.beyond(&both), None, "nothing rises by it");
        let everything = grants(&[("*.*.*", Reach::All)]);
        assert_eq!(everything.within(&everything), everything);
        assert_eq!(everything.within(&Grants::default()), Grants::default());
    }

    #[test]
    fn fixed_permissions_are_sorted_and_well_formed() {
        assert!(FIXED.is_sorted_by_key(|fixed| fixed.key) && FIXED.iter().all(|fixed| is_pattern(fixed.key)));
    }

    #[test]
    fn a_star_does_not_open_the_audit_trail_nor_who_works_here() {
        for (permission, star) in [
            ("audit.change.read", "*.*.read"),
            ("people.member.create", "*.*.create"),
            ("people.member.update", "*.member.update"),
            ("settings.company.update", "*.*.update"),
        ] {
            let area = permission.split('.').next().unwrap();
            let own = format!("{area}.*.*");
            assert_eq!(grants(&[(star, Reach::All)]).reach(permission), None, "{permission} by {star}");
            assert_eq!(grants(&[("*.*.*", Reach::All)]).reach(permission), Some(Reach::All));
            assert_eq!(grants(&[(&own, Reach::All)]).reach(permission), Some(Reach::All));
            assert!(
                !grants(&[(star, Reach::All)]).cover(&own, Reach::Own)
                    && !grants(&[(star, Reach::All)]).cover(permission, Reach::Own)
            );
        }
        assert_eq!(grants(&[("*.*.read", Reach::All)]).reach("people.member.read"), Some(Reach::All));
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
