//! What work costs in memory: the most that a server holds while it is at it, beyond what it holds when nobody asks for anything.

use super::person::Person;
use super::process::Nexus;
use super::world::World;
use crate::out;
use anyhow::Result;

/// A server that has done nothing yet, and somebody whom it knows.
pub struct Rise {
    nexus: Nexus,
    pub person: Person,
    idle: f64,
}

impl Rise {
    /// From here on memory counts. Whoever has just signed in is confirmed for five minutes, which the first request of an export asks for.
    pub async fn start(world: &World) -> Result<Self> {
        // Checking a password takes memory of its own for a moment, and the allocator gives it back when it likes: that is done elsewhere.
        let door = Nexus::start(world).await?;
        let cookie = world.sign_in(door.address).await?;
        door.stop().await?;
        let nexus = Nexus::start(world).await?;
        let idle = nexus.idle().await?;
        nexus.forget_peak()?;
        let person = Person::known(world, &nexus, cookie).await?;
        Ok(Self { nexus, person, idle })
    }

    /// Megabytes beyond idle, what goes on after the work included.
    pub async fn end(self) -> Result<f64> {
        self.nexus.settle().await?;
        let most = self.nexus.peak()?;
        out::line(&format!("  {:.1} MB when idle, {most:.1} MB at most", self.idle));
        self.nexus.stop().await?;
        Ok((most - self.idle).max(0.0))
    }
}
