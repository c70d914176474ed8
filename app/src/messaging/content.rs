//! What the message says, in both forms. The HTML is drawn in a frame of its own, whose document the server sends with a policy under
//! which nothing runs, loads or leaves.

use crate::page::Viewer;
use domain::messaging::MessagePreview;
use leptos::prelude::*;
use ui::Panel;
use words::t;

pub fn view(viewer: &Viewer, message: &MessagePreview) -> AnyView {
    let src = viewer.path(&format!("messages/{}/content.html", message.id));
    let text = message.text.clone();
    view! {
        <Panel title=t!("As its reader sees it") flush=true>
            <iframe class="message-frame" src=src sandbox="" title=t!("The message")></iframe>
        </Panel>
        <Panel title=t!("As plain text")>
            <pre class="message-text" dir="auto" tabindex="0">{text}</pre>
        </Panel>
    }
    .into_any()
}
