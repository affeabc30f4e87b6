use super::*;

fn checked(name: &str, email: &str) -> Result<(String, String), String> {
    let user = NewUser { name: name.to_owned(), email: email.to_owned() };
    user.checked().map(|user| (user.name, user.email)).map_err(|error| error.to_string())
}

#[test]
fn spaces_around_are_dropped() {
    assert_eq!(checked(" Ada ", " ada@example.com "), Ok(("Ada".to_owned(), "ada@example.com".to_owned())));
}

#[test]
fn a_name_is_one_line() {
    for name in ["", "  ", "Ada\r\nBcc: all@example.com", &"a".repeat(101)] {
        assert_eq!(
            checked(name, "ada@example.com"),
            Err("a name is one line of 1 to 100 characters".to_owned()),
            "{name:?}"
        );
    }
}

#[test]
fn an_address_has_two_sides_and_no_spaces() {
    for email in ["", "ada", "@", "ada@", "@example.com", "a@b@c", "a da@example.com", "ada@example.com\r\nBcc:x@y"] {
        assert_eq!(
            checked("Ada", email),
            Err(format!("{email:?} is not an e-mail address, such as ada@example.com")),
            "{email:?}"
        );
    }
}
