//! Holds the palettes of `style/tokens.css` at the contrast that WCAG 2.2 AA asks of text: 4.5:1, and 3:1 of what is drawn.

use std::collections::BTreeMap;

const TOKENS: &str = include_str!("../../../../style/tokens.css");
const TEXT: f64 = 4.5;
const SHAPE: f64 = 3.0;

type Palette = BTreeMap<&'static str, [f64; 3]>;

/// The colours after `/* palette: name */`, in linear sRGB. Shadows, which have an alpha, are left out.
fn palette(name: &str) -> Palette {
    let marker = format!("/* palette: {name} */");
    let (_, after) = TOKENS.split_once(&marker).unwrap_or_else(|| panic!("tokens.css lacks the palette {name}"));
    let block = after.split("/* ").next().unwrap_or(after);
    block
        .lines()
        .filter_map(|line| {
            let (token, value) = line.trim().strip_prefix("--")?.split_once(": oklch(")?;
            let numbers: Vec<f64> =
                value.strip_suffix(");")?.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
            let [lightness, chroma, hue] = numbers.try_into().ok()?;
            Some((token, linear_srgb(lightness, chroma, hue)))
        })
        .collect()
}

/// OKLCH to linear sRGB, after Björn Ottosson, clipped to the gamut as a browser would at worst.
fn linear_srgb(lightness: f64, chroma: f64, hue: f64) -> [f64; 3] {
    let (a, b) = (chroma * hue.to_radians().cos(), chroma * hue.to_radians().sin());
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s,
    ]
    .map(|channel| channel.clamp(0.0, 1.0))
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |[red, green, blue]: [f64; 3]| 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// What is read or seen, on what, at least how well.
fn pairs() -> Vec<(String, String, f64)> {
    let mut pairs = Vec::new();
    let mut need = |front: &str, grounds: &[&str], least: f64| {
        pairs.extend(grounds.iter().map(|ground| (front.to_owned(), (*ground).to_owned(), least)));
    };
    let grounds = ["surface", "surface-raised", "surface-sunken", "surface-hover", "surface-active"];
    need("text", &grounds, TEXT);
    need("text", &["accent-soft", "positive-soft", "warning-soft", "negative-soft", "info-soft"], TEXT);
    need("text-muted", &grounds, TEXT);
    need("text-muted", &["accent-soft"], TEXT);
    need("text-faint", &["surface", "surface-raised", "surface-sunken", "surface-hover"], TEXT);
    need("accent-text", &grounds, TEXT);
    need("accent-text", &["accent-soft"], TEXT);
    need("on-accent", &["accent", "accent-hover"], TEXT);
    need("on-negative", &["negative-fill", "negative-hover"], TEXT);
    // The frame of a control is how it is known (WCAG 1.4.11); hairlines between rows are not.
    need("border-control", &["surface", "surface-raised", "surface-sunken"], SHAPE);
    need("accent", &["surface", "surface-sunken", "surface-raised"], SHAPE);
    for tone in ["positive", "warning", "negative", "info"] {
        need(tone, &["surface", "surface-raised", "surface-hover", &format!("{tone}-soft")], TEXT);
    }
    for hue in 1..=8 {
        let name = format!("hue-{hue}");
        need(&name, &["surface", &format!("{name}-soft")], TEXT);
    }
    pairs
}

fn faults(name: &str, palette: &Palette) -> Vec<String> {
    let colour = |token: &str| *palette.get(token).unwrap_or_else(|| panic!("the palette {name} lacks --{token}"));
    pairs()
        .into_iter()
        .filter_map(|(front, ground, least)| {
            let ratio = contrast(colour(&front), colour(&ground));
            (ratio < least).then(|| format!("{name}: {front} on {ground} is {ratio:.2}, needs {least}"))
        })
        .collect()
}

#[test]
fn every_pair_of_every_palette_can_be_read() {
    let light = palette("light");
    let mut contrast = light.clone();
    contrast.extend(palette("contrast"));
    let faults: Vec<_> = [("light", light), ("dark", palette("dark")), ("contrast", contrast)]
        .iter()
        .flat_map(|(name, palette)| faults(name, palette))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn light_and_dark_name_the_same_colours() {
    assert_eq!(palette("light").keys().collect::<Vec<_>>(), palette("dark").keys().collect::<Vec<_>>());
}

#[test]
fn the_high_contrast_palette_reaches_seven_to_one() {
    let mut palette_contrast = palette("light");
    palette_contrast.extend(palette("contrast"));
    for front in ["text", "text-muted", "text-faint", "accent-text", "positive", "warning", "negative", "info"] {
        let ratio = contrast(palette_contrast[front], palette_contrast["surface"]);
        assert!(ratio >= 7.0, "{front} on surface is {ratio:.2}");
    }
}

#[test]
fn the_arithmetic_knows_black_and_white() {
    let ratio = contrast(linear_srgb(1.0, 0.0, 0.0), linear_srgb(0.0, 0.0, 0.0));
    assert!((ratio - 21.0).abs() < 0.01, "{ratio}");
    // sRGB #777 on white is 4.48 in every calculator.
    let grey = linear_srgb(0.5674, 0.0, 0.0);
    assert!((contrast(grey, [1.0; 3]) - 4.48).abs() < 0.05);
}
