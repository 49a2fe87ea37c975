use crate::{SECOND, ends_well, village};

#[test]
fn a_person_of_another_site_is_told_so() {
    let (mut world, kibera, jane) = village(22);
    let mathare = world.found_site("mathare-1", 1);
    world.run_for(10 * SECOND);
    assert_eq!(
        world.draw(mathare, 0, jane, 1_000).0,
        "not_at_this_site",
        "the hub knows her, and she lives at Kibera"
    );
    assert_eq!(world.draw(kibera, 0, jane, 1_000).0, "verified", "she was not moved");
    let joe = world.stranger("Joe", mathare);
    assert_eq!(world.draw(mathare, 0, joe, 1_000).0, "unknown_customer");
    ends_well(world);
}
