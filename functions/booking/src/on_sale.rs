//! The line before a sale that opens at an hour: joining it, seeing when the turn comes, and booking by
//! it. Where somebody stands is signed for their mail address, so the hold need not look it up.

use atrio_domain::booking::{Channel, is_mail_address};
use atrio_domain::hold::HoldRequest;
use atrio_domain::id::{OnSaleId, ProductId, VenueId};
use atrio_domain::on_sale::{Line, LineOf, NotYourTurn, Standing, TURN, lot};
use atrio_domain::risk::RiskKeys;
use atrio_domain::text::Text;
use atrio_domain::venue::Venue;
use atrio_runtime::{Json, Path, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Context, internal, load_venue, problem};

/// How often a number is taken anew behind turns that went by unused.
const ATTEMPTS: u32 = 4;

/// Who wants to stand in the line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceBody {
    /// The mail address that will book: one place each, and nobody else books by it.
    email: String,
}

/// A place in the line before a sale.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlaceView {
    /// Proves the place: `queue_place` of `POST /v1/bookings` by the same mail address.
    queue_place: String,
    /// `DRAW`: the sale has not opened. `WAITING`, `TURN`, or `OVER`: the turn went by, ask again to
    /// stand at the end. `OPEN`: nobody needs a turn any more.
    status: &'static str,
    /// When the turn comes; null before the draw.
    #[schema(value_type = Option<String>, format = DateTime)]
    turn_at: Option<Timestamp>,
    /// Until when it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    turn_until: Option<Timestamp>,
    /// About how many have their turn before.
    ahead: Option<u64>,
    /// How many came before the sale opened; they are drawn.
    drawn: u32,
    #[schema(value_type = String, format = DateTime)]
    opens_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    line_ends_at: Timestamp,
    /// What this means, in words.
    #[schema(value_type = Object)]
    message: Text,
}

