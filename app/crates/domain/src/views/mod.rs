//! Saved views: a list or a board as somebody wants to see it again, under a name. A view grants nothing: what it opens asks for every
//! permission again. Views of descriptions stand beside these and are nobody's to change.

use crate::operation::{Operation, OperationKind, Requires, declare};
use crate::permission::Verb;
use crate::schema::ViewKind;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

mod columns;

pub use columns::{NARROWEST, WIDEST, WIDTH_STEP, column_parts, column_width, print_columns};

/// What it takes to make or change a view of the whole team.
pub const TEAM: &str = "records.view.update";
/// Letters of a name.
pub const LONGEST_LABEL: usize = 80;
/// What `scale=` of a calendar or a timeline may say.
pub const SCALES: [&str; 5] = ["month", "week", "day", "agenda", "quarter"];
/// Views of one entity that a member may keep.
pub const MOST: i64 = 100;

/// What an address of a list says, in the same words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ViewContent {
    /// `board`, `calendar` or `timeline`, else a table.
    pub kind: Option<String>,
    /// In the syntax of `filter=`.
    pub filter: Option<String>,
    /// In the syntax of `sort=`.
    pub sort: Option<String>,
    /// Keys of fields, with commas between them; `name:280` is a column that is so many pixels wide.
    pub columns: Option<String>,
    /// The field that makes the groups of a table or a timeline, or the columns of a board.
    pub group: Option<String>,
    /// The field that a board adds up.
    pub measure: Option<String>,
    /// Whether the foot of the table adds up its numbers.
    pub totals: Option<String>,
    /// The field by whose day rows stand in a calendar or on a timeline.
    pub date: Option<String>,
    /// The field with the day that they last until.
    pub end: Option<String>,
    /// How much a calendar or a timeline shows at once: one of [`SCALES`].
    pub scale: Option<String>,
    /// Key of the pipeline whose states a board shows; the first one's where there are several.
    pub pipeline: Option<String>,
}

impl ViewContent {
    pub fn view_kind(&self) -> ViewKind {
        self.kind.as_deref().and_then(ViewKind::from_name).unwrap_or(ViewKind::Table)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SavedView {
    pub id: Uuid,
    pub entity: String,
    pub label: String,
    pub content: ViewContent,
    /// Whether it names what the caller may not know, or what is gone; `content` is without that.
    #[serde(default)]
    pub masked: bool,
    /// Everybody's; else the caller's own.
    pub team: bool,
    /// Who made it.
    pub owner: String,
    /// Stands among the tabs.
    pub pinned: bool,
    /// What the list opens with.
    pub standard: bool,
    pub version: i64,
    /// Whether the caller may change it.
    pub may_change: bool,
}

/// Of an entity, or of every one whose list the caller may see: those of the team and the caller's own, in their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ListViews {
    #[serde(default)]
    pub entity: Option<String>,
}

impl Operation for ListViews {
    const NAME: &'static str = "views.list";
    const KIND: OperationKind = OperationKind::Read;
    type Output = Vec<SavedView>;
    fn requires(&self) -> Requires<'_> {
        match &self.entity {
            Some(entity) => Requires::Entity { entity, verb: Verb::Read },
            None => Requires::Member,
        }
    }
}

/// A view for the team needs `records.view.update`, one of one's own nothing beside the right to see the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct CreateView {
    pub entity: String,
    pub label: String,
    #[serde(default)]
    pub content: ViewContent,
    #[serde(default)]
    pub team: bool,
    #[serde(default)]
    pub pinned: bool,
}

impl Operation for CreateView {
    const NAME: &'static str = "views.create";
    const KIND: OperationKind = OperationKind::Write;
    type Output = SavedView;
    fn requires(&self) -> Requires<'_> {
        Requires::Entity { entity: &self.entity, verb: Verb::Read }
    }
}

declare!(
    /// Puts what is on the screen in the place of what the view says. `version` is the one that was opened: a view that somebody has
    /// changed since is not overwritten.
    "views.save" Write Requires::Member, SaveView { id: Uuid, version: i64, #[serde(default)] content: ViewContent } -> SavedView
);
declare!(
    /// Its name, whose it is, whether it stands among the tabs and whether the list opens with it.
    "views.update" Write Requires::Member, UpdateView {
        id: Uuid,
        version: i64,
        label: String,
        #[serde(default)] team: bool,
        #[serde(default)] pinned: bool,
        #[serde(default)] standard: bool,
    } -> SavedView
);
declare!(
    /// One place up or down among its like.
    "views.move" Write Requires::Member, MoveView { id: Uuid, up: bool } -> ()
);
declare!("views.delete" Write Requires::Member, DeleteView { id: Uuid, version: i64 } -> ());
