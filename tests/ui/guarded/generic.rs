use service_core::{Result, guarded};

struct Cache<K>(K);

#[guarded]
impl<K: Send + Sync + 'static> Cache<K> {
    pub fn get(&self, _key: &K) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
