//! Search as you type: one person, who asks again with each letter. What is measured is how long the slowest answers take.

use super::bars::{Measured, Sides};
use super::client::request;
use super::load::Work;
use super::pair::{Pair, same};
use super::world::World;
use anyhow::Result;
use serde_json::json;
use std::net::SocketAddr;

/// What is looked for, letter by letter: names, and companies by two words. Every workspace of a thousand leads has enough of each that no
/// search for other spellings follows, which the ceiling does not know.
const LOOKED_FOR: [&str; 8] =
    ["amina", "grace", "otieno", "mwangi", "lakeside motors", "harbour textiles", "savanna tours", "summit works"];
/// As many as the palette shows.
const HITS: u32 = 40;

/// The pair for P-04. Both sides have answered the same to each letter before it is handed out.
pub async fn pair(world: &World, ceiling: SocketAddr, nexus: SocketAddr, cookie: &str) -> Result<Pair> {
    let path = format!("{}/api/v1/operations/records.search", world.path());
    let headers = [
        ("cookie", cookie),
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("sec-fetch-site", "same-origin"),
    ];
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for words in letters() {
        let body = json!({ "words": words, "limit": HITS }).to_string();
        bare.push(request("POST", "/search", &[("content-type", "application/json")], &body));
        ours.push(request("POST", &path, &headers, &body));
    }
    for (bare, ours) in bare.iter().zip(&ours) {
        same((ceiling, bare), (nexus, ours)).await?;
    }
    Ok(Pair {
        id: "P-04",
        base: Work::new(ceiling, 200, in_turn(bare)),
        nexus: Work::new(nexus, 200, in_turn(ours)),
        clients: 1,
        writes: false,
    })
}

/// The ratio has a floor, and so has the time itself.
pub fn figures(sides: Sides) -> [Measured; 2] {
    let ratio = Measured { sides: Some(sides), ..Measured::new("P-04", "ratio", sides.nexus.p99 / sides.base.p99) };
    [ratio, Measured::new("P-04", "p99", sides.nexus.p99)]
}

fn in_turn(requests: Vec<Vec<u8>>) -> impl Fn(u64) -> Vec<u8> {
    move |number| requests[usize::try_from(number).unwrap_or_default() % requests.len()].clone()
}

/// What stands in the field after each letter; a blank alone asks for nothing new.
fn letters() -> Vec<&'static str> {
    let of = |text: &'static str| (1..=text.len()).filter_map(move |end| text.get(..end));
    LOOKED_FOR.into_iter().flat_map(of).filter(|typed| !typed.ends_with(' ')).collect()
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn each_letter_asks() {
        let asked = letters();
        assert_eq!(asked[..5], ["a", "am", "ami", "amin", "amina"]);
        assert!(asked.contains(&"lakeside") && !asked.contains(&"lakeside ") && asked.contains(&"lakeside m"));
    }
}
