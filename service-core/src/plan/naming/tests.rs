use crate::base::{Key, Location};
use crate::plan::facts::Facts;
use crate::plan::fixtures::{error, names, plan, service};

/// A service whose type is called `Db`, in some module.
fn db(letter: &str, module: &'static str, line: u32) -> Facts {
    Facts { name: "Db".to_owned(), location: Location::new(module, "src/db.rs", line, 5), ..service(letter) }
}

fn sorted(catalog: Vec<Facts>) -> Vec<String> {
    let plan = plan(catalog);
    let mut names: Vec<_> = names(&plan).into_iter().map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn a_name_that_nobody_shares_is_the_types_own() {
    assert_eq!(sorted(vec![db("A", "shop::users", 1)]), ["Db"]);
}

#[test]
fn shared_names_grow_by_as_many_modules_as_tell_them_apart() {
    let catalog = vec![db("A", "shop::users", 1), db("B", "shop::orders", 1)];
    assert_eq!(sorted(catalog), ["orders::Db", "users::Db"]);
    let catalog = vec![db("A", "shop::a::users", 1), db("B", "shop::b::users", 1), db("C", "shop::orders", 1)];
    assert_eq!(sorted(catalog), ["a::users::Db", "b::users::Db", "orders::Db"]);
}

#[test]
fn one_module_is_told_apart_by_line_and_then_by_column() {
    let catalog = vec![db("A", "shop", 4), db("B", "shop", 9)];
    assert_eq!(sorted(catalog), ["shop::Db@src/db.rs:4", "shop::Db@src/db.rs:9"]);
    let catalog = vec![db("A", "shop", 4), db("B", "shop", 4).placed(Location::new("shop", "src/db.rs", 4, 40))];
    assert_eq!(sorted(catalog), ["shop::Db@src/db.rs:4:40", "shop::Db@src/db.rs:4:5"]);
    let catalog = vec![db("A", "shop", 4), db("B", "shop", 4)];
    assert_eq!(sorted(catalog), ["shop::Db@src/db.rs:4:5", "shop::Db@src/db.rs:4:5#2"]);
}

#[test]
fn a_chosen_name_never_changes() {
    let catalog = vec![db("A", "shop::users", 1), service("B").called("Db"), service("C").called("users::Db")];
    assert_eq!(sorted(catalog), ["Db", "shop::users::Db", "users::Db"]);
}

#[test]
fn a_definition_names_a_service_as_people_see_it() {
    let both = || vec![db("A", "shop::users", 1), db("B", "shop::orders", 1)];
    let mut catalog = both();
    catalog.push(service("job").requires(&["users::Db"]));
    let found = plan(catalog);
    let job = &found.services()[found.index_of_name("job").expect("it is there")];
    assert_eq!(found.index_of(&Key::Name("users::Db".into())), Some(job.needs[0].index));

    let mut catalog = both();
    catalog.push(service("job").requires(&["Db"]));
    let text = error(catalog).to_string();
    assert!(text.ends_with("`Db`, and no service has that name; did you mean `orders::Db` or `users::Db`?"), "{text}");
}
