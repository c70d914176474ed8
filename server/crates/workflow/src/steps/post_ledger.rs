//! `post_ledger` (UPDATE_GL of requirement 138): an entry in the books, both legs of it. Of an invoice, receivable against revenue and tax;
//! else an account against another.

use super::{Facts, Inputs, Intent, StepType, anything, empty};
use crate::check::Checking;
use crate::needs::Doing;
use domain::Result;
use domain::workflow::{Answer, InputDescriptor, InputKind, StepDescriptor};
use serde_json::json;
use words::t;

pub const STEP: StepType = StepType { kind: "post_ledger", describe, check, answers: anything, needs, act };

const OF_INVOICE: &str = "finance.post_invoice";
const OF_AMOUNT: &str = "finance.post_ledger";

fn describe() -> StepDescriptor {
    StepDescriptor {
        kind: "post_ledger".into(),
        label: t!("Post to the ledger").into(),
        help: t!(
            "Posts an entry that balances: of an invoice with its taxes, or an amount from one account to another."
        )
        .into(),
        icon: "landmark".into(),
        inputs: vec![
            InputDescriptor::new("invoice", t!("Invoice"), InputKind::Expression { answers: Answer::Record })
                .help(t!("Posts receivable against revenue and tax, once.")),
            InputDescriptor::new("account", t!("Account"), InputKind::Text),
            InputDescriptor::new("counterAccount", t!("Against" in "ledger"), InputKind::Text),
            InputDescriptor::new("debit", t!("Debit"), InputKind::Expression { answers: Answer::Money }),
            InputDescriptor::new("credit", t!("Credit"), InputKind::Expression { answers: Answer::Money }),
            InputDescriptor::new("description", t!("Description"), InputKind::Text),
        ],
    }
}

fn check(checking: &mut Checking<'_>) {
    let has = |key: &str| checking.step.input.contains_key(key);
    if has("invoice") {
        return;
    }
    for key in ["account", "counterAccount"] {
        if !has(key) {
            checking.fault(format!("input.{key}"), t!("Name an invoice, or both accounts"));
        }
    }
    if has("debit") == has("credit") {
        checking.fault("input.debit", t!("Give an amount to debit or one to credit"));
    }
}

fn needs(doing: &mut Doing<'_>) {
    doing.runs(if doing.step.input.contains_key("invoice") { OF_INVOICE } else { OF_AMOUNT });
}

fn act(inputs: &Inputs, facts: &Facts) -> Result<Vec<Intent>> {
    if inputs.0.contains_key("invoice") {
        let invoice = inputs.id("invoice")?.ok_or_else(|| empty("invoice"))?;
        let input = json!({ "invoice": invoice, "description": inputs.text("description") });
        return Ok(vec![Intent::Run { operation: OF_INVOICE.into(), input }]);
    }
    let side = if inputs.value("debit").is_null() { "credit" } else { "debit" };
    let amount = inputs.value(side);
    if amount.is_null() {
        return Err(empty(side));
    }
    let input = json!({
        "account": inputs.required("account")?,
        "counterAccount": inputs.required("counterAccount")?,
        side: true,
        "amount": amount.get("amount"),
        "currency": amount.get("currency"),
        "description": inputs.text("description").unwrap_or_default(),
        "source": facts.subject(),
    });
    Ok(vec![Intent::Run { operation: OF_AMOUNT.into(), input }])
}
