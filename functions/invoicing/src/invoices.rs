//! Invoices: issued once for a month and a supplier, under a number of the supplier's own series, and read as
//! the exchange system of the revenue agency reads them.

use atrio_domain::id::{ResellerId, SupplierId};
use atrio_domain::invoicing::fattura;
use atrio_domain::invoicing::invoice::{DocumentKind, Invoice, InvoiceError, Issue, suppliers};
use atrio_domain::invoicing::month::Month;
use atrio_domain::tariff::{CURRENCY, Cents};
use atrio_domain::venue::day_at;
use atrio_runtime::{Path, Problem, Role, Staff};
use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::file::answered;
use crate::statements::{made, month_of};
use crate::{Context, known, problem};

/// Invoices of a reseller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvoicesView {
    invoices: Vec<InvoiceView>,
}

/// An invoice in short.
#[derive(Debug, Serialize, ToSchema)]
struct InvoiceView {
    /// What its file is called at the exchange system, and here.
    file_name: String,
    number: String,
    #[schema(value_type = String)]
    kind: DocumentKind,
    #[schema(value_type = String)]
    month: Month,
    /// Whose venues; null for the installation's own supplier.
    #[schema(value_type = Option<String>)]
    supplier_id: Option<SupplierId>,
    #[schema(value_type = String, format = Date)]
    issued_on: Date,
    #[schema(value_type = String, format = Date)]
    due_on: Date,
    currency: &'static str,
    /// All of it, with tax.
    #[schema(value_type = i64)]
    total_cents: Cents,
    /// What is paid to the supplier: without the tax, where the customer pays that to the state itself.
    #[schema(value_type = i64)]
    payable_cents: Cents,
}

impl From<&Invoice> for InvoiceView {
    fn from(invoice: &Invoice) -> Self {
        Self {
            file_name: invoice.file_name(),
            number: invoice.number.to_string(),
            kind: invoice.kind,
            month: invoice.month,
            supplier_id: invoice.supplier_id.clone(),
            issued_on: invoice.issued_on,
            due_on: invoice.due_on,
            currency: CURRENCY,
            total_cents: invoice.total(),
            payable_cents: invoice.payable(),
        }
    }
}

fn shown(invoices: &[Invoice]) -> axum::Json<InvoicesView> {
    axum::Json(InvoicesView { invoices: invoices.iter().map(InvoiceView::from).collect() })
}

/// Issues the invoices of a closed month, one for each supplier that something is owed to or by. Asked again, it
/// answers the same.
#[utoipa::path(post, path = "/v1/resellers/{reseller_id}/statements/{month}/invoices",
    tag = "invoicing", security(("staff" = [])),
    params(("reseller_id" = String, Path), ("month" = String, Path, description = "`2026-11`")),
    responses((status = 200, body = InvoicesView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn issue_invoices(
    State(context): State<Context>,
    staff: Staff,
    Path((reseller_id, month)): Path<(String, String)>,
) -> Result<axum::Json<InvoicesView>, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let reseller = known(&context, &reseller_id).await?;
    let month = month_of(&month)?;
    let statement = made(&context, &reseller, month).await?;
    let (store, today) = (&context.store, day_at(context.clock.now()));
    let account = store.reseller_account(&reseller.id).await.map_err(problem::internal)?;
    let terms = account.terms.ok_or_else(|| problem::no_terms(reseller.id.as_str()))?;
    let mut issued = Vec::new();
    if !month.is_closed(context.clock.now()) {
        return Err(problem::invoice(&InvoiceError::OpenMonth { month }));
    }
    for supplier in suppliers(&statement) {
        let found = store.invoicer(supplier.as_ref()).await.map_err(problem::internal)?;
        let unknown = || problem::invoice(&InvoiceError::NoInvoicer { supplier: supplier.clone() });
        let invoicer = found.ok_or_else(unknown)?.invoicer;
        let make = |number| {
            let supplier_id = supplier.clone();
            let issue =
                Issue { supplier_id, invoicer: &invoicer, terms: &terms, number, on: today };
            Invoice::of(&statement, issue)
        };
        let of = (&reseller.id, month);
        let invoice = store.issue_invoice(of, supplier.as_ref(), today.year(), make).await;
        let invoice = invoice.map_err(problem::internal)?;
        issued.push(invoice.map_err(|error| problem::invoice(&error))?);
    }
    Ok(shown(&issued))
}

/// The invoices of a reseller.
#[utoipa::path(get, path = "/v1/resellers/{reseller_id}/invoices", tag = "invoicing",
    security(("staff" = [])), params(("reseller_id" = String, Path)),
    responses((status = 200, body = InvoicesView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list_invoices(
    State(context): State<Context>,
    staff: Staff,
    Path(reseller_id): Path<String>,
) -> Result<axum::Json<InvoicesView>, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let reseller = known(&context, &reseller_id).await?;
    Ok(shown(&context.store.invoices(&reseller.id).await.map_err(problem::internal)?))
}

/// The invoices of the reseller of the key.
#[utoipa::path(get, path = "/v1/reseller/invoices", tag = "invoicing", security(("reseller" = [])),
    responses((status = 200, body = InvoicesView), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(crate) async fn list_own_invoices(
    State(context): State<Context>,
    Caller(reseller): Caller,
) -> Result<axum::Json<InvoicesView>, Problem> {
    Ok(shown(&context.store.invoices(&reseller.id).await.map_err(problem::internal)?))
}

/// An invoice as the exchange system reads it (FatturaPA 1.2.2), unsigned: who keeps the supplier's books signs
/// and sends it.
#[utoipa::path(get, path = "/v1/resellers/{reseller_id}/invoices/{file_name}", tag = "invoicing",
    security(("staff" = [])), params(("reseller_id" = String, Path), ("file_name" = String, Path)),
    responses((status = 200, content_type = "application/xml"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_invoice(
    State(context): State<Context>,
    staff: Staff,
    Path((reseller_id, file_name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let reseller = known(&context, &reseller_id).await?;
    told(&context, &reseller.id, &file_name).await
}

/// An invoice of the reseller of the key, as the exchange system reads it.
#[utoipa::path(get, path = "/v1/reseller/invoices/{file_name}", tag = "invoicing",
    security(("reseller" = [])), params(("file_name" = String, Path)),
    responses((status = 200, content_type = "application/xml"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_own_invoice(
    State(context): State<Context>,
    Caller(reseller): Caller,
    Path(file_name): Path<String>,
) -> Result<Response, Problem> {
    told(&context, &reseller.id, &file_name).await
}

async fn told(
    context: &Context,
    reseller: &ResellerId,
    file_name: &str,
) -> Result<Response, Problem> {
    let invoices = context.store.invoices(reseller).await.map_err(problem::internal)?;
    let found = invoices.iter().find(|invoice| invoice.file_name() == file_name);
    let invoice = found.ok_or_else(|| problem::unknown_invoice(file_name))?;
    let content = fattura::xml(invoice).into_bytes();
    Ok(answered("application/xml", &invoice.file_name(), content, None))
}
