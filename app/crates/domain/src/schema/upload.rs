//! Files as values of a field: which are taken, how large they may be, and the words for it.
//!
//! The value is the id of a file that was kept for this field of this record (`files.attach`); what it is called and holds stands with the file.

use super::{Field, FieldKind};
use crate::text::listed;
use words::{mark, t, tn};

/// Kinds of files that a description may name, each with what people call it. What a file is, is found out from its content, so only what can be
/// told apart by content is here.
const KNOWN: &[(&str, &str)] = &[
    ("image/png", "PNG"),
    ("image/jpeg", "JPEG"),
    ("image/gif", "GIF"),
    ("image/webp", "WebP"),
    ("application/pdf", "PDF"),
    ("text/plain", mark!("plain text")),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "PowerPoint"),
    ("application/zip", "ZIP"),
    ("audio/mpeg", "MP3"),
    ("video/mp4", "MP4"),
];

/// Pictures that a page shows: raster images, in which nothing can run.
pub const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
/// Bytes of a picture, where the description says nothing.
pub const PICTURE_BYTES: u32 = 5_000_000;
/// Bytes of another file, where the description says nothing: the most that is kept of any.
pub const UPLOAD_BYTES: u32 = 25_000_000;

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upload<'a> {
    /// Media types; empty where the description leaves them open.
    accept: &'a [String],
    pub max_size: u32,
    pub picture: bool,
}

impl Field {
    /// What the field takes of files; nothing where its value is none.
    pub fn upload(&self) -> Option<Upload<'_>> {
        match &self.kind {
            FieldKind::File { accept, max_size } => Some(Upload { accept, max_size: *max_size, picture: false }),
            FieldKind::Image { accept, max_size } => Some(Upload { accept, max_size: *max_size, picture: true }),
            _ => None,
        }
    }

    pub const fn is_upload(&self) -> bool {
        matches!(self.kind, FieldKind::File { .. } | FieldKind::Image { .. })
    }
}

impl<'a> Upload<'a> {
    /// The media types that are taken; none where any is.
    pub fn kinds(self) -> Vec<&'a str> {
        match self.accept {
            [] if self.picture => PICTURES.to_vec(),
            named => named.iter().map(String::as_str).collect(),
        }
    }

    pub fn takes(self, media_type: &str) -> bool {
        let kinds = self.kinds();
        kinds.is_empty() || kinds.contains(&media_type)
    }

    /// `PNG or JPEG, up to 5 MB`
    pub fn says(self) -> String {
        let words: Vec<&str> = self.kinds().into_iter().map(word).collect();
        let size = size(self.max_size.into());
        if words.is_empty() {
            return t!("Up to {size}", size);
        }
        t!("{kinds}, up to {size}", kinds = listed(&words, t!("or")), size)
    }

    /// Media types that the description names and nobody knows, with those that the kind of the field does not show.
    pub fn unknown(self) -> impl Iterator<Item = &'a str> {
        let known = move |kind: &str| match self.picture {
            true => PICTURES.contains(&kind),
            false => KNOWN.iter().any(|(known, _)| *known == kind),
        };
        self.accept.iter().map(String::as_str).filter(move |kind| !known(kind))
    }

    /// What a description may name.
    pub fn choices(self) -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|(kind, _)| *kind).filter(move |kind| !self.picture || PICTURES.contains(kind))
    }
}

/// What people call a kind of file.
pub fn word(media_type: &str) -> &str {
    words::say(KNOWN.iter().find(|(kind, _)| *kind == media_type).map_or(media_type, |(_, word)| word))
}

/// `340 bytes`, `12 kB`, `1.4 MB`, `25 MB`
pub fn size(bytes: i64) -> String {
    match bytes {
        ..1_000 => tn!(bytes, "{count} byte", "{count} bytes"),
        1_000..1_000_000 => format!("{} kB", (bytes + 500) / 1_000),
        _ if bytes % 1_000_000 < 100_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: &serde_json::Value) -> Field {
        serde_json::from_value(serde_json::json!({ "key": "photo", "label": "Photo", "kind": kind })).unwrap()
    }

    #[test]
    fn what_is_taken_is_said_in_words() {
        let image = field(&serde_json::json!({ "type": "image" }));
        let image = image.upload().unwrap();
        assert_eq!(image.says(), "PNG, JPEG, GIF or WebP, up to 5 MB");
        assert!(image.takes("image/webp") && !image.takes("application/pdf"));
        let scan = field(&serde_json::json!({ "type": "file", "accept": ["application/pdf"], "maxSize": 1_500_000 }));
        let scan = scan.upload().unwrap();
        assert_eq!(scan.says(), "PDF, up to 1.5 MB");
        assert!(scan.takes("application/pdf") && !scan.takes("image/png"));
        let any = field(&serde_json::json!({ "type": "file" }));
        assert_eq!(any.upload().unwrap().says(), "Up to 25 MB");
        assert!(any.upload().unwrap().takes("application/octet-stream"));
        assert!(field(&serde_json::json!({ "type": "url" })).upload().is_none());
    }

    #[test]
    fn kinds_that_cannot_be_told_apart_are_named() {
        let image = field(&serde_json::json!({ "type": "image", "accept": ["image/png", "image/svg+xml"] }));
        assert_eq!(image.upload().unwrap().unknown().collect::<Vec<_>>(), ["image/svg+xml"]);
        let file = field(&serde_json::json!({ "type": "file", "accept": ["application/pdf", "image/png"] }));
        assert_eq!(file.upload().unwrap().unknown().count(), 0);
    }

    #[test]
    fn sizes_are_short() {
        for (bytes, words) in [
            (340, "340 bytes"),
            (12_400, "12 kB"),
            (1_000_000, "1 MB"),
            (1_450_000, "1.4 MB"),
            (25_000_000, "25 MB"),
            (26_214_400, "26.2 MB"),
        ] {
            assert_eq!(size(bytes), words);
        }
    }
}
