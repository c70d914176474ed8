//! The table that a description asks for, as data: printed by `print`, held against the live database by `live`.

use domain::schema::{Entity, Field, FieldKind, MOST_REFERENCES, PIPELINE, Storage};

/// Values of `status` that a table must accept: the union over every industry, since they share the table.
pub type Statuses = Vec<String>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    /// Label of the entity, for comments and messages.
    pub label: String,
    /// Whether migrations of the build make it, and change it from release to release.
    pub migrated: bool,
    pub columns: Vec<Column>,
    pub checks: Vec<Check>,
    pub keys: Vec<ForeignKey>,
    pub indexes: Vec<Index>,
    pub links: Vec<Link>,
}

/// What a column of several references points at, one row for each: made by triggers whenever the column is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Of the table that holds them.
    pub name: String,
    pub column: String,
    pub target: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub sql: &'static str,
    /// Text that is compared by range (order, starts with) must sort by bytes, whatever the locale of the database.
    pub bytewise: bool,
    pub required: bool,
    pub default: Option<String>,
    /// Follows from another column by this expression, by which the database fills it.
    pub generated: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: String,
    pub rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The column holds one of these words.
    Known {
        column: String,
        words: Vec<String>,
    },
    Expression(String),
}

/// `(tenant_id, <column>)` to `(tenant_id, id)` of the target: a key that cannot point into another workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    pub name: String,
    pub column: String,
    pub target: String,
    /// Whether the target is a described table too, which may not exist yet when this one is made.
    pub described: bool,
}

impl ForeignKey {
    /// Whether rows of the target are deleted one by one. Members and locations stay as long as their workspace.
    fn goes(&self) -> bool {
        self.described || self.target == "files"
    }
}

/// Led by `tenant_id`. Ordering indexes end in `id`, which breaks ties between pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    pub name: String,
    pub unique: bool,
    pub columns: Vec<String>,
    pub predicate: Option<String>,
}

const LIVING: &str = "deleted_at is null";

/// The entity comes from a catalogue, with its standard fields; `target` gives the table of an entity by its key.
pub fn describe<'a>(entity: &Entity, statuses: &Statuses, target: impl Fn(&str) -> Option<&'a str>) -> Table {
    let table = &entity.table;
    let mut out = Table {
        name: table.clone(),
        label: entity.labels.many.clone(),
        migrated: false,
        columns: vec![column("tenant_id", "uuid").required(), column("id", "uuid").required()],
        checks: Vec::new(),
        keys: Vec::new(),
        indexes: Vec::new(),
        links: Vec::new(),
    };
    out.columns.push(Column { bytewise: true, ..column("number", "text").required() });
    out.indexes.push(Index {
        name: format!("{table}_number_key"),
        unique: true,
        columns: vec!["tenant_id".to_owned(), "number".to_owned()],
        predicate: None,
    });
    if entity.states.is_some() {
        out.columns.push(Column { bytewise: true, ..column("status", "text").required() });
        out.known("status", statuses.clone());
    }
    if let Some(field) = entity.pipeline_field() {
        // Rows that are there already are in the first one, and so are those of an industry that shares the table and has no pipelines.
        let keys: Vec<String> = field.choices().iter().map(|choice| choice.key.clone()).collect();
        let first = keys.first().map(|key| format!("'{key}'")).unwrap_or_default();
        out.columns.push(Column { bytewise: true, ..column(PIPELINE, "text").or(&first) });
        out.known(PIPELINE, keys);
    }
    for field in entity.fields.iter().filter(|field| !is_standard(field)) {
        out.add(field, &target);
    }
    out.standard_tail();
    for field in &entity.fields {
        out.index(field);
    }
    out.key_indexes();
    out.indexes.push(Index {
        name: format!("{table}_trash"),
        unique: false,
        columns: ["tenant_id", "deleted_at", "id"].map(str::to_owned).to_vec(),
        predicate: Some("deleted_at is not null".to_owned()),
    });
    out
}

/// Fields that `standard_tail` and the head of the table hold.
fn is_standard(field: &Field) -> bool {
    matches!(
        field.key.as_str(),
        "number" | "status" | PIPELINE | "owner" | "createdAt" | "createdBy" | "updatedAt" | "updatedBy"
    )
}

fn column(name: &str, sql: &'static str) -> Column {
    Column { name: name.to_owned(), sql, bytewise: false, required: false, default: None, generated: None }
}

