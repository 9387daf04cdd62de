//! What somebody who asks is told of an error: what to do, and nothing of a row, a file or the inside.

use atrio_lake_query::GateError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion_postgres::pgwire::api::{ClientInfo, ErrorHandler};
use datafusion_postgres::pgwire::error::{ErrorInfo, PgWireError};

use crate::door::KeptOut;

/// Codes of PostgreSQL's, which drivers tell errors apart by.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const INVALID_AUTHORIZATION: &str = "28000";
const INVALID_PASSWORD: &str = "28P01";
const NOT_PRIVILEGED: &str = "42501";
const SYNTAX: &str = "42601";
const TOO_COMPLEX: &str = "54001";
const TOO_LARGE: &str = "54000";
const CANCELLED: &str = "57014";
const SHUTDOWN: &str = "57P01";
const FAILED: &str = "XX000";

fn error(severity: &str, code: &str, message: &str, hint: Option<&str>) -> PgWireError {
    let mut info = ErrorInfo::new(severity.to_owned(), code.to_owned(), message.to_owned());
    info.hint = hint.map(str::to_owned);
    PgWireError::UserError(Box::new(info))
}

/// The connection is not encrypted.
pub(crate) fn without_tls() -> PgWireError {
    let hint = "connect with `sslmode=require`: the password is a token of staff";
    error("FATAL", INVALID_AUTHORIZATION, "the connection is not encrypted", Some(hint))
}

/// The password opens nothing, or nothing any more.
pub(crate) fn kept_out(reason: KeptOut) -> PgWireError {
    match reason {
        KeptOut::NoAnalyst(words) => {
            let hint =
                "give a token of staff with the role analyst or data-officer as the password";
            error("FATAL", INVALID_PASSWORD, &words, Some(hint))
        }
        KeptOut::Stopping => error("FATAL", SHUTDOWN, "the platform stops", None),
    }
}

/// A question ran too long.
pub(crate) fn too_slow() -> PgWireError {
    refused(&GateError::TooSlow)
}

/// A question was refused, or failed.
pub(crate) fn refused(refusal: &GateError) -> PgWireError {
    let (code, hint) = match refusal {
        GateError::TooLong { .. } => (TOO_COMPLEX, Some("ask a shorter question")),
        GateError::Unreadable(_) => {
            (SYNTAX, Some("`SELECT * FROM dictionary` lists tables and columns"))
        }
        GateError::NotAllowed(_) => (NOT_PRIVILEGED, None),
        GateError::TooSlow => (CANCELLED, Some("ask for fewer days or venues")),
        GateError::TooLarge => (TOO_LARGE, Some("ask for fewer rows, or for shorter words")),
        GateError::Failed => (FAILED, None),
    };
    error("ERROR", code, &refusal.to_string(), hint)
}

/// Words every error anew that comes from the engine.
pub(crate) struct Telling;

impl ErrorHandler for Telling {
    fn on_error<C>(&self, _: &C, told: &mut PgWireError)
    where
        C: ClientInfo,
    {
        let PgWireError::ApiError(cause) = told else { return };
        let refusal = if let Some(cause) = cause.downcast_ref::<DataFusionError>() {
            GateError::of_engine(cause)
        } else if let Some(cause) = cause.downcast_ref::<Box<DataFusionError>>() {
            GateError::of_engine(cause)
        } else if let Some(cause) = cause.downcast_ref::<ParserError>() {
            GateError::Unreadable(cause.to_string())
        } else {
            GateError::Failed
        };
        *told = refused(&refusal);
    }
}
