//! What a browser says of itself, in the words of its owner. Nothing depends on it.

use words::t;

/// "Firefox on Linux" from a user agent; what is not recognised is called so.
pub fn words(agent: Option<&str>) -> String {
    let Some(agent) = agent.filter(|agent| !agent.trim().is_empty()) else {
        return t!("An unknown browser").to_owned();
    };
    let browser = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("HeadlessChrome", "Chrome"),
        ("Chrome/", "Chrome"),
        ("CriOS", "Chrome"),
        ("Firefox/", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let system = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
        ("CrOS", "ChromeOS"),
    ];
    let find =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (find(&browser), find(&system)) {
        (Some(browser), Some(system)) => t!("{browser} on {system}", browser, system),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => t!("A browser on {system}", system),
        (None, None) => agent.chars().take(60).collect(),
    }
}

/// The icon of the thing it runs on.
pub fn icon(agent: Option<&str>) -> &'static str {
    let mobile = agent.is_some_and(|agent| ["Android", "iPhone", "Mobile"].iter().any(|mark| agent.contains(mark)));
    if mobile { "smartphone" } else { "monitor" }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn agents_are_named() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        assert_eq!(words(Some(chrome)), "Chrome on Linux");
        assert_eq!(
            words(Some(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
            )),
            "Safari on iPhone"
        );
        assert_eq!(words(Some("curl/8.5.0")), "curl");
        assert_eq!(words(None), "An unknown browser");
    }
}
