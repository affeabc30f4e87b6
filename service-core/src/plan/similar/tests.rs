use super::similar;

const KNOWN: [&str; 6] = ["shard-1", "shard-2", "cache", "users::Db", "orders::Db", "mail"];

#[test]
fn a_slip_of_the_finger_is_understood() {
    for (wrong, meant) in
        [("cahce", "cache"), ("Cache", "cache"), ("cach", "cache"), ("mial", "mail"), ("emails", "mail")]
    {
        assert_eq!(similar(wrong, KNOWN.into_iter()), [meant], "{wrong}");
    }
}

#[test]
fn the_closest_comes_first() {
    assert_eq!(similar("shard-22", KNOWN.into_iter()), ["shard-2", "shard-1"]);
    assert_eq!(similar("Db", KNOWN.into_iter()), ["orders::Db", "users::Db"]);
}

#[test]
fn nothing_is_guessed_from_nothing() {
    assert!(similar("queue", KNOWN.into_iter()).is_empty());
    assert!(similar("", KNOWN.into_iter()).is_empty());
}
