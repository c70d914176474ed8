//! The rest: sign-in of both realms, the platform's tenants, a form with errors, the import wizard, an error.

use leptos::prelude::*;
use nexus_ui::*;

use crate::shell::staff;

pub fn sign_in() -> AnyView {
    view! {
        <AuthShell title="Sign in" text="Use the address your workspace knows you by." foot=view! { "New here? Ask the person who runs your workspace for an invitation." }.into_any()>
            <form method="post">
                <Notice tone=Tone::Negative>"The address or the password is wrong. Check both and try again."</Notice>
                <TextInput name="email" label="Email or phone" autocomplete="username" value="joyce@riftvalley.example" required=true/>
                <TextInput name="password" label="Password" r#type="password" autocomplete="current-password" required=true/>
                <SubmitButton size=Size::Large>"Sign in"</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}

pub fn admin_sign_in() -> AnyView {
    view! {
        <AuthShell title="Platform sign-in" text="For the people who run Nexus. Everything here is recorded." brand="Nexus platform" admin=true>
            <form method="post">
                <TextInput name="email" label="Email" r#type="email" autocomplete="username" required=true/>
                <TextInput name="password" label="Password" r#type="password" autocomplete="current-password" required=true/>
                <SubmitButton size=Size::Large>"Sign in"</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}

fn tenant(
    name: &'static str,
    plan: &'static str,
    state: (&'static str, usize, StateShape),
    people: &'static str,
    used: u64,
    risk: Option<&'static str>,
    seen: &'static str,
) -> AnyView {
    let risk = match risk {
        Some(reason) => view! { <Badge tone=Tone::Warning>"At risk"</Badge>" "{reason} }.into_any(),
        None => view! { <Blank label="none"/> }.into_any(),
    };
    view! {
        <Row>
            <Cell label="Tenant" lead=true><Person name=name square=true size=Size::Small href="#t"/></Cell>
            <Cell label="Plan">{plan}</Cell>
            <Cell label="State"><StateChip label=state.0 hue=Hue::nth(state.1) shape=state.2/></Cell>
            <Cell label="People" numeric=true>{people}</Cell>
            <Cell label="Rows used"><progress class="progress-bar table-progress" value=used.to_string() max="100" aria-label=format!("{used} % of the rows of the plan")></progress></Cell>
            <Cell label="Risk">{risk}</Cell>
            <Cell label="Last seen">{seen}</Cell>
        </Row>
    }
    .into_any()
}

pub fn admin() -> AnyView {
    let sections = vec![
        NavSection::new(vec![
            NavItem::new("#", "Tenants", "building-2").active(true),
            NavItem::new("#", "Tickets", "ticket").count(3),
            NavItem::new("#", "Usage", "chart-column"),
        ]),
        NavSection::titled(
            "Running",
            vec![
                NavItem::new("#", "Jobs", "activity"),
                NavItem::new("#", "Health", "heart-pulse"),
                NavItem::new("#", "Audit", "shield"),
            ],
        ),
    ];
    let user = UserCard { name: "Ruth Achieng".into(), detail: "SUPPORT".into(), href: "#me".into() };
    let head = view! {
        <SortHead label="Tenant" href="?"  direction=Some(SortDirection::Ascending)/><HeadCell label="Plan"/><HeadCell label="State"/>
        <SortHead label="People" href="?" numeric=true/><HeadCell label="Rows used"/><HeadCell label="Risk"/><SortHead label="Last seen" href="?"/>
    };
    let active = ("Active", 2, StateShape::Done);
    view! {
        <AdminShell sections user search_href="/admin/find" crumbs=view! { <Breadcrumbs items=vec![Crumb::here("Tenants")]/> }.into_any()
            actions=view! { <LinkButton href="#" kind=ButtonKind::Primary icon="plus">"New tenant"</LinkButton> }.into_any()
            flash=view! { <Toast action=view! { <a href="#">"Undo"</a> }.into_any()>"Coast Auto Parts is suspended"</Toast> }.into_any()>
            <FillPage title="Tenants">
                <Toolbar end=view! { <IconButton icon="sliders-horizontal" label="Columns" size=Size::Small/> }.into_any()><SearchInput placeholder="Find a tenant"/></Toolbar>
                <DataTable label="Tenants" head=head.into_any()>
                    {tenant("Coast Auto Parts", "Growth", ("Suspended", 5, StateShape::Paused), "18", 92, Some("no sign-in for 12 days"), "9 Nov")}
                    {tenant("Highveld Haulage", "Scale", active, "211", 41, None, "just now")}
                    {tenant("Pearl Couriers", "Trial", ("Trial", 3, StateShape::Quarter), "4", 8, Some("trial ends in 2 days"), "Yesterday")}
                    {tenant("Rift Valley Motors", "Scale", active, "64", 63, None, "2 min ago")}
                </DataTable>
                <TableFoot end=view! { <Pagination range="1–4 of 4"/> }.into_any()><span><b>"4"</b>" tenants"</span></TableFoot>
            </FillPage>
        </AdminShell>
    }
    .into_any()
}

pub fn form() -> AnyView {
    let stages = vec![
        Choice::new("new", "New"),
        Choice::new("qualified", "Qualified"),
        Choice::new("converted", "Converted").refused("convert it instead"),
    ];
    let errors = vec![
        FormError::new("email", "Email: this is no address"),
        FormError::new("value", "Value: use digits, such as 480000.00"),
    ];
    let content = view! {
        <Page>
            <DialogPage title="New lead" text="Only the name is needed; the rest can wait." close_href="list.html" wide=true>
                <form class="form" method="post">
                    <FormErrors errors title="The lead was not saved: two fields need another look"/>
                    <FormSection title="Who" two_columns=true>
                        <TextInput name="name" label="Name" value="Amina Otieno" required=true/>
                        <TextInput name="company" label="Company" value="Lakeside Motors"/>
                        <TextInput name="email" label="Email" r#type="email" value="amina@lakeside" error="This is no address: the part after @ lacks a dot. Example: amina@lakeside.co.ke"/>
                        <TextInput name="phone" label="Phone" r#type="tel" placeholder="+254 712 345 678" hint="With country code; kept as you type it"/>
                    </FormSection>
                    <FormSection title="What" two_columns=true>
                        <MoneyInput name="value" label="Value" value="48o,000" currencies=vec!["KES".into(), "TZS".into(), "USD".into()] currency="KES" error="Use digits, such as 480000.00"/>
                        <DateInput name="close" label="Expected close" value="2026-12-15"/>
                        <Select name="stage" label="Stage" choices=stages value="new"/>
                        <Select name="owner" label="Owner" blank="Nobody yet" choices=vec![Choice::new("jm", "Joyce Mwangi")] disabled=true hint="You may not assign leads to others"/>
                        <div class="is-wide"><TextArea name="note" label="Note" rows=3/></div>
                        <RadioGroup name="source" label="Source" value="referral" choices=vec![Choice::new("walk", "Walk-in"), Choice::new("referral", "Referral").hint("Thanks go to the one who sent them")]/>
                        <Checkbox name="consent" label="May be called" hint="Asked and noted on 21 November" checked=true/>
                    </FormSection>
                    <FormActions><SubmitButton>"Save lead"</SubmitButton><LinkButton href="list.html" kind=ButtonKind::Ghost>"Cancel"</LinkButton></FormActions>
                </form>
            </DialogPage>
        </Page>
    };
    staff("list", vec![Crumb::link("Leads", "list.html"), Crumb::here("New")], None, None, content.into_any())
}

pub fn import() -> AnyView {
    let steps = vec![Step::link("File", "#1"), Step::link("Columns", "#2"), Step::new("Check"), Step::new("Import")];
    let head = view! { <HeadCell label="Row" numeric=true/><HeadCell label="Column"/><HeadCell label="Value"/><HeadCell label="Reason"/> };
    let fault = |row: &'static str, column: &'static str, value: &'static str, reason: &'static str| {
        view! { <Row><Cell label="Row" numeric=true>{row}</Cell><Cell label="Column">{column}</Cell><Cell label="Value"><Mono>{value}</Mono></Cell><Cell label="Reason">{reason}</Cell></Row> }
    };
    let content = view! {
        <Page narrow=true>
            <Stack>
                <PageHeader title="Import leads" text="leads-10k.csv · 10,000 rows · 2.4 MB"/>
                <Steps label="Import" items=steps current=2/>
                <Progress label="Importing" value=4120 max=10_000 detail="4,120 of 10,000 rows, about 20 s left"/>
                <Progress label="Reading the file" value=0 detail="2.4 MB so far"/>
                <Notice tone=Tone::Warning title="100 rows will be refused">"The others come in. You can download the refused rows with their reasons, mend them and import that file again."</Notice>
                <Panel title="Refused rows" flush=true>
                    <DataTable label="Refused rows" head=head.into_any() inline=true>
                        {fault("17", "Email", "amina@", "This is no address")}
                        {fault("204", "Stage", "Hot", "No such stage; did you mean Qualified?")}
                        {fault("3,111", "Value", "12O,000", "Use digits, such as 120000.00")}
                    </DataTable>
                </Panel>
                <FileInput name="file" label="Another file" accept=".csv,text/csv" hint="CSV, at most 50 MB"/>
                <FormActions><SubmitButton>"Import 9,900 leads"</SubmitButton><Button icon="download">"Refused rows"</Button><LinkButton href="list.html" kind=ButtonKind::Ghost>"Back to columns"</LinkButton></FormActions>
            </Stack>
        </Page>
    };
    staff("import", vec![Crumb::link("Leads", "list.html"), Crumb::here("Import")], None, None, content.into_any())
}

pub fn error() -> AnyView {
    let action = view! { <LinkButton href="home.html" kind=ButtonKind::Primary>"Go home"</LinkButton><LinkButton href="#">"Try again"</LinkButton> };
    let content = view! { <ErrorPage status=500 title="This page could not be shown" text="Something failed on our side while reading the leads. Nothing you entered was lost. Try again; if it stays, tell support the reference below." reference="01JD2K7Q8M3X" action=action.into_any()/> };
    staff("list", vec![Crumb::here("Leads")], None, None, content.into_any())
}
