//! Refusals around a payment as problem documents.

use atrio_domain::booking::StepError;
use atrio_domain::id::PaymentId;
use atrio_dynamo::settlement::StepFailure;
use atrio_runtime::Problem;
use atrio_runtime::provider::ProviderError;
use axum::http::StatusCode;

/// Why a step was not taken.
pub(crate) fn step(failure: StepFailure) -> Problem {
    match failure {
        StepFailure::Unknown(uuid) => Problem::not_found(
            "unknown-booking",
            "uuid",
            &uuid.to_string(),
            "check the link; a booking is kept for 30 days after its slot",
        ),
        StepFailure::Store(atrio_dynamo::Error::Stale { .. }) => Problem::busy(),
        StepFailure::Store(error) => Problem::internal(&error),
        StepFailure::Refused(refused) => {
            let (kind, fix) = match &refused {
                StepError::HoldExpired { .. } => {
                    ("hold-expired", "hold the places again, under a fresh uuid")
                }
                StepError::NothingToPay => {
                    ("nothing-to-pay", "send `POST /v1/bookings/{uuid}/confirm`")
                }
                StepError::PaymentRequired { .. }
                | StepError::SoldAtDesk
                | StepError::VisitBegan { .. }
                | StepError::TicketUsed { .. }
                | StepError::RefundChanged { .. }
                | StepError::WrongState { .. } => {
                    ("wrong-state", "read the booking to see where it stands")
                }
            };
            Problem::new(StatusCode::CONFLICT, kind).detail(&refused).field("uuid", &refused, fix)
        }
    }
}

/// The visitor would come back to somewhere else.
pub(crate) fn foreign_return() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "foreign-return")
        .detail("`return_url` is not a path of this site")
        .field("return_url", "is not a path", "send a path such as `/booking/?uuid=…`")
}

/// The provider does not answer. The booking is PAYING: asking again finds the same attempt.
pub(crate) fn provider_down(error: &ProviderError) -> Problem {
    tracing::warn!(%error, "payment provider did not answer");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "payment-provider-down")
        .detail(
            "the payment provider does not answer; the places stay held, send the request again",
        )
        .retry_after(5)
}

/// The notification is not the provider's.
pub(crate) fn unsigned() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unsigned")
        .detail("the signature does not fit the body")
        .field(
            "X-Atrio-Signature",
            "does not fit",
            "sign the bytes of the body with the shared secret",
        )
}

/// The notification cannot be read.
pub(crate) fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed-json").detail(error).field(
        "body",
        error,
        "send {payment_id, outcome}, outcome one of PAID, DECLINED, EXPIRED",
    )
}

/// The attempt is none of ours.
pub(crate) fn unknown_payment(payment: &PaymentId) -> Problem {
    Problem::not_found(
        "unknown-payment",
        "payment_id",
        payment.as_str(),
        "send the id as given at the start",
    )
}
