//! What the operations of one request share: something that is costly to work out and the same for each of them.
//!
//! A page asks for several operations, each with a context of its own. They are all its caller's, so what one found holds for the next. It lives as
//! long as the backend that they are asked of, and an hour of streaming is too long for that: whoever takes something says how old it may be.

use chrono::{DateTime, Duration, Utc};
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

type Held = HashMap<String, (DateTime<Utc>, Arc<dyn Any + Send + Sync>)>;

#[derive(Default)]
pub struct Shared {
    held: Mutex<Held>,
    /// A page is drawn of what the operations answer, in this process: rows are wanted as records, not as JSON.
    pub drawn: bool,
}

impl Shared {
    pub fn of_page() -> Self {
        Self { drawn: true, ..Self::default() }
    }

    /// What was put under the key, if it is of this type and at most so old.
    pub fn get<T: Any + Send + Sync>(&self, key: &str, now: DateTime<Utc>, age: Duration) -> Option<Arc<T>> {
        let (put, value) = self.locked().get(key).cloned()?;
        value.downcast().ok().filter(|_| now - put <= age)
    }

    pub fn put<T: Any + Send + Sync>(&self, key: String, now: DateTime<Utc>, value: Arc<T>) {
        self.locked().insert(key, (now, value));
    }

    fn locked(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a backend remembers between the operations that it is asked for.
#[derive(Default)]
pub(crate) struct Remembered {
    /// The sensitive operation that it was let do.
    pub(crate) allowed: OnceLock<&'static str>,
    pub(crate) shared: Arc<Shared>,
}

pub(crate) type Asked = Arc<Remembered>;

#[cfg(test)]
mod tests {
    use super::Shared;
    use chrono::{DateTime, Duration, Utc};
    use std::sync::Arc;

    #[test]
    fn what_is_put_is_there_for_a_while_and_for_its_type() {
        let (shared, now) = (Shared::default(), DateTime::<Utc>::UNIX_EPOCH);
        let age = Duration::seconds(30);
        shared.put("a".to_owned(), now, Arc::new(7_i64));
        assert_eq!(shared.get::<i64>("a", now + age, age).as_deref(), Some(&7));
        assert!(shared.get::<i64>("a", now + age * 2, age).is_none(), "too old");
        assert!(shared.get::<String>("a", now, age).is_none() && shared.get::<i64>("b", now, age).is_none());
    }
}
