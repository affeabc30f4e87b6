use super::GraphDiff;
use crate::base::State;
use crate::plan::facts::Facts;
use crate::plan::fixtures::{Dice, ms, plan, service};
use crate::plan::graph::{Graph, NodeStatus};

fn graph(catalog: Vec<Facts>) -> Graph {
    plan(catalog).graph()
}

/// The same three ways: two graphs, a graph and a text, two texts.
fn diff(old: &Graph, new: &Graph) -> GraphDiff {
    let diff = new.diff(old);
    assert_eq!(new.diff_json(&old.to_json()), Ok(diff.clone()));
    assert_eq!(GraphDiff::between(&old.to_json(), &new.to_json()), Ok(diff.clone()));
    diff
}

#[test]
fn each_change_is_one_line() {
    let old = graph(vec![
        service("A").requires(&["D", "L"]).wants(&["M"]),
        service("D").optional(),
        service("L"),
        service("M"),
        service("S").provides("dyn T"),
        service("Q").requires(&["dyn T"]),
    ]);
    let new = graph(vec![
        service("A").requires(&["C", "D", "M"]),
        service("C"),
        service("D").lazy(),
        service("M"),
        service("S").provides("dyn T").provides("dyn U"),
        service("Q").requires(&["S"]),
    ]);
    let expected = "\
+ C (src/c.rs)
- L (src/l.rs)
~ A: requires C, requires M, no longer requires L, no longer wants M
~ D: lazy, no longer optional
~ Q: requires S, no longer requires S as dyn T
~ S: provides dyn U";
    assert_eq!(diff(&old, &new).to_string(), expected);
    assert!(!diff(&old, &new).is_empty());
}

#[test]
fn states_times_lines_and_undeclared_calls_are_no_change() {
    let plan = plan(vec![service("A").requires(&["B"]), service("B"), service("C")]);
    let status = |_| NodeStatus { state: Some(State::Ready), waited: ms(3), own: Some(ms(5)), root_failure: false };
    let running = Graph::of(&plan, &status, &[(2, 0)]);
    let diff = diff(&plan.graph(), &running);
    assert!(diff.is_empty());
    assert_eq!(diff.to_string(), "no changes");
}

/// Beside a model: sets of services and of pairs.
#[test]
fn generated_graphs_differ_exactly_where_they_were_changed() {
    for seed in 0..500 {
        let dice = &mut Dice::new(seed);
        let mut draw = || -> (Vec<Facts>, Vec<(usize, usize)>) {
            let names: Vec<_> = (0..8).filter(|_| dice.roll(4) > 0).collect();
            let pairs =
                names.iter().flat_map(|&from| names.iter().filter(move |&&to| to < from).map(move |&to| (from, to)));
            let pairs: Vec<_> = pairs.collect::<Vec<_>>().into_iter().filter(|_| dice.roll(3) == 0).collect();
            let facts = names.iter().map(|from| {
                let below: Vec<_> =
                    pairs.iter().filter(|pair| pair.0 == *from).map(|pair| format!("s{}", pair.1)).collect();
                service(&format!("s{from}")).requires(&below.iter().map(String::as_str).collect::<Vec<_>>())
            });
            (facts.collect(), pairs)
        };
        let ((old, before), (new, after)) = (draw(), draw());
        let has = |catalog: &[Facts], at: usize| catalog.iter().any(|it| it.name == format!("s{at}"));
        let name = |at: usize| format!("s{at}");
        let added: Vec<_> = (0..8).filter(|&at| has(&new, at) && !has(&old, at)).map(name).collect();
        let removed: Vec<_> = (0..8).filter(|&at| has(&old, at) && !has(&new, at)).map(name).collect();
        let only = |of: &[(usize, usize)], other: &[(usize, usize)]| -> Vec<(String, String)> {
            let stays = |at| has(&old, at) && has(&new, at);
            let pairs = of.iter().filter(|pair| stays(pair.0) && !other.contains(pair));
            pairs.map(|pair| (name(pair.0), format!("requires {}", name(pair.1)))).collect()
        };
        let (gained, lost) = (only(&after, &before), only(&before, &after));
        let diff = diff(&graph(old), &graph(new));
        assert_eq!(diff.added.iter().map(|it| it.name.clone()).collect::<Vec<_>>(), added, "seed {seed}");
        assert_eq!(diff.removed.iter().map(|it| it.name.clone()).collect::<Vec<_>>(), removed, "seed {seed}");
        let pairs = |of: fn(&super::ServiceChange) -> &Vec<String>| -> Vec<(String, String)> {
            let each = |it: &super::ServiceChange| {
                of(it).iter().map(|text| (it.name.clone(), text.clone())).collect::<Vec<_>>()
            };
            diff.changed.iter().flat_map(each).collect()
        };
        assert_eq!(pairs(|it| &it.gained), gained, "seed {seed}");
        assert_eq!(pairs(|it| &it.lost), lost, "seed {seed}");
    }
}

#[test]
fn a_strange_name_stays_on_its_line() {
    let strange = graph(vec![service("A")]).with_first_called("a\n+ b \"c\" \u{7}");
    let diff = diff(&graph(Vec::new()), &strange);
    assert_eq!(diff.to_string(), "+ a\\n+ b \"c\" \\u{7} (src/a.rs)");
}

#[test]
fn a_text_that_is_no_graph_is_an_error_that_says_where() {
    let error = |text: &str| graph(Vec::new()).diff_json(text).expect_err(text).to_string();
    let prefix = "the text is not a graph as `to_json` writes it: ";
    for (text, reason) in [
        ("", "line 1, column 1: expected a value"),
        ("{\n\"services\": [1", "line 2, column 15: expected `,` or `]`"),
        ("[]", "it has no list `services`"),
        (r#"{"services": []}"#, "it has no list `dependencies`"),
        (r#"{"services": [{}], "dependencies": []}"#, "a service has no text `name`"),
        (r#"{"services": [{"name": "A"}, {"name": "A"}], "dependencies": []}"#, "it has two services `A`"),
        (r#"{"services": [], "dependencies": [{"from": "A"}]}"#, "a dependency has no text `to`"),
        (
            r#"{"services": [{"name": "A"}], "dependencies": [{"from": "A", "to": "B", "bond": "requires"}]}"#,
            "it has a dependency on `B`, and no such service",
        ),
        (
            r#"{"services": [{"name": "A"}], "dependencies": [{"from": "B", "to": "A", "bond": "requires"}]}"#,
            "it has a dependency of `B`, and no such service",
        ),
    ] {
        assert_eq!(error(text).strip_prefix(prefix), Some(reason), "{text}");
    }
    let newer = r#"{"version": 2, "services": [{"name": "A", "new": {"field": 1}}], "dependencies": []}"#;
    assert!(GraphDiff::between(newer, newer).is_ok_and(|diff| diff.is_empty()));
}
