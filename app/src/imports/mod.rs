//! The import wizard: upload, map columns, look at what would happen, import, and take it back. Each step is a page, and the state of the
//! import says which one is drawn, so that a closed tab loses nothing.

mod mapping;
pub mod outcome;
pub mod parts;
mod upload;

pub use upload::UploadPage;

use crate::islands::ProgressHands;
use crate::layout::workspace_frame;
use crate::page::{PageContext, load, set_status, use_page};
use crate::time::Clock;
use domain::imports::{GetImport, ImportStatus};
use domain::{Error, Result, Verb};
use leptos::prelude::*;
use ui::{Crumb, FormError, FormErrors, Page, PageHeader, Stack};
use uuid::Uuid;
use words::t;

#[component]
pub fn ImportPage() -> impl IntoView {
    let page = use_page();
    load(draw(page)).into_any()
}

async fn draw(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let id = page.path.trim_start_matches('/').split('/').nth(3).unwrap_or_default();
    let id = Uuid::try_parse(id).map_err(|_| Error::not_found())?;
    let import = backend.run(GetImport { id }).await?;
    let Some(entity) = viewer.catalog.get(&import.entity).cloned() else { return Err(Error::not_found()) };
    if !viewer.may(&entity, Verb::Import) {
        return Err(Error::forbidden(entity.permission(Verb::Import), &viewer.role));
    }
    if let Some(replay) = &page.replay {
        set_status(replay.error.kind.status());
    }
    let remapping = page.query("step") == Some("map");
    let undoing = page.query("undo").is_some();
    let content = match import.status {
        ImportStatus::Uploaded => mapping::view(&page, &viewer, &entity, &import),
        ImportStatus::Mapped if remapping || page.replay_of("imports.map").is_some() => {
            mapping::view(&page, &viewer, &entity, &import)
        }
        ImportStatus::Mapped => outcome::preview(&page, &viewer, &backend, &entity, &import).await?,
        ImportStatus::Queued | ImportStatus::Running => outcome::progress(&page, &viewer, &entity, &import),
        ImportStatus::Done => outcome::result(&page, &viewer, &backend, &entity, &import).await?,
        ImportStatus::Undoing => outcome::undoing(&page, &viewer, &backend, &entity, &import).await?,
        ImportStatus::Undone => outcome::undone(&page, &viewer, &backend, &entity, &import).await?,
        ImportStatus::Failed if undoing && import.left() > 0 => {
            outcome::confirm_undo(&page, &viewer, &backend, &entity, &import).await?
        }
        ImportStatus::Failed if import.undo_began_at.is_some() => {
            outcome::stopped(&viewer, &backend, &entity, &import).await?
        }
        ImportStatus::Failed => outcome::failed(&page, &viewer, &entity, &import),
    };
    let (refused, title) = (refused(&page), import.file_name.clone());
    let text = parts::file_words(&import, Clock::new(&page.now, &viewer.timezone));
    let body = view! { <Page><Stack><PageHeader title text/>{refused}{content}</Stack></Page> }.into_any();
    let crumbs = vec![
        Crumb::link(entity.labels.many.clone(), viewer.path(&entity.plural)),
        Crumb::link(t!("Import"), viewer.path(&format!("{}/import", entity.plural))),
        Crumb::here(import.file_name.clone()),
    ];
    let frame = workspace_frame(&page, crumbs, None, None, body);
    Ok(view! { <ProgressHands/>{frame} }.into_any())
}

/// Why the import was not started or not taken back, whatever has become of it since that was asked for. What is wrong with a mapping stands over
/// its columns.
fn refused(page: &PageContext) -> Option<AnyView> {
    let replay = page.replay.as_deref()?;
    let title = match replay.operation.as_str() {
        "imports.start" => t!("The import was not started"),
        "imports.undo" => t!("The import was not undone"),
        _ => return None,
    };
    let mut errors: Vec<FormError> =
        replay.error.fields.iter().map(|fault| FormError::new("", fault.message.clone())).collect();
    if errors.is_empty() {
        errors.push(FormError::new("", replay.error.message.clone()));
    }
    Some(view! { <FormErrors errors title/> }.into_any())
}
