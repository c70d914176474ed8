//! Theme and density: what the cookie holds and what the server writes on `<html>`, so that no page flashes.

/// `<html data-theme=...>`. `System` follows the device by a media query, without a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
    Contrast,
}

impl Theme {
    pub const ALL: [Self; 4] = [Self::System, Self::Light, Self::Dark, Self::Contrast];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Contrast => "contrast",
        }
    }

    /// Anything unknown is the default: a cookie is the visitor's to write.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text).unwrap_or_default()
    }
}

/// `<html data-density=...>`: rows of 28, 32 or 40 px.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Density {
    Compact,
    #[default]
    Regular,
    Comfortable,
}

impl Density {
    pub const ALL: [Self; 3] = [Self::Compact, Self::Regular, Self::Comfortable];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compact => "compact",
            Self::Regular => "regular",
            Self::Comfortable => "comfortable",
        }
    }

    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|density| density.as_str() == text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Density, Theme};

    #[test]
    fn what_is_written_is_read_back_and_nonsense_is_the_default() {
        for theme in Theme::ALL {
            assert_eq!(Theme::parse(theme.as_str()), theme);
        }
        for density in Density::ALL {
            assert_eq!(Density::parse(density.as_str()), density);
        }
        assert_eq!(Theme::parse("\"><script>"), Theme::System);
        assert_eq!(Density::parse(""), Density::Regular);
    }
}
