//! The servers of a reseller that are told, and what they are told, as the capability `octo/webhooks` writes it.

use std::collections::BTreeMap;

use atrio_domain::webhook::Endpoint;
use serde::Serialize;
use utoipa::ToSchema;

use crate::availability::OctoAvailability;
use crate::booking::OctoBooking;
use crate::viewer::Capabilities;

/// A server that is told of one kind of event.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoWebhook {
    id: String,
    /// `booking_update` or `availability_update`.
    event: &'static str,
    url: String,
    /// Always: what is not taken is sent again.
    retry_on_error: bool,
    /// Never: texts are Italian.
    use_contact_language: bool,
    /// None are sent but those of the signature.
    headers: BTreeMap<String, String>,
    /// What its bodies hold beside OCTO's core: those of the request that registered it.
    capabilities: Vec<&'static str>,
}

/// That a booking changed.
#[derive(Debug, Serialize)]
pub struct BookingUpdate<'a> {
    /// The server that this is for.
    pub webhook: OctoWebhook,
    /// The booking as it stands, without persons and codes.
    pub booking: &'a OctoBooking,
}

/// That places became many, few or none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityUpdate<'a> {
    /// The server that this is for.
    pub webhook: OctoWebhook,
    /// Of which product.
    pub product_id: String,
    /// Of which option.
    pub option_id: String,
    /// The availability as it stands.
    pub availability: &'a OctoAvailability,
}

impl OctoWebhook {
    /// As it is registered.
    #[must_use]
    pub fn of(endpoint: &Endpoint) -> Self {
        let capabilities = Capabilities::of(endpoint.capabilities.iter().map(String::as_str));
        Self {
            id: endpoint.id.to_string(),
            event: endpoint.events.first().map_or("", |event| event.name()),
            url: endpoint.url.as_str().to_owned(),
            retry_on_error: true,
            use_contact_language: false,
            headers: BTreeMap::new(),
            capabilities: capabilities.names(),
        }
    }
}
