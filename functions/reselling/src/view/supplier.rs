//! The supplier and what it can do.

use serde::Serialize;
use utoipa::ToSchema;

use super::content::Nothing;
use crate::Context;
use crate::caller::{CONTENT, Caller, PRICING};

/// Who sells.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OctoSupplier {
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
    pub(crate) fn of(context: &Context, caller: &Caller) -> Self {
        let what = match caller.locale {
            atrio_domain::text::Locale::It => "Biglietti di musei, biblioteche e archivi italiani",
            atrio_domain::text::Locale::En => "Tickets of Italian museums, libraries and archives",
        };
        let content = OctoSupplierContent { short_description: Some(what.to_owned()), media: [] };
        Self {
            id: "atrio",
            name: context.supplier_name.clone(),
            endpoint: format!("{}/octo", context.public_url),
            contact: OctoSupplierContact {
                website: Some(context.public_url.clone()),
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
pub(crate) struct OctoCapability {
    id: &'static str,
    revision: u32,
    required: bool,
    dependencies: Vec<&'static str>,
    docs: Option<&'static str>,
}

impl OctoCapability {
    pub(crate) fn all() -> Vec<Self> {
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
        ]
    }
}
