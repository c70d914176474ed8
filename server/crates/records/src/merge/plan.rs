//! `records.preview_merge`: what a merge would do, found out by looking. Nothing is locked and nothing written, so that whoever leaves the page
//! open, or asks for it again and again, is in nobody's way. What the caller does not see is not counted.

use super::{Pointing, counted, left_behind, refusal, stays, two};
use crate::beside;
use crate::get::Hold;
use crate::pointer::{Pointer, pointing_at};
use crate::project::readable;
use domain::records::{MergeMoves, MergePlan, PreviewMerge};
use domain::{Error, Result};
use platform::{Access, Ctx};

pub async fn preview_merge(ctx: &mut Ctx, operation: PreviewMerge) -> Result<MergePlan> {
    let two = two(ctx, &operation.entity, operation.kept, operation.merged, Hold::Looked).await?;
    let (mut moves, mut others, mut refused) = (Vec::new(), false, None);
    for pointer in pointing_at(&ctx.catalog.clone(), &two.entity) {
        let found = counted(ctx, &pointer, two.merged.id).await?;
        if found.seen > 0 {
            let (what, by) = (pointer.entity.labels.many.clone(), pointer.field.label.clone());
            moves.push(MergeMoves { what, by, count: found.seen });
        }
        others |= found.seen < found.all;
        if refused.is_none() {
            refused = refusal(&ctx.access, &pointer.entity, &found).or_else(|| keeps(&ctx.access, &pointer, &found));
        }
    }
    if refused.is_none() {
        refused = left_behind(ctx, &two.entity, two.merged.id).await?;
    }
    for table in beside::ALL {
        let count = table.count(ctx, &two.entity, two.merged.id).await?;
        if count > 0 {
            moves.push(MergeMoves { what: words::say(table.many).to_owned(), by: String::new(), count });
        }
    }
    let fields: Vec<String> = two
        .entity
        .fields
        .iter()
        .filter(|field| readable(&ctx.access, field) && !field.read_only && field.key != "status")
        .filter(|field| two.kept.values.get(&field.key) != two.merged.values.get(&field.key))
        .map(|field| field.key.clone())
        .collect();
    Ok(MergePlan { fields, moves, others, refused: refused.map(|error| error.message) })
}

/// What only operations of ours make keeps what it points at from the day that it is made, and the database holds it to that.
fn keeps(access: &Access, pointer: &Pointer, found: &Pointing) -> Option<Error> {
    let fixed = pointer.entity.managed.is_some() && pointer.field.read_only;
    (fixed && found.all > 0).then(|| stays(access, &pointer.entity))
}
