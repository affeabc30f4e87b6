//! [`validate`]: what parses and yet makes no sense. One function a rule, the rule in words above it.

use proc_macro2::Span;
use syn::Error;

use crate::mistakes::Mistakes;
use crate::written::written;

use super::arguments::ServiceArguments;
use super::conditions::Listed;
use super::dependency::{Bond, Dependency, Form, Named};
use super::field::{Fill, argument_of};
use super::item::ServiceStruct;

pub(crate) fn validate(arguments: &ServiceArguments, shape: &ServiceStruct, mistakes: &mut Mistakes) {
    dependencies_are_services(arguments, mistakes);
    nothing_depends_on_itself(arguments, shape, mistakes);
    nothing_is_named_twice(arguments, mistakes);
    provided_are_trait_objects(arguments, mistakes);
    name_says_something(arguments, mistakes);
    retry_tries(arguments, mistakes);
    defaults_are_for_autowire(arguments, shape, mistakes);
    injected_are_services(arguments, shape, mistakes);
    fields_agree_with_lists(arguments, shape, mistakes);
}

/// `requires`, `wants` and `after` name a type or a trait object, and no reference, tuple or array.
fn dependencies_are_services(arguments: &ServiceArguments, mistakes: &mut Mistakes) {
    for dependency in &arguments.dependencies {
        let Named { text, ty, form, .. } = &dependency.on;
        let argument = dependency.bond.argument();
        let shared = syn::parse2(ty.clone()).ok().and_then(|ty| argument_of(&ty, "Arc").map(written));
        if let Some(shared) = shared {
            mistakes.at(ty, format!("`{argument}` names the service itself, without its `Arc`; write `{shared}`"));
        } else if *form == Form::Other {
            mistakes
                .at(ty, format!("`{argument}` names services, and `{text}` is none; write its type, or `dyn Trait`"));
        }
    }
}

/// A service that waits for itself would wait for ever. Behind an alias, the compiler's walk over the nodes finds it.
fn nothing_depends_on_itself(arguments: &ServiceArguments, shape: &ServiceStruct, mistakes: &mut Mistakes) {
    for dependency in &arguments.dependencies {
        if dependency.on.text == "Self" || shape.ident == dependency.on.text {
            let text =
                format!("{} {} itself, so it could never start; remove it here", shape.ident, dependency.bond.verb());
            mistakes.at(&dependency.on.ty, text);
        }
    }
}

/// One dependency is one edge: named in one list, once. Of names under a `#[cfg]`, the compiler may keep one.
fn nothing_is_named_twice(arguments: &ServiceArguments, mistakes: &mut Mistakes) {
    let is_unconditional = |dependency: &Dependency| dependency.conditions.is_empty();
    for (nth, dependency) in arguments.dependencies.iter().enumerate() {
        let is_same = |earlier: &&Dependency| earlier.on.text == dependency.on.text && is_unconditional(earlier);
        let earlier = arguments.dependencies[..nth].iter().find(is_same).filter(|_| is_unconditional(dependency));
        let Some(earlier) = earlier else { continue };
        let (text, first, second) = (&dependency.on.text, earlier.bond.argument(), dependency.bond.argument());
        let text = if first == second {
            format!("`{second}` names {text} twice; remove one")
        } else {
            format!("{text} is in `{first}` and in `{second}`; keep the one you mean")
        };
        mistakes.at(&dependency.on.ty, text);
    }
    let provides: Vec<_> = arguments.provides.iter().filter(|listed| listed.conditions.is_empty()).collect();
    for (nth, Listed { member: provided, .. }) in provides.iter().enumerate() {
        if provides[..nth].iter().any(|earlier| earlier.member.text == provided.text) {
            mistakes.at(&provided.ty, format!("`provides` names {} twice; remove one", provided.text));
        }
    }
}

