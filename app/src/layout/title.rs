//! The title of a document. That of `leptos_meta` writes its text into the page as it is, so that a record named `</title><script>` would become
//! markup; this one is what pages use in its place (`server/tests/it/tidy.rs` holds them to it).

use leptos::prelude::*;

#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns what it is given")]
pub fn Title(#[prop(into)] text: String) -> impl IntoView {
    // Drawn on the server alone: islands hold no title, so nothing shows the entities as they are.
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    view! { <leptos_meta::Title text/> }
}
