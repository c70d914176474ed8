//! Who may give which role: nobody more than they hold.

use crate::permission::{Grants, LADDER};

/// What a grant of `role` would hand out that the giver lacks: the name of the permission or of the rank. Patterns are compared as such:
/// `crm.*.read` is covered by `crm.*.read` or `*.*.read`, not by a list of all its nouns, so a doubt refuses.
pub fn exceeds(held: &Grants, held_roles: &[String], role: &str, grants: &Grants) -> Option<String> {
    let rank = |role: &str| LADDER.iter().position(|step| *step == role);
    let own = held_roles.iter().filter_map(|role| rank(role)).max();
    if let Some(wanted) = rank(role)
        && own.is_none_or(|own| own < wanted)
    {
        return Some(format!("the role {role}"));
    }
    let lacking = grants
        .0
        .iter()
        .find(|(pattern, reach)| !held.0.iter().any(|(own, own_reach)| covers(own, pattern) && own_reach >= *reach));
    lacking.map(|(pattern, _)| pattern.clone())
}

/// Whether everything that `narrow` matches is matched by `wide`.
fn covers(wide: &str, narrow: &str) -> bool {
    let (wide, narrow): (Vec<&str>, Vec<&str>) = (wide.split('.').collect(), narrow.split('.').collect());
    wide.len() == narrow.len() && wide.iter().zip(&narrow).all(|(wide, narrow)| *wide == "*" || wide == narrow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::ROLES;

    fn grants(role: &str) -> Grants {
        let seed = ROLES.iter().find(|seed| seed.key == role).unwrap();
        Grants(seed.grants.iter().map(|(pattern, reach)| ((*pattern).to_owned(), *reach)).collect())
    }

    #[test]
    fn nobody_gives_what_they_lack() {
        let may = |giver: &str, role: &str| exceeds(&grants(giver), &[giver.to_owned()], role, &grants(role)).is_none();
        for (giver, role) in [
            ("OWNER", "OWNER"),
            ("ADMIN", "ADMIN"),
            ("ADMIN", "WAREHOUSE"),
            ("MANAGER", "USER"),
            ("MANAGER", "SALES_REP"),
        ] {
            assert!(may(giver, role), "{giver} gives {role}");
        }
        // An administrator's grants are an owner's; the ladder alone tells them apart.
        for (giver, role) in [
            ("ADMIN", "OWNER"),
            ("MANAGER", "ADMIN"),
            ("MANAGER", "FINANCE_MANAGER"),
            ("USER", "MANAGER"),
            ("SALES_REP", "VIEWER"),
        ] {
            assert!(!may(giver, role), "{giver} gives {role}");
        }
    }
}
