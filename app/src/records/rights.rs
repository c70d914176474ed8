//! What the viewer may do with a row that they see. A permission may go less far than sight does; then a control says so before it is used,
//! not afterwards.

use crate::page::Viewer;
use domain::records::{MayRecords, Record};
use domain::schema::Entity;
use domain::{BackendHandle, Reach, Result, Verb};
use std::collections::HashSet;
use uuid::Uuid;
use words::t;

/// The rows, among those shown, that a permission reaches.
pub enum Reached {
    Every,
    These(HashSet<Uuid>),
}

impl Reached {
    /// Asked only where a permission goes less far than sight.
    pub async fn load(
        viewer: &Viewer,
        backend: &BackendHandle,
        entity: &Entity,
        verb: Verb,
        rows: impl Iterator<Item = &Record>,
    ) -> Result<Self> {
        let (wanted, sight) =
            (viewer.grants.reach(&entity.permission(verb)), viewer.grants.reach(&entity.permission(Verb::Read)));
        match wanted {
            // Who lacks the permission altogether is told so by `Viewer::missing`.
            None => Ok(Self::Every),
            Some(reach) if Some(reach) >= sight || reach == Reach::All => Ok(Self::Every),
            Some(_) => {
                let ids = rows.map(|record| record.id).collect();
                let may = backend.run(MayRecords { entity: entity.key.clone(), verb, ids }).await?;
                Ok(Self::These(may.into_iter().collect()))
            }
        }
    }

    fn holds(&self, id: Uuid) -> bool {
        match self {
            Self::Every => true,
            Self::These(ids) => ids.contains(&id),
        }
    }

    /// Why the verb cannot be done with the row by this viewer, or nothing. The state of the row is asked too: a shipped order stays as it is.
    pub fn missing(&self, viewer: &Viewer, entity: &Entity, verb: Verb, record: &Record) -> Option<String> {
        self.out_of_reach(viewer, entity, verb, record).or_else(|| closed_by_state(entity, verb, record))
    }

    /// The same without the state: a move asks its own gate.
    pub fn out_of_reach(&self, viewer: &Viewer, entity: &Entity, verb: Verb, record: &Record) -> Option<String> {
        viewer.missing(entity, verb).or_else(|| {
            let permission = entity.permission(verb);
            let reach = viewer.grants.reach(&permission)?;
            (!self.holds(record.id))
                .then(|| t!("Your permission {permission} is for {rows}", permission, rows = reach.rows()))
        })
    }
}

fn closed_by_state(entity: &Entity, verb: Verb, record: &Record) -> Option<String> {
    let action = match verb {
        Verb::Update => "EDIT",
        Verb::Delete => "DELETE",
        _ => return None,
    };
    let state = entity.states.as_ref()?.get(record.text("status")?)?;
    (!state.allows(action)).then(|| match verb {
        Verb::Update => t!("It is {state}: it can no longer be changed", state = state.label),
        _ => t!("It is {state}: it can no longer be deleted", state = state.label),
    })
}
