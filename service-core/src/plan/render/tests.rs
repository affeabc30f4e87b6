use crate::base::{Location, State};
use crate::plan::facts::Facts;
use crate::plan::fixtures::{give, ms, names, plan, plan_for, service};
use crate::plan::graph::{Graph, NodeStatus};

/// A boot in which the database failed; `Q` never said how long it takes, `Z` called what it did not declare.
fn failed() -> Graph {
    let catalog = vec![
        service("Q").given().supplied(),
        service("D").requires(&["Q"]).provides("dyn S"),
        service("C").requires(&["dyn S"]),
        service("U").requires(&["C", "D"]).wants(&["M"]).after(&["Z"]),
        service("M").lazy().called("the \"mail\" <\\n>"),
        service("Z").replaced(),
    ];
    let plan = plan_for(catalog, &give(&["Q"]));
    let index = |name: &str| plan.index_of_name(name).expect("it is in the plan");
    let undeclared = [(index("Z"), index("Q")), (index("U"), index("C"))];
    let status = |at: usize| {
        let (state, own, root_failure) = match names(&plan)[at] {
            "D" => (State::Failed, Some(ms(200)), true),
            "C" | "U" => (State::Blocked, None, false),
            "Z" => (State::Ready, Some(ms(5)), false),
            "Q" => (State::Ready, None, false),
            _ => (State::Idle, None, false),
        };
        NodeStatus { state: Some(state), waited: ms(1), own, root_failure }
    };
    Graph::of(&plan, &status, &undeclared)
}

// shows: O07
#[test]
fn the_tree_marks_the_root_cause() {
    assert_eq!(
        failed().to_string(),
        "\
U  blocked
├── C  blocked
│   └── D as dyn S  failed after 200ms ← root cause
│       └── Q (given)  ready
├── D  failed after 200ms ← root cause (above)
├── after Z (replaced)  ready in 5ms
│   └── undeclared: Q (given)  ready
└── wants the \"mail\" <\\n> (lazy)  idle"
    );
}

// shows: O07
#[test]
fn dot_marks_the_root_cause() {
    assert_eq!(
        failed().to_dot(),
        r#"digraph services {
  rankdir=LR
  node [shape=box]
  "C" [label="C\nblocked", style=filled, fillcolor=moccasin]
  "D" [label="D\nfailed after 200ms\nroot cause", style=filled, fillcolor=tomato, penwidth=3]
  "Q" [label="Q\n(given)\nready"]
  "U" [label="U\nblocked", style=filled, fillcolor=moccasin]
  "Z" [label="Z\n(replaced)\nready in 5ms"]
  "the \"mail\" <\\n>" [label="the \"mail\" <\\n>\n(lazy)\nidle", style=dashed]
  "C" -> "D" [label="as dyn S"]
  "D" -> "Q"
  "U" -> "C"
  "U" -> "D"
  "U" -> "Z" [label="after", color=gray40, style=dotted, arrowhead=open]
  "U" -> "the \"mail\" <\\n>" [label="wants", color=gray40]
  "Z" -> "Q" [label="undeclared", color=firebrick, style=dashed]
}"#
    );
}

// shows: O07
#[test]
fn mermaid_marks_the_root_cause() {
    assert_eq!(
        failed().to_mermaid(),
        r#"flowchart LR
  s0["C<br>blocked"]
  s1["D<br>failed after 200ms<br>root cause"]
  s2["Q<br>(given)<br>ready"]
  s3["U<br>blocked"]
  s4["Z<br>(replaced)<br>ready in 5ms"]
  s5["the #34;mail#34; #60;#92;n#62;<br>(lazy)<br>idle"]
  s0 -->|"as dyn S"| s1
  s1 --> s2
  s3 --> s0
  s3 --> s1
  s3 -.->|"after"| s4
  s3 -.->|"wants"| s5
  s4 -.->|"undeclared"| s2
  classDef root fill:#ff6347,stroke:#8b0000,stroke-width:3px
  class s1 root
  classDef consequence fill:#ffe4b5,stroke:#cc7a00
  class s0,s3 consequence
  classDef lazy stroke-dasharray:5 5
  class s5 lazy"#
    );
}

