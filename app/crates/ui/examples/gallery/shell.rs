//! The staff shell with sample places, as the app fills it.

use leptos::prelude::*;
use nexus_ui::*;

pub fn staff(
    place: &str,
    crumbs: Vec<Crumb>,
    tabs: Option<AnyView>,
    actions: Option<AnyView>,
    content: AnyView,
) -> AnyView {
    let item =
        |key: &str, label: &str, icon: &str| NavItem::new(format!("{key}.html"), label, icon).active(key == place);
    let sections = vec![
        NavSection::new(vec![
            item("home", "Home", "house"),
            item("inbox", "Inbox", "inbox").count(4),
            item("approvals", "Approvals", "circle-check").count(2),
            item("tasks", "Tasks", "list-todo").count(11),
        ]),
        NavSection::titled(
            "Sales",
            vec![
                item("list", "Leads", "target"),
                item("board", "Opportunities", "square-kanban"),
                item("customers", "Customers", "building-2"),
                item("contacts", "Contacts", "users"),
                item("activities", "Activities", "calendar"),
            ],
        ),
        NavSection::titled(
            "Pinned",
            vec![item("pin1", "My open leads", "pin"), item("pin2", "Closing this month, Nairobi and Mombasa", "pin")],
        ),
    ];
    let foot = vec![item("import", "Imports", "upload"), item("settings", "Settings", "settings")];
    let bottom = vec![
        item("home", "Home", "house"),
        item("list", "Leads", "target"),
        item("board", "Deals", "square-kanban"),
        item("inbox", "Inbox", "inbox").count(4),
    ];
    let user = UserCard { name: "Joyce Mwangi".into(), detail: "Sales manager".into(), href: "#me".into() };
    let workspace = view! {
        <WorkspaceSwitch name="Rift Valley Motors" detail="Automotive">
            <MenuLabel>"Your workspaces"</MenuLabel>
            <MenuLink href="#rift" active=true>"Rift Valley Motors"</MenuLink>
            <MenuLink href="#coast">"Coast Auto Parts"</MenuLink>
            <MenuSeparator/>
            <MenuLink href="#new" icon="plus">"New workspace"</MenuLink>
        </WorkspaceSwitch>
    };
    view! {
        <AppShell
            workspace=workspace.into_any()
            search_href="/go"
            sections=sections
            foot=foot
            user=user
            bottom=bottom
            crumbs=view! { <Breadcrumbs items=crumbs/> }.into_any()
            tabs=tabs
            actions=actions
        >
            {content}
        </AppShell>
    }
    .into_any()
}
