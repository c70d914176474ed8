//! What needs a hand under it: small pieces that hydrate in WASM and attach behaviour to what the server drew.
//!
//! Rows never travel as island props: an island reads `data-` attributes, and fetches fresh HTML of the same page when something changed.

pub mod http;
