// one mistake: no such status
fn main() {
    service_core::record!(domain: "orders", action: "import", status: done, orders = 3, "imported");
}
