//! The one expression language of Nexus: triggers, conditions, mappings of steps, guards of state machines, and texts with `{{ }}` in them.
//!
//! It is a subset of CEL with exact decimals, money, and calendar days. It does no IO, reads no clock, and is compiled for the browser too.
//!
//! ```text
//! order.status == 'SHIPPED' && order.totalAmount > 10000
//! invoice.dueDate - TODAY() <= 7
//! addDays(today(), product.leadTime)
//! Follow up: Invoice {{invoice.invoiceNumber}}
//! ```
//!
//! # Three stages
//!
//! `Expr::parse` reads a text within bounds of length, depth and parts. `Expr::check` types it against a `Scope`, which says what the names
//! mean: an unknown field, a misspelt key or a date compared with a number is a fault with its place, and often with what was meant. The
//! `Checked` lists the fields that it reads, and `Checked::eval` computes its value from `Values` and an `Env`. What was checked can still
//! fail on its values (a division by zero, two currencies, an overflow): that is an `EvalFault`, never a panic.
//!
//! # Grammar, the loosest first
//!
//! ```text
//! a ? b : c                      a || b      a && b
//! == != < <= > >= in             one of them; comparisons are not chained
//! + -       * / %       ! -      a.b  a[b]  f(a)  a.f(b), which is f(a, b)
//! 12.50  'text'  "text"  true  false  null  [a, b]  name  (a)
//! ```
//!
//! # Values
//!
//! - Numbers are decimals of 19 digits before and 18 after the point, never floats: `0.1 + 0.2 == 0.3`. `round` and what is cut off after
//!   the eighteenth decimal go half up, away from zero.
//! - Money is an amount with a currency. Two currencies are never equal, and adding or ordering them is a fault. Compared with a number,
//!   the amount counts: `order.totalAmount > 10000`. Added to one, it is a fault: write `money(10, 'KES')`. Money times or by a number is
//!   money, money by money a number. Zero of no currency, the sum of nothing, may be added to any amount.
//! - Options and states are compared by key without regard to capitals. A bare word or a text literal beside one is checked against its
//!   keys: `customer.status == ACTIVE`, `order.status in [DRAFT, SUBMITTED]`. A bare word elsewhere is a name, and an unknown one a fault.
//! - A date minus a date is a number of days, a date plus a number a date; days are whole. A moment minus a moment is a duration, whose
//!   literal is `duration('90m')`; a moment plus a number moves by days of 24 hours. Where a date and a moment meet, the moment counts as
//!   its day in the workspace's time zone. A text literal beside a date is read as one: `dueDate > '2026-11-21'`.
//! - A member of a list is the list of the members: `sum(order.lines.amount)`. Places count from zero; `lines[0].amount`.
//! - A record is text where it is a reference: its id, or, in texts for people, its title.
//!
//! # Null
//!
//! A value that is empty, a field that is missing, a place that a list does not have: null.
//!
//! - `==` and `!=`: null equals null only. `<`, `<=`, `>`, `>=` with null are false.
//! - Arithmetic with null is null; so is a member or a place of null, and a function of null.
//! - `&&`, `||`, `!`, `?:` and `Checked::test` take null for false.
//! - `x in null` is false; `null in list` is true where the list holds null.
//! - `contains`, `startsWith`, `endsWith` of null are false, `has(path)` tells whether there is a value, `coalesce` answers the first that
//!   is not null; `min`, `max` and `sum` pass over nulls, and the sum of nothing is 0, but the sum of null is null.
//!
//! # Functions
//!
//! Days: `today()` `now()` `date(x)` `addDays(x, n)` `addWorkingDays(date, n)` `daysBetween(from, to)` `duration(text)`.
//! Texts: `lower` `upper` `trim` `contains(text, part)` `startsWith` `endsWith` `size` `text(x)`, as the product shows it.
//! Numbers: `number(x)` `money(amount, currency)` `round(x, places)` `abs` `min` `max` `sum(list)`.
//! Others: `contains(list, item)` `size(list)` `coalesce(a, b, …)` `has(path)`. In capitals they are the same: `TODAY()`.

mod check;
mod checked;
mod decimal;
mod duration;
mod entity;
mod env;
mod eval;
mod expr;
mod fault;
mod formula;
mod function;
#[cfg(test)]
mod hostile;
mod parse;
mod print;
mod scope;
mod template;
mod token;
mod tree;
mod types;
mod value;
mod values;

pub use check::MAX_FAULTS;
pub use checked::{Checked, Read};
pub use decimal::{Decimal, DecimalFault};
pub use entity::{EntityScope, MEMBER};
pub use env::Env;
pub use eval::{MAX_ITEMS, MAX_STEPS, MAX_TEXT};
pub use expr::Expr;
pub use fault::{EvalFault, EvalFaultKind, Fault, Span};
pub use formula::Formula;
pub use parse::{MAX_DEPTH, MAX_LENGTH, MAX_NODES};
pub use scope::{Found, Names, Scope};
pub use template::{CheckedTemplate, MAX_TEMPLATE, Template};
pub use types::Type;
pub use value::Value;
pub use values::{JsonValues, Values};