/// Joins the line before a sale, or says where the mail address stands in it. Repeated, it is the same
/// place; once a turn went by, it is one at the end.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/products/{product_id}/on-sales/{on_sale_id}/places",
    tag = "shop", request_body = PlaceBody,
    params(("venue_id" = String, Path), ("product_id" = String, Path), ("on_sale_id" = String, Path)),
    responses((status = 200, body = PlaceView), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn join(
    State(context): State<Context>,
    Path((venue_id, product_id, on_sale_id)): Path<(String, String, String)>,
    Json(body): Json<PlaceBody>,
) -> Result<(StatusCode, axum::Json<PlaceView>), Problem> {
    let malformed = Problem::malformed_id;
    let venue_id = VenueId::new(venue_id).map_err(|error| malformed("venue_id", error))?;
    let product_id = ProductId::new(product_id).map_err(|error| malformed("product_id", error))?;
    let on_sale_id = OnSaleId::new(on_sale_id).map_err(|error| malformed("on_sale_id", error))?;
    let person = person(&context, &body.email)?;
    let venue = load_venue(&context, &venue_id).await?;
    let sale = venue.product(&product_id).and_then(|product| product.on_sale(&on_sale_id));
    let sale = sale.ok_or_else(|| problem::unknown_sale(&on_sale_id))?;
    let of = LineOf { venue: &venue_id, product: &product_id, sale };
    let now = context.clock.now();
    if now < sale.room_opens_at {
        return Err(problem::line_not_open(sale.room_opens_at));
    }
    let standing = standing(&context, &of, &person, now).await?;
    let line = context.store.line(&of).await.map_err(internal)?;
    let token = standing.token(&context.contact_hash_key, &of, &person);
    Ok((StatusCode::OK, axum::Json(PlaceView::of(token, standing, &of, line, now))))
}

/// Where a person stands, taking a place where they have none.
async fn standing(
    context: &Context,
    of: &LineOf<'_>,
    person: &str,
    now: Timestamp,
) -> Result<Standing, Problem> {
    let store = &context.store;
    let before = store.standing(of, person).await.map_err(internal)?;
    if let Some(standing) = before {
        let line = store.line(of).await.map_err(internal)?;
        let is_over =
            matches!(of.sale.may_book(Some(standing), line, now), Err(NotYourTurn::Over { .. }));
        if !is_over {
            return Ok(standing);
        }
    }
    if now < of.sale.opens_at {
        let drawn = Standing::Drawn { lot: lot(&context.contact_hash_key, of, person) };
        return store.join_draw(of, person, drawn).await.map_err(internal);
    }
    for _ in 0..ATTEMPTS {
        let line = store.number_behind(of).await.map_err(internal)?;
        match of.sale.stand_behind(line, now) {
            Ok(standing) => {
                return store.stand(of, person, before, standing).await.map_err(internal);
            }
            Err(behind) => store.let_turns_go(of, behind).await.map_err(internal)?,
        }
    }
    Err(Problem::busy())
}

fn person(context: &Context, email: &str) -> Result<String, Problem> {
    if !is_mail_address(email) {
        return Err(problem::line_email());
    }
    let keys = RiskKeys::of(&context.contact_hash_key, Some(email), None);
    keys.contact.ok_or_else(Problem::busy)
}

/// Whether a request may be held now, by the place in the line that it shows; `field` is where it does.
///
/// # Errors
/// Why it may not, or the table's own.
pub(crate) async fn must_have_turn(
    context: &Context,
    request: &HoldRequest,
    venue: &Venue,
    token: Option<&str>,
    field: &str,
    now: Timestamp,
) -> Result<(), Problem> {
    match request.channel {
        // A clerk serves who stands before them, and a reseller stands in no line of the web's.
        Channel::Desk | Channel::Reseller => return Ok(()),
        // Anybody may call themselves a totem.
        Channel::Web | Channel::Totem => {}
    }
    let product = venue.product(&request.product_id);
    let sale = product.and_then(|product| product.on_sale_of(request.slot_id.day()));
    let Some(sale) = sale.filter(|sale| now < sale.line_ends_at) else { return Ok(()) };
    let of = LineOf { venue: &venue.id, product: &request.product_id, sale };
    let contact = request.contact.as_ref().map(|contact| contact.email.as_str());
    let person = RiskKeys::of(&context.contact_hash_key, contact, None).contact;
    let shown = token.zip(person).and_then(|(token, person)| {
        Standing::of_token(&context.contact_hash_key, &of, &person, token)
    });
    let line = match shown {
        Some(Standing::Drawn { .. }) => context.store.line(&of).await.map_err(internal)?,
        Some(Standing::Behind { .. }) | None => Line::default(),
    };
    sale.may_book(shown, line, now).map_err(|error| problem::not_your_turn(field, &error))
}

impl PlaceView {
    fn of(token: String, standing: Standing, of: &LineOf<'_>, line: Line, now: Timestamp) -> Self {
        let sale = of.sale;
        let turn_at = standing.turn_at(sale, line, now);
        let (status, message) = match (sale.may_book(Some(standing), line, now), turn_at) {
            (Ok(()), _) if now >= sale.line_ends_at => (
                "OPEN",
                Text::new("La fila è finita: si prenota senza turno", "The line is over: book now"),
            ),
            (Ok(()), _) => {
                ("TURN", Text::new("È il tuo turno: prenota ora", "It is your turn: book now"))
            }
            (Err(NotYourTurn::Over { .. }), _) => (
                "OVER",
                Text::new(
                    "Il tuo turno è passato: rimettiti in fila",
                    "Your turn went by: join the line again",
                ),
            ),
            (Err(_), None) => (
                "DRAW",
                Text::new(
                    "All’apertura si sorteggia l’ordine fra chi è già in fila: arrivare prima non conta",
                    "At the opening the order is drawn among all who are in line: being early does not count",
                ),
            ),
            (Err(_), Some(_)) => (
                "WAITING",
                Text::new(
                    "Sei in fila: tieni aperta questa pagina",
                    "You are in line: keep this page open",
                ),
            ),
        };
        Self {
            queue_place: token,
            status,
            turn_at,
            turn_until: turn_at.and_then(|at| at.saturating_add(TURN).ok()),
            ahead: turn_at.filter(|at| now < *at).map(|at| sale.ahead(at, now)),
            drawn: line.drawn,
            opens_at: sale.opens_at,
            line_ends_at: sale.line_ends_at,
            message,
        }
    }
}
