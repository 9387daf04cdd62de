//! Refusals around a payment as problem documents.

use atrio_domain::booking::StepError;
use atrio_domain::id::{CallerUuid, PaymentId};
use atrio_domain::payment::Payment;
use atrio_domain::payment::receipt::InvalidReceipt;
use atrio_domain::payment::refund::InvalidAccount;
use atrio_domain::tariff::Cents;
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
        StepFailure::UnknownOrder(uuid) => Problem::not_found(
            "unknown-order",
            "uuid",
            &uuid.to_string(),
            "check the link; an order is kept for 30 days after its last slot",
        ),
        StepFailure::Store(atrio_dynamo::Error::Stale { .. }) => Problem::busy(),
        StepFailure::Store(error) => Problem::internal(&error),
        StepFailure::Refused(refused) => {
            let (kind, fix) = match &refused {
                StepError::HoldExpired { .. } => {
                    ("hold-expired", "hold the places again, under a fresh uuid")
                }
                StepError::NothingToPay => ("nothing-to-pay", "send `POST …/confirm`"),
                StepError::PartOfOrder { order } => {
                    let fix = format!("send `POST /v1/orders/{order}/payment`");
                    return Problem::new(StatusCode::CONFLICT, "part-of-order")
                        .detail(&refused)
                        .field("uuid", &refused, fix)
                        .fact("order", order);
                }
                StepError::HoldersMissing { .. } => (
                    "names-missing",
                    "send `PUT /v1/bookings/{uuid}/holders` with a name for each ticket",
                ),
                StepError::Exchange(_) => (
                    "exchange-changed",
                    "read the booking that is to be exchanged; ask for the exchange again",
                ),
                StepError::PaymentRequired { .. }
                | StepError::SoldAtDesk
                | StepError::Resold
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

/// The provider does not do what it was asked. The booking is PAYING: asking again finds the same
/// attempt.
pub(crate) fn provider(error: &ProviderError) -> Problem {
    match error {
        ProviderError::Unreachable(_) | ProviderError::OutOfOrder(_) => {
            tracing::warn!(%error, "payment provider did not answer");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "payment-provider-down")
                .detail("the payment provider does not answer; the places stay held, send the request again")
                .retry_after(5)
        }
        ProviderError::Refused { .. } | ProviderError::Unusable(_) => {
            tracing::error!(%error, "payment provider refused");
            Problem::new(StatusCode::BAD_GATEWAY, "payment-provider-refused").detail(
                "the payment provider refuses this payment; nothing was charged and the places stay held",
            )
        }
        ProviderError::Unwritable(_) => Problem::internal(error),
    }
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
pub(crate) fn unknown_payment(field: &str, payment: &PaymentId) -> Problem {
    Problem::not_found(
        "unknown-payment",
        field,
        payment.as_str(),
        "send the id as given at the start",
    )
}

/// The receipt cannot be read.
pub(crate) fn malformed_receipt(error: &serde_json::Error) -> Problem {
    // What serde says may repeat a value, and a receipt holds persons.
    let place = format!("line {} column {}", error.line(), error.column());
    Problem::new(StatusCode::BAD_REQUEST, "malformed-json")
        .detail(format_args!("the receipt cannot be read at {place}"))
        .field(
            "body",
            "is no receipt",
            "send noticeNumber, creditorReferenceId, fiscalCode, outcome and paymentAmount as texts",
        )
}

/// The receipt cannot be one of ours.
pub(crate) fn receipt(error: &InvalidReceipt) -> Problem {
    let (field, fix) = match error {
        InvalidReceipt::Notice(_) => ("noticeNumber", "forward the receipt as pagoPA sent it"),
        InvalidReceipt::OtherIuv { .. } => {
            ("creditorReferenceId", "forward the receipt as pagoPA sent it")
        }
        InvalidReceipt::OtherCreditor { .. } => {
            ("fiscalCode", "forward the receipts of this platform's own notices")
        }
        InvalidReceipt::Outcome(_) => ("outcome", "send `OK` or `KO`"),
        InvalidReceipt::Amount(_) => {
            ("paymentAmount", "write euro with two decimals, such as `12.50`")
        }
    };
    invalid(error, field, fix)
}

/// The attempt was settled with another amount before.
pub(crate) fn contradiction(payment: &Payment, received: Cents) -> Problem {
    tracing::error!(payment = %payment.id, cents = received.0, "a second amount for one notice");
    Problem::new(StatusCode::CONFLICT, "receipt-differs")
        .detail(format_args!(
            "the notice stands as {:?} with another amount than {} cents",
            payment.status, received.0
        ))
        .field(
            "paymentAmount",
            "differs from what was taken before",
            "ask pagoPA which receipt is right",
        )
}

fn invalid(error: &dyn std::fmt::Display, field: &str, fix: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field")
        .detail(format_args!("`{field}`: {error}"))
        .field(field, error, fix)
}

/// The account cannot be paid to.
pub(crate) fn account(error: &InvalidAccount) -> Problem {
    match error {
        InvalidAccount::Holder { .. } => {
            invalid(error, "account_holder", "write the name as the bank has it")
        }
        InvalidAccount::Form | InvalidAccount::Length { .. } | InvalidAccount::Check => {
            invalid(error, "iban", "copy the IBAN from a statement of the account")
        }
    }
}

/// Nothing goes back by transfer for this booking.
pub(crate) fn no_refund_due() -> Problem {
    Problem::new(StatusCode::CONFLICT, "no-refund-due")
        .detail("nothing is to be paid back by transfer for this booking")
        .field("uuid", "nothing is to be paid back", "see `GET /v1/bookings/{uuid}/refunds`")
}

/// A transfer with the account given before is on its way.
pub(crate) fn refund_filed() -> Problem {
    Problem::new(StatusCode::CONFLICT, "refund-filed")
        .detail("a transfer to the account given before is on its way")
        .field("iban", "is given already", "write to the venue if that account is wrong")
}

/// There is nothing to put into a transfer file.
pub(crate) fn nothing_to_file() -> Problem {
    Problem::new(StatusCode::CONFLICT, "nothing-to-file")
        .detail("no refund waits for a transfer to a known account")
        .field("venue_id", "has no refund to file", "wait until a visitor gives an account")
}

/// The file was made by somebody for another venue, or its accounts are gone.
pub(crate) fn file_is_over(file: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "file-is-over")
        .detail(format_args!("refunds of the file `{file}` are paid back, it is not made again"))
        .field("uuid", "its refunds are paid back", "send a fresh uuid for a new file")
}

/// The refund is none of the venue's.
pub(crate) fn unknown_refund(payment: &PaymentId) -> Problem {
    Problem::not_found(
        "unknown-refund",
        "payment_id",
        payment.as_str(),
        "take an id from the list of refunds",
    )
}

/// The payment paid for several bookings here, each of which has a refund of its own.
pub(crate) fn which_refund(known: &[String]) -> Problem {
    let fix = format!("send one of `{}`", known.join("`, `"));
    let field = "booking_reference";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field")
        .detail(
            "the payment paid for several bookings of this venue; `booking_reference` says which",
        )
        .field(field, "names none of several bookings", fix)
}

/// Another reference stands.
pub(crate) fn paid_back_before(reference: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, "paid-back-before")
        .detail(format_args!("it was paid back before, under the reference `{reference}`"))
        .field("reference", "another one stands", "read the list of refunds")
}

/// The reference is no reference.
pub(crate) fn reference(longest: usize) -> Problem {
    invalid(
        &format_args!("is empty, too long or holds an odd character; 1 to {longest} are taken"),
        "reference",
        "write the bank's reference of the transfer",
    )
}
