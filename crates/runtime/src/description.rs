//! What the description of the API says of every function alike: refusals are problem documents, and
//! what the readers of addresses and bodies refuse. A function describes what it refuses by itself.

use axum::http::StatusCode;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AnyOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, Object, OpenApi, Ref, RefOr, Response, ResponseBuilder};

/// The media type of a problem document (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// What comes with the refusal of a request that is one too many.
const LIMITED: [(&str, &str); 3] = [
    ("Retry-After", "seconds after which the next request is taken"),
    (
        "RateLimit-Policy",
        "the class of the request, how many (`q`) are taken in how many seconds (`w`)",
    ),
    (
        "RateLimit",
        "the class, how many are left (`r`), and in how many seconds there are more (`t`)",
    ),
];

/// Completes the description that the functions gave together.
pub fn complete(api: &mut OpenApi) {
    for schema in api.components.iter_mut().flat_map(|all| all.schemas.values_mut()) {
        leave_parts_out(schema);
    }
    for (path, item) in &mut api.paths.paths {
        // Resellers are refused in OCTO's form, which their routes describe themselves.
        if path.starts_with("/octo/") {
            continue;
        }
        let is_limited = !path.starts_with("/v1/payments/");
        let methods = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        for operation in methods.into_iter().flatten() {
            complete_operation(operation, is_limited);
        }
    }
}

/// A part of an object that may be left out is described as that part or null, which the object around it
/// is never; what is meant is that part or anything.
fn leave_parts_out(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::AllOf(all)) = schema else { return };
    for part in &mut all.items {
        let RefOr::T(Schema::OneOf(one)) = &*part else { continue };
        let described = one.items.iter().find(|item| matches!(item, RefOr::Ref(_)));
        if let ([_, _], Some(described)) = (&one.items[..], described) {
            let anything = Object::with_type(SchemaType::AnyValue);
            *part = AnyOfBuilder::new().item(described.clone()).item(anything).into();
        }
    }
}

fn complete_operation(operation: &mut Operation, is_limited: bool) {
    let has_body = operation.request_body.is_some();
    let mut refused = Vec::new();
    if has_body || operation.parameters.as_ref().is_some_and(|all| !all.is_empty()) {
        refused.push(StatusCode::BAD_REQUEST);
    }
    if has_body {
        refused.extend([
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ]);
    }
    if is_limited {
        refused.push(StatusCode::TOO_MANY_REQUESTS);
    }
    let responses = &mut operation.responses.responses;
    for status in refused {
        let problem = || RefOr::T(problem(status));
        responses.entry(status.as_u16().to_string()).or_insert_with(problem);
    }
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        if status.as_str() >= "400"
            && let Some(content) = response.content.shift_remove("application/json")
        {
            response.content.insert(PROBLEM.to_owned(), content);
        }
    }
}

fn problem(status: StatusCode) -> Response {
    let schema = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let meaning = status.canonical_reason().unwrap_or("Refused");
    let mut response = ResponseBuilder::new().description(meaning).content(PROBLEM, schema);
    if status == StatusCode::TOO_MANY_REQUESTS {
        for (name, what) in LIMITED {
            let text = HeaderBuilder::new().schema(Some(Object::with_type(Type::String)));
            response = response.header(name, text.description(Some(what)).build());
        }
    }
    response.build()
}
