//! All packs, loaded and checked as a whole: one catalogue for each industry, one list of tables for all.

use crate::ddl::{self, Statuses, Table};
use crate::demo::Recipe;
use crate::document::Document;
use crate::files::{self, FOLDER, File, Files};
use crate::spoken::{PackWords, Words};
use crate::start::Beginning;
use crate::{Fault, Overlay, Pack, lint, roles, schema};
use domain::schema::{Catalog, CatalogFault, Dashboard, Entity, Field, FieldKind, PIPELINE};
use domain::text::nearest;
use domain::workflow::{Definition, DefinitionFault};
use platform::Catalogs;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

const CORE: &str = "core";

#[derive(Debug)]
pub struct Library {
    packs: BTreeMap<String, Pack>,
    catalogs: BTreeMap<String, Arc<Catalog>>,
    recipes: BTreeMap<String, Recipe>,
    /// Templates of workflows, by the industry whose workspaces get them.
    workflows: BTreeMap<String, Vec<Definition>>,
    beginnings: BTreeMap<String, Vec<Beginning>>,
    /// Every described entity once, core first.
    described: Vec<Arc<Entity>>,
    statuses: BTreeMap<String, Statuses>,
    words: Arc<Words>,
}

/// A file's content beside the document that knows its lines.
struct Read<T> {
    document: Document,
    value: T,
}

/// The files of one pack as far as they could be read.
#[derive(Default)]
struct Folder {
    pack: Option<Read<Pack>>,
    entities: Vec<Read<Entity>>,
    overlays: Vec<Read<Overlay>>,
    recipe: Option<Read<Recipe>>,
    workflows: Vec<Read<Definition>>,
    beginnings: Vec<Read<Beginning>>,
    dashboards: Vec<Read<Dashboard>>,
    words: PackWords,
}

impl Library {
    /// The packs of this build. Every fault of every file is in the answer, in the order of the files.
    pub fn load() -> Result<Self, Vec<Fault>> {
        Self::read(&files::built()?)
    }

    /// The packs of this build and those of a folder, each in a folder of its own there. A pack of the build is not replaced.
    pub fn load_with(folder: &Path) -> Result<Self, Vec<Fault>> {
        let mut all = files::built()?;
        let own = files::beside(folder, &all)?;
        all.extend(own);
        Self::read(&all)
    }

    /// Files by their path under the folder of packs: `_core/entities/lead.toml`.
    pub fn from_files(files: &BTreeMap<String, String>) -> Result<Self, Vec<Fault>> {
        let own: Files = files.iter().map(|(path, text)| (path.clone(), File::own(path, text.clone()))).collect();
        Self::read(&own)
    }

