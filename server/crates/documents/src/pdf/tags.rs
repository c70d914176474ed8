//! The tree of a document's parts, as PDF's tags.

use crate::layout::structure::{Kind, NodeId, ROOT, Structure};
use krilla::tagging::{Identifier, ListNumbering, Node, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};
use std::num::NonZeroU16;

/// Collects what was drawn for each part.
pub(super) struct Tags<'a> {
    structure: &'a Structure,
    drawn: Vec<Vec<Identifier>>,
}

impl<'a> Tags<'a> {
    pub fn new(structure: &'a Structure) -> Self {
        Self { structure, drawn: structure.nodes.iter().map(|_| Vec::new()).collect() }
    }

    pub fn add(&mut self, node: Option<NodeId>, identifier: Identifier) {
        if let Some(drawn) = node.and_then(|node| self.drawn.get_mut(node)) {
            drawn.push(identifier);
        }
    }

    pub fn tree(mut self, language: &str) -> TagTree {
        let structure = self.structure;
        let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
        for &child in &structure.nodes[ROOT].children {
            if let Some(group) = self.group(child) {
                tree.push(group);
            }
        }
        tree
    }

    /// A part with all that it holds. Nothing where nothing of it was drawn, except for cells, which keep their column.
    fn group(&mut self, id: NodeId) -> Option<TagGroup> {
        let node = &self.structure.nodes[id];
        let mut children: Vec<Node> = std::mem::take(&mut self.drawn[id]).into_iter().map(Node::Leaf).collect();
        for &child in &node.children {
            children.extend(self.group(child).map(Node::Group));
        }
        (!children.is_empty() || node.kind == Kind::Cell).then(|| TagGroup::with_children(tag(&node.kind), children))
    }
}

fn tag(kind: &Kind) -> TagKind {
    match kind {
        Kind::Document | Kind::Group => Tag::Div.into(),
        Kind::Heading(level) => Tag::Hn(NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN), None).into(),
        Kind::Paragraph => Tag::P.into(),
        Kind::Figure(alternative) => Tag::Figure(Some(alternative.clone())).into(),
        Kind::List => Tag::L(ListNumbering::None).into(),
        Kind::ListItem => Tag::LI.into(),
        Kind::Label => Tag::Lbl.into(),
        Kind::Value => Tag::LBody.into(),
        Kind::Table(caption) => Tag::Table.with_summary(Some(caption.clone())).into(),
        Kind::TableHead => Tag::THead.into(),
        Kind::TableBody => Tag::TBody.into(),
        Kind::Row => Tag::TR.into(),
        Kind::ColumnHeader => Tag::TH(TableHeaderScope::Column).into(),
        Kind::RowHeader => Tag::TH(TableHeaderScope::Row).into(),
        Kind::Cell => Tag::TD.into(),
    }
}
