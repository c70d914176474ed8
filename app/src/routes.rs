//! Which page answers which path. One line a page; the server mounts what stands here.

use crate::page::use_page;
use crate::{
    admin, dashboards, exports, finance, help, home, imports, layout, messaging, records, sales, search, session,
    settings, workflow,
};
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{ParamSegment, SsrMode, StaticSegment};

/// What pages are written in, as the style sheet names it.
const FONT: &str = "/fonts/inter-latin.woff2";

/// The document around every page. Theme and density are the server's to write, so nothing flashes.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let page = use_page();
    view! {
        <!DOCTYPE html>
        <html lang=words::current().tag() data-theme=page.theme.as_str() data-density=page.density.as_str()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                // Lay the page out once: a browser would draw it piece by piece, though it comes in one, and once more when it finds in the style
                // sheet that a font is to be fetched. Chromium waits until the element begins, so it is the last one.
                <link rel="expect" href="#page-end" blocking="render"/>
                <link rel="preload" href=FONT r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <HashedStylesheet options=options.clone() id="leptos"/>
                <HydrationScripts options islands=true/>
                <MetaTags/>
            </head>
            <body><App/>{spoken()}<hr id="page-end" hidden=true/></body>
        </html>
    }
}

/// What islands say in the language of the page, where it is not the one that they have with them.
fn spoken() -> Option<AnyView> {
    let language = words::current();
    let entries = islands_say(language)?;
    Some(view! { <script type="application/json" id="words" inner_html=entries></script> }.into_any())
}

/// As JSON; `</` may not stand in a script.
#[cfg(not(target_arch = "wasm32"))]
fn islands_say(language: words::Language) -> Option<&'static str> {
    use std::sync::OnceLock;
    static SAID: [OnceLock<String>; words::Language::ALL.len()] =
        [const { OnceLock::new() }; words::Language::ALL.len()];
    (language != words::Language::English).then(|| {
        SAID[language.index()]
            .get_or_init(|| {
                let entries: std::collections::BTreeMap<_, _> = words::of_browser(language).into_iter().collect();
                serde_json::to_string(&entries).unwrap_or_default().replace("</", "<\\/")
            })
            .as_str()
    })
}

#[cfg(target_arch = "wasm32")]
fn islands_say(_language: words::Language) -> Option<&'static str> {
    None
}

