//! What the path of a page names: the entity by its plural, the row by its id.

use crate::page::{PageContext, Viewer};
use domain::records::Record;
use domain::schema::Entity;
use domain::{Error, Result};
use ui::Crumb;
use uuid::Uuid;

/// `/w/{workspace}/{plural}/{id}`, counted behind the leading slash.
fn segment(page: &PageContext, at: usize) -> &str {
    page.path.trim_start_matches('/').split('/').nth(at).unwrap_or_default()
}

pub fn plural(page: &PageContext) -> &str {
    segment(page, 2)
}

pub fn id(page: &PageContext) -> Result<Uuid> {
    Uuid::try_parse(segment(page, 3)).map_err(|_| Error::not_found())
}

/// Path of a row.
pub fn of(viewer: &Viewer, entity: &Entity, record: &Record) -> String {
    viewer.path(&format!("{}/{}", entity.plural, record.id))
}

/// What a row is called: its title, else its number.
pub fn title(entity: &Entity, record: &Record) -> String {
    let title = record.text(&entity.title).or_else(|| record.text("number")).filter(|title| !title.is_empty());
    title.unwrap_or(&entity.labels.one).to_owned()
}

/// "Leads / Amina Otieno", and further.
pub fn crumbs(viewer: &Viewer, entity: &Entity, record: &Record, further: Option<&str>) -> Vec<Crumb> {
    let list = Crumb::link(entity.labels.many.clone(), viewer.path(&entity.plural));
    match further {
        None => vec![list, Crumb::here(title(entity, record))],
        Some(further) => {
            vec![list, Crumb::link(title(entity, record), of(viewer, entity, record)), Crumb::here(further)]
        }
    }
}
