//! What would happen: every row of the file checked, nothing written.

use super::check::{BATCH, Checked, Checker, Verdict};
use super::file::File;
use super::plan::Plan;
use super::store;
use domain::Result;
use domain::imports::{Preview, PreviewImport, PreviewRow};
use domain::schema::{FieldKind, PIPELINE};
use platform::Ctx;
use serde_json::Value;

/// Rows that are shown as they would become.
const SHOWN_ROWS: usize = 20;
const SHOWN_PROBLEMS: usize = 50;

pub async fn preview(ctx: &mut Ctx, input: PreviewImport) -> Result<Preview> {
    let (import, entity) = store::load(ctx, input.id).await?;
    store::plan_anew(ctx.conn().await?).await?;
    let plan = Plan::new(entity, &ctx.access.grants, import.columns, &import.mapping)?;
    let mut file = File::open(ctx, import.id, import.bytes, import.mapping.header).await?;
    let mut checker = Checker::new(ctx, plan).await?;
    let mut preview =
        Preview { rows: Vec::new(), would_create: 0, would_update: 0, unchanged: 0, refused: 0, problems: Vec::new() };
    loop {
        let rows = file.batch(ctx, BATCH).await?;
        if rows.is_empty() {
            return Ok(preview);
        }
        for row in checker.check(ctx, rows).await? {
            match row.verdict {
                Verdict::Create => preview.would_create += 1,
                Verdict::Update(_) => preview.would_update += 1,
                Verdict::Unchanged(_) => preview.unchanged += 1,
                Verdict::Refused => preview.refused += 1,
            }
            let room = SHOWN_PROBLEMS.saturating_sub(preview.problems.len());
            preview.problems.extend(row.problems.iter().take(room).cloned());
            if preview.rows.len() < SHOWN_ROWS {
                preview.rows.push(shown(row, &checker.plan));
            }
        }
    }
}

/// Members and rows by name, as a person would read them.
fn shown(mut row: Checked, plan: &Plan) -> PreviewRow {
    for (key, label) in row.labels.drain() {
        if let Some(value) = row.values.get_mut(&key) {
            *value = Value::String(label);
        }
    }
    let state = plan.fields.iter().find(|planned| matches!(planned.field.kind, FieldKind::State));
    if let (Some(planned), Some(status)) = (state, row.status) {
        row.values.insert(planned.field.key.clone(), Value::String(status));
    }
    if let Some(pipeline) = row.pipeline {
        row.values.insert(PIPELINE.to_owned(), Value::String(pipeline));
    }
    PreviewRow { row: row.row, values: row.values, problems: row.problems }
}