/// Every page waits for its data (`Async`): out-of-order streaming would need a script to put the content in place, and a status that is
/// set after a slow await would be lost.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let workspace = || (StaticSegment("w"), ParamSegment("workspace"));
    view! {
        <Router>
            <Routes fallback=|| layout::missing()>
                <Route path=StaticSegment("sign-in") view=session::SignInPage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("sign-in"), StaticSegment("code")) view=session::CodePage ssr=SsrMode::Async/>
                <Route path=StaticSegment("confirm") view=session::ConfirmPage ssr=SsrMode::Async/>
                <Route path=StaticSegment("second-factor") view=session::SecondFactorPage ssr=SsrMode::Async/>
                <Route path=StaticSegment("workspaces") view=session::WorkspacesPage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("workspaces"), StaticSegment("new")) view=session::NewWorkspacePage ssr=SsrMode::Async/>
                <Route path=StaticSegment("forgot-password") view=session::ForgotPasswordPage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("reset-password"), ParamSegment("token")) view=session::ResetPasswordPage ssr=SsrMode::Async/>
                <Route path=StaticSegment("sign-up") view=session::SignUpPage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("sign-up"), StaticSegment("code")) view=session::SignUpCodePage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("sign-up"), ParamSegment("token")) view=session::ConfirmSignUpPage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("invitations"), ParamSegment("token")) view=session::InvitationPage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("email"), ParamSegment("token")) view=session::ConfirmEmailPage ssr=SsrMode::Async/>
                <Route path=StaticSegment("setup") view=session::SetupPage ssr=SsrMode::Async/>
                <Route path=workspace() view=home::HomePage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("go")) view=search::GoPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("help")) view=help::HelpPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("help"), ParamSegment("key")) view=help::HelpArticlePage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("dashboards")) view=dashboards::DashboardsPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("dashboards"), ParamSegment("key")) view=dashboards::DashboardPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings")) view=settings::SettingsPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("security")) view=settings::SecurityPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("people"), ParamSegment("id"), StaticSegment("sessions")) view=settings::MemberSessionsPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("sessions")) view=settings::SessionsPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("keys")) view=settings::KeysPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("people")) view=settings::PeoplePage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("company")) view=settings::CompanyPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("people"), ParamSegment("id")) view=settings::MemberPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("profile")) view=settings::ProfilePage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("locations")) view=settings::LocationsPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("people"), ParamSegment("id"), StaticSegment("roles")) view=settings::MemberRolesPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("roles")) view=settings::RolesPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("roles"), ParamSegment("key")) view=settings::RolePage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("audit")) view=settings::AuditPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("settings"), StaticSegment("feedback")) view=settings::FeedbackPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("feedback")) view=settings::SendFeedbackPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("undo")) view=records::UndoPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("imports"), ParamSegment("id")) view=imports::ImportPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("exports")) view=exports::ExportsPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("exports"), ParamSegment("id")) view=exports::ExportPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("notifications")) view=workflow::NotificationsPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("approvals")) view=workflow::ApprovalsPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("approvals"), ParamSegment("id")) view=workflow::ApprovalPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("workflows")) view=workflow::WorkflowsPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("workflows"), ParamSegment("id")) view=workflow::WorkflowPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("runs")) view=workflow::RunsPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("runs"), ParamSegment("id")) view=workflow::RunPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("ledger")) view=finance::TrialBalancePage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("ledger"), StaticSegment("receivables")) view=finance::ReceivablesPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("ledger"), StaticSegment("accounts"), ParamSegment("id")) view=finance::LedgerPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("orders"), ParamSegment("id"), StaticSegment("lines")) view=sales::OrderLinesPage ssr=SsrMode::Async/>
                <Route path=(workspace(), ParamSegment("entity"), ParamSegment("id"), StaticSegment("document")) view=finance::DocumentPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("messages"), ParamSegment("id")) view=messaging::MessagePage ssr=SsrMode::Async/>
                <Route path=(workspace(), ParamSegment("entity")) view=records::ListPage ssr=SsrMode::Async/>
                <Route path=(workspace(), ParamSegment("entity"), StaticSegment("new")) view=records::NewPage ssr=SsrMode::Async/>
                <Route path=(workspace(), ParamSegment("entity"), StaticSegment("import")) view=imports::UploadPage ssr=SsrMode::Async/>
                <Route path=(workspace(), ParamSegment("entity"), StaticSegment("views")) view=records::ViewsPage ssr=SsrMode::Async/>
                <Route path=(workspace(), ParamSegment("entity"), StaticSegment("bulk")) view=records::BulkPage ssr=SsrMode::Async/>
                <Route path=(workspace(), StaticSegment("bulk"), ParamSegment("id")) view=records::BulkProgressPage ssr=SsrMode::Async/>
                <Route path=(workspace(), ParamSegment("entity"), ParamSegment("id")) view=records::RecordPage ssr=SsrMode::Async/>
                <Route path=(workspace(), ParamSegment("entity"), ParamSegment("id"), StaticSegment("edit")) view=records::EditPage ssr=SsrMode::Async/>
                <Route path=(workspace(), ParamSegment("entity"), ParamSegment("id"), StaticSegment("access")) view=records::AccessPage ssr=SsrMode::Async/>
                <Route path=(workspace(), ParamSegment("entity"), ParamSegment("id"), StaticSegment("merge")) view=records::MergePage ssr=SsrMode::Async/>
                <Route path=(workspace(), ParamSegment("entity"), ParamSegment("id"), StaticSegment("versions")) view=records::VersionsPage ssr=SsrMode::Async/>
                <Route path=(workspace(), ParamSegment("entity"), ParamSegment("id"), StaticSegment("why")) view=workflow::WhyPage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("admin"), StaticSegment("sign-in")) view=admin::AdminSignInPage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("admin"), StaticSegment("sign-in"), StaticSegment("code")) view=session::CodePage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("admin"), StaticSegment("confirm")) view=session::ConfirmPage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("admin"), StaticSegment("second-factor")) view=session::SecondFactorPage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("admin"), StaticSegment("impersonate")) view=admin::ImpersonatePage ssr=SsrMode::Async/>
                <Route path=(StaticSegment("admin"), StaticSegment("proof")) view=admin::ProofPage ssr=SsrMode::Async/>
                <Route path=StaticSegment("admin") view=admin::TenantsPage ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}

#[cfg(test)]
mod tests {
    /// Under another name it would be fetched twice.
    #[test]
    fn the_font_that_pages_fetch_is_the_one_of_the_style_sheet() {
        assert!(include_str!("../../style/base.css").contains(&format!("url(\"{}\")", super::FONT)));
    }
}