    fn read(files: &Files) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut folders: BTreeMap<String, Folder> = BTreeMap::new();
        let schemas = Schemas::new();
        for (path, file) in files {
            schemas.file(path, file, &mut folders, &mut faults);
        }
        let mut library = Self {
            packs: BTreeMap::new(),
            catalogs: BTreeMap::new(),
            recipes: BTreeMap::new(),
            workflows: BTreeMap::new(),
            beginnings: BTreeMap::new(),
            described: Vec::new(),
            statuses: BTreeMap::new(),
            words: Arc::default(),
        };
        // A fault of syntax leaves an entity out, and every mention of it would be one more fault that is none.
        if faults.is_empty() {
            library.build(folders, &mut faults);
        }
        if faults.is_empty() {
            return Ok(library);
        }
        let faults: BTreeSet<Fault> = faults.into_iter().collect();
        Err(faults.into_iter().collect())
    }

    /// The catalogue of an industry's slug; `core` is the one without a pack.
    pub fn catalog(&self, industry: &str) -> Option<Arc<Catalog>> {
        self.catalogs.get(industry).cloned()
    }

    /// The catalogues of all industries, as a server wants them.
    pub fn catalogs(&self) -> Catalogs {
        let core = self.catalog(CORE).unwrap_or_default();
        let industries = self.industries().filter_map(|pack| Some((pack.slug.clone(), self.catalog(&pack.slug)?)));
        let words = self.words.clone();
        let say = move |industry: &str, language| words.of(industry, language);
        Catalogs::new(core, industries).speaking(Arc::new(say))
    }

    /// What the packs call things in other languages.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Industries that a workspace may choose, by slug.
    pub fn industries(&self) -> impl Iterator<Item = &Pack> {
        self.packs.values().filter(|pack| pack.slug != CORE)
    }

    /// Templates of workflows that a workspace of an industry gets: those of the core and its own.
    pub fn workflows(&self, industry: &str) -> &[Definition] {
        self.workflows.get(industry).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn pack(&self, industry: &str) -> Option<&Pack> {
        self.packs.get(industry)
    }

    /// How the demo records of an industry are made.
    pub fn recipe(&self, industry: &str) -> Option<&Recipe> {
        self.recipes.get(industry)
    }

    /// What a workspace of an industry begins with; one whose industry has no pack in this build begins with the core's.
    pub fn beginnings(&self, industry: &str) -> &[Beginning] {
        let own = self.beginnings.get(industry).or_else(|| self.beginnings.get(CORE));
        own.map(Vec::as_slice).unwrap_or_default()
    }

    /// Every table that the descriptions ask for.
    pub fn tables(&self) -> Vec<Table> {
        let target =
            |key: &str| self.described.iter().find(|entity| entity.key == key).map(|entity| entity.table.as_str());
        let (none, built) = (Statuses::new(), files::entities());
        self.described
            .iter()
            .map(|entity| Table {
                migrated: built.contains(&entity.key),
                ..ddl::describe(entity, self.statuses.get(&entity.key).unwrap_or(&none), target)
            })
            .collect()
    }

    fn build(&mut self, mut folders: BTreeMap<String, Folder>, faults: &mut Vec<Fault>) {
        let Some(core) = folders.remove("_core") else {
            faults.push(Fault::new(&format!("{FOLDER}/_core"), 0, "the core pack is missing"));
            return;
        };
        self.build_pack(&core, None, faults);
        for folder in folders.values() {
            self.build_pack(folder, Some(&core), faults);
        }
        let slug = |folder: &Folder| folder.pack.as_ref().map(|pack| pack.value.slug.clone());
        let packs = folders.values().chain([&core]);
        self.words = Arc::new(packs.filter_map(|folder| Some((slug(folder)?, folder.words.clone()))).collect());
        for folder in folders.values().chain([&core]) {
            if let Some(recipe) = &folder.recipe
                && let Some(pack) = &folder.pack
                && let Some(catalog) = self.catalogs.get(&pack.value.slug)
            {
                for finding in recipe.value.check(catalog) {
                    let line = recipe.document.find(&finding.place, &finding.word).unwrap_or(0);
                    faults.push(Fault::new(&recipe.document.file, line, finding.message));
                }
                self.recipes.insert(pack.value.slug.clone(), recipe.value.clone());
            }
        }
        for folder in folders.values().chain([&core]) {
            self.begin(folder, &core, faults);
        }
        self.shared_names(&core, &folders, faults);
        if faults.is_empty() {
            self.build_workflows(&core, None, faults);
            self.build_dashboards(&core, None, faults);
            for folder in folders.values() {
                self.build_workflows(folder, Some(&core), faults);
                self.build_dashboards(folder, Some(&core), faults);
            }
        }
    }

    /// Gives an industry the core's dashboards and its own, each held to its descriptions; one of the same key stands in the place of the core's.
    fn build_dashboards(&mut self, folder: &Folder, core: Option<&Folder>, faults: &mut Vec<Fault>) {
        let Some(pack) = &folder.pack else { return };
        let Some(catalog) = self.catalogs.get_mut(&pack.value.slug) else { return };
        let own = |key: &str| folder.dashboards.iter().any(|read| read.value.key == key);
        let shared = core.into_iter().flat_map(|core| &core.dashboards).filter(|read| !own(&read.value.key));
        let offered: Vec<&Read<Dashboard>> = shared.chain(&folder.dashboards).collect();
        for Read { document, value } in &offered {
            for fault in value.check(catalog) {
                let line = document.find(&fault.place, &fault.word).unwrap_or(0);
                faults.push(Fault::new(&document.file, line, fault.message).or(fault.meant.as_deref()));
            }
        }
        Arc::make_mut(catalog).set_dashboards(offered.iter().map(|read| read.value.clone()));
    }

    /// Holds each template against the descriptions of the industry. One about an entity that the industry does not have is not for it.
    fn build_workflows(&mut self, folder: &Folder, core: Option<&Folder>, faults: &mut Vec<Fault>) {
        let Some(pack) = &folder.pack else { return };
        let Some(catalog) = self.catalogs.get(&pack.value.slug) else { return };
        let operations = workflow::catalogue();
        let mut offered = Vec::new();
        for Read { document, value } in core.into_iter().flat_map(|core| &core.workflows).chain(&folder.workflows) {
            let own = folder.workflows.iter().any(|own| own.document.file == document.file);
            if !own && value.trigger.entity.as_deref().is_some_and(|entity| catalog.get(entity).is_none()) {
                continue;
            }
            match workflow::compile(value, catalog, &operations) {
                Ok(_) => offered.push(value.clone()),
                Err(found) => faults.extend(found.iter().map(|fault| placed_step(document, fault))),
            }
        }
        self.workflows.insert(pack.value.slug.clone(), offered);
    }

    /// The first rows of an industry: its own, and of other entities the core's.
    fn begin(&mut self, folder: &Folder, core: &Folder, faults: &mut Vec<Fault>) {
        let Some(pack) = &folder.pack else { return };
        let Some(catalog) = self.catalogs.get(&pack.value.slug) else { return };
        for read in &folder.beginnings {
            for finding in read.value.check(catalog) {
                let line = read.document.find(&finding.place, &finding.word).unwrap_or(0);
                faults.push(Fault::new(&read.document.file, line, finding.message));
            }
        }
        let own = |entity: &str| folder.beginnings.iter().find(|read| read.value.entity == entity);
        let mut all: Vec<Beginning> =
            core.beginnings.iter().map(|read| own(&read.value.entity).unwrap_or(read).value.clone()).collect();
        for read in &folder.beginnings {
            if all.iter().all(|known| known.entity != read.value.entity) {
                all.push(read.value.clone());
            }
        }
        self.beginnings.insert(pack.value.slug.clone(), all);
    }

    fn build_pack(&mut self, folder: &Folder, core: Option<&Folder>, faults: &mut Vec<Fault>) {
        let Some(pack) = &folder.pack else { return };
        let mut described: Vec<Entity> = core
            .into_iter()
            .flat_map(|core| &core.entities)
            .chain(&folder.entities)
            .map(|read| read.value.clone())
            .collect();
        check_overlays(folder, &described, faults);
        for entity in &mut described {
            if let Some(noun) = pack.value.nouns.get(&entity.key) {
                entity.labels.clone_from(noun);
            }
            for overlay in &folder.overlays {
                if overlay.value.entity == entity.key {
                    overlay.value.apply(entity);
                }
            }
        }
        check_navigation(pack, &described, faults);
        let place =
            |entity: &Entity| pack.value.navigation.iter().position(|key| *key == entity.key).unwrap_or(usize::MAX);
        described.sort_by_key(place);
        for entity in &described {
            let known = self.statuses.entry(entity.key.clone()).or_default();
            for state in entity.states.iter().flat_map(|states| &states.list) {
                if !known.contains(&state.key) {
                    known.push(state.key.clone());
                }
            }
        }
        let bare = described.clone();
        let mut found: Vec<CatalogFault> = Vec::new();
        match Catalog::build(&pack.value.slug, &pack.value.label, described) {
            Ok(catalog) => {
                let all: Vec<&Entity> = catalog.iter().map(AsRef::as_ref).collect();
                for entity in &all {
                    found.extend(linted(entity, &all));
                    found.extend(roles::unknown(entity, &pack.value.roles));
                }
                for finding in roles::check(&pack.value.roles, &catalog) {
                    let line = pack.document.find(&finding.place, &finding.word).unwrap_or(0);
                    faults.push(Fault::new(&pack.document.file, line, finding.message));
                }
                self.keep(catalog, pack);
            }
            Err(faults) => {
                found.extend(faults);
                let all: Vec<&Entity> = bare.iter().collect();
                all.iter().for_each(|entity| found.extend(linted(entity, &all)));
            }
        }
        faults.extend(found.into_iter().map(|fault| placed(&fault, folder, core)));
    }

    fn keep(&mut self, catalog: Catalog, pack: &Read<Pack>) {
        for entity in catalog.iter() {
            match self.described.iter_mut().find(|known| known.key == entity.key) {
                Some(known) => share(known, entity),
                None => self.described.push(entity.clone()),
            }
        }
        self.packs.insert(pack.value.slug.clone(), pack.value.clone());
        self.catalogs.insert(pack.value.slug.clone(), Arc::new(catalog));
    }

    /// Names that the whole library shares: two industries may not claim the same key, table or prefix.
    fn shared_names(&self, core: &Folder, folders: &BTreeMap<String, Folder>, faults: &mut Vec<Fault>) {
        let mut seen: BTreeMap<(&str, String), String> = BTreeMap::new();
        for read in folders.values().chain([core]).flat_map(|folder| &folder.entities) {
            let entity = &read.value;
            for (place, word) in
                [("key", &entity.key), ("plural", &entity.plural), ("table", &entity.table), ("prefix", &entity.prefix)]
            {
                if let Some(other) = seen.insert((place, word.clone()), read.document.file.clone()) {
                    let line = read.document.find("", word).unwrap_or(0);
                    faults.push(Fault::new(&read.document.file, line, format!("{word} is the {place} of {other} too")));
                }
            }
        }
    }
}

