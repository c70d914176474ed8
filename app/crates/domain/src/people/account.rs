//! The caller's own account: profile, password, address, leaving.

use crate::operation::{Requires, declare};
use serde::{Deserialize, Serialize};
/// Time zones that people choose from; any other IANA name is taken too.
#[rustfmt::skip]
pub const ZONES: &[&str] = &[
    "Africa/Abidjan", "Africa/Accra", "Africa/Addis_Ababa", "Africa/Algiers", "Africa/Cairo", "Africa/Casablanca", "Africa/Dakar",
    "Africa/Dar_es_Salaam", "Africa/Harare", "Africa/Johannesburg", "Africa/Kampala", "Africa/Khartoum", "Africa/Kigali", "Africa/Kinshasa",
    "Africa/Lagos", "Africa/Luanda", "Africa/Lusaka", "Africa/Maputo", "Africa/Nairobi", "Africa/Tunis", "Africa/Windhoek",
    "America/Argentina/Buenos_Aires", "America/Bogota", "America/Chicago", "America/Denver", "America/Halifax", "America/Lima",
    "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Phoenix", "America/Santiago", "America/Sao_Paulo",
    "America/Toronto", "America/Vancouver", "Asia/Bangkok", "Asia/Dhaka", "Asia/Dubai", "Asia/Ho_Chi_Minh", "Asia/Hong_Kong", "Asia/Jakarta",
    "Asia/Jerusalem", "Asia/Karachi", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Kuala_Lumpur", "Asia/Manila", "Asia/Qatar", "Asia/Riyadh",
    "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tokyo", "Australia/Brisbane", "Australia/Perth",
    "Australia/Sydney", "Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Dublin", "Europe/Helsinki",
    "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Moscow", "Europe/Oslo", "Europe/Paris",
    "Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich", "Indian/Mauritius",
    "Pacific/Auckland", "UTC",
];

declare!("people.get_profile" Read Requires::Member, GetProfile {} -> Profile);
declare!(
    /// Name, number, language and time zone of the caller. The name is that of the account and of this workspace. The number is one to be
    /// reached at: nobody signs in with it.
    "people.update_profile" Write Requires::Member, UpdateProfile {
        name: String,
        #[serde(default)] phone: Option<String>,
        language: String,
        /// IANA name; none for that of the workspace.
        #[serde(default)] timezone: Option<String>,
    } -> ()
);
declare!(
    /// Sets another password and ends every other session of the caller.
    "people.change_password" Write Requires::Member, ChangePassword { current: String, password: String } -> ()
);
declare!(
    /// Asks for another address. It holds once the link that is sent there was opened.
    "people.change_email" Write Requires::Member, ChangeEmail { email: String } -> ()
);
declare!(
    /// Gives up the membership of this workspace. Records stay, and keep the name.
    "people.leave" Write Requires::Member, Leave {} -> ()
);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    pub name: String,
    pub email: Option<String>,
    /// A number that the person signs in with: they have proven that it is theirs.
    pub login_phone: Option<String>,
    /// A number to be reached at, as the person typed it.
    pub phone: Option<String>,
    pub language: String,
    pub timezone: Option<String>,
    /// That of the workspace, which holds where the person has none.
    pub workspace_timezone: String,
    /// An address that was asked for and waits to be confirmed.
    pub pending_email: Option<String>,
    /// RFC 3339.
    pub password_changed_at: String,
}
