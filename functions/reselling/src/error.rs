//! Refusals in OCTO's form: `error`, `errorMessage`, and the id that was not found. An unknown id is 400,
//! for clients read 404 as an endpoint that is not there.

use std::fmt::Display;

use atrio_domain::booking::StepError;
use atrio_domain::hold::HoldError;
use atrio_domain::reseller::ResellerError;
use atrio_domain::webhook::SettingsError;
use atrio_octo::catalogue::OptionError;
use atrio_runtime::Problem;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a reseller is refused.
#[derive(Debug)]
pub(crate) enum OctoError {
    /// No key came.
    Unauthorized(&'static str),
    /// The key opens nothing.
    Forbidden(String),
    /// It sells no such product.
    Product(String),
    /// The product has no such option.
    Option(String),
    /// The option has no such unit.
    Unit(String),
    /// Nothing is offered under that id.
    Availability(String),
    /// It has no such booking.
    Booking(String),
    /// It has no such server.
    Webhook(String),
    /// The request cannot be read.
    BadRequest(String),
    /// The request can be read, and not be met.
    Unprocessable(String),
    /// There is no such address.
    UnknownRoute(String),
    /// The platform's own fault.
    Internal(atrio_dynamo::Error),
    /// A code could not be signed, which no ticket that was sold causes.
    Unsigned(atrio_domain::ticket::CodeError),
}

/// A refusal, as written on the wire.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OctoErrorView {
    /// Tells refusals apart; stable.
    error: &'static str,
    /// What happened this time, with the values.
    error_message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    option_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    availability_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_id: Option<String>,
}

impl OctoError {
    pub(crate) fn bad(what: impl Display) -> Self {
        Self::BadRequest(what.to_string())
    }

    pub(crate) fn unprocessable(what: impl Display) -> Self {
        Self::Unprocessable(what.to_string())
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::UnknownRoute(_) => StatusCode::NOT_FOUND,
            Self::Internal(_) | Self::Unsigned(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Product(_)
            | Self::Option(_)
            | Self::Unit(_)
            | Self::Availability(_)
            | Self::Booking(_)
            | Self::Webhook(_)
            | Self::BadRequest(_)
            | Self::Unprocessable(_) => StatusCode::BAD_REQUEST,
        }
    }

    fn view(self) -> OctoErrorView {
        let said = |error, error_message: String| OctoErrorView {
            error,
            error_message,
            ..OctoErrorView::default()
        };
        match self {
            Self::Unauthorized(why) => said("UNAUTHORIZED", why.to_owned()),
            Self::Forbidden(why) => said("FORBIDDEN", why),
            Self::Product(id) => OctoErrorView {
                product_id: Some(id.clone()),
                ..said(
                    "INVALID_PRODUCT_ID",
                    format!(
                        "there is no product `{id}` for this key; `GET /octo/products` lists them"
                    ),
                )
            },
            Self::Option(id) => OctoErrorView {
                option_id: Some(id.clone()),
                ..said("INVALID_OPTION_ID", format!("the product has no option `{id}`"))
            },
            Self::Unit(id) => OctoErrorView {
                unit_id: Some(id.clone()),
                ..said("INVALID_UNIT_ID", format!("the option has no unit `{id}` that day"))
            },
            Self::Availability(id) => OctoErrorView {
                availability_id: Some(id.clone()),
                ..said(
                    "INVALID_AVAILABILITY_ID",
                    format!(
                        "nothing is offered under `{id}`; `POST /octo/availability` lists the ids"
                    ),
                )
            },
            Self::Booking(uuid) => OctoErrorView {
                uuid: Some(uuid.clone()),
                ..said("INVALID_BOOKING_UUID", format!("there is no booking `{uuid}` for this key"))
            },
            Self::Webhook(id) => OctoErrorView {
                webhook_id: Some(id.clone()),
                ..said("INVALID_WEBHOOK_ID", format!("there is no webhook `{id}` for this key"))
            },
            Self::BadRequest(what) => said("BAD_REQUEST", what),
            Self::Unprocessable(what) => said("UNPROCESSABLE_ENTITY", what),
            Self::UnknownRoute(path) => {
                said("NOT_FOUND", format!("there is nothing at `{path}`; see `GET /openapi.json`"))
            }
            Self::Internal(_) | Self::Unsigned(_) => said(
                "INTERNAL_SERVER_ERROR",
                "the request could not be completed; it is safe to send it again".to_owned(),
            ),
        }
    }
}

impl IntoResponse for OctoError {
    fn into_response(self) -> Response {
        match &self {
            // Others were faster time and again: nothing is wrong, and the client tries again.
            Self::Internal(atrio_dynamo::Error::Stale { key }) => {
                tracing::warn!(key, "a reseller's request met others too often");
            }
            // The log has the causes, as for every other function.
            Self::Internal(error) => drop(Problem::internal(error)),
            Self::Unsigned(error) => drop(Problem::internal(error)),
            _ => {}
        }
        (self.status(), Json(self.view())).into_response()
    }
}

impl From<atrio_dynamo::Error> for OctoError {
    fn from(error: atrio_dynamo::Error) -> Self {
        Self::Internal(error)
    }
}

impl From<ResellerError> for OctoError {
    fn from(error: ResellerError) -> Self {
        Self::unprocessable(format_args!("{error}; {}", error.fix()))
    }
}

impl From<SettingsError> for OctoError {
    fn from(error: SettingsError) -> Self {
        Self::unprocessable(format_args!("`{}`: {error}; {}", error.field(), error.fix()))
    }
}

impl From<atrio_domain::ticket::CodeError> for OctoError {
    fn from(error: atrio_domain::ticket::CodeError) -> Self {
        Self::Unsigned(error)
    }
}

impl From<OptionError> for OctoError {
    fn from(error: OptionError) -> Self {
        match error {
            OptionError::Missing => Self::bad(error),
            OptionError::Unknown(id) => Self::Option(id),
        }
    }
}

impl From<StepError> for OctoError {
    fn from(error: StepError) -> Self {
        Self::unprocessable(error)
    }
}

impl From<HoldError> for OctoError {
    fn from(error: HoldError) -> Self {
        match &error {
            HoldError::UnknownUnit { unit, .. } => Self::Unit(unit.to_string()),
            HoldError::UnknownOption { option, .. } => Self::Option(option.to_string()),
            HoldError::UnknownProduct { product, .. } => Self::Product(product.to_string()),
            HoldError::NoTariff { .. }
            | HoldError::TakesNoBooking { .. }
            | HoldError::RepeatedUnit { .. }
            | HoldError::NoUnits
            | HoldError::TooManyUnits { .. }
            | HoldError::OverPersonLimit { .. }
            | HoldError::Unaccompanied { .. }
            | HoldError::TooManyCompanions { .. }
            | HoldError::TooManyPieces { .. }
            | HoldError::RepeatedPiece { .. }
            | HoldError::ResourceClosed { .. }
            | HoldError::ResourceTooSmall { .. }
            | HoldError::PastDay { .. }
            | HoldError::TooFarAhead { .. }
            | HoldError::ClosedDay { .. }
            | HoldError::UnknownSlot { .. }
            | HoldError::NotOnSale { .. }
            | HoldError::PastSlot { .. }
            | HoldError::NoContact
            | HoldError::BadName { .. }
            | HoldError::BadEmail
            | HoldError::BadPhone => Self::unprocessable(error),
        }
    }
}
