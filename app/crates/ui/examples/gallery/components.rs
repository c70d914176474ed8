//! Every component by itself, in each of its forms.

use leptos::prelude::*;
use nexus_ui::*;

fn section(title: &'static str, content: AnyView) -> AnyView {
    view! { <Panel title><div class="flex flex-wrap items-center gap-3">{content}</div></Panel> }.into_any()
}

fn buttons() -> AnyView {
    view! {
        <Button kind=ButtonKind::Primary>"Save lead"</Button>
        <Button>"Cancel"</Button>
        <Button kind=ButtonKind::Ghost>"Skip"</Button>
        <Button kind=ButtonKind::Danger icon="trash-2">"Delete 3 leads"</Button>
        <Button kind=ButtonKind::Primary icon="plus" size=Size::Small>"New"</Button>
        <Button icon="download" size=Size::Small>"Export"</Button>
        <Button kind=ButtonKind::Primary size=Size::Large>"Continue"</Button>
        <Button disabled=true>"Saving"</Button>
        <Button icon="lock" reason="Needs the permission sales.lead.delete">"Delete"</Button>
        <LinkButton href="#" icon="external-link">"Open"</LinkButton>
        <LinkButton href="#" reason="Needs the permission sales.lead.export">"Export all"</LinkButton>
        <IconButton icon="star" label="Pin"/>
        <IconButton icon="ellipsis" label="More" kind=ButtonKind::Secondary/>
        <Tooltip text="Saved 2 minutes ago"><IconButton icon="circle-check" label="Saved"/></Tooltip>
        <Menu label="Actions" kind=ButtonKind::Secondary><MenuLink href="#">"One"</MenuLink></Menu>
        <Kbd keys="Ctrl K"/>
        <Kbd keys="g l"/>
    }
    .into_any()
}

fn chips() -> AnyView {
    let hues: Vec<_> = (0..8)
        .map(|index| {
            let shapes = [
                StateShape::Open,
                StateShape::Quarter,
                StateShape::Half,
                StateShape::ThreeQuarters,
                StateShape::Done,
                StateShape::Lost,
                StateShape::Paused,
                StateShape::Open,
            ];
            view! { <StateChip label=format!("State {}", index + 1) hue=Hue::nth(index) shape=shapes[index]/> }
        })
        .collect();
    let tones: Vec<_> = [Tone::Neutral, Tone::Accent, Tone::Info, Tone::Positive, Tone::Warning, Tone::Negative]
        .into_iter()
        .map(|tone| view! { <Badge tone>{format!("{tone:?}")}</Badge><Chip tone icon=tone.icon()>{format!("{tone:?}")}</Chip> })
        .collect();
    let people: Vec<_> = ["Joyce Mwangi", "Peter Odhiambo", "Salma Idris", "محمد علي"]
        .into_iter()
        .map(|name| view! { <Person name/> })
        .collect();
    view! {
        {hues}
        {tones}
        <Chip hue=Hue::nth(1) remove_href="#" remove_label="Remove the tag Fleet">"Fleet"</Chip>
        <Count value=12 label="unread"/>
        <Count value=3 tone=Tone::Accent/>
        <Count value=31_400/>
        {people}
        <Avatar name="Rift Valley Motors" square=true size=Size::Large/>
        <Delta trend=Trend::Up text="+12 %" good=true/>
        <Delta trend=Trend::Down text="−8 %" good=false/>
        <Delta trend=Trend::Flat text="0 %"/>
        <MoneyText text="KES 480,000.00"/>
        <MoneyText text="−KES 1,200.00" negative=true/>
        <Mono>"LEAD-04812"</Mono>
    }
    .into_any()
}

