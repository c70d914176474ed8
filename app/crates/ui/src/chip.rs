//! Chips, counts and people: small things that carry a hue, always with a word or a shape.

use leptos::prelude::*;
use words::t;

use crate::markup::{Markup, Text, drawn, html};
use crate::{Hue, Icon, MaybeText, Size, Tone};

/// How far a state is, told by shape so that colour is never the only sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateShape {
    /// A ring: nothing has happened yet.
    #[default]
    Open,
    Quarter,
    Half,
    ThreeQuarters,
    /// A filled disc with a tick: won, paid, done.
    Done,
    /// A filled disc with a cross: lost, cancelled, failed.
    Lost,
    /// A dashed ring: waiting, paused, draft.
    Paused,
}

impl StateShape {
    /// The shape of an open state at `index` of `count` open states.
    pub fn along(index: usize, count: usize) -> Self {
        if count < 2 || index == 0 {
            return Self::Open;
        }
        match index * 4 / count {
            0 | 1 => Self::Quarter,
            2 => Self::Half,
            _ => Self::ThreeQuarters,
        }
    }

    fn quarters(self) -> Option<&'static str> {
        // Dashes along a circle of radius 2: a quarter of its circumference is 3.14.
        match self {
            Self::Quarter => Some("3.14 20"),
            Self::Half => Some("6.28 20"),
            Self::ThreeQuarters => Some("9.42 20"),
            _ => None,
        }
    }
}

/// The shape alone, 12 px, in the hue of its parent.
#[component]
pub fn StateDot(#[prop(optional)] shape: StateShape) -> impl IntoView {
    drawn(state_dot(shape))
}

/// [`StateDot`] as text.
pub fn state_dot(shape: StateShape) -> Markup {
    html! {
        svg.dot viewBox="0 0 14 14" aria-hidden="true" focusable="false" {
            @match shape {
                StateShape::Done => { circle.dot-disc cx="7" cy="7" r="6" {} path.dot-mark d="m4.4 7.2 1.8 1.8 3.4-3.7" {} },
                StateShape::Lost => { circle.dot-disc cx="7" cy="7" r="6" {} path.dot-mark d="m5 5 4 4m0-4L5 9" {} },
                StateShape::Paused => circle.dot-ring cx="7" cy="7" r="5.25" stroke-dasharray="2 1.67" {},
                _ => {
                    circle.dot-ring cx="7" cy="7" r="5.25" {}
                    @if let Some(dashes) = shape.quarters() {
                        circle.dot-pie cx="7" cy="7" r="2" stroke-dasharray=(dashes) transform="rotate(-90 7 7)" {}
                    }
                },
            }
        }
    }
}

/// A state of a record: hue, shape and word.
#[component]
pub fn StateChip(
    #[prop(into)] label: String,
    #[prop(optional)] hue: Hue,
    #[prop(optional)] shape: StateShape,
) -> impl IntoView {
    drawn(state_chip(&label, hue, shape))
}

/// [`StateChip`] as text.
pub fn state_chip(label: &str, hue: Hue, shape: StateShape) -> Markup {
    html! { span class={ "chip chip-state " (Text(hue.class())) } { (state_dot(shape)) span.chip-text dir="auto" { (Text(label)) } } }
}

/// A tag or a small fact. `remove_href` adds a cross that is a link (a filter, a tag).
#[component]
pub fn Chip(
    #[prop(optional)] tone: Tone,
    /// Wins over `tone`.
    #[prop(optional)]
    hue: Option<Hue>,
    #[prop(optional, into)] icon: MaybeText,
    #[prop(optional, into)] title: MaybeText,
    #[prop(optional, into)] remove_href: MaybeText,
    /// Name of the cross: "Remove the filter Stage".
    #[prop(optional, into)]
    remove_label: MaybeText,
    children: Children,
) -> impl IntoView {
    let colour = hue.map_or(tone.class(), Hue::class);
    let icon = icon.into_option().map(|name| view! { <Icon name/> });
    let label = remove_label.unwrap_or(t!("Remove"));
    let remove = remove_href.into_option().map(|href| {
        view! { <a class="chip-remove" href=href aria-label=label.clone() title=label.clone()><Icon name="x"/></a> }
    });
    view! {
        <span class=format!("chip {colour}") title=title.into_option()>
            {icon}
            <span class="chip-text" dir="auto">{children()}</span>
            {remove}
        </span>
    }
    .into_any()
}

/// A short word in a filled pill: "New", "Trial", "Failed".
#[component]
pub fn Badge(#[prop(optional)] tone: Tone, children: Children) -> impl IntoView {
    view! { <span class=format!("badge {}", tone.class())>{children()}</span> }.into_any()
}

/// A number beside a label. `label` says what it counts to those who hear it.
#[component]
pub fn Count(value: u64, #[prop(optional, into)] label: MaybeText, #[prop(optional)] tone: Tone) -> impl IntoView {
    drawn(count(value, label.as_deref(), tone))
}

/// [`Count`] as text.
pub fn count(value: u64, label: Option<&str>, tone: Tone) -> Markup {
    html! {
        span class={ "count " (Text(tone.class())) } {
            @if value > 9_999 { (value / 1_000) "k" } @else { (value) }
            @if let Some(label) = label { span.sr-only { " " (Text(label)) } }
        }
    }
}

fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// Initials in the hue that belongs to the name. Decoration: the name itself stands beside it or in its title.
#[component]
pub fn Avatar(
    #[prop(into)] name: String,
    #[prop(optional)] size: Size,
    /// A square for companies and workspaces, a disc for people.
    #[prop(optional)]
    square: bool,
) -> impl IntoView {
    drawn(avatar(&name, size, square))
}

/// [`Avatar`] as text.
pub fn avatar(name: &str, size: Size, square: bool) -> Markup {
    let hue = Hue::of(name).class();
    html! {
        span class={ "avatar " (Text(size.class())) " " (Text(hue)) (Text(if square { " avatar-square" } else { "" })) } title=(Text(name)) aria-hidden="true" {
            (Text(&initials(name)))
        }
    }
}

/// A person or company by avatar and name.
#[component]
pub fn Person(
    #[prop(into)] name: String,
    #[prop(optional)] size: Size,
    #[prop(optional)] square: bool,
    #[prop(optional, into)] href: MaybeText,
) -> impl IntoView {
    drawn(person(&name, size, square, href.as_deref()))
}

/// [`Person`] as text.
pub fn person(name: &str, size: Size, square: bool, href: Option<&str>) -> Markup {
    html! {
        span.person {
            (avatar(name, size, square))
            @match href {
                Some(href) => a.person-name href=(Text(href)) dir="auto" { (Text(name)) },
                None => span.person-name dir="auto" { (Text(name)) },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{StateShape, initials};

    #[test]
    fn initials_take_first_and_last() {
        assert_eq!(initials("Amina Otieno"), "AO");
        assert_eq!(initials("  juma   bin said "), "JS");
        assert_eq!(initials("Lakeside"), "L");
        assert_eq!(initials("محمد علي"), "مع");
        assert_eq!(initials("— (x) y"), "XY");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn shapes_fill_up_along_a_pipeline() {
        let five: Vec<_> = (0..5).map(|index| StateShape::along(index, 5)).collect();
        assert_eq!(five[0], StateShape::Open);
        assert_eq!(five[1], StateShape::Quarter);
        assert_eq!(five[4], StateShape::ThreeQuarters);
        assert_eq!(StateShape::along(0, 1), StateShape::Open);
    }
}
