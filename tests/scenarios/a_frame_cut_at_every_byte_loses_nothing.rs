use crate::{HOUR, SECOND, ends_well, village};

/// About what one connection carries when a pour is sent: HELLOs, PINGs, a chunk and its ACK.
const BYTES_MAX: u64 = 700;

#[test]
fn a_frame_cut_at_every_byte_loses_nothing() {
    let (mut world, site, jane) = village(16);
    world.credit(jane, 2 * BYTES_MAX.cast_signed() * 10);
    world.run_for(10 * SECOND);
    let mut drawn = 0;
    for cut in 0..BYTES_MAX {
        world.set_network(site, false);
        if cut % 10 == 0 {
            drawn += world.draw(site, 0, jane, 20).1;
        }
        world.run_for(3 * SECOND);
        // Each way in turn.
        let (to_hub, to_box) = if cut % 2 == 0 {
            (Some(cut), None)
        } else {
            (None, Some(cut))
        };
        world.cut_next_connection(to_hub, to_box);
        world.set_network(site, true);
        world.run_for(60 * SECOND);
    }
    let due = world.box_balance_ml(site, jane).map(|(ml, _)| ml.cast_signed());
    assert_eq!(drawn, BYTES_MAX / 10 * 20);
    let told = world.run_until(HOUR, |world| world.hub_balance_ml(jane) == due);
    assert!(
        told.is_some(),
        "{:?} at the hub, {due:?} at the site",
        world.hub_balance_ml(jane)
    );
    ends_well(world);
}
