use super::*;

fn taken(connection: &Connection) -> Vec<String> {
    let mut statement = connection.prepare("select name from migrations order by version").expect("a table");
    let names = statement.query_map((), |row| row.get(0)).expect("rows");
    names.collect::<Result<_, _>>().expect("names")
}

#[test]
fn every_step_is_taken_once_and_in_order() {
    let mut connection = Connection::open_in_memory().expect("a database");
    for _ in 0..2 {
        apply(&mut connection).expect("the steps apply");
        assert_eq!(taken(&connection), STEPS.map(|(name, _)| name));
    }
}

#[test]
fn a_step_that_fails_undoes_those_before_it() {
    let mut connection = Connection::open_in_memory().expect("a database");
    connection.execute_batch("create table users (surprise)").expect("a table in the way");
    let error = apply(&mut connection).expect_err("0002 cannot apply");
    assert_eq!(error.to_string(), "migration 0002_users failed: table users already exists");
    let tables: i64 = connection
        .query_row("select count(*) from sqlite_schema where type = 'table'", (), |row| row.get(0))
        .expect("a count");
    assert_eq!(tables, 1);
}

#[test]
fn a_database_from_the_future_is_left_alone() {
    let mut connection = Connection::open_in_memory().expect("a database");
    apply(&mut connection).expect("the steps apply");
    connection.execute("insert into migrations (name) values ('0007_later')", ()).expect("a later step");
    let error = apply(&mut connection).expect_err("it is too new");
    assert_eq!(error.to_string(), "it is of version 7, and this shop knows only 6");
}
