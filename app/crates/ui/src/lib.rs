//! The design system of Nexus: tokens live in `style/`, markup lives here. It knows no business and calls no server.
//!
//! Every component is a plain server component that also works inside an island: no handler, no script and no inline
//! style, so the strict content security policy holds. Handlers are spread on from outside (`<Button on:click=...>`).
//!
//! Props that may be absent are [`MaybeText`] (takes `&str`, `String` or an `Option` of either) and [`Slot`] (takes an
//! `AnyView`, that is `view! { ... }.into_any()`, or an `Option` of one). `examples/gallery` shows each component and
//! whole frames (list, board, record, home, sign-in) whose markup may be copied.
//!
//! | Module | Components |
//! |---|---|
//! | [`icon`] | `Icon` one symbol of the sprite, `Logo` the mark, `Wordmark` |
//! | [`button`] | `Button`, `LinkButton`, `IconButton`, `SubmitButton`; `reason` greys out and says why |
//! | [`form`] | `Field`, `TextInput`, `TextArea`, `Select`, `Checkbox`, `RadioGroup`, `DateInput`, `MoneyInput`, `SearchInput`, `FileInput`, `FormErrors`, `FormActions`, `FormSection` |
//! | [`chip`] | `Chip`, `StateChip` (hue + shape + word), `StateDot`, `Badge`, `Count`, `Avatar`, `Person` |
//! | [`text`] | `Time`, `MoneyText`, `Delta`, `Kbd`, `Tooltip`, `Mono`, `Blank`, `TextLink` |
//! | [`feedback`] | `EmptyState`, `Notice`, `ToastRegion`, `Toast`, `Skeleton`, `Progress`, `ErrorPage` |
//! | [`nav`] | `Breadcrumbs`, `Tabs`, `SegmentedControl`, `Pagination`, `Steps` |
//! | [`menu`] | `Menu`, `MenuLink`, `MenuItem` (submits a form), `MenuLabel`, `MenuSeparator`; on `<details>` |
//! | [`panel`] | `Panel`, `SidePanel`, `DialogPage`, `Toolbar`, `FilterBar`, `BulkBar`, `DescriptionList`, `DescriptionRow`, `FilterChip` |
//! | [`page`] | `Page` (padded), `FillPage` (list and board), `RecordLayout`, `RecordPane`, `PageHeader`, `Stack`, `Columns` |
//! | [`table`] | `DataTable`, `HeadCell`, `SortHead`, `HeadCheck`, `Row`, `RowCheck`, `Cell`, `RowActions`, `TableFoot` |
//! | [`board`] | `Board`, `BoardColumn`, `BoardCard`, `CardField` |
//! | [`calendar`] | `CalendarTable`, `DayHead`, `DayCard` |
//! | [`timeline`] | `Timeline`, `TimelineDay`, `TimelineItem`, `TimelineNote`, `ChangedField`, `Composer` |
//! | [`chart`] | `StatTile`, `Tiles`, `ChartPanel`, `BarChart`, `StackedChart`, `LineChart`, `Donut`, `Gauge`, `BarList`, `Funnel`, `CohortGrid`, `Sparkline`; each chart has its table, or is one |
//! | [`shell`] | `AppShell`, `AdminShell`, `AuthShell`, `WorkspaceSwitch`, with `NavItem`, `NavSection`, `UserCard` as data |
//! | [`markup`] | the small ones as text: `icon`, `state_chip`, `avatar`, `time`, `cell`, `row`, ... for lists of many |
//! | [`theme`] | `Theme`, `Density`: what the cookie holds and `<html>` carries |

// The props of a component are owned, whether its body consumes them or not.
#![allow(clippy::needless_pass_by_value)]

pub mod board;
pub mod button;
pub mod calendar;
pub mod chart;
pub mod chip;
pub mod feedback;
pub mod form;
pub mod icon;
pub mod kind;
pub mod markup;
pub mod menu;
pub mod nav;
pub mod page;
pub mod panel;
pub mod props;
pub mod shell;
pub mod table;
pub mod text;
pub mod theme;
pub mod timeline;

pub use board::*;
pub use button::*;
pub use calendar::*;
pub use chart::*;
pub use chip::*;
pub use feedback::*;
pub use form::*;
pub use icon::*;
pub use kind::*;
pub use menu::*;
pub use nav::*;
pub use page::*;
pub use panel::*;
pub use props::*;
pub use shell::*;
pub use table::*;
pub use text::*;
pub use theme::*;
pub use timeline::*;
