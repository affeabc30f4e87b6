//! Sets `cfg(loom)` for this package alone: as a flag for the whole build it would take tokio's signals away.
fn main() {
    println!("cargo:rustc-cfg=loom");
}
