struct Cache<K>(K);
::core::compile_error! {
    "the fields of a service have names, and Cache is a tuple struct; name its fields"
}
::core::compile_error! {
    "a service has one instance, so Cache<K> cannot be generic; write a newtype for the K you need"
}
#[diagnostic::do_not_recommend]
impl<K> ::service_core::Service for Cache<K>
where
    Cache<K>: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    const FACTS: ::service_core::__private_v1::Descriptor = ::service_core::__private_v1::Descriptor::refused();
    const DESCRIPTOR: ::service_core::__private_v1::DescriptorRef = ::service_core::__private_v1::DescriptorRef::refused();
}
#[diagnostic::do_not_recommend]
impl<K> ::service_core::__private_v1::HasTypeEntry for Cache<K>
where
    Cache<K>: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    fn type_entry() -> &'static ::service_core::__private_v1::TypeEntry<Self> {
        ::core::unreachable!()
    }
}
#[diagnostic::do_not_recommend]
impl<K, __Any: ?::core::marker::Sized> ::service_core::__private_v1::Requires<__Any>
for Cache<K>
where
    Cache<K>: ::core::marker::Send + ::core::marker::Sync + 'static,
{}
#[diagnostic::do_not_recommend]
impl<K, __Any: ?::core::marker::Sized> ::service_core::__private_v1::Wants<__Any>
for Cache<K>
where
    Cache<K>: ::core::marker::Send + ::core::marker::Sync + 'static,
{}
#[allow(dead_code, missing_docs)]
impl<K> Cache<K>
where
    Cache<K>: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    pub async fn service() -> ::core::result::Result<
        ::std::sync::Arc<Self>,
        ::service_core::NotReady,
    > {
        ::core::unreachable!()
    }
    pub fn try_service() -> ::core::result::Result<
        ::std::sync::Arc<Self>,
        ::service_core::NotReady,
    > {
        ::core::unreachable!()
    }
}
