//! Users, orders, packing, recommendations and sales reports.

mod order;
mod orders;
mod packing;
mod recommendations;
mod reports;
mod user;
mod users;

pub use order::{NewLine, NewOrder, Order, OrderLine};
pub use orders::Orders;
pub use packing::Packing;
pub use recommendations::Recommendations;
pub use reports::{CategorySales, Reports};
pub use user::{NewUser, User};
pub use users::Users;
