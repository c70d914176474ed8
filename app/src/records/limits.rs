//! What the limit of a column is held against: every row that stands there on the board as it is described, whatever a saved view, a filter or a search
//! leaves of them on this one. What the description leaves out, such as what rests or was lost, takes no place. How many there are beyond their reach is told
//! to nobody, so whoever does not see every row is shown no limit; nor is there one for the past and the trash, where nothing is kept to it.

use super::columns::Column;
use super::list_state::ListState;
use super::value_columns::Laid;
use crate::page::Viewer;
use domain::records::{GroupBy, SummariseRecords};
use domain::schema::{Count, Entity, Field, Filter, ListQuery, ViewKind};
use domain::{BackendHandle, Reach, Verb};

/// `group` is the field whose values make the columns; none where the state does.
pub async fn held(
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    state: &ListState,
    group: Option<&Field>,
    laid: &mut Laid<'_>,
) {
    if laid.columns.iter().all(|column| column.limit.is_none()) {
        return;
    }
    let told = state.as_of.is_none()
        && !state.trash
        && viewer.grants.reach(&entity.permission(Verb::Read)) == Some(Reach::All);
    let own = own(entity, state);
    let shown = state.filter == own && state.search.is_none() && state.ids.is_empty();
    let kept = told && (shown || counted(backend, entity, own, group, laid).await);
    if !kept {
        for column in &mut laid.columns {
            column.limit = None;
        }
    }
    for target in &mut laid.targets {
        target.full = laid.columns.iter().find(|column| column.key == target.key).and_then(Column::full);
    }
}

/// The filter of the described board: the one that is shown, and of a saved view the first that there is.
fn own(entity: &Entity, state: &ListState) -> Option<Filter> {
    let board = entity.view(&state.view.key).or_else(|| entity.first_view(ViewKind::Board));
    board?.filter.as_deref().and_then(|text| Filter::parse(text, entity).ok())
}

/// Counts what stands in each column, and answers whether that could be done: a board is drawn without its limits rather than not at all.
async fn counted(
    backend: &BackendHandle,
    entity: &Entity,
    filter: Option<Filter>,
    group: Option<&Field>,
    laid: &mut Laid<'_>,
) -> bool {
    let summary = SummariseRecords {
        entity: entity.key.clone(),
        query: ListQuery { filter, count: Count::None, ..ListQuery::default() },
        group: GroupBy::Field(group.map_or("status", |field| &field.key).to_owned()),
        measure: None,
        limit: None,
        inner: None,
        weighted: false,
    };
    let Ok(all) = backend.run(summary).await else { return false };
    for column in &mut laid.columns {
        let here = all.iter().find(|group| group.key.as_deref().unwrap_or_default() == column.key);
        column.held = Some(here.map_or(0, |group| u64::try_from(group.count).unwrap_or_default()));
    }
    true
}
