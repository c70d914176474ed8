//! What handlers share.

use crate::config::Config;
use axum::Router;
use leptos::config::LeptosOptions;
use platform::Platform;
use platform::limit::Limiter;
use platform::live::Live;
use platform::presence::Presence;
use std::ops::Deref;
use std::sync::Arc;

#[derive(Clone)]
pub struct App(Arc<Inner>);

pub struct Inner {
    pub config: Config,
    pub platform: Arc<Platform>,
    pub limiter: Arc<Limiter>,
    /// What changes, for pages that are open.
    pub live: Arc<Live>,
    /// Who has which record open.
    pub presence: Arc<Presence>,
    pub leptos: LeptosOptions,
    /// Draws pages: a request with a `PageContext` in, HTML out. Kept apart so that a refused form can be answered with its page.
    pub draw: Router,
}

impl App {
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}
