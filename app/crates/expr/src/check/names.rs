//! Names, members and indexes, and the keys of options.

use super::Checker;
use crate::checked::{Op, Read, Typed};
use crate::fault::{Span, meant};
use crate::scope::Found;
use crate::token::quoted;
use crate::tree::{Kind, Node};
use crate::types::Type;
use crate::value::Value;

/// How many keys of an option a message lists.
const KEYS_SHOWN: usize = 12;

impl Checker<'_> {
    /// A name with its members and indexes, whose value is used.
    pub(super) fn path(&mut self, node: &Node, expected: Option<&Type>) -> Typed {
        let typed = self.reach(node, expected);
        self.note_use(&typed);
        typed
    }

    /// Notes what has no record type, and whole roots; fields of records are noted where they are reached.
    fn note_use(&mut self, typed: &Typed) {
        if let Op::Path(path) = &typed.op
            && let Some(last) = path.last()
            && !self.reads.iter().any(|read| read.path == *path)
        {
            self.reads.insert(Read { path: path.clone(), record: None, field: last.clone() });
        }
    }

    fn reach(&mut self, node: &Node, expected: Option<&Type>) -> Typed {
        match &node.kind {
            Kind::Name(name) => self.name(name, node.span, expected),
            Kind::Member(base, field) => {
                let base = self.reach(base, None);
                let place = Span::new(node.span.end - field.len(), node.span.end);
                self.member(base, field, place, node.span)
            }
            Kind::Index(base, index) => self.index(base, index, node.span),
            _ => self.infer(node, None),
        }
    }

    fn name(&mut self, name: &str, span: Span, expected: Option<&Type>) -> Typed {
        if let Some(ty) = self.scope.root(name) {
            return Typed::new(Op::Path(vec![name.to_owned()]), ty, span);
        }
        if let Some((root, record)) = self.subject()
            && self.scope.field(&record, name).is_some()
        {
            let base = Typed::new(Op::Path(vec![root]), Type::Record(record), span);
            return self.member(base, name, span, span);
        }
        if let Some(Type::Option(keys)) = expected {
            return self.key(name, keys, span, false);
        }
        if !self.is_full() {
            let known = self.known_names();
            let near = meant(name, known.iter().map(String::as_str).chain(["true", "false", "null"]));
            let as_text = is_capitals(name).then(|| quoted(name));
            self.suggest(span, format!("There is no {name} here"), near.map(str::to_owned).or(as_text));
        }
        Self::unknown(span)
    }

    /// The root whose fields are known without its name, and the name of its record type.
    fn subject(&self) -> Option<(String, String)> {
        let root = self.scope.subject()?;
        match self.scope.root(root)? {
            Type::Record(record) | Type::Reference(record) => Some((root.to_owned(), record)),
            _ => None,
        }
    }

    fn known_names(&self) -> Vec<String> {
        let mut known = self.scope.names(None);
        if let Some((_, record)) = self.subject() {
            known.extend(self.scope.names(Some(&record)));
        }
        known
    }

    /// Whether a node is a bare word that only the type of the other side can explain.
    pub(super) fn is_bare_word(&self, node: &Node) -> bool {
        let Kind::Name(name) = &node.kind else { return false };
        let of_subject = || self.subject().is_some_and(|(_, record)| self.scope.field(&record, name).is_some());
        self.scope.root(name).is_none() && !of_subject()
    }

    /// A word or a text that stands for a key of an option.
    pub(super) fn key(&mut self, word: &str, keys: &[String], span: Span, is_text: bool) -> Typed {
        if let Some(key) = keys.iter().find(|key| same_key(key, word)) {
            return Typed::new(Op::Literal(Value::Text(key.clone())), Type::Option(keys.to_vec()), span);
        }
        let mut listed: Vec<&str> = keys.iter().take(KEYS_SHOWN).map(String::as_str).collect();
        if keys.len() > KEYS_SHOWN {
            listed.push("…");
        }
        let near = meant(word, keys.iter().map(String::as_str)).map(|key| match () {
            () if is_text => quoted(key),
            () if is_capitals(word) => key.to_uppercase(),
            () => key.to_owned(),
        });
        self.suggest(span, format!("{word} is not one of {}", listed.join(", ")), near);
        Self::unknown(span)
    }

    /// A field of what is before the dot; `place` is that of the field's name, `span` that of both.
    fn member(&mut self, base: Typed, field: &str, place: Span, span: Span) -> Typed {
        let trail = base.trail();
        let Some(found) = self.field(&base.ty, field, place, trail.as_deref()) else { return Self::unknown(span) };
        let op = match base.op {
            Op::Path(mut path) => {
                path.extend(found.path);
                Op::Path(path)
            }
            _ => Op::Member(Box::new(base), found.path),
        };
        Typed::new(op, found.ty, span)
    }

    /// Looks a field up in a type. `trail` is the path of the record, where it has one.
    fn field(&mut self, ty: &Type, field: &str, place: Span, trail: Option<&[String]>) -> Option<Found> {
        match ty {
            Type::Any | Type::Null => Some(Found::new(field, Type::Any)),
            Type::Money if field == "amount" => Some(Found::new(field, Type::Number)),
            Type::Money if field == "currency" => Some(Found::new(field, Type::Text)),
            Type::List(item) => {
                let found = self.field(item, field, place, trail)?;
                Some(Found { path: found.path, ty: Type::list(found.ty) })
            }
            Type::Record(record) | Type::Reference(record) => {
                let Some(found) = self.scope.field(record, field) else {
                    if !self.is_full() {
                        let known = self.scope.names(Some(record));
                        let near = meant(field, known.iter().map(String::as_str)).map(str::to_owned);
                        self.suggest(place, format!("{record} has no field {field}"), near);
                    }
                    return None;
                };
                self.note_field(record, &found, trail);
                Some(found)
            }
            other => {
                self.fault(place, format!("There is no {field} in {}", other.words()));
                None
            }
        }
    }

    fn note_field(&mut self, record: &str, found: &Found, trail: Option<&[String]>) {
        let (Some(trail), Some(field)) = (trail, found.path.first()) else { return };
        let path = trail.iter().chain(&found.path).cloned().collect();
        self.reads.insert(Read { path, record: Some(record.to_owned()), field: field.clone() });
    }

    fn index(&mut self, base: &Node, index: &Node, span: Span) -> Typed {
        let base = self.reach(base, None);
        if let (Type::Record(_) | Type::Reference(_), Kind::Text(field)) = (&base.ty, &index.kind) {
            let between_quotes = Span::new(index.span.start + 1, index.span.end - 1);
            return self.member(base, field, between_quotes, span);
        }
        self.note_use(&base);
        let index = self.infer(index, None);
        let ty = match &base.ty {
            Type::List(item) if index.ty.fits(&Type::Number) => (**item).clone(),
            Type::List(_) => {
                self.fault(index.span, format!("A place in a list is a number, not {}", index.ty.words()));
                Type::Any
            }
            Type::Any | Type::Null => Type::Any,
            other => {
                self.fault(span, format!("{} has no places; only lists have", capitalised(&other.words())));
                Type::Any
            }
        };
        Typed::new(Op::Index(Box::new([base, index])), ty, span)
    }

    /// What a text shows for it: of a referenced record its title, read through the reference.
    pub(super) fn shown(&mut self, typed: Typed) -> Typed {
        let span = typed.span;
        let single = if let Type::List(item) = &typed.ty { item } else { &typed.ty };
        match single {
            Type::Reference(record) if single == &typed.ty && matches!(typed.op, Op::Path(_)) => {
                let Some(found) = self.scope.title(record) else { return typed };
                let record = record.clone();
                self.note_field(&record, &found, typed.trail().as_deref());
                let Op::Path(mut path) = typed.op else { return typed };
                path.extend(found.path);
                Typed::new(Op::Path(path), found.ty, span)
            }
            Type::Record(record) => {
                let message = format!("This is a whole record of {record}; name the field to show");
                self.fault(span, message);
                Self::unknown(span)
            }
            _ => typed,
        }
    }
}

/// Keys are compared without regard to capitals: requirements write `ACTIVE` for `active`.
pub(crate) fn same_key(left: &str, right: &str) -> bool {
    left.chars().flat_map(char::to_lowercase).eq(right.chars().flat_map(char::to_lowercase))
}

fn is_capitals(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

pub(super) fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
