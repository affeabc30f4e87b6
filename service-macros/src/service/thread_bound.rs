//! [`refuse_thread_bound`]: fields that only one thread may use, by the names of their types. The compiler reports such a field once
//! for each trait that a service implements. Here it is reported once, and the type of the field is an error that hides the others.

use quote::quote;
use syn::{Error, Type};

use crate::bare::bare;
use crate::guarded::types;
use crate::written::written;

/// What a field can contain and still be the same for another thread as what it contains.
const CONTAINERS: [&str; 10] =
    ["Option", "Vec", "VecDeque", "Box", "Arc", "HashMap", "HashSet", "BTreeMap", "BTreeSet", "Result"];

/// Replaces the type by an error, if its name says that it cannot be shared.
pub(crate) fn refuse_thread_bound(ty: &mut Type) {
    let Some((found, instead)) = thread_bound(ty) else { return };
    let text = format!("all threads share a service, and `{found}` is for one thread; write {instead}");
    let error = Error::new_spanned(&*ty, text).into_compile_error();
    // An array of unknown length is an error type, which fits everywhere and has every trait.
    *ty = Type::Verbatim(quote!([#ty; #error]));
}

/// The type that cannot be shared, and what to write instead.
fn thread_bound(ty: &Type) -> Option<(String, String)> {
    let Type::Path(path) = bare(ty) else { return None };
    let last = path.path.segments.last()?;
    let inner: Vec<_> = types(last).collect();
    let is = |name: &str| last.ident == name;
    match &*inner {
        [content] if is("RefCell") => Some((written(ty), format!("`Mutex<{}>` or `RwLock<…>`", written(content)))),
        [content] if is("Rc") => Some((written(ty), format!("`Arc<{}>`", written(content)))),
        contents if CONTAINERS.iter().any(|name| is(name)) => contents.iter().find_map(|content| thread_bound(content)),
        _ => None,
    }
}