/// `provides` is for trait objects; as itself a service can be required anyway.
fn provided_are_trait_objects(arguments: &ServiceArguments, mistakes: &mut Mistakes) {
    for Listed { member: Named { text, ty, form, .. }, .. } in &arguments.provides {
        if *form != Form::TraitObject {
            mistakes.at(
                ty,
                format!("`provides` names trait objects, and `{text}` is none; write `dyn {text}` if it is a trait"),
            );
        }
    }
}

/// A name is for people.
fn name_says_something(arguments: &ServiceArguments, mistakes: &mut Mistakes) {
    let Some(name) = &arguments.name else { return };
    let text = name.value();
    if text.trim().is_empty() {
        mistakes.at(name, "`name` is empty; write what people should see, or leave it out for the name of the type");
    } else if text.contains(char::is_control) {
        mistakes.at(name, "`name` has a line break or another control character; write one plain line");
    }
}

/// The first attempt counts, and the delay grows.
fn retry_tries(arguments: &ServiceArguments, mistakes: &mut Mistakes) {
    let Some(retry) = &arguments.retry else { return };
    let mut at = |span: Span, text: &str| mistakes.add(Error::new(span, text));
    if let Some((0, span)) = retry.attempts {
        at(span, "`attempts` is 0, and the first one counts; write 1 for a single attempt, or more");
    }
    if let (Some(delay), Some(max)) = (retry.delay, retry.max_delay)
        && max.duration < delay.duration
    {
        at(max.span, "`max_delay` is shorter than `delay`, which grows from there; write a longer one");
    }
}

/// Only `autowire` fills fields.
fn defaults_are_for_autowire(arguments: &ServiceArguments, shape: &ServiceStruct, mistakes: &mut Mistakes) {
    if arguments.has("autowire") {
        return;
    }
    for attribute in shape.fields.iter().filter_map(|field| field.attribute.as_ref()) {
        mistakes
            .at(attribute, "only `autowire` fills fields; write `#[service(autowire)]` on the struct, or remove this");
    }
}

/// What an `Arc` of a field can be of, if it is injected. A generic type is no service, because a service has one instance.
fn injected_are_services(arguments: &ServiceArguments, shape: &ServiceStruct, mistakes: &mut Mistakes) {
    if !arguments.has("autowire") {
        return;
    }
    for field in &shape.fields {
        let name = &field.name;
        if let Fill::Injected(on) | Fill::InjectedIfPresent(on) = &field.fill
            && on.is_generic
        {
            let text = &on.text;
            mistakes.at(
                &on.ty,
                format!(
                    "`{text}` is no service that `{name}` could be injected with; write `#[service(default)]` on the field, or `#[service(default = …)]`"
                ),
            );
        }
    }
}

/// A field is handed what it is declared as: an `Arc` cannot be made from a mere wish.
fn fields_agree_with_lists(arguments: &ServiceArguments, shape: &ServiceStruct, mistakes: &mut Mistakes) {
    if !arguments.has("autowire") {
        return;
    }
    for field in &shape.fields {
        let (on, fits): (_, &[Bond]) = match &field.fill {
            Fill::Injected(on) => (on, &[Bond::Requires]),
            Fill::InjectedIfPresent(on) => (on, &[Bond::Requires, Bond::Wants]),
            Fill::Default | Fill::Written(_) => continue,
        };
        if on.text == "Self" || shape.ident == on.text {
            mistakes.at(&on.ty, format!("{} requires itself, so it could never start; remove this field", shape.ident));
        }
        let Some(listed) = arguments.dependencies.iter().find(|listed| listed.on.means(on)) else { continue };
        let (name, text, argument) = (&field.name, &on.text, listed.bond.argument());
        if !listed.conditions.is_empty() && listed.conditions != field.conditions {
            let text = format!("the field `{name}` makes {text} a dependency under its own conditions; remove it here");
            mistakes.at(&listed.on.ty, text);
        } else if !fits.contains(&listed.bond) {
            mistakes.at(
                &listed.on.ty,
                format!(
                    "the field `{name}` is injected with {text}, which `{argument}` does not hand out; remove it here"
                ),
            );
        }
    }
}
