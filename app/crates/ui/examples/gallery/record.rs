//! A record: who it is, what happened, what can be done.

use leptos::prelude::*;
use nexus_ui::*;

use crate::{list::stage_chip, shell::staff};

fn about() -> AnyView {
    view! {
        <DescriptionList title="Lead">
            <DescriptionRow label="Number"><Mono>"LEAD-04812"</Mono></DescriptionRow>
            <DescriptionRow label="Company"><TextLink href="#c">"Lakeside Motors"</TextLink></DescriptionRow>
            <DescriptionRow label="Email"><TextLink href="mailto:amina@lakeside.example">"amina@lakeside.example"</TextLink></DescriptionRow>
            <DescriptionRow label="Phone">"+254 712 345 678"</DescriptionRow>
            <DescriptionRow label="Value"><MoneyText text="KES 480,000.00"/></DescriptionRow>
            <DescriptionRow label="Source">"Walk-in"</DescriptionRow>
            <DescriptionRow label="Next step">"Call Thursday"</DescriptionRow>
            <DescriptionRow label="Expected close"><Blank/></DescriptionRow>
        </DescriptionList>
        <DescriptionList title="Belongs to">
            <DescriptionRow label="Owner"><Person name="Joyce Mwangi" size=Size::Small href="#jm"/></DescriptionRow>
            <DescriptionRow label="Location">"Nakuru showroom"</DescriptionRow>
            <DescriptionRow label="Tags"><span class="flex flex-wrap gap-1"><Chip hue=Hue::nth(0)>"Fleet"</Chip><Chip hue=Hue::nth(3)>"Referral"</Chip></span></DescriptionRow>
        </DescriptionList>
        <DescriptionList title="Record">
            <DescriptionRow label="Created"><Time datetime="2026-11-03" text="3 Nov 2026"/></DescriptionRow>
            <DescriptionRow label="Changed"><Time datetime="2026-11-21T09:12:00Z" text="2 h ago" full="21 November 2026, 12:12"/></DescriptionRow>
        </DescriptionList>
    }
    .into_any()
}

fn when(text: &'static str) -> AnyView {
    view! { <Time datetime="2026-11-21T09:12:00Z" text=text full="21 November 2026, 12:12"/> }.into_any()
}

fn timeline() -> AnyView {
    view! {
        <Timeline>
            <TimelineDay label="Today"/>
            <TimelineItem icon="pencil" title=view! { <b>"Joyce Mwangi"</b>" changed 2 fields" }.into_any() when=when("2 h ago")>
                <ChangedField label="Stage" before="Contacted" after="Qualified"/>
                <ChangedField label="Value" after="KES 480,000.00"/>
            </TimelineItem>
            <TimelineItem icon="phone" tone=Tone::Info title=view! { <b>"Joyce Mwangi"</b>" called for 6 minutes" }.into_any() when=when("2 h ago")>
                <TimelineNote>"Wants three pick-ups by March, asks for leasing. Decision is with her brother; call again on Thursday after ten."</TimelineNote>
            </TimelineItem>
            <TimelineItem icon="workflow" tone=Tone::Accent title=view! { "Workflow "<b>"Welcome"</b>" sent a mail" }.into_any() when=when("3 h ago") href="#run"/>
            <TimelineDay label="18 November"/>
            <TimelineItem icon="mail" title=view! { <b>"Amina Otieno"</b>" wrote" }.into_any() when=when("18 Nov, 16:40")>
                <TimelineNote>"Asante, the brochure arrived. Do you take a trade-in on two 2019 Hilux?"</TimelineNote>
            </TimelineItem>
            <TimelineItem icon="triangle-alert" tone=Tone::Warning title=view! { "A mail to amina@lakeside.exmaple could not be delivered" }.into_any() when=when("18 Nov, 09:02") href="#m"/>
            <TimelineItem icon="plus" title=view! { <b>"Import of 3 November"</b>" created this lead" }.into_any() when=when("3 Nov")/>
        </Timeline>
    }
    .into_any()
}

pub fn page() -> AnyView {
    let items = vec![
        TabItem::new("Timeline", "?", true),
        TabItem::new("Tasks", "?t", false).count(2),
        TabItem::new("Orders", "?o", false).count(1),
        TabItem::new("Files", "?f", false).count(3),
        TabItem::new("Conversation", "?c", false),
    ];
    let actions = view! {
        <Button icon="phone">"Log call"</Button>
        <Button icon="mail">"Mail"</Button>
        <Button icon="user-check" reason="Needs the permission sales.lead.convert">"Convert"</Button>
        <Button kind=ButtonKind::Primary icon="arrow-right">"Move to Proposal"</Button>
        <Menu icon="ellipsis" name="More actions" kind=ButtonKind::Secondary side=MenuSide::End>
            <MenuLink href="#e" icon="pencil">"Edit all fields"</MenuLink>
            <MenuLink href="#d" icon="copy">"Duplicate"</MenuLink>
            <MenuLink href="#h" icon="history">"Versions"</MenuLink>
            <MenuSeparator/>
            <MenuItem icon="trash-2" danger=true>"Delete lead"</MenuItem>
        </Menu>
    };
    let foot = view! {
        <SegmentedControl label="Kind" items=vec![TabItem::new("Note", "?", true), TabItem::new("Call", "?call", false), TabItem::new("Mail", "?mail", false)]/>
        <SubmitButton size=Size::Small>"Add note"</SubmitButton>
    };
    let content = view! {
        <RecordLayout title="Amina Otieno" chips=stage_chip(2) actions=actions.into_any() about=about()>
            <Tabs label="Parts of this lead" items/>
            <RecordPane>
                <form method="post">
                    <Composer foot=foot.into_any()><TextArea name="note" label="Note" bare=true rows=2 placeholder="Write a note. @ mentions somebody."/></Composer>
                </form>
                {timeline()}
            </RecordPane>
        </RecordLayout>
    };
    staff("list", vec![Crumb::link("Leads", "list.html"), Crumb::here("Amina Otieno")], None, None, content.into_any())
}
