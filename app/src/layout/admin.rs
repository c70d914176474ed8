//! The frame of the platform realm.

use super::{document_title, flash};
use crate::layout::Title;
use crate::page::PageContext;
use leptos::prelude::*;
use ui::{AdminShell, Breadcrumbs, Button, ButtonKind, Crumb, NavItem, NavSection, Size, UserCard};
use words::t;

/// A page of the platform inside its frame. Without a member of staff there is no frame.
pub fn admin_frame(page: &PageContext, crumbs: Vec<Crumb>, content: AnyView) -> AnyView {
    let Some(staff) = page.staff.clone() else {
        return view! { <main class="content" id="main">{content}</main> }.into_any();
    };
    let tenants = NavItem::new("/admin", t!("Tenants"), "building-2").active(page.path == "/admin");
    let proof = NavItem::new("/admin/proof", t!("Proof"), "shield").active(page.path == "/admin/proof");
    let user = UserCard {
        name: staff.name.clone(),
        detail: super::nav::role_words(&staff.role),
        href: "/admin/second-factor".to_owned(),
    };
    let sign_out = view! {
        <form method="post" action="/admin/sign-out">
            <Button kind=ButtonKind::Ghost size=Size::Small icon="log-out" r#type="submit">{t!("Sign out")}</Button>
        </form>
    };
    view! {
        <Title text=document_title(&crumbs, t!("Nexus platform"))/>
        <AdminShell
            sections=vec![NavSection::new(vec![tenants, proof])]
            user
            crumbs=view! { <Breadcrumbs items=crumbs/> }.into_any()
            actions=sign_out.into_any()
            flash=flash(page)
        >
            {content}
        </AdminShell>
    }
    .into_any()
}