/// Industries share a table, so it has what any of them asks for: states of its own may bring checklists, days and pipelines.
fn share(known: &mut Arc<Entity>, other: &Entity) {
    let known = Arc::make_mut(known);
    for field in &other.fields {
        if known.field(&field.key).is_none() {
            known.fields.push(field.clone());
        }
    }
    let Some(states) = &other.states else { return };
    let Some(own) = &mut known.states else { return };
    // What the column of the pipelines may hold.
    for pipeline in &states.pipelines {
        if own.pipeline(&pipeline.key).is_none() {
            own.pipelines.push(pipeline.clone());
        }
    }
    let Some(field) = known.fields.iter_mut().find(|field| field.key == PIPELINE) else { return };
    if let (FieldKind::Option { options }, Some(Field { kind: FieldKind::Option { options: others }, .. })) =
        (&mut field.kind, other.pipeline_field())
    {
        for choice in others {
            if options.iter().all(|known| known.key != choice.key) {
                options.push(choice.clone());
            }
        }
    }
}

/// Derived once a load; deriving is cheap but not free.
struct Schemas {
    pack: serde_json::Value,
    entity: serde_json::Value,
    overlay: serde_json::Value,
    recipe: serde_json::Value,
    workflow: serde_json::Value,
    records: serde_json::Value,
    dashboard: serde_json::Value,
}

