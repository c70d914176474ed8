//! The workspace in which the matrix plays: who is in it, and one object of every kind for each of them, for a colleague and for a stranger.

use super::fixtures::{Fixtures, NEVER, OWNED, Someone};
use super::rows::{self, Object, Row, Wanted};
use crate::authz;
use crate::support::{Client, Server};
use domain::permission::{ROLES, Reach};
use domain::{Grants, MemberId};
use std::collections::{BTreeMap, BTreeSet};
use testkit::TestTenant;

/// Reads everybody's leads and changes their own; holds none of what the seeded roles hold together.
const CUSTOM: &[(&str, Reach)] = &[
    ("crm.customer.read", Reach::Team),
    ("crm.lead.create", Reach::All),
    ("crm.lead.delete", Reach::Own),
    ("crm.lead.read", Reach::All),
    ("crm.lead.update", Reach::Own),
    ("finance.invoice.read", Reach::Own),
    ("inventory.product.read", Reach::All),
    ("messaging.message.create", Reach::All),
    ("messaging.message.read", Reach::Own),
    ("people.key.create", Reach::All),
    ("sales.order.create", Reach::All),
    ("sales.order.read", Reach::Own),
];

/// Kinds of which a refused call needs no other object than that of another kind.
const AS: &[(&str, &str)] = &[
    ("booked", "opportunity"),
    ("done_import", "import"),
    ("draft_invoice", "invoice"),
    ("mapped_import", "import"),
    ("posted_invoice", "invoice"),
    ("sent", "message"),
    ("shipped", "order"),
];

/// Kinds whose objects lie beside a record, and are somebody's as the record is.
const BESIDE: [&str; 4] = ["file", "gone_file", "gone_note", "note"];

/// Somebody with a role of their own.
pub struct Person {
    pub role: String,
    pub client: Client,
    pub member: MemberId,
    pub grants: Grants,
    who: Someone,
    /// One object of each kind that is theirs.
    own: BTreeMap<String, String>,
}

impl Person {
    async fn new(server: &Server, tenant: &TestTenant, role: &str, grants: Grants) -> Self {
        let (client, caller) = server.signed_in(tenant, &format!("P{role}"), &[role]).await;
        let (member, user) = (caller.access.member, caller.access.user.unwrap());
        let who = Someone { client: client.clone(), member, user, role: role.to_owned() };
        Self { role: role.to_owned(), client, member, grants, who, own: BTreeMap::new() }
    }

    /// A new one of the kind that is theirs; none where they may not have one. What is only read is not made again.
    pub async fn fresh(&self, ours: &mut Fixtures, kind: &str) -> Option<String> {
        if kind == "invoice" {
            return self.own.get(kind).cloned();
        }
        match ours.owned(kind, self.member).await {
            Some(id) => Some(id),
            None => ours.by(kind, &self.who, &self.grants).await,
        }
    }
}

/// One person for each role that a new workspace has, and one with a role that the workspace made itself.
pub async fn people(server: &Server, tenant: &TestTenant) -> Vec<Person> {
    let mut people = Vec::new();
    for seed in ROLES {
        people.push(Person::new(server, tenant, seed.key, rows::grants(seed.key)).await);
    }
    let custom = Grants(CUSTOM.iter().map(|(pattern, reach)| ((*pattern).to_owned(), *reach)).collect());
    authz::role(server, tenant, "CUSTOM", &custom).await;
    people.push(Person::new(server, tenant, "CUSTOM", custom).await);
    people
}

/// What stands there while calls are refused.
pub struct Made {
    shared: BTreeMap<(String, Object), String>,
}

impl Made {
    async fn new(
        rows: &BTreeMap<String, Row>,
        ours: &mut Fixtures,
        theirs: &mut Fixtures,
        people: &mut [Person],
    ) -> Self {
        let kinds: BTreeSet<&str> = rows.values().filter_map(|row| row.about.as_deref()).map(standing).collect();
        let mut shared = BTreeMap::new();
        for kind in kinds {
            shared.insert((kind.to_owned(), Object::Foreign), theirs.make(kind, None).await);
            shared.insert((kind.to_owned(), Object::Colleagues), ours.make(kind, None).await);
            if let Some(trashed) = ours.trashed(kind).await {
                shared.insert((kind.to_owned(), Object::Trashed), trashed);
            }
            for person in people.iter_mut() {
                let made = match ours.owned(kind, person.member).await {
                    Some(id) => Some(id),
                    None => ours.by(kind, &person.who, &person.grants).await,
                };
                if let Some(id) = made {
                    person.own.insert(kind.to_owned(), id);
                }
            }
        }
        Self { shared }
    }

    fn shared(&self, kind: &str, object: Object) -> Option<String> {
        self.shared.get(&(kind.to_owned(), object)).cloned()
    }

    /// The object that a call is about; none where there is no such object.
    pub fn id(&self, person: &Person, about: Option<&str>, object: Option<Object>, wanted: Wanted) -> Option<String> {
        let (Some(about), Some(object)) = (about, object) else { return Some(String::new()) };
        let kind = standing(about);
        let (own, colleagues) = (person.own.get(kind).cloned(), self.shared(kind, Object::Colleagues)?);
        match object {
            // Whoever can have none is refused for their role, whatever it is about; what nobody owns is everybody's.
            Object::Own => {
                let any = wanted == Wanted::Forbidden || !OWNED.contains(&kind);
                own.or_else(|| any.then_some(colleagues))
            }
            Object::Random if colleagues.contains('/') => Some(format!("{NEVER}/{NEVER}")),
            Object::Random => Some(NEVER.to_owned()),
            Object::ForeignPart => {
                let foreign = self.shared(kind, Object::Foreign)?;
                let (_, inner) = foreign.split_once('/')?;
                let outer = own.unwrap_or(colleagues);
                Some(format!("{}/{inner}", outer.split_once('/')?.0))
            }
            Object::OtherPart => {
                let own = own.filter(|_| BESIDE.contains(&kind))?;
                Some(format!("{}/{}", own.split_once('/')?.0, colleagues.split_once('/')?.1))
            }
            object => self.shared(kind, object),
        }
    }
}

fn standing(kind: &str) -> &str {
    AS.iter().find(|(known, _)| *known == kind).map_or(kind, |(_, other)| *other)
}

/// The server with all of it, and nothing under way.
pub struct World {
    pub server: Server,
    pub ours: Fixtures,
    pub people: Vec<Person>,
    pub made: Made,
}

impl World {
    pub async fn new(rows: &BTreeMap<String, Row>) -> Self {
        let server = Server::new().await;
        let lakeside = server.world.tenant("lakeside", "automotive").await;
        let harbour = server.world.tenant("harbour", "automotive").await;
        let mut ours = Fixtures::new(&server, &lakeside, "Grace").await;
        ours.employ(&server, &lakeside).await;
        let mut theirs = Fixtures::new(&server, &harbour, "Neema").await;
        let mut people = people(&server, &lakeside).await;
        let made = Made::new(rows, &mut ours, &mut theirs, &mut people).await;
        server.settle().await;
        Self { server, ours, people, made }
    }
}
