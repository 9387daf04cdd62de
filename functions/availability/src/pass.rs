//! Passes as the shop shows them: at the venue that sells one, and at those that it opens.

use atrio_domain::id::{ProductId, VenueId};
use atrio_domain::pass::{Opens, PassRule};
use atrio_domain::text::Text;
use atrio_domain::venue::Venue;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::view::ProductView;

/// A pass of another venue that opens this one: it is bought there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OtherPassView {
    /// The venue that sells it.
    #[schema(value_type = String)]
    venue_id: VenueId,
    venue_name: String,
    product: ProductView,
}

impl OtherPassView {
    /// The pass, where its venue sells it still and it opens `here`.
    pub(crate) fn of(
        seller: &Venue,
        product: &ProductId,
        here: &VenueId,
        now: Timestamp,
    ) -> Option<Self> {
        let product = seller.product(product)?;
        product.pass.as_ref()?.at(here)?;
        Some(Self {
            venue_id: seller.id.clone(),
            venue_name: seller.name.clone(),
            product: ProductView::of(product, seller.day_at(now), now),
        })
    }
}

/// What a pass is good for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PassOnSaleView {
    /// The venues that it opens: `venue_id`, `name`, `entries`, `areas`.
    #[schema(value_type = Vec<Object>)]
    opens: Vec<Opens>,
    /// How long it holds, in words.
    #[schema(value_type = Object)]
    term: Text,
    /// Where it admits and how often, in words.
    #[schema(value_type = Object)]
    words: Text,
}

impl From<&PassRule> for PassOnSaleView {
    fn from(rule: &PassRule) -> Self {
        Self { opens: rule.opens.clone(), term: rule.term_in_words(), words: rule.opens_in_words() }
    }
}