impl Schemas {
    fn new() -> Self {
        Self {
            pack: schema::pack(),
            entity: schema::entity(),
            overlay: schema::overlay(),
            recipe: schema::demo(),
            records: schema::records(),
            workflow: schema::workflow(),
            dashboard: schema::dashboard(),
        }
    }

    fn file(&self, path: &str, file: &File, folders: &mut BTreeMap<String, Folder>, faults: &mut Vec<Fault>) {
        let File { name, text } = file;
        let Some((slug, rest)) = path.split_once('/').filter(|(slug, _)| *slug != "_schema") else { return };
        let folder = folders.entry(slug.to_owned()).or_default();
        let stem = |part: &str| rest.strip_prefix(part).and_then(|rest| rest.strip_suffix(".toml"));
        if let Some(language) = rest.strip_suffix(".po") {
            if let Err(message) = folder.words.read(language, text) {
                faults.push(Fault::new(name, 0, message));
            }
        } else if rest == "pack.toml" {
            folder.pack = read(name, text, &self.pack, faults);
            let wanted = slug.trim_start_matches('_');
            folder.pack.iter().for_each(|read| same(&read.document, "slug", wanted, &read.value.slug, faults));
        } else if rest == "demo.toml" {
            folder.recipe = read(name, text, &self.recipe, faults);
        } else if let Some(key) = stem("entities/") {
            if let Some(read) = read::<Entity>(name, text, &self.entity, faults) {
                same(&read.document, "key", key, &read.value.key, faults);
                folder.entities.push(read);
            }
        } else if let Some(key) = stem("overlays/") {
            if let Some(read) = read::<Overlay>(name, text, &self.overlay, faults) {
                same(&read.document, "entity", key, &read.value.entity, faults);
                folder.overlays.push(read);
            }
        } else if let Some(key) = stem("workflows/") {
            if let Some(read) = read::<Definition>(name, text, &self.workflow, faults) {
                same(&read.document, "key", key, &read.value.key, faults);
                folder.workflows.push(read);
            }
        } else if let Some(key) = stem("records/") {
            if let Some(read) = read::<Beginning>(name, text, &self.records, faults) {
                same(&read.document, "entity", key, &read.value.entity, faults);
                folder.beginnings.push(read);
            }
        } else if let Some(key) = stem("dashboards/") {
            if let Some(read) = read::<Dashboard>(name, text, &self.dashboard, faults) {
                same(&read.document, "key", key, &read.value.key, faults);
                folder.dashboards.push(read);
            }
        } else {
            let message = "a pack has pack.toml, demo.toml, catalogues such as sw.po, dashboards/*.toml, entities/*.toml, overlays/*.toml, records/*.toml and workflows/*.toml; this file is none of them";
            faults.push(Fault::new(name, 0, message));
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(
    file: &str,
    text: &str,
    schema: &serde_json::Value,
    faults: &mut Vec<Fault>,
) -> Option<Read<T>> {
    match Document::read(file, text, schema) {
        Ok((document, value)) => Some(Read { document, value }),
        Err(found) => {
            faults.extend(found);
            None
        }
    }
}

/// The name of a file says what it describes, so that a search for one finds the other.
fn same(document: &Document, place: &str, wanted: &str, found: &str, faults: &mut Vec<Fault>) {
    if wanted != found {
        let line = document.find("", place).unwrap_or(0);
        faults.push(Fault::new(
            &document.file,
            line,
            format!("{place} is {found}, but the file is named after {wanted}"),
        ));
    }
}

fn check_overlays(folder: &Folder, described: &[Entity], faults: &mut Vec<Fault>) {
    for Read { document, value } in &folder.overlays {
        let mut fault = |place: &str, word: &str, message: String, meant: Option<&str>| {
            faults.push(Fault::new(&document.file, document.find(place, word).unwrap_or(0), message).or(meant));
        };
        let Some(entity) = described.iter().find(|entity| entity.key == value.entity) else {
            let meant = nearest(&value.entity, described.iter().map(|entity| entity.key.as_str()));
            fault("", &value.entity, format!("{} is not an entity", value.entity), meant);
            continue;
        };
        for key in value.fields.keys().filter(|key| entity.field(key).is_none()) {
            let meant = nearest(key, entity.fields.iter().map(|field| field.key.as_str()));
            fault("fields", key, format!("{key} is not a field"), meant);
        }
    }
}

fn check_navigation(pack: &Read<Pack>, described: &[Entity], faults: &mut Vec<Fault>) {
    let words = pack.value.navigation.iter().map(|word| ("navigation", word));
    for (place, word) in words.chain(pack.value.nouns.keys().map(|word| ("nouns", word))) {
        if !described.iter().any(|entity| entity.key == *word) {
            let meant = nearest(word, described.iter().map(|entity| entity.key.as_str()));
            let line = pack.document.find(place, word).unwrap_or(0);
            faults.push(Fault::new(&pack.document.file, line, format!("{word} is not an entity")).or(meant));
        }
    }
}

fn linted(entity: &Entity, all: &[&Entity]) -> impl Iterator<Item = CatalogFault> {
    lint::entity(entity, all).into_iter().map(|finding| CatalogFault {
        entity: entity.key.clone(),
        place: finding.place,
        word: finding.word,
        message: finding.message,
        meant: None,
    })
}

/// The file and line of a fault: the overlay where it says something about the place, else the description.
fn placed(fault: &CatalogFault, folder: &Folder, core: Option<&Folder>) -> Fault {
    let overlays = folder.overlays.iter().filter(|read| read.value.entity == fault.entity).map(|read| &read.document);
    let entities = folder.entities.iter().chain(core.into_iter().flat_map(|core| &core.entities));
    let entities = entities.filter(|read| read.value.key == fault.entity).map(|read| &read.document);
    let mut last = None;
    for document in overlays.chain(entities) {
        if let Some(line) = document.find(&fault.place, &fault.word) {
            return Fault::new(&document.file, line, &fault.message).or(fault.meant.as_deref());
        }
        last = Some(document);
    }
    let file = last.map_or(FOLDER, |document| document.file.as_str());
    Fault::new(file, 0, &fault.message).or(fault.meant.as_deref())
}

/// The line of a step's fault, or of the step where the field is not in the file.
fn placed_step(document: &Document, fault: &DefinitionFault) -> Fault {
    let (place, word) = match &fault.step {
        Some(step) => (format!("steps.{step}.{}", fault.field), step.as_str()),
        None => (fault.field.clone(), fault.field.as_str()),
    };
    let (inside, last) = place.rsplit_once('.').unwrap_or(("", place.as_str()));
    let line = document.find(inside, last).or_else(|| document.find("steps", word)).or_else(|| document.find("", word));
    Fault::new(&document.file, line.unwrap_or(0), format!("{}: {}", fault.place(), fault.message))
}
