use super::*;

#[test]
fn only_references_of_others_outlive_it() {
    let value = Arc::new(1_u32);
    assert_eq!(ManagedInstance::new(value.clone()).release(), 1, "the test's own");
    assert_eq!(ManagedInstance::new(value.clone()).handed_over().release(), 0, "the one it was handed over by");
    let kept = [value.clone(), value.clone()];
    assert_eq!(ManagedInstance::new(value).handed_over().release(), kept.len() - 1, "and one of somebody else");
}
