// one mistake: the three words are missing
fn main() {
    service_core::record!(orders = 3, "imported");
}
