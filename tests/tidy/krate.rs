//! [`Crate`]: the modules of a library crate, with their definitions and imports, and the resolution of a path to a file. It reads
//! syntax, not types: it does not resolve method calls or names that a macro of another crate generates.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Item, UseTree, Visibility};

use crate::source::Source;

/// The library crates of the workspace.
pub(crate) const LIBRARIES: [&str; 4] = ["service-core", "service-macros", "service-http", "service-conformance"];

/// The keywords that define a type.
const TYPES: [&str; 5] = ["enum", "struct", "trait", "type", "union"];

/// The keywords that define another item.
const VALUES: [&str; 3] = ["const", "fn", "static"];

/// The modules of a crate by their paths; `[]` is the root.
#[derive(Debug, Default)]
pub(crate) struct Crate {
    modules: BTreeMap<Vec<String>, Module>,
    /// The modules that are compiled without unit tests.
    declared: BTreeSet<Vec<String>>,
}

/// A module, inline or in its own file.
#[derive(Debug, Default)]
struct Module {
    file: String,
    /// The items that it defines, except for modules.
    defined: BTreeSet<String>,
    types: Vec<Type>,
    imports: Vec<Import>,
    /// The paths of two and more segments in its code, outside of `use`.
    paths: Vec<Path>,
    /// All names in its code, outside of `use`.
    names: BTreeSet<String>,
}

/// The segments of a path, and the line that it is on.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
}

/// A name that a `use` imports into a module.
#[derive(Debug)]
struct Import {
    /// `None` for a glob.
    name: Option<String>,
    path: Path,
    /// `pub use`, of any visibility.
    is_re_export: bool,
}

/// A type, and where it is defined.
#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) line: usize,
}

/// A path in one file to an item that another file defines.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) from: String,
    pub(crate) line: usize,
    pub(crate) to: String,
}

/// The target of a path: a module, or the file that defines an item. Segments after an item are ignored.
enum Target {
    Module(Vec<String>),
    File(String),
}

/// The lookups in progress, so that two globs that import each other terminate.
type Seen = BTreeSet<(Vec<String>, Vec<String>)>;

impl Crate {
    /// Reads the crate in this folder, without code for unit tests.
    pub(crate) fn read(folder: &str, sources: &[Source]) -> Self {
        let mut krate = Self::default();
        let folder = format!("{folder}/src/");
        for source in sources.iter().filter(|source| source.path.ends_with(".rs")) {
            let Some(inside) = source.path.strip_prefix(&folder) else { continue };
            let tokens = source.text.parse().map(without_tests).unwrap_or_default();
            let syntax: syn::File = syn::parse2(tokens).unwrap_or_else(|error| panic!("{}: {error}", source.path));
            krate.add(module_path(inside), &source.path, syntax.items);
        }
        let declared = &krate.declared;
        krate.modules.retain(|path, _| (1..=path.len()).all(|length| declared.contains(&path[..length])));
        krate
    }

    fn add(&mut self, path: Vec<String>, file: &str, items: Vec<Item>) {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        for item in items {
            match item {
                // `use ::a` names another crate.
                Item::Use(item) if item.leading_colon.is_some() => {}
                Item::Use(item) => {
                    let is_re_export = !matches!(item.vis, Visibility::Inherited);
                    flatten(&item.tree, &mut Vec::new(), is_re_export, &mut module.imports);
                }
                Item::Mod(item) => {
                    let inner: Vec<_> = path.iter().cloned().chain([item.ident.to_string()]).collect();
                    self.declared.insert(inner.clone());
                    if let Some((_, items)) = item.content {
                        self.add(inner, file, items);
                    }
                }
                item => {
                    module.define(&item);
                    module.scan(item.into_token_stream());
                }
            }
        }
        self.modules.insert(path, module);
    }

    pub(crate) fn types(&self) -> impl Iterator<Item = &Type> {
        self.modules.values().flat_map(|module| &module.types)
    }

    /// Each path to another file of this crate. A re-export counts only if its own file uses the name.
    pub(crate) fn edges(&self) -> BTreeSet<Edge> {
        let mut edges = BTreeSet::new();
        for (at, module) in &self.modules {
            let is_used = |import: &&Import| {
                !import.is_re_export || import.name.as_ref().is_some_and(|name| module.names.contains(name))
            };
            let imported = module.imports.iter().filter(is_used).map(|import| &import.path);
            for path in imported.chain(&module.paths) {
                if let Some(to) = self.file_of(at, &path.segments).filter(|to| *to != module.file) {
                    edges.insert(Edge { from: module.file.clone(), line: path.line, to });
                }
            }
        }
        edges
    }

    /// Each path that begins with `crate`, and the file that contains it.
    pub(crate) fn absolute_paths(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.modules.values().flat_map(|module| {
            let imported = module.imports.iter().map(|import| &import.path);
            let absolute = imported.chain(&module.paths).filter(|path| path.segments[0] == "crate");
            absolute.map(|path| (module.file.as_str(), path))
        })
    }

    /// The file that defines the target of a path in this module; `None` if the target is outside of the crate.
    fn file_of(&self, module: &[String], path: &[String]) -> Option<String> {
        match self.resolve(module, path, &mut Seen::new())? {
            Target::File(file) => Some(file),
            // A module that only re-exports its submodules is not a dependency.
            Target::Module(path) => {
                self.modules.get(&path).filter(|it| !it.defined.is_empty()).map(|it| it.file.clone())
            }
        }
    }

