//! The nearest peers: each boots a chain of services, which are types, as the user of the peer would write them.

mod auto_di;
mod continuo;
mod shaku;

use service_core::Result;

/// How many services there are in the two chains.
pub(crate) const FEW: usize = 8;
pub(crate) const MANY: usize = 40;

/// Calls a macro with the names of the types of both chains; each is behind the one that it requires.
macro_rules! chain {
    ($with:ident) => {
        $with! {
            first A00;
            few A01 A00, A02 A01, A03 A02, A04 A03, A05 A04, A06 A05, A07 A06;
            many A08 A07, A09 A08, A10 A09, A11 A10, A12 A11, A13 A12, A14 A13, A15 A14, A16 A15, A17 A16, A18 A17, A19 A18,
                A20 A19, A21 A20, A22 A21, A23 A22, A24 A23, A25 A24, A26 A25, A27 A26, A28 A27, A29 A28, A30 A29, A31 A30,
                A32 A31, A33 A32, A34 A33, A35 A34, A36 A35, A37 A36, A38 A37, A39 A38;
        }
    };
}
use chain;

/// Boots one of the chains.
pub(crate) async fn boot(peer: &str, count: usize) -> Result<()> {
    match peer {
        "shaku" => shaku::boot(count),
        "auto-di" => auto_di::boot(count).await?,
        "continuo" => continuo::boot(count).await.map_err(|error| error.to_string())?,
        _ => return Err("there is no such peer".into()),
    }
    Ok(())
}
