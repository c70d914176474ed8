//! Who may own a row in a state that asks for a role: what a move has to ask before it can be made.

use crate::page::Viewer;
use domain::people::{ListMembers, Member};
use domain::permission::role_label;
use domain::records::Record;
use domain::schema::{Entity, State};
use domain::{BackendHandle, Result};

/// The members of the workspace with their roles.
#[derive(Default)]
pub struct Holders {
    /// None where no state asks, or where roles are not the viewer's to see.
    members: Option<Vec<Member>>,
}

/// What a state asks of the owner that a row has now.
#[derive(Debug, PartialEq, Eq)]
pub enum Hand {
    Fits,
    /// Somebody else has to be chosen; or that is not known here, and the server will say.
    Asks,
    /// Nobody has the role.
    Nobody,
}

impl Holders {
    /// Asked for only where a state asks for a role.
    pub async fn load(viewer: &Viewer, backend: &BackendHandle, entity: &Entity) -> Result<Self> {
        let asks = entity.states.iter().flat_map(|states| &states.list).any(|state| state.owner_role.is_some());
        if !asks || viewer.lacks("people.member.read").is_some() {
            return Ok(Self::default());
        }
        Ok(Self { members: Some(backend.run(ListMembers {}).await?) })
    }

    #[cfg(test)]
    pub fn of(members: Vec<Member>) -> Self {
        Self { members: Some(members) }
    }

    pub fn hand(&self, state: &State, record: &Record) -> Hand {
        let Some(role) = &state.owner_role else { return Hand::Fits };
        if self.members.is_none() {
            return Hand::Asks;
        }
        let owner = record.text("owner");
        match self.holding(role) {
            holders if holders.is_empty() => Hand::Nobody,
            holders if holders.iter().any(|member| owner == Some(member.id.to_string().as_str())) => Hand::Fits,
            _ => Hand::Asks,
        }
    }

    fn holding(&self, role: &str) -> Vec<&Member> {
        let members = self.members.iter().flatten();
        members.filter(|member| member.status == "active" && member.roles.iter().any(|held| held == role)).collect()
    }

    /// Whether a select of owners offers this member; everybody where nothing is known.
    pub fn offers(&self, role: &str, id: &str) -> bool {
        self.members.is_none() || self.holding(role).iter().any(|member| member.id.to_string() == id)
    }

    /// As the workspace calls the role, where somebody holds it.
    pub fn label(&self, role: &str) -> String {
        let held = self.members.iter().flatten().flat_map(|member| member.roles.iter().zip(&member.role_labels));
        let label = held.into_iter().find(|(key, _)| *key == role).map(|(_, label)| label.clone());
        label.unwrap_or_else(|| role_label(role))
    }
}
