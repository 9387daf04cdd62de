//! The supplier and what it can do.

use serde::Serialize;
use utoipa::ToSchema;

use crate::content::Nothing;
use crate::viewer::{CONTENT, Caller, PRICING, WEBHOOKS};

/// Who sells.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoSupplier {
    id: &'static str,
    name: String,
    /// Where its OCTO stands.
    endpoint: String,
    contact: OctoSupplierContact,
    #[serde(flatten)]
    content: Option<OctoSupplierContent>,
}

#[derive(Debug, Serialize, ToSchema)]
struct OctoSupplierContact {
    website: Option<String>,
    email: Option<String>,
    telephone: Option<String>,
    address: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OctoSupplierContent {
    short_description: Option<String>,
    #[schema(value_type = Vec<Object>)]
    media: Nothing,
}

impl OctoSupplier {
    /// The supplier of this name, whose platform is reached there.
    #[must_use]
    pub fn of(name: &str, public_url: &str, caller: &Caller) -> Self {
        let what = match caller.locale {
            atrio_domain::text::Locale::It => "Biglietti di musei, biblioteche e archivi italiani",
            atrio_domain::text::Locale::En => "Tickets of Italian museums, libraries and archives",
        };
        let content = OctoSupplierContent { short_description: Some(what.to_owned()), media: [] };
        Self {
            id: "atrio",
            name: name.to_owned(),
            endpoint: format!("{public_url}/octo"),
            contact: OctoSupplierContact {
                website: Some(public_url.to_owned()),
                email: None,
                telephone: None,
                address: None,
            },
            content: caller.capabilities.content.then_some(content),
        }
    }
}

/// Something that a supplier can do beside OCTO's core.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoCapability {
    id: &'static str,
    revision: u32,
    required: bool,
    dependencies: Vec<&'static str>,
    docs: Option<&'static str>,
}

impl OctoCapability {
    /// All that this one can.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let optional = |id, docs| Self {
            id,
            revision: 1,
            required: false,
            dependencies: Vec::new(),
            docs: Some(docs),
        };
        vec![
            optional(PRICING, "https://docs.octo.travel/capabilities/pricing"),
            optional(CONTENT, "https://docs.octo.travel/capabilities/content"),
            optional(WEBHOOKS, "https://docs.octo.travel/capabilities/webhooks"),
        ]
    }
}