    fn resolve(&self, module: &[String], path: &[String], seen: &mut Seen) -> Option<Target> {
        if !seen.insert((module.to_vec(), path.to_vec())) {
            return None;
        }
        let mut at = Target::Module(module.to_vec());
        for (index, name) in path.iter().enumerate() {
            let Target::Module(module) = &at else { break };
            at = match name.as_str() {
                "crate" if index == 0 => Target::Module(Vec::new()),
                "self" => at,
                "super" => Target::Module(module.split_last()?.1.to_vec()),
                name => self.look_up(module, name, seen)?,
            };
        }
        Some(at)
    }

    /// Resolves a name in a module.
    fn look_up(&self, at: &[String], name: &str, seen: &mut Seen) -> Option<Target> {
        let module = self.modules.get(at)?;
        let child: Vec<_> = at.iter().cloned().chain([name.to_owned()]).collect();
        if module.defined.contains(name) {
            return Some(Target::File(module.file.clone()));
        }
        if self.modules.contains_key(&child) {
            return Some(Target::Module(child));
        }
        for import in module.imports.iter().filter(|import| import.name.as_deref() == Some(name)) {
            // `use tokio;` does not import the name from this module.
            if import.path.segments != [name] {
                return self.resolve(at, &import.path.segments, seen);
            }
        }
        let mut globs = module.imports.iter().filter(|import| import.name.is_none());
        globs.find_map(|import| match self.resolve(at, &import.path.segments, seen)? {
            Target::Module(module) if module != at => self.look_up(&module, name, seen),
            _ => None,
        })
    }
}

impl Module {
    /// Adds the names that an item defines.
    fn define(&mut self, item: &Item) {
        let tokens = match item {
            Item::Impl(_) => return,
            Item::Macro(item) if item.ident.is_some() => {
                self.defined.extend(item.ident.as_ref().map(Ident::to_string));
                return;
            }
            // The content of `pin_project! { … }` is an item.
            Item::Macro(item) => item.mac.tokens.clone(),
            item => item.to_token_stream(),
        };
        let tokens: Vec<_> = tokens.into_iter().collect();
        for pair in tokens.windows(2) {
            let [TokenTree::Ident(word), TokenTree::Ident(name)] = pair else { continue };
            let (word, line, name) = (word.to_string(), line(name), name.to_string());
            let is_type = TYPES.contains(&word.as_str());
            // `const fn` defines a function.
            if is_type || VALUES.contains(&word.as_str()) && name != "fn" {
                if is_type {
                    self.types.push(Type { name: name.clone(), file: self.file.clone(), line });
                }
                self.defined.insert(name);
            }
        }
    }

    /// Adds the names and paths in code.
    fn scan(&mut self, tokens: TokenStream) {
        let mut path: Option<Path> = None;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(sign) if sign.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) => {
                    let (line, name) = (line(&name), name.to_string());
                    self.names.insert(name.clone());
                    match &mut path {
                        Some(path) if colons == 2 => path.segments.push(name),
                        _ => {
                            self.paths.extend(path.take());
                            // `::a::b` names another crate.
                            path = (colons != 2).then(|| Path { segments: vec![name], line });
                        }
                    }
                }
                other => {
                    self.paths.extend(path.take());
                    if let TokenTree::Group(group) = other {
                        self.scan(group.stream());
                    }
                }
            }
            colons = 0;
        }
        self.paths.extend(path);
        self.paths.retain(|path| path.segments.len() > 1);
    }
}

/// `["gate", "permit"]` of `gate/permit.rs`; a `mod.rs` is named by its folder.
fn module_path(file: &str) -> Vec<String> {
    match file {
        "lib.rs" => Vec::new(),
        // The one module with a `#[path]`.
        "private.rs" => vec!["__private".to_owned()],
        _ => {
            let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
            path.split('/').map(str::to_owned).collect()
        }
    }
}

/// The code without each item below a `#[cfg(test)]`.
fn without_tests(tokens: TokenStream) -> TokenStream {
    let mut kept = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_sign = matches!(&token, TokenTree::Punct(sign) if sign.as_char() == '#');
        if is_sign && tokens.peek().is_some_and(|next| next.to_string().replace(' ', "") == "[cfg(test)]") {
            let ends = |token: &TokenTree| match token {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                TokenTree::Punct(sign) => sign.as_char() == ';' || sign.as_char() == ',',
                _ => false,
            };
            let _ = tokens.by_ref().find(ends);
            continue;
        }
        kept.extend([match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), without_tests(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            other => other,
        }]);
    }
    kept
}

/// Adds the names that a `use` imports.
fn flatten(tree: &UseTree, path: &mut Vec<String>, is_re_export: bool, imports: &mut Vec<Import>) {
    let (name, last, line) = match tree {
        UseTree::Path(tree) => {
            path.push(tree.ident.to_string());
            flatten(&tree.tree, path, is_re_export, imports);
            path.pop();
            return;
        }
        UseTree::Group(group) => {
            return group.items.iter().for_each(|tree| flatten(tree, path, is_re_export, imports));
        }
        UseTree::Name(tree) => (Some(&tree.ident), Some(&tree.ident), line(&tree.ident)),
        UseTree::Rename(tree) => (Some(&tree.rename), Some(&tree.ident), line(&tree.ident)),
        UseTree::Glob(tree) => (None, None, tree.star_token.spans[0].start().line),
    };
    // `use a::{self}` imports `a`.
    let name = name.map(Ident::to_string);
    let name = if name.as_deref() == Some("self") { path.last().cloned() } else { name };
    let last = last.map(Ident::to_string).filter(|last| last != "self");
    let segments = path.iter().cloned().chain(last).collect();
    imports.push(Import { name, path: Path { segments, line }, is_re_export });
}

fn line(name: &Ident) -> usize {
    name.span().start().line
}
