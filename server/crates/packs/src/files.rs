//! The files of packs: those of this build, and those of a folder that an operator keeps.

use crate::Fault;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// In development the files are read from disk at every load, in a release they are part of the binary.
#[derive(rust_embed::RustEmbed)]
#[folder = "../../packs/"]
struct Built;

/// How faults call the folder of the build.
pub const FOLDER: &str = "server/packs";

pub struct File {
    /// As faults call it.
    pub name: String,
    pub text: String,
}

impl File {
    /// One of the build.
    pub fn own(path: &str, text: String) -> Self {
        Self { name: format!("{FOLDER}/{path}"), text }
    }
}

/// By the path under the folder of packs: `_core/entities/lead.toml`.
pub type Files = BTreeMap<String, File>;

/// The files of this build.
pub fn built() -> Result<Files, Vec<Fault>> {
    let mut files = Files::new();
    for path in Built::iter() {
        let Some(file) = Built::get(&path) else { continue };
        match String::from_utf8(file.data.into_owned()) {
            Ok(text) => {
                let file = File::own(&path, text);
                files.insert(path.into_owned(), file);
            }
            Err(_) => return Err(vec![Fault::new(&format!("{FOLDER}/{path}"), 0, "the file is not UTF-8 text")]),
        }
    }
    Ok(files)
}

/// Keys of the entities that this build describes: no other pack has one of them.
pub fn entities() -> BTreeSet<String> {
    let key = |path: &str| Some(path.split_once("/entities/")?.1.strip_suffix(".toml")?.to_owned());
    Built::iter().filter_map(|path| key(&path)).collect()
}

/// The files of a folder of packs: a folder for each, as in the build. What is neither TOML nor a catalogue there, and what begins with a dot, is nobody's; a
/// pack that the build has is a fault.
pub fn beside(folder: &Path, built: &Files) -> Result<Files, Vec<Fault>> {
    let (mut files, mut faults) = (Files::new(), Vec::new());
    let mut found = Vec::new();
    for slug in names(folder, &mut faults) {
        let pack = folder.join(&slug);
        if !pack.is_dir() {
            continue;
        }
        if slug == "_schema" || built.keys().any(|path| path.split('/').next() == Some(slug.as_str())) {
            faults.push(Fault::new(
                &pack.to_string_lossy(),
                0,
                "the build has a pack of this name; give yours another",
            ));
            continue;
        }
        for name in names(&pack, &mut faults) {
            let path = pack.join(&name);
            if path.is_dir() {
                let inside = names(&path, &mut faults);
                found.extend(inside.iter().map(|inner| (format!("{slug}/{name}/{inner}"), path.join(inner))));
            } else {
                found.push((format!("{slug}/{name}"), path));
            }
        }
    }
    found.retain(|(_, file)| file.extension().is_some_and(|ending| ending == "toml" || ending == "po"));
    for (path, file) in found {
        let name = file.to_string_lossy().into_owned();
        match std::fs::read_to_string(&file) {
            Ok(text) => {
                files.insert(path, File { name, text });
            }
            Err(error) => faults.push(Fault::new(&name, 0, format!("it cannot be read: {error}"))),
        }
    }
    if faults.is_empty() && files.is_empty() {
        faults.push(Fault::new(&folder.to_string_lossy(), 0, "there is no pack in it"));
    }
    if faults.is_empty() { Ok(files) } else { Err(faults) }
}

/// What stands in a folder, in the order of names.
fn names(folder: &Path, faults: &mut Vec<Fault>) -> Vec<String> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            faults.push(Fault::new(&folder.to_string_lossy(), 0, format!("it cannot be read: {error}")));
            return Vec::new();
        }
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}
