//! Export of every lead, as somebody does it from the list: each kind of file is read to its end, its rows are counted as they come, and
//! nothing of it is kept.

use super::Arguments;
use super::bars::Measured;
use super::client::request;
use super::person::Person;
use super::rise::Rise;
use super::world::World;
use crate::out;
use anyhow::{Context, Result, bail};
use api::Format;

/// Rows that left, as the trail has it.
const LEFT: &str = "\
select coalesce(sum((after ->> 'rows')::bigint), 0)::bigint from changes
where tenant_id = $1 and operation = 'records.export' and entity = 'lead'";

pub async fn measure(world: &World, arguments: &Arguments, rows: u32) -> Result<Vec<Measured>> {
    if !arguments.wants("P-15") {
        return Ok(Vec::new());
    }
    let mut most = 0f64;
    for format in Format::ALL {
        let mut rise = Rise::start(world).await?;
        out::line(&format!("Exporting {rows} leads as {} ...", format.as_str()));
        let exported = export(world, &mut rise.person, format).await?;
        if exported != u64::from(rows) {
            bail!("The workspace has {rows} leads, but the {} has {exported}", format.as_str());
        }
        most = most.max(rise.end().await?);
    }
    Ok(vec![Measured::new("P-15", "exporting", most).over(rows)])
}

/// The whole file; answers how many rows it has.
async fn export(world: &World, person: &mut Person, format: Format) -> Result<u64> {
    let before = left(world).await?;
    let path = format!("{}/leads/export.{}", person.workspace, format.as_str());
    let request = request("GET", &path, &[("cookie", person.cookie.as_str()), ("accept", "*/*")], "");
    let (mut lines, mut objects) = (0_u64, Objects::default());
    let status = person.connection.pass(&request, |piece| match format {
        Format::Csv => lines += breaks(piece),
        Format::Json => objects.read(piece),
        Format::Xlsx => {}
    });
    let status = status.await.with_context(|| format!("{path} came to no end"))?;
    if status != 200 {
        bail!("{path} answered {status}");
    }
    Ok(match format {
        // Names stand on the first one.
        Format::Csv => lines.saturating_sub(1),
        Format::Json => objects.count,
        // Its rows are packed.
        Format::Xlsx => left(world).await?.saturating_sub(before),
    })
}

async fn left(world: &World) -> Result<u64> {
    let mut admin = world.admin().await?;
    let rows: i64 = sqlx::query_scalar(LEFT).bind(world.tenant.0).fetch_one(&mut admin).await?;
    Ok(u64::try_from(rows)?)
}

/// Ends of lines. No made lead has one within a cell.
fn breaks(piece: &[u8]) -> u64 {
    piece.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// Counts the objects of an array that comes in pieces; what is inside of them is not counted.
#[derive(Default)]
struct Objects {
    count: u64,
    depth: u64,
    /// Within a text, and behind the mark that takes a character as it is.
    text: bool,
    escaped: bool,
}

impl Objects {
    fn read(&mut self, piece: &[u8]) {
        for byte in piece {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.text = !self.text,
                b'{' if !self.text => {
                    self.count += u64::from(self.depth == 0);
                    self.depth += 1;
                }
                b'}' if !self.text => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Objects, breaks};

    #[test]
    fn rows_are_counted_wherever_a_file_is_torn() {
        let file = r#"[{"a":{"b":1}},{"c":"}{ \" {"},{"d":[{}]},{"e":"\\"}]"#;
        for at in 0..file.len() {
            let mut objects = Objects::default();
            objects.read(&file.as_bytes()[..at]);
            objects.read(&file.as_bytes()[at..]);
            assert_eq!((objects.count, objects.depth), (4, 0), "torn at {at}");
        }
        assert_eq!(breaks(b"Name,City\r\nAmina,Nairobi\r\nJohn,") + breaks(b"Accra\r\n"), 3);
    }
}
