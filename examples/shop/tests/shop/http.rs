//! The shop over HTTP: its responses, and the data that it keeps after a shutdown.

use std::fs;

use crate::client::Shop;
use crate::folder::Folder;
use serde_json::{Value, json};

const ADA: &str = r#"{"name": "Ada", "email": "ada@example.com"}"#;

fn error(answer: (u16, Value)) -> (u16, String) {
    let (status, body) = answer;
    (status, body["error"].as_str().expect("an error message").to_owned())
}

#[test]
fn an_order_is_kept_after_a_restart() {
    let folder = Folder::new();
    let shop = Shop::start(folder.path());
    let (status, ada) = shop.post("/users", ADA);
    assert_eq!((status, &ada["id"], &ada["name"]), (201, &json!(1), &json!("Ada")));
    let (_, product) = shop.get("/products/7");
    let (status, order) = shop.post("/orders", r#"{"user_id": 1, "lines": [{"product_id": 7, "quantity": 2}]}"#);
    assert_eq!(status, 201);
    assert_eq!(order["total_cents"], product["price_cents"].as_i64().expect("a price") * 2);
    assert_eq!(order["lines"][0]["name"], product["name"]);
    let left = product["stock"].as_i64().expect("a stock") - 2;
    assert_eq!(shop.get("/products/7").1["stock"], left);
    shop.wait_for(folder.path(), 1, 2);

    let (end, printed) = shop.signal("TERM");
    assert_eq!(end.code(), Some(0), "{printed}");
    assert!(printed.contains("services shut down cleanly") && printed.contains("SIGTERM received"), "{printed}");
    assert!(!printed.contains("outlive"), "{printed}");
    let letters = [(1, "Welcome to the shop"), (2, "Your order 1")];
    for (number, subject) in letters {
        let letter = fs::read_to_string(folder.path().join(format!("spool/{number}.eml"))).expect("a letter");
        assert!(letter.contains(&format!("To: ada@example.com\r\nSubject: {subject}\r\n")), "{letter}");
    }
    let mut left_behind: Vec<_> = fs::read_dir(folder.path())
        .expect("the data folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    left_behind.sort();
    assert_eq!(left_behind, ["lock", "shop.db", "spool"], "the database was closed properly");

    let shop = Shop::start(folder.path());
    let (status, mut kept) = shop.get("/orders/1");
    assert!(kept["packed_at"].take().is_string(), "the order is packed");
    assert_eq!((status, kept), (200, order));
    assert_eq!(shop.get("/users/1"), (200, ada));
    assert_eq!(shop.get("/products/7").1["stock"], left, "the same price list changes nothing");
    let (end, printed) = shop.signal("INT");
    assert_eq!(end.code(), Some(0), "{printed}");
}

#[test]
fn products_are_searched_page_by_page() {
    let folder = Folder::new();
    let shop = Shop::start(folder.path());
    let (status, all) = shop.get("/products");
    assert_eq!(status, 200);
    assert!(all["total"].as_i64() >= Some(2_000));
    assert_eq!((&all["page"], all["products"].as_array().map(Vec::len)), (&json!(1), Some(20)));
    let (_, last) = shop.get(&format!("/products?page={}", all["pages"]));
    assert_eq!(last["products"].as_array().map(Vec::len), Some(all["total"].as_u64().expect("a total") as usize % 20));
    let (_, beyond) = shop.get("/products?page=4294967295");
    assert_eq!(beyond["products"], json!([]));

    let (_, kettles) = shop.get("/products?q=KETTLE&page=1");
    let names = kettles["products"].as_array().expect("products");
    assert!(
        !names.is_empty() && names.iter().all(|it| it["name"].as_str().is_some_and(|name| name.contains("Kettle")))
    );
    let total = |words: &str| {
        let (status, page) = shop.get(&format!("/products?q={words}"));
        assert_eq!(status, 200, "{words}: {page}");
        page["total"].as_i64().expect("a total")
    };
    assert!(total("steel%20kettle") > 0, "all words, in any order");
    assert_eq!(total("steel%20kettle"), total("KET+%22stee*"));
    assert_eq!(total("kit-1001"), 1);
    assert_eq!(total("+%20"), all["total"], "no words, no limit");
    for nothing in ["%25", "_", "'", "%00", "%22", "*", "-", "kettle+NOT+steel", "name:kettle"] {
        assert_eq!(total(nothing), 0, "{nothing} matches no product");
    }
}

#[test]
fn products_that_were_bought_together_are_recommended_after_a_restart() {
    let folder = Folder::new();
    let shop = Shop::start(folder.path());
    shop.post("/users", ADA);
    for lines in [
        r#"{"user_id": 1, "lines": [{"product_id": 7, "quantity": 1}, {"product_id": 30, "quantity": 1}]}"#,
        r#"{"user_id": 1, "lines": [{"product_id": 7, "quantity": 1}, {"product_id": 30, "quantity": 1}, {"product_id": 9, "quantity": 1}]}"#,
    ] {
        assert_eq!(shop.post("/orders", lines).0, 201);
    }
    let (status, sales) = shop.get("/reports/sales");
    assert_eq!((status, &sales[0]["category"], &sales[0]["pieces"]), (200, &json!("Kitchen"), &json!(5)));
    shop.signal("TERM");
    let shop = Shop::start(folder.path());
    assert_eq!(shop.get("/products/7").1["bought_with"], json!([30, 9]));
    assert_eq!(shop.get("/products/1").1["bought_with"], json!([]));
}

#[test]
fn each_invalid_request_returns_a_status_and_a_message() {
    let folder = Folder::new();
    let shop = Shop::start(folder.path());
    assert_eq!(shop.post("/users", ADA).0, 201);
    for (method, path, body, status, sentence) in [
        ("GET", "/products?page=0", "", 400, "pages are counted from 1"),
        ("GET", "/products?page=x", "", 400, "search like this: /products?q=kettle&page=2; pages are counted from 1"),
        ("GET", "/products/x", "", 400, "an id is a whole number, such as 17"),
        ("GET", "/products/999999", "", 404, "there is no product 999999; check the id"),
        ("GET", "/users/2", "", 404, "there is no user 2; check the id"),
        ("GET", "/orders/1", "", 404, "there is no order 1; check the id"),
        ("GET", "/nowhere", "", 404, "there is nothing at /nowhere; begin with /products"),
        ("DELETE", "/users", "", 405, "/users does not answer to DELETE"),
        ("POST", "/users", r#"{"name": "", "email": "a@b"}"#, 400, "a name is one line of 1 to 100 characters"),
        (
            "POST",
            "/users",
            r#"{"name": "A", "email": "a"}"#,
            400,
            "\"a\" is not an e-mail address, such as ada@example.com",
        ),
        (
            "POST",
            "/users",
            r#"{"name": "A", "email": "ADA@example.com"}"#,
            409,
            "a user with the address ADA@example.com exists already; use another",
        ),
        ("POST", "/orders", r#"{"user_id": 1, "lines": []}"#, 400, "an order has 1 to 100 lines"),
        (
            "POST",
            "/orders",
            r#"{"user_id": 9, "lines": [{"product_id": 7, "quantity": 1}]}"#,
            404,
            "there is no user 9; check the id",
        ),
        (
            "POST",
            "/orders",
            r#"{"user_id": 1, "lines": [{"product_id": 999999, "quantity": 1}]}"#,
            404,
            "there is no product 999999; check the id",
        ),
    ] {
        assert_eq!(error(shop.request(method, path, body)), (status, sentence.to_owned()), "{method} {path} {body}");
    }
    for body in ["", "{", r#"{"name": "A"}"#, "[1, 2", r#"{"name": 1, "email": 2}"#] {
        let (status, sentence) = error(shop.post("/users", body));
        assert_eq!(status, 400, "{body}: {sentence}");
        assert!(
            sentence.ends_with(r#"; send something like {"name": "Ada", "email": "ada@example.com"}"#),
            "{sentence}"
        );
    }
    for quantity in [i64::MIN, -1, 0, 1_001, i64::MAX] {
        let order = json!({"user_id": 1, "lines": [{"product_id": 7, "quantity": quantity}]});
        let refused = error(shop.post("/orders", &order.to_string()));
        assert_eq!(refused, (400, "of each product, 1 to 1000 can be ordered".to_owned()), "{quantity}");
    }
}

#[test]
fn an_incomplete_request_does_not_delay_the_shutdown() {
    let folder = Folder::new();
    let shop = Shop::start(folder.path());
    let _unfinished = shop
        .begin("POST /users HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{");
    let _silent = shop.begin("");
    let _half_a_line = shop.begin("GET /prod");
    assert_eq!(shop.get("/products/1").0, 200);
    let (end, printed) = shop.signal("TERM");
    assert_eq!(end.code(), Some(0), "{printed}");
}

#[test]
fn an_order_that_cannot_be_filled_changes_nothing() {
    let folder = Folder::new();
    let shop = Shop::start(folder.path());
    shop.post("/users", ADA);
    let stock = |id: i64| shop.get(&format!("/products/{id}")).1["stock"].as_i64().expect("a stock");
    let before = stock(7);
    let lines = json!({"user_id": 1, "lines": [
        {"product_id": 7, "quantity": 1},
        {"product_id": 8, "quantity": stock(8) + 1},
    ]});
    let (status, sentence) = error(shop.post("/orders", &lines.to_string()));
    assert_eq!(status, 409);
    assert!(sentence.starts_with("only ") && sentence.ends_with(" left; order fewer"), "{sentence}");
    assert_eq!((stock(7), shop.get("/orders/1").0), (before, 404));
}

#[test]
fn a_search_is_limited_in_length() {
    let folder = Folder::new();
    let shop = Shop::start(folder.path());
    let search = |q: &str| shop.get(&format!("/products?q={q}"));
    assert_eq!(search(&"k".repeat(100)).0, 200);
    assert_eq!(search(&"%C3%A4".repeat(100)).0, 200, "characters are counted");
    let sentence = "a search has at most 100 characters".to_owned();
    for length in [101, 6_000, 60_000] {
        let words = "a+".repeat(length / 2) + "b";
        assert_eq!(error(search(&words)), (400, sentence.clone()), "{length}");
    }
}
