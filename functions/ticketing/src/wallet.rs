//! Tickets for the wallets of telephones, where the body that runs the venues was given a certificate
//! or a key by the wallet's maker.

use atrio_domain::id::TicketId;
use atrio_domain::ticket::Ticket;
use atrio_paper::{ApplePass, GoogleWallet};
use atrio_runtime::environment::{self, EnvironmentError};
use atrio_runtime::{Path, Problem, Query};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::{Context, Issued, Language, issued, problem};

const APPLE: &str = "ATRIO_APPLE_PASS";
const GOOGLE: &str = "ATRIO_GOOGLE_WALLET";

/// The wallets that passes are made for.
#[derive(Debug, Default)]
pub struct Wallets {
    /// Apple Wallet.
    pub apple: Option<ApplePass>,
    /// Google Wallet.
    pub google: Option<GoogleWallet>,
}

impl Wallets {
    /// Those that the environment names; none has to be.
    ///
    /// # Errors
    /// When a variable is there and cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        let apple = environment::optional(APPLE).map(|given| ApplePass::of(&given));
        let google = environment::optional(GOOGLE).map(|given| GoogleWallet::of(&given));
        Ok(Self {
            apple: apple.transpose().map_err(|error| environment::bad(APPLE, error))?,
            google: google.transpose().map_err(|error| environment::bad(GOOGLE, error))?,
        })
    }

    /// Their names, as answers have them.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let apple = self.apple.as_ref().map(|_| "apple");
        apple.into_iter().chain(self.google.as_ref().map(|_| "google")).collect()
    }
}

/// A ticket as a pass for Apple Wallet.
#[utoipa::path(get, path = "/v1/bookings/{uuid}/tickets/{ticket_id}/pass.pkpass", tag = "shop",
    params(("uuid" = String, Path), ("ticket_id" = String, Path),
        ("lang" = Option<String>, Query, description = "`it` or `en`")),
    responses((status = 200, content_type = "application/vnd.apple.pkpass"),
        (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn apple_pass(
    State(context): State<Context>,
    Path((uuid, ticket_id)): Path<(String, String)>,
    Query(language): Query<Language>,
) -> Result<Response, Problem> {
    let (issued, ticket) = one_of(&context, &uuid, &ticket_id).await?;
    let apple = context.wallets.apple.as_ref();
    let apple = apple.ok_or_else(|| problem::no_such_wallet("apple"))?;
    let locale = language.lang.unwrap_or(issued.stored.booking.locale);
    let (keys, now) = (context.keys.current(), context.clock.now());
    let key = keys.signing(&issued.venue.supplied_by, now);
    let pass = apple
        .pass(&issued.venue, locale, &ticket, key, now)
        .map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "application/vnd.apple.pkpass"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"atrio.pkpass\""),
    ];
    Ok((headers, pass).into_response())
}

/// Leads to where Google Wallet takes a ticket in.
#[utoipa::path(get, path = "/v1/bookings/{uuid}/tickets/{ticket_id}/google-wallet", tag = "shop",
    params(("uuid" = String, Path), ("ticket_id" = String, Path),
        ("lang" = Option<String>, Query, description = "`it` or `en`")),
    responses((status = 303, description = "the link, as `Location`"),
        (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn google_link(
    State(context): State<Context>,
    Path((uuid, ticket_id)): Path<(String, String)>,
    Query(language): Query<Language>,
) -> Result<Response, Problem> {
    let (issued, ticket) = one_of(&context, &uuid, &ticket_id).await?;
    let google = context.wallets.google.as_ref();
    let google = google.ok_or_else(|| problem::no_such_wallet("google"))?;
    let locale = language.lang.unwrap_or(issued.stored.booking.locale);
    let (keys, now) = (context.keys.current(), context.clock.now());
    let key = keys.signing(&issued.venue.supplied_by, now);
    let link = google
        .link(&issued.venue, locale, &ticket, key, now)
        .map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, link)]).into_response())
}

async fn one_of(
    context: &Context,
    uuid: &str,
    ticket_id: &str,
) -> Result<(Issued, Ticket), Problem> {
    let id: TicketId =
        ticket_id.parse().map_err(|error| Problem::malformed_id("ticket_id", error))?;
    let issued = issued(context, uuid).await?;
    let ticket = issued.tickets.iter().find(|ticket| ticket.entitlement.ticket == id).cloned();
    let ticket = ticket.ok_or_else(|| problem::unknown_ticket(id))?;
    Ok((issued, ticket))
}
