//! Refusals of this function as problem documents.

use atrio_domain::id::CallerUuid;
use atrio_domain::invoicing::invoice::{InvoiceError, InvoicerError};
use atrio_domain::invoicing::ledger::ReceivedError;
use atrio_domain::invoicing::month::Month;
use atrio_domain::invoicing::terms::TermsError;
use atrio_runtime::Problem;
use axum::http::StatusCode;

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` asks for")]
pub(crate) fn internal(error: atrio_dynamo::Error) -> Problem {
    match error {
        atrio_dynamo::Error::Stale { .. } => Problem::busy(),
        atrio_dynamo::Error::Malformed { .. } | atrio_dynamo::Error::Service { .. } => {
            Problem::internal(&error)
        }
    }
}

/// No key came. Clients of resellers know OCTO's word for it, which is told beside ours.
pub(crate) fn no_key() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized")
        .detail("no key came with the request")
        .field("Authorization", "is missing", "send `Authorization: Bearer KEY`")
        .fact("error", "UNAUTHORIZED")
}

/// The key opens nothing.
pub(crate) fn bad_key() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "unknown-key")
        .detail("the key is not known here, has ended or was revoked")
        .field("Authorization", "holds no good key", "ask the supplier for another key")
        .fact("error", "FORBIDDEN")
}

/// Nothing can be agreed like this.
pub(crate) fn terms(error: &TermsError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-terms").detail(error).field(
        error.field(),
        error,
        error.fix(),
    )
}

/// Nothing is agreed with the reseller yet.
pub(crate) fn no_terms(reseller: &str) -> Problem {
    let fix = "agree on terms first: `PUT` them with `If-None-Match: *`";
    Problem::not_found("no-terms", "reseller_id", reseller, fix)
}

/// Nobody can invoice like this.
pub(crate) fn invoicer(error: &InvoicerError) -> Problem {
    let fix = "correct the value";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-invoicer").detail(error).field(
        error.field(),
        error,
        fix,
    )
}

/// Nobody invoices for the supplier yet.
pub(crate) fn no_invoicer(supplier: &str) -> Problem {
    let fix = "say who invoices first: `PUT` it with `If-None-Match: *`";
    Problem::not_found("no-invoicer", "supplier_id", supplier, fix)
}

/// No money can come in like this.
pub(crate) fn received(error: &ReceivedError) -> Problem {
    let (field, fix) = match error {
        ReceivedError::BadAmount => ("cents", "write what the bank's statement says"),
        ReceivedError::BadNote => ("note", "write it shorter"),
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field")
        .detail(error)
        .field(field, error, fix)
}

/// The uuid stands for other money.
pub(crate) fn payment_uuid_reused(uuid: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "uuid-reused")
        .detail(format_args!("`{uuid}` was used for another payment before"))
        .field("uuid", "stands for another payment", "make a fresh uuid for each payment")
}

/// There is no file of that name.
pub(crate) fn unknown_file(name: &str) -> Problem {
    let fix = "ask for `statement.json`, `statement.csv`, `statement.pdf` or `signatures.json`";
    Problem::not_found("unknown-file", "file", name, fix)
}

/// There is no such invoice.
pub(crate) fn unknown_invoice(name: &str) -> Problem {
    let fix = "take a `file_name` from the list of invoices";
    Problem::not_found("unknown-invoice", "file_name", name, fix)
}

/// What may still change is signed by nobody.
pub(crate) fn open_month(month: Month) -> Problem {
    Problem::new(StatusCode::CONFLICT, "month-open")
        .detail(format_args!("month `{month}` goes on: its statement is signed when it is closed"))
        .field("month", "is not closed", "ask again ten minutes after its end")
}

/// The month is not invoiced.
pub(crate) fn invoice(error: &InvoiceError) -> Problem {
    let (status, kind, field, fix) = match error {
        InvoiceError::OpenMonth { .. } => {
            (StatusCode::CONFLICT, "month-open", "month", "ask again ten minutes after its end")
        }
        InvoiceError::NoFirm => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "not-invoiced",
            "firm",
            "name it: `PUT /v1/resellers/{reseller_id}/terms`",
        ),
        InvoiceError::NoInvoicer { .. } => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "not-invoiced",
            "supplier_id",
            "say who invoices: `PUT /v1/suppliers/{supplier_id}/invoicer`",
        ),
        InvoiceError::Undecided { .. } => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "not-invoiced",
            "fiscal_class",
            "what is sold from now on bears the product's class; have a jurist decide on what was sold, and \
             invoice it by hand",
        ),
        InvoiceError::NoShowRate => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "not-invoiced",
            "show_vat_basis_points",
            "say the rate: `PUT /v1/suppliers/{supplier_id}/invoicer`",
        ),
        InvoiceError::SeriesFull => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "not-invoiced",
            "number",
            "invoice by hand until the year ends",
        ),
    };
    Problem::new(status, kind).detail(error).field(field, error, fix)
}