fn notices() -> AnyView {
    view! {
        <Stack>
            <Notice title="A trial ends in 3 days" action=view! { <Button size=Size::Small>"Choose a plan"</Button> }.into_any()>"Your data stays; nobody is charged without asking."</Notice>
            <Notice tone=Tone::Positive>"Imported 9,900 leads."</Notice>
            <Notice tone=Tone::Warning title="Somebody changed this lead while you wrote">"Compare what it was, yours and theirs, then save."</Notice>
            <Notice tone=Tone::Negative title="The lead was not saved">"The connection was cut. Your text is still here; save again."</Notice>
            <Toast action=view! { <a href="#">"Undo"</a> }.into_any()>"3 leads moved to Proposal"</Toast>
            <Toast tone=Tone::Negative>"The file could not be read"</Toast>
        </Stack>
    }
    .into_any()
}

fn inputs() -> AnyView {
    view! {
        <div class="form-grid is-two w-full">
            <TextInput name="a" label="Name" placeholder="Amina Otieno" required=true/>
            <SearchInput placeholder="Search leads" shortcut="/"/>
            <TextInput name="b" label="Read only" value="LEAD-04812" readonly=true/>
            <Select name="c" label="Stage" choices=vec![Choice::new("1", "Qualified")]/>
            <MoneyInput name="d" label="Amount" value="480000.00" currencies=vec!["KES".into()]/>
            <MoneyInput name="e" label="Amount with choice" value="480000.00" currencies=vec!["KES".into(), "USD".into()]/>
            <DateInput name="f" label="Due"/>
            <DateInput name="g" label="Visit" with_time=true value="2026-11-24T10:00"/>
            <Checkbox name="h" label="May be called" checked=true/>
            <Checkbox name="i" label="Unchecked" error="Tick this to go on"/>
        </div>
    }
    .into_any()
}

pub fn page() -> AnyView {
    let rows = vec![TabItem::new("All", "#", true).count(12), TabItem::new("Mine", "#", false)];
    view! {
        <main><Page>
            <Stack>
                <PageHeader title="Components" text="Every part in each of its forms"/>
                {section("Buttons", buttons())}
                {section("Chips, people, figures", chips())}
                <Columns>
                    {section("Controls", inputs())}
                    <Panel title="Messages">{notices()}</Panel>
                </Columns>
                <Columns>
                    <Panel title="Ways">
                        <Stack>
                            <Breadcrumbs items=vec![Crumb::link("Leads", "#"), Crumb::here("Amina Otieno")]/>
                            <Tabs label="Tabs" items=rows.clone()/>
                            <div><SegmentedControl label="Segments" items=rows/></div>
                            <Pagination range="51–100 of 4,812" previous="#" next="#"/>
                            <Steps label="Steps" items=vec![Step::link("File", "#"), Step::new("Columns"), Step::new("Check")] current=1/>
                            <Progress label="Export" value=62 max=100 detail="62 of 100 files"/>
                            <Progress label="Failed" value=20 max=100 tone=Tone::Negative detail="stopped at 20 of 100"/>
                        </Stack>
                    </Panel>
                    <Panel title="Waiting and empty"><Skeleton lines=4/><EmptyState icon="inbox" title="Nothing waits for you" text="Mentions, assignments and failures land here."/></Panel>
                </Columns>
                <Panel title="Menu, open">
                    <div class="h-64"><details class="menu" open=true><summary class="btn btn-secondary size-m"><span>"Open"</span></summary><div class="menu-panel">
                        <MenuLabel>"Move to"</MenuLabel>
                        <MenuItem icon="arrow-right">"Proposal"</MenuItem>
                        <MenuItem icon="arrow-right" reason="Needs an amount and a close date">"Won"</MenuItem>
                        <MenuLink href="#" icon="copy" active=true hint="Keeps the owner">"Duplicate"</MenuLink>
                        <MenuSeparator/>
                        <MenuItem icon="trash-2" danger=true>"Delete"</MenuItem>
                    </div></details></div>
                </Panel>
            </Stack>
        </Page></main>
    }
    .into_any()
}
