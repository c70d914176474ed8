//! What the parts of a document are, as a tree, so that a screen reader finds headings and tables in a PDF as it does in the page.

/// An index into the structure.
pub(crate) type NodeId = usize;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Document,
    Group,
    Heading(u16),
    Paragraph,
    /// A picture and the words for it.
    Figure(String),
    List,
    ListItem,
    Label,
    Value,
    /// A table and what it holds.
    Table(String),
    TableHead,
    TableBody,
    Row,
    ColumnHeader,
    RowHeader,
    Cell,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub kind: Kind,
    pub children: Vec<NodeId>,
}

/// The first node is the document. Children come after their parents.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Structure {
    pub nodes: Vec<Node>,
}

pub(crate) const ROOT: NodeId = 0;

impl Structure {
    pub fn new() -> Self {
        Self { nodes: vec![Node { kind: Kind::Document, children: Vec::new() }] }
    }

    pub fn add(&mut self, parent: NodeId, kind: Kind) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node { kind, children: Vec::new() });
        self.nodes[parent].children.push(id);
        id
    }
}
