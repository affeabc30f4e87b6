//! The plan is checked before any code of a service runs, and it can be printed. After the boot, the graph also contains
//! states and times.

use std::time::Duration;

use service_core::{Context, Lifecycle, Registry, Result, service};
use tokio::time::sleep;

macro_rules! part {
    ($name:ident, $seconds:literal, $($arguments:tt)*) => {
        #[service($($arguments)*)]
        struct $name;

        impl Lifecycle for $name {
            async fn init(_cx: &Context<Self>) -> Result<Self> {
                sleep(Duration::from_secs($seconds)).await;
                Ok(Self)
            }
        }
    };
}

part!(Rails, 4, requires = []);
part!(Signals, 1, requires = [Rails]);
part!(Train, 2, requires = [Rails], wants = [Tea]);
part!(Tea, 1, optional);
part!(Museum, 9, lazy);
part!(Timetable, 1, requires = [Signals, Train]);

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<()> {
    let plan = Registry::builder().plan()?;
    println!("{plan}");
    println!("{}", plan.to_dot());
    println!("{}", plan.to_mermaid());

    let registry = Registry::boot().await?;
    println!("{}", registry.graph());
    println!("{}", registry.report());
    registry.shutdown().await?;
    Ok(())
}