impl Column {
    fn required(self) -> Self {
        Self { required: true, ..self }
    }

    fn or(self, default: &str) -> Self {
        Self { required: true, default: Some(default.to_owned()), ..self }
    }
}

impl Table {
    fn add<'a>(&mut self, field: &Field, target: impl Fn(&str) -> Option<&'a str>) {
        let ranged = field.indexed || field.unique;
        match field.storage() {
            Storage::Column { name, sql } => {
                let bytewise = sql == "text" && ranged;
                self.columns.push(Column { bytewise, required: field.required, ..column(&name, sql) });
                if let Some(digits) = field.digits_column() {
                    let generated = Some(format!("regexp_replace({name}, '[^0-9]', '', 'g')"));
                    self.columns.push(Column { bytewise: true, generated, ..column(&digits, "text") });
                }
            }
            Storage::Normalised { name, norm } => {
                self.columns.push(Column { required: field.required, ..column(&name, "text") });
                self.columns.push(Column { bytewise: true, ..column(&norm, "text").or("''") });
            }
            Storage::Money { minor, currency } => {
                self.columns.push(Column { required: field.required, ..column(&minor, "bigint") });
                self.columns.push(Column { required: field.required, ..column(&currency, "text") });
            }
            Storage::Elsewhere => return,
            Storage::Address(parts) => self.columns.extend(parts.iter().map(|part| column(part, "text"))),
            Storage::Geo { lat, lon } => {
                for name in [lat, lon] {
                    self.columns.push(Column { required: field.required, ..column(&name, "bigint") });
                }
            }
            Storage::Any(columns) => self.columns.extend(columns.iter().map(|name| column(name, "uuid"))),
        }
        self.rules(field);
        match &field.kind {
            FieldKind::Member => self.key(&field.column(), "members", false),
            FieldKind::File { .. } | FieldKind::Image { .. } => self.key(&field.column(), "files", false),
            FieldKind::Reference { .. } | FieldKind::AnyReference { .. } => {
                for (entity, table) in field.entities().iter().filter_map(|entity| Some((entity, target(entity)?))) {
                    self.key(&field.column_to(entity), table, true);
                }
            }
            _ => {}
        }
        if let Some(name) = field.link_table(&self.name)
            && let Some(target) = field.target().and_then(|entity| target(entity))
        {
            self.links.push(Link { name, column: field.column(), target: target.to_owned() });
        }
    }

    /// What the database refuses even if the server were wrong.
    fn rules(&mut self, field: &Field) {
        let name = field.column();
        match &field.kind {
            FieldKind::Option { options } => {
                self.known(&name, options.iter().map(|choice| choice.key.clone()).collect());
            }
            FieldKind::Options { options } => {
                let known: Vec<String> = options.iter().map(|choice| format!("'{}'", choice.key)).collect();
                let known = format!("{name} <@ array[{}]", known.join(", "));
                self.check(&format!("{name}_known"), format!("{known} and cardinality({name}) > 0"));
            }
            FieldKind::References { .. } => {
                let range = format!("cardinality({name}) >= 1 and cardinality({name}) <= {MOST_REFERENCES}");
                self.check(&format!("{name}_range"), range);
            }
            FieldKind::Url => self.check(&format!("{name}_shape"), format!("{name} ~ '^https?://'")),
            FieldKind::Address => {
                self.check(&format!("{name}_country_shape"), format!("{name}_country ~ '^[A-Z]{{2}}$'"));
                if field.required {
                    let parts = field.columns();
                    self.check(&format!("{name}_given"), format!("num_nonnulls({}) > 0", parts.join(", ")));
                }
            }
            FieldKind::Geo => {
                let (lat, lon) = (format!("{name}_lat"), format!("{name}_lon"));
                self.check(&format!("{name}_whole"), format!("({lat} is null) = ({lon} is null)"));
                let range = format!("abs({lat}) <= 90000000 and abs({lon}) <= 180000000");
                self.check(&format!("{name}_range"), range);
            }
            FieldKind::AnyReference { .. } => {
                let rows = if field.required { "= 1" } else { "<= 1" };
                let given = format!("num_nonnulls({}) {rows}", field.columns().join(", "));
                self.check(&format!("{name}_whole"), given);
            }
            FieldKind::Country => self.check(&format!("{name}_shape"), format!("{name} ~ '^[A-Z]{{2}}$'")),
            FieldKind::Money { allow_negative } => {
                let (minor, currency) = (format!("{name}_minor"), format!("{name}_currency"));
                self.check(&format!("{name}_whole"), format!("({minor} is null) = ({currency} is null)"));
                self.check(&format!("{currency}_shape"), format!("{currency} ~ '^[A-Z]{{3}}$'"));
                if !allow_negative {
                    self.check(&format!("{name}_range"), format!("{minor} >= 0"));
                }
            }
            FieldKind::Integer { min, max }
            | FieldKind::Decimal { min, max, .. }
            | FieldKind::Percentage { min, max, .. }
            | FieldKind::Duration { min, max } => {
                let bounds = [min.map(|min| format!("{name} >= {min}")), max.map(|max| format!("{name} <= {max}"))];
                let bounds: Vec<String> = bounds.into_iter().flatten().collect();
                if !bounds.is_empty() {
                    self.check(&format!("{name}_range"), bounds.join(" and "));
                }
            }
            _ => {}
        }
    }

    fn standard_tail(&mut self) {
        self.columns.extend([
            column("owner_id", "uuid"),
            column("location_id", "uuid"),
            column("version", "bigint").or("1"),
            column("custom", "jsonb").or("'{}'"),
            column("created_by", "uuid").required(),
            column("created_at", "timestamptz").or("now()"),
            column("updated_by", "uuid"),
            column("updated_at", "timestamptz").or("now()"),
            column("deleted_at", "timestamptz"),
        ]);
        for (column, target) in [
            ("owner_id", "members"),
            ("location_id", "locations"),
            ("created_by", "members"),
            ("updated_by", "members"),
        ] {
            self.key(column, target, false);
        }
    }

    fn index(&mut self, field: &Field) {
        let (ordering, _) = field.ordering();
        if field.unique {
            let filled = matches!(field.storage(), Storage::Normalised { .. });
            self.indexes.push(Index {
                name: format!("{}_{}_key", self.name, field.column()),
                unique: true,
                columns: vec!["tenant_id".to_owned(), ordering.clone()],
                predicate: Some(if filled { format!("{LIVING} and {ordering} <> ''") } else { LIVING.to_owned() }),
            });
        }
        match field.storage() {
            // Asked of one entity at a time.
            Storage::Any(columns) if field.indexed => columns.iter().for_each(|column| self.ordering_index(column)),
            _ if field.indexed => self.ordering_index(&ordering),
            _ => {}
        }
        if let Some(digits) = field.digits_column() {
            self.ordering_index(&digits);
        }
    }

    /// Of every reference, however it may be ordered by: when a row is deleted for good the database looks for what points at it, among the rows
    /// in the trash too, so an index without those is of no use to it, and without one it reads the whole table for each row that goes.
    fn key_indexes(&mut self) {
        for key in self.keys.iter().filter(|key| key.goes()) {
            let covers = |index: &&mut Index| !index.unique && index.columns.get(1) == Some(&key.column);
            match self.indexes.iter_mut().find(covers) {
                Some(index) => index.predicate = None,
                None => self.indexes.push(Index {
                    name: format!("{}_by_{}", self.name, key.column),
                    unique: false,
                    columns: ["tenant_id", key.column.as_str(), "id"].map(str::to_owned).to_vec(),
                    predicate: Some(format!("{} is not null", key.column)),
                }),
            }
        }
    }

    fn ordering_index(&mut self, ordering: &str) {
        self.indexes.push(Index {
            name: format!("{}_{ordering}_order", self.name),
            unique: false,
            columns: ["tenant_id", ordering, "id"].map(str::to_owned).to_vec(),
            predicate: Some(LIVING.to_owned()),
        });
    }

    fn known(&mut self, column: &str, words: Vec<String>) {
        let rule = Rule::Known { column: column.to_owned(), words };
        self.checks.push(Check { name: format!("{}_{column}_known", self.name), rule });
    }

    fn check(&mut self, tail: &str, expression: String) {
        self.checks.push(Check { name: format!("{}_{tail}", self.name), rule: Rule::Expression(expression) });
    }

    fn key(&mut self, column: &str, target: &str, described: bool) {
        let name = format!("{}_{column}_fkey", self.name);
        self.keys.push(ForeignKey { name, column: column.to_owned(), target: target.to_owned(), described });
    }
}