// shows: O07
#[test]
fn json_marks_the_root_cause() {
    let json = failed().to_json();
    let lines: Vec<_> = json.lines().map(str::trim).collect();
    assert_eq!(
        lines[2..4],
        [
            r#"{"name": "C", "file": "src/c.rs", "line": 3, "module": "shop", "state": "blocked", "waited_us": 1000, "own_us": null, "failure": "consequence", "lazy": false, "optional": false, "given": false, "replaced": false, "provides": []},"#,
            r#"{"name": "D", "file": "src/d.rs", "line": 3, "module": "shop", "state": "failed", "waited_us": 1000, "own_us": 200000, "failure": "root", "lazy": false, "optional": false, "given": false, "replaced": false, "provides": ["dyn S"]},"#,
        ]
    );
    assert!(lines[7].starts_with(r#"{"name": "the \"mail\" <\\n>", "file""#), "{json}");
    assert_eq!(lines[10], r#"{"from": "C", "to": "D", "bond": "requires", "as": "dyn S"},"#);
    assert_eq!(lines[16..], [r#"{"from": "Z", "to": "Q", "bond": "undeclared", "as": null}"#, "]", "}"]);
}

#[test]
fn a_control_character_breaks_no_format() {
    // A plan takes no such name; a path may hold one all the same, and be a part of a name.
    let graph = plan(vec![service("A")]).graph().with_first_called("a\nb\u{7}");
    assert_eq!(graph.to_string(), "a b ");
    assert!(graph.to_dot().contains(r#""a\nb " [label="a\nb "]"#), "{}", graph.to_dot());
    assert!(graph.to_mermaid().contains(r#"s0["a b "]"#), "{}", graph.to_mermaid());
    assert!(graph.to_json().contains(r#""name": "a\u000ab\u0007""#), "{}", graph.to_json());
}

/// A diamond on a diamond on a diamond: a tree that drew everything twice would have 2¹⁰⁰ lines.
#[test]
fn a_hundred_diamonds_stay_linear() {
    let mut catalog: Vec<Facts> = vec![service("tip-0")];
    for n in 1..=100 {
        let (tip, left, right, below) =
            (format!("tip-{n}"), format!("left-{n}"), format!("right-{n}"), format!("tip-{}", n - 1));
        catalog.push(service(&tip).requires(&[&left, &right]));
        catalog.extend([&left, &right].map(|side| service(side).requires(&[&below])));
    }
    let tree = plan(catalog).to_string();
    assert!(tree.lines().count() < 500, "{}", tree.lines().count());
    assert!(tree.lines().all(|line| line.chars().count() < 130));
    assert_eq!(tree.lines().filter(|line| !line.starts_with([' ', '│', '├', '└'])).count(), 9);
    assert_eq!(tree.matches("tip-0").count(), 2);
}

#[test]
fn a_deep_tree_goes_on_at_the_left() {
    let link = |n: usize| match n {
        0 => service("s-00"),
        _ => service(&format!("s-{n:02}")).requires(&[&format!("s-{:02}", n - 1)]),
    };
    let tree = plan((0..60).map(link).collect()).to_string();
    let left: Vec<_> = tree.lines().filter(|line| line.starts_with('s')).collect();
    assert_eq!(left, ["s-59", "s-35", "s-11"]);
    assert!(tree.contains("└── s-35 (below)\ns-35\n└── s-34"), "{tree}");
    assert!(tree.ends_with("└── s-00"), "{tree}");
}

#[test]
fn a_call_that_closes_a_loop_is_drawn_once() {
    let plan = plan(vec![service("A").requires(&["B"]), service("B")]);
    let graph = Graph::of(&plan, &|_| NodeStatus::default(), &[(0, 1)]);
    assert_eq!(graph.to_string(), "A\n└── B\n    └── undeclared: A (above)");
    assert_eq!(graph.critical_path().to_string(), "B → A");
}

#[test]
fn a_graph_is_read_by_name() {
    let graph = failed();
    assert_eq!(graph.dependencies_of("U").collect::<Vec<_>>(), ["C", "D", "Z", "the \"mail\" <\\n>"]);
    assert_eq!(graph.dependencies_of("nobody").count(), 0);
    let given: Vec<_> = graph.services().filter(|service| service.given).map(|service| &service.name).collect();
    assert_eq!(given, ["Q"]);
    assert_eq!(graph.services().next().map(|first| first.location), Some(Location::new("shop", "src/c.rs", 3, 1)));
}
