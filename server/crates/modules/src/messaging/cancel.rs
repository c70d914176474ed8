//! `messaging.cancel`: takes a message back that no worker has in hand.

use super::store;
use domain::messaging::CancelMessage;
use domain::records::Values;
use domain::{Error, Result, Verb};
use platform::Ctx;
use records::Edit;
use words::t;

pub async fn cancel(ctx: &mut Ctx, input: CancelMessage) -> Result<()> {
    let entity = store::entity(ctx)?;
    // The job looks at the state under the same lock, so that a message is either taken back or taken up.
    let held = records::hold(ctx, &entity, input.id, Verb::Update, false).await?;
    match held.text("status") {
        "queued" => {}
        "sending" => {
            return Err(Error::conflict(t!(
                "This message is being handed to the mail server right now. Look again in a moment"
            )));
        }
        "cancelled" => return Ok(()),
        other => {
            let state = entity.state_label(other).to_lowercase();
            return Err(Error::conflict(t!("This message is {state} already; there is nothing left to cancel", state)));
        }
    }
    let edit = Edit { values: Values::new(), status: Some("cancelled".to_owned()), deleted: None };
    records::write(ctx, &entity, &held, edit, "cancelled").await?;
    Ok(())
}
