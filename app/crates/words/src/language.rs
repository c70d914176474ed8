//! Which language is spoken, and how it follows a future through its threads.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    #[default]
    English,
    Swahili,
}

impl Language {
    /// In the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::English, Self::Swahili];

    /// Tag by BCP 47.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Swahili => "sw",
        }
    }

    /// As its speakers call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Swahili => "Kiswahili",
        }
    }

    /// The language of a tag such as `sw-KE`; `None` for one that is not spoken here.
    pub fn parse(tag: &str) -> Option<Self> {
        let language = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|known| known.tag().eq_ignore_ascii_case(language))
    }

    /// The first language of an `Accept-Language` header that is spoken here, by the order in which browsers write them.
    pub fn accepted(header: &str) -> Option<Self> {
        header.split(',').find_map(|range| Self::parse(range.split(';').next().unwrap_or_default()))
    }

    /// Whether a count takes the text for one. Both languages count alike (CLDR).
    pub const fn is_one(self, count: u64) -> bool {
        match self {
            Self::English | Self::Swahili => count == 1,
        }
    }

    /// Its place in [`Self::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::English => 0,
            Self::Swahili => 1,
        }
    }
}

thread_local! {
    static CURRENT: Cell<Language> = const { Cell::new(Language::English) };
}

/// The language that is spoken here and now.
pub fn current() -> Language {
    CURRENT.get()
}

/// Speaks a language from now on: in the browser, where there is one page and one thread.
pub fn speak(language: Language) {
    CURRENT.set(language);
}

/// Speaks a language while the closure runs.
pub fn within<T>(language: Language, run: impl FnOnce() -> T) -> T {
    let _back = Back(CURRENT.replace(language));
    run()
}

/// Speaks a language in a future, on whatever thread it goes on.
pub fn scope<F: Future>(language: Language, future: F) -> Carried<F> {
    Carried { language, future: Box::pin(future) }
}

/// For a future that is spawned: it speaks what is spoken here.
pub fn carry<F: Future>(future: F) -> Carried<F> {
    scope(current(), future)
}

/// A future with its language.
pub struct Carried<F> {
    language: Language,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Carried<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let language = self.language;
        within(language, || self.future.as_mut().poll(context))
    }
}

/// Sets back what was spoken before, also when what ran panicked.
struct Back(Language);

impl Drop for Back {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_browsers_write_them() {
        assert_eq!(Language::accepted("sw-KE,sw;q=0.9,en-GB;q=0.8"), Some(Language::Swahili));
        assert_eq!(Language::accepted("de, EN;q=0.5, sw;q=0.4"), Some(Language::English));
        assert_eq!(Language::accepted("de"), None);
        assert_eq!(Language::parse("swe"), None);
    }

    #[test]
    fn a_language_ends_with_what_spoke_it() {
        let inner = within(Language::Swahili, || {
            let panicked = std::panic::catch_unwind(|| within(Language::English, || panic!("on purpose")));
            assert!(panicked.is_err());
            current()
        });
        assert_eq!((inner, current()), (Language::Swahili, Language::English));
    }

    /// Futures of several requests take turns on a thread.
    #[test]
    fn futures_that_take_turns_speak_their_own() {
        let speaking = |language| {
            scope(language, async move {
                for _ in 0..3 {
                    assert_eq!(current(), language);
                    let mut waited = false;
                    let once = std::future::poll_fn(|_| {
                        let ready = std::mem::replace(&mut waited, true);
                        if ready { Poll::Ready(()) } else { Poll::Pending }
                    });
                    once.await;
                }
                let carried = carry(async { current() });
                within(Language::English, || ());
                assert_eq!(carried.await, language);
            })
        };
        let mut both = [Language::Swahili, Language::English].map(|language| Box::pin(speaking(language)));
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut ended = 0;
        for _ in 0..4 {
            ended +=
                both.iter_mut().map(|future| usize::from(future.as_mut().poll(&mut context).is_ready())).sum::<usize>();
            assert_eq!(current(), Language::English);
        }
        assert_eq!(ended, 2);
    }
}
