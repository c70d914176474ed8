//! A pack with a field of every kind and everything that stages and gates can ask for (server/tests/packs/exercise)
//! through everything that the product does with a described entity. The test reads the description: a kind that is
//! added comes along once it is in the pack, and the test fails until it is.

mod about;
mod forms;
mod hidden;
mod history;
mod limits;
mod lists;
mod pack;
mod pipelines;
mod samples;
mod sheets;
mod stages;
mod world;

use about::Pointed;
use lists::Rows;
use world::World;

#[tokio::test]
async fn every_kind_of_field_and_every_gate_goes_through_everything() {
    pack::is_whole();
    let world = World::new().await;
    forms::shown(&world).await;
    forms::refused(&world).await;
    let full = forms::made(&world).await;
    let (other, bare) = forms::by_rest(&world).await;
    let rows = Rows { full, other, bare };
    stages::parts(&world, &rows.full).await;
    forms::on_its_page(&world, &rows.full).await;
    forms::closed(&world, &rows.full).await;
    lists::in_a_list(&world, "AB-123", None, 0, true, 40).await;
    lists::in_a_list(&world, "AB-124", None, 1, false, 40).await;
    lists::filtered(&world, &rows).await;
    lists::sorted(&world, &rows).await;
    lists::grouped(&world, &rows).await;
    lists::placed(&world, &world.read(&rows.full).await, None).await;
    sheets::taken_out(&world).await;
    sheets::brought_back(&world).await;
    sheets::refused(&world).await;
    stages::gone_through(&world).await;
    history::as_it_stood(&world, &rows.full).await;
    history::versions(&world, &rows.full).await;
    history::merged(&world, &rows.full).await;
    history::thrown_away(&world, &rows.full).await;
    pipelines::gone_through(&world).await;
    world.server.end().await;
}

#[tokio::test]
async fn a_column_says_when_it_is_full_and_takes_more() {
    let world = World::new().await;
    limits::held(&world).await;
    world.server.end().await;
}

#[tokio::test]
async fn a_reference_to_any_of_several_entities_points_at_what_the_caller_may_see() {
    let world = World::new().await;
    let pointed = Pointed::new(&world).await;
    pointed.refused().await;
    pointed.held_by_the_database().await;
    pointed.filtered().await;
    pointed.found_from_there().await;
    pointed.told().await;
    pointed.brought_in().await;
    pointed.out_of_sight().await;
    pointed.merged().await;
    world.server.end().await;
}
