//! The two ways in which islands reach the server: a page once more, for a part of it, and a form of the page sent without leaving it.
//!
//! Both go where a person without scripts would go, so there is nothing of a server beside the pages, the permissions are theirs, and a
//! field that a person may not read is nowhere in an answer.

#[cfg(feature = "hydrate")]
mod browser {
    use crate::islands::dom::{address, go, window};
    use js_sys::{Promise, Reflect};
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{Document, DomParser, FormData, RequestInit, Response, SupportedType, UrlSearchParams};

    /// A page that came back.
    pub struct Answer {
        pub ok: bool,
        pub status: u16,
        /// Where it is, if that is not where it was asked for.
        pub led: Option<String>,
        pub page: Document,
    }

    /// Any page of this site, to take a part out of it.
    pub async fn fragment(url: &str) -> Option<Answer> {
        let init = RequestInit::new();
        init.set_method("GET");
        fetch(url, &init).await
    }

    /// Sends fields to where a form posts; the answer is the page that the form leads to, or the page that says why not.
    pub async fn submit(action: &str, fields: &FormData) -> Option<Answer> {
        let init = RequestInit::new();
        init.set_method("POST");
        match encoded(fields) {
            Some(body) => {
                init.set_body(&body);
                // A page that is left or loaded anew in this instant must not take the write with it.
                let _ = Reflect::set(&init, &JsValue::from_str("keepalive"), &JsValue::TRUE);
            }
            // Files go in parts, which are larger than what a browser sends for a page that is gone.
            None => init.set_body(fields),
        }
        fetch(action, &init).await
    }

    /// As a form without files is sent; nothing of one with files.
    fn encoded(fields: &FormData) -> Option<JsValue> {
        let body = UrlSearchParams::new().ok()?;
        for pair in js_sys::try_iter(fields).ok()??.flatten() {
            let (name, value) = (Reflect::get_u32(&pair, 0).ok()?, Reflect::get_u32(&pair, 1).ok()?);
            body.append(&name.as_string()?, &value.as_string()?);
        }
        Some(body.into())
    }

    async fn fetch(url: &str, init: &RequestInit) -> Option<Answer> {
        let headers = web_sys::Headers::new().ok()?;
        let _ = headers.set("accept", "text/html");
        init.set_headers(&headers);
        let answer: Response = wait(window().fetch_with_str_and_init(url, init)).await?.dyn_into().ok()?;
        // The session ended: the page asks for the sign-in by itself, and leads back.
        if answer.redirected() && answer.url().contains("/sign-in") {
            go(&address());
            return None;
        }
        let text = wait(answer.text().ok()?).await?.as_string()?;
        let page = DomParser::new().ok()?.parse_from_string(&text, SupportedType::TextHtml).ok()?;
        // A parsed page runs no scripts, so what is meant for those who have none would come alive.
        while let Ok(Some(part)) = page.query_selector("noscript") {
            part.remove();
        }
        let led = answer.redirected().then(|| answer.url());
        Some(Answer { ok: answer.ok(), status: answer.status(), led, page })
    }

    async fn wait(promise: Promise) -> Option<JsValue> {
        JsFuture::from(promise).await.ok()
    }
}

#[cfg(feature = "hydrate")]
pub use browser::{Answer, fragment, submit};
