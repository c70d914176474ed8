//! The browser's entry point: hydrates the islands. `app` is re-exported so that the linker keeps every island.

pub use app::*;

#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    app::islands::speak();
    app::islands::settle();
    leptos::mount::hydrate_islands();
}
