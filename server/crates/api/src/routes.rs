//! The route table: what is mounted and what `nexus routes` prints are one list, so that no path escapes the tests that walk it.

use axum::Router;
use axum::http::Method;
use axum::routing::MethodRouter;
use serde::Serialize;

/// Who may come as far as the handler. What they may do there is the operation's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Anyone.
    Public,
    /// A signed-in person.
    Person,
    /// A member of the workspace in the path.
    Workspace,
    /// Platform staff.
    Staff,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteInfo {
    pub method: String,
    pub path: String,
    pub guard: Guard,
    /// Whether it may change data.
    pub mutates: bool,
}

pub struct Table<S> {
    router: Router<S>,
    routes: Vec<RouteInfo>,
}

impl<S: Clone + Send + Sync + 'static> Default for Table<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone + Send + Sync + 'static> Table<S> {
    pub fn new() -> Self {
        Self { router: Router::new(), routes: Vec::new() }
    }

    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "read as a line of a table")]
    pub fn route(mut self, method: Method, path: &str, guard: Guard, handler: MethodRouter<S>) -> Self {
        self.routes.push(RouteInfo {
            mutates: !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS),
            method: method.to_string(),
            path: path.to_owned(),
            guard,
        });
        self.router = self.router.route(path, handler);
        self
    }

    /// Mounts another table below a path.
    #[must_use]
    pub fn nest(mut self, base: &str, other: Self) -> Self {
        // The root of a nested table answers at its base, without a slash.
        let below = |path: &str| if path == "/" { base.to_owned() } else { format!("{base}{path}") };
        self.routes.extend(other.routes.into_iter().map(|route| RouteInfo { path: below(&route.path), ..route }));
        self.router = self.router.nest(base, other.router);
        self
    }

    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.routes.extend(other.routes);
        self.router = self.router.merge(other.router);
        self
    }

    /// Changes the router, for layers.
    #[must_use]
    pub fn map(mut self, change: impl FnOnce(Router<S>) -> Router<S>) -> Self {
        self.router = change(self.router);
        self
    }

    pub fn routes(&self) -> &[RouteInfo] {
        &self.routes
    }

    pub fn into_router(self) -> Router<S> {
        self.router
    }
}
