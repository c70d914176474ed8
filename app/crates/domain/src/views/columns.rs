//! The columns of a list as its address and its views write them: `name:280,phone` is two, of which the first is 280 pixels wide.

use words::t;

/// The fewest pixels that a column can be given.
pub const NARROWEST: u16 = 80;
/// The most.
pub const WIDEST: u16 = 640;
/// Widths are multiples of it, each of which has its class in the style sheet.
pub const WIDTH_STEP: u16 = 20;

/// Keys of fields, each with what is written behind it as its width.
pub fn column_parts(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.split_once(':').map_or((part, None), |(key, width)| (key, Some(width))))
}

/// A width, or why a column cannot have it.
pub fn column_width(text: &str) -> Result<u16, String> {
    let fits = |width: &u16| (NARROWEST..=WIDEST).contains(width) && width.is_multiple_of(WIDTH_STEP);
    text.parse::<u16>().ok().filter(fits).ok_or_else(|| {
        t!(
            "A column is {least} to {most} pixels wide, in steps of {step}; {text} is no such width",
            least = NARROWEST,
            most = WIDEST,
            step = WIDTH_STEP,
            text
        )
    })
}

/// The same as text.
pub fn print_columns<'a>(columns: impl IntoIterator<Item = (&'a str, Option<u16>)>) -> String {
    let parts: Vec<String> = columns
        .into_iter()
        .map(|(key, width)| width.map_or_else(|| key.to_owned(), |width| format!("{key}:{width}")))
        .collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::{column_parts, column_width, print_columns};

    #[test]
    fn columns_are_read_as_they_are_written() {
        let text = "name:280,phone,status:80";
        let read = column_parts(text).map(|(key, width)| (key, width.map(|width| column_width(width).unwrap())));
        let read: Vec<(&str, Option<u16>)> = read.collect();
        assert_eq!(read, [("name", Some(280)), ("phone", None), ("status", Some(80))]);
        assert_eq!(print_columns(read), text);
        assert_eq!(column_parts(" name ,, phone:").collect::<Vec<_>>(), [("name", None), ("phone", Some(""))]);
        assert_eq!((column_parts("").count(), print_columns([])), (0, String::new()));
    }

    #[test]
    fn a_width_is_a_step_between_the_narrowest_and_the_widest() {
        for (text, width) in [("80", 80), ("100", 100), ("640", 640)] {
            assert_eq!(column_width(text), Ok(width));
        }
        for text in ["", "60", "79", "85", "660", "65616", "-80", "2e2", "wide", "280px", " 280"] {
            let message = column_width(text).unwrap_err();
            assert!(message.contains("80 to 640 pixels") && message.contains("steps of 20"), "{message}");
        }
    }
}
