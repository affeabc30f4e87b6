//! (draft) Runs one part of a lifecycle, to be counted.
fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let [what, shape, services, ..] = arguments[..] else { return };
    let services: usize = services.parse().expect("a number");
    let shape = match shape {
        "chain" => benches::Shape::Chain,
        "star" => benches::Shape::Star,
        _ => benches::Shape::Layered,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let builder = shape.builder(services);
    if what == "define" {
        std::process::exit(0);
    }
    if what == "plan" {
        std::hint::black_box(builder.plan().expect("it is sound"));
        std::process::exit(0);
    }
    let registry = runtime.block_on(builder.boot()).expect("it boots");
    if what == "boot" {
        std::process::exit(0);
    }
    runtime.block_on(registry.shutdown()).expect("it stops");
    std::process::exit(0);
}
