//! The small vocabularies that components share: tone, hue, size.

/// What a message or a figure means. Never the only carrier: each use adds a word or a shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Neutral,
    Accent,
    Info,
    Positive,
    Warning,
    Negative,
}

impl Tone {
    pub fn class(self) -> &'static str {
        match self {
            Self::Neutral => "tone-neutral",
            Self::Accent => "tone-accent",
            Self::Info => "tone-info",
            Self::Positive => "tone-positive",
            Self::Warning => "tone-warning",
            Self::Negative => "tone-negative",
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Self::Neutral | Self::Accent | Self::Info => "info",
            Self::Positive => "circle-check",
            Self::Warning => "triangle-alert",
            Self::Negative => "circle-alert",
        }
    }
}

/// One of the eight ordered hues for states, options, avatars and chart series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hue(u8);

impl Hue {
    pub const COUNT: u8 = 8;

    /// The hue at a place in an ordered set, counted from 0; wraps round.
    pub fn nth(index: usize) -> Self {
        Self((index % usize::from(Self::COUNT)) as u8 + 1)
    }

    /// The hue that a name always gets, so that a person keeps their colour everywhere.
    pub fn of(name: &str) -> Self {
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self::nth((hash >> 8) as usize)
    }

    pub fn class(self) -> &'static str {
        const CLASSES: [&str; 8] = ["hue-1", "hue-2", "hue-3", "hue-4", "hue-5", "hue-6", "hue-7", "hue-8"];
        CLASSES[usize::from(self.0 - 1)]
    }
}

impl Default for Hue {
    fn default() -> Self {
        Self::nth(0)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    Small,
    #[default]
    Medium,
    Large,
}

impl Size {
    pub fn class(self) -> &'static str {
        match self {
            Self::Small => "size-s",
            Self::Medium => "size-m",
            Self::Large => "size-l",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Hue;

    #[test]
    fn hues_wrap_and_stay_the_same_for_a_name() {
        assert_eq!(Hue::nth(0), Hue::nth(8));
        assert_eq!(Hue::of("Amina Otieno"), Hue::of("Amina Otieno"));
        let used: std::collections::BTreeSet<_> =
            ["Amina", "Juma", "Wanjiru", "Otieno", "Peter", "Grace", "Ali", "Neema", "Baraka", "Zawadi"]
                .iter()
                .map(|name| Hue::of(name).class())
                .collect();
        assert!(used.len() >= 4, "ten names share {} hues", used.len());
    }
}
