//! shaku: a component behind a trait, built synchronously. It has no shutdown.

use std::hint::black_box;

use super::chain;

macro_rules! components {
    (first $first:ident; few $($few:ident $few_on:ident),*; many $($many:ident $many_on:ident),*;) => {
        #[allow(non_snake_case, reason = "a list of the names of types")]
        mod components {
            pub(super) mod $first {
                pub(crate) trait Is: shaku::Interface {}

                #[derive(shaku::Component)]
                #[shaku(interface = Is)]
                pub(crate) struct It {}

                impl Is for It {}
            }
            $(components!(@one $few $few_on);)*
            $(components!(@one $many $many_on);)*
        }
        shaku::module! {
            Few { components = [components::$first::It, $(components::$few::It),*], providers = [] }
        }
        shaku::module! {
            Many {
                components = [components::$first::It, $(components::$few::It,)* $(components::$many::It),*],
                providers = []
            }
        }
    };
    (@one $name:ident $on:ident) => {
        pub(super) mod $name {
            pub(crate) trait Is: shaku::Interface {}

            #[derive(shaku::Component)]
            #[shaku(interface = Is)]
            pub(crate) struct It {
                #[shaku(inject)]
                #[allow(dead_code, reason = "only held")]
                on: std::sync::Arc<dyn super::$on::Is>,
            }

            impl Is for It {}
        }
    };
}
chain!(components);

pub(super) fn boot(count: usize) {
    if count == super::FEW {
        black_box(Few::builder().build());
    } else {
        black_box(Many::builder().build());
    }
}
