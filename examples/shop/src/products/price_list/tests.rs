use super::*;

const HEADER: &str = "sku,name,category,price,stock\n";

fn parse(lines: &str) -> Result<PriceList, String> {
    PriceList::parse(&format!("{HEADER}{lines}")).map_err(|error| error.to_string())
}

#[test]
fn a_price_is_read_in_cents_without_rounding() {
    for (text, cents) in [("0.29", 29), ("12.95", 1295), ("1000.00", 100_000), ("0.00", 0)] {
        assert_eq!(in_cents(text), Some(cents));
    }
    for text in ["", "12", "12.9", "12.955", ".95", "12.", "-1.00", "+1.00", "1.0e", "١.00", "99999999999.00"] {
        assert_eq!(in_cents(text), None, "{text}");
    }
}

#[test]
fn a_name_may_contain_a_comma() {
    let list = parse("KIT-1,\"Kettle, red\",Kitchen,24.50,3\n").expect("a list");
    let kettle = Entry {
        sku: "KIT-1".into(),
        name: "Kettle, red".into(),
        category: "Kitchen".into(),
        price_cents: 2450,
        stock: 3,
    };
    assert_eq!(list.entries, [kettle]);
}

#[test]
fn each_mistake_is_named_with_its_line() {
    for (lines, sentence) in [
        ("A,Kettle,Kitchen,24.5,3", "line 2: a price is written as 12.95, not as \"24.5\""),
        ("A,Kettle,Kitchen,24.50,-3", "line 2: stock: invalid digit found in string"),
        ("A,Kettle,Kitchen", "line 2: it has 3 fields, and the header 5"),
        ("A,Kettle,Kitchen,1.00,1\nA,Pan,Kitchen,1.00,1", "line 3: A is listed in line 2 already"),
        ("", "it lists no products"),
    ] {
        assert_eq!(parse(lines).map(|list| list.entries), Err(sentence.to_owned()));
    }
}

#[test]
fn the_fingerprint_tells_lists_apart() {
    let fingerprint = |lines| parse(lines).expect("a list").fingerprint;
    assert_eq!(fingerprint("A,Kettle,Kitchen,1.00,1"), fingerprint("A,Kettle,Kitchen,1.00,1"));
    assert_ne!(fingerprint("A,Kettle,Kitchen,1.00,1"), fingerprint("A,Kettle,Kitchen,1.00,2"));
}

#[test]
fn the_list_that_comes_with_the_shop_is_sound() {
    let list = PriceList::parse(include_str!("../../../catalog.csv")).expect("a list");
    assert!(list.entries.len() >= 2_000);
}
