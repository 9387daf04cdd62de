//! Who may come in where: every route of the API, with the reason why it is open or the roles that open
//! it.

/// Somebody on the staff of the venue whose member is read and written.
pub(crate) const MEMBER: &str = "/v1/venues/20240/staff/00000000-0000-4000-8000-00000000a771";
/// A server that is registered before anybody knocks; nobody listens there.
pub(crate) const WEBHOOK: &str = "/v1/venues/20240/webhooks/5b0b1c7e-1c1a-4b57-8f0e-0a4f3f1c9d02";

/// A template that is kept before anybody knocks, and that nobody follows.
pub(crate) const TEMPLATE: &str = "/v1/templates/state";
/// What is agreed with a reseller that is taken on before anybody knocks.
pub(crate) const TERMS: &str = "/v1/resellers/doors/terms";
/// Who invoices for the installation's own supplier, said before anybody knocks.
pub(crate) const INVOICER: &str = "/v1/suppliers/~/invoicer";
/// A reseller that is taken on before anybody knocks.
pub(crate) const RESELLER: &str = "/v1/resellers/knocked-tours";
/// A counter that is enrolled before anybody knocks.
pub(crate) const DEVICE: &str = "/v1/devices/counter-doors";
/// What that counter observed: nothing yet.
const ENTITY: &str = "/ngsi-ld/v1/entities/urn:ngsi-ld:CrowdFlowObserved:20240:counter-doors";
const HISTORY: &str = "/ngsi-ld/v1/temporal/entities/urn:ngsi-ld:CrowdFlowObserved:20240:counter-doors?timerel=between&timeAt=2026-11-24T00:00:00Z&endTimeAt=2026-11-25T00:00:00Z";

pub(crate) enum Door {
    /// Open to everyone, and why.
    Public(&'static str),
    /// Open to those who hold the payment provider's secret.
    Provider,
    /// Open to resellers with a good key, who each see what is theirs; at this address.
    Reseller(&'static str),
    /// Open to staff of these roles, and to administrators.
    Staff { roles: &'static [&'static str], path: &'static str, scope: Scope },
}

/// How a venue's staff are kept from other venues.
pub(crate) enum Scope {
    /// The request names a venue, which must be the token's.
    Named,
    /// The answer is cut to the token's venue.
    Cut,
    /// It is about no venue: who works at one has no part in it.
    Platform,
    /// The answer is a list of what is at the token's venue: of nothing elsewhere.
    Empty,
    /// The answer is of what is released, which is the same for all.
    Released,
}

/// Who sends the files of other ticket offices.
const FEEDERS: &[&str] = &["manager", "operator"];
/// How a kind of file is read, as it comes with the program.
const MAPPING: &str = "/v1/venues/20240/feeds/pos-transactions";

use Door::{Provider, Public, Reseller, Staff};

const KEY_OF_BOOKING: &str = "the uuid, which only its maker knows, is the key";

pub(crate) const DOORS: &[(&str, &str, Door)] = &[
    ("GET", "/v1/venues", Public("the shop's window")),
    ("GET", "/v1/venues/{venue_id}", Public("the shop's window")),
    ("GET", "/v1/venues/{venue_id}/availability", Public("the shop's window")),
    ("GET", "/v1/venues/{venue_id}/split", Public("so that anyone can check the sharing")),
    ("GET", "/v1/retention", Public("so that anyone can read how long what is kept")),
    ("GET", "/v1/ticket-keys", Public("public keys, for gates that are offline")),
    ("POST", "/v1/quotes", Public("what is shown in the shop's window, with a code")),
    ("POST", "/v1/bookings", Public("anyone may book by WEB or TOTEM; DESK wants a token, below")),
    ("GET", "/v1/bookings/{uuid}", Public(KEY_OF_BOOKING)),
    ("POST", "/v1/bookings/{uuid}/confirm", Public(KEY_OF_BOOKING)),
    ("POST", "/v1/bookings/{uuid}/cancel", Public(KEY_OF_BOOKING)),
    ("GET", "/v1/bookings/{uuid}/exchange", Public(KEY_OF_BOOKING)),
    ("POST", "/v1/bookings/{uuid}/exchange", Public(KEY_OF_BOOKING)),
    ("POST", "/v1/bookings/{uuid}/give-back", Public(KEY_OF_BOOKING)),
    ("PUT", "/v1/bookings/{uuid}/holders", Public(KEY_OF_BOOKING)),
    ("GET", "/v1/bookings/{uuid}/person", Public(KEY_OF_BOOKING)),
    ("DELETE", "/v1/bookings/{uuid}/person", Public(KEY_OF_BOOKING)),
    (
        "POST",
        "/v1/venues/{venue_id}/products/{product_id}/on-sales/{on_sale_id}/places",
        Public("anyone may stand in the line before a sale"),
    ),
    ("POST", "/v1/waiting", Public("anyone may wait for places of a sold-out slot")),
    ("GET", "/v1/waiting/{uuid}", Public(KEY_OF_BOOKING)),
    ("DELETE", "/v1/waiting/{uuid}", Public(KEY_OF_BOOKING)),
    ("POST", "/v1/groups", Public("anyone may ask for a group; a manager decides")),
    ("GET", "/v1/groups/{uuid}", Public(KEY_OF_BOOKING)),
    ("DELETE", "/v1/groups/{uuid}", Public(KEY_OF_BOOKING)),
    ("PUT", "/v1/groups/{uuid}/list", Public(KEY_OF_BOOKING)),
    ("DELETE", "/v1/groups/{uuid}/list", Public(KEY_OF_BOOKING)),
    ("POST", "/v1/bookings/{uuid}/payment", Public(KEY_OF_BOOKING)),
    ("GET", "/v1/bookings/{uuid}/tickets", Public(KEY_OF_BOOKING)),
    ("GET", "/v1/bookings/{uuid}/tickets.pdf", Public(KEY_OF_BOOKING)),
    ("GET", "/v1/bookings/{uuid}/refunds", Public(KEY_OF_BOOKING)),
    ("PUT", "/v1/bookings/{uuid}/refund-account", Public(KEY_OF_BOOKING)),
    ("GET", "/v1/bookings/{uuid}/visit.ics", Public(KEY_OF_BOOKING)),
    ("GET", "/v1/bookings/{uuid}/tickets.escpos", Public(KEY_OF_BOOKING)),
    ("GET", "/v1/bookings/{uuid}/tickets/{ticket_id}/pass.pkpass", Public(KEY_OF_BOOKING)),
    ("GET", "/v1/bookings/{uuid}/tickets/{ticket_id}/google-wallet", Public(KEY_OF_BOOKING)),
    ("POST", "/v1/bookings/{uuid}/tickets/{ticket_id}/reissue", Public(KEY_OF_BOOKING)),
    ("POST", "/v1/orders", Public("anyone may buy several visits in one go, by WEB or TOTEM")),
    ("GET", "/v1/orders/{uuid}", Public(KEY_OF_BOOKING)),
    ("POST", "/v1/orders/{uuid}/confirm", Public(KEY_OF_BOOKING)),
    ("POST", "/v1/orders/{uuid}/cancel", Public(KEY_OF_BOOKING)),
    ("POST", "/v1/orders/{uuid}/payment", Public(KEY_OF_BOOKING)),
    ("POST", "/v1/payments/notifications", Provider),
    ("POST", "/v1/payments/pagopa/receipts", Provider),
    ("GET", "/octo/supplier", Reseller("/octo/supplier")),
    ("GET", "/octo/capabilities", Reseller("/octo/capabilities")),
    ("GET", "/octo/products", Reseller("/octo/products")),
    ("GET", "/octo/products/{id}", Reseller("/octo/products/20346.site")),
    ("POST", "/octo/availability", Reseller("/octo/availability")),
    ("POST", "/octo/availability/calendar", Reseller("/octo/availability/calendar")),
    ("POST", "/octo/bookings", Reseller("/octo/bookings")),
    ("GET", "/octo/bookings", Reseller("/octo/bookings?supplierReference=x")),
    (
        "GET",
        "/octo/bookings/{uuid}",
        Reseller("/octo/bookings/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01"),
    ),
    (
        "PATCH",
        "/octo/bookings/{uuid}",
        Reseller("/octo/bookings/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01"),
    ),
    (
        "POST",
        "/octo/bookings/{uuid}/confirm",
        Reseller("/octo/bookings/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/confirm"),
    ),
    (
        "POST",
        "/octo/bookings/{uuid}/cancel",
        Reseller("/octo/bookings/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/cancel"),
    ),
    (
        "POST",
        "/octo/bookings/{uuid}/extend",
        Reseller("/octo/bookings/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/extend"),
    ),
    ("GET", "/v1/reseller/account", Reseller("/v1/reseller/account")),
    (
        "GET",
        "/v1/reseller/statements/{month}/{file}",
        Reseller("/v1/reseller/statements/2026-10/statement.json"),
    ),
    ("GET", "/v1/reseller/invoices", Reseller("/v1/reseller/invoices")),
    (
        "GET",
        "/v1/reseller/invoices/{file_name}",
        Reseller("/v1/reseller/invoices/IT12345678903_1JQ6F.xml"),
    ),
    (
        "GET",
        "/v1/resellers/{reseller_id}/terms",
        Staff { roles: &["operator"], path: TERMS, scope: Scope::Platform },
    ),
    (
        "PUT",
        "/v1/resellers/{reseller_id}/terms",
        Staff { roles: &["operator"], path: TERMS, scope: Scope::Platform },
    ),
    (
        "POST",
        "/v1/resellers/{reseller_id}/payments",
        Staff {
            roles: &["operator"],
            path: "/v1/resellers/doors/payments",
            scope: Scope::Platform,
        },
    ),
    (
        "GET",
        "/v1/resellers/{reseller_id}/statements/{month}/{file}",
        Staff {
            roles: &["operator"],
            path: "/v1/resellers/doors/statements/2026-10/signatures.json",
            scope: Scope::Platform,
        },
    ),
    (
        "POST",
        "/v1/resellers/{reseller_id}/statements/{month}/invoices",
        Staff {
            roles: &["operator"],
            path: "/v1/resellers/doors/statements/2026-10/invoices",
            scope: Scope::Platform,
        },
    ),
    (
        "GET",
        "/v1/resellers/{reseller_id}/invoices",
        Staff {
            roles: &["operator"],
            path: "/v1/resellers/doors/invoices",
            scope: Scope::Platform,
        },
    ),
    (
        "GET",
        "/v1/resellers/{reseller_id}/invoices/{file_name}",
        Staff {
            roles: &["operator"],
            path: "/v1/resellers/doors/invoices/IT12345678903_1JQ6F.xml",
            scope: Scope::Platform,
        },
    ),
    (
        "GET",
        "/v1/suppliers/{supplier_id}/invoicer",
        Staff { roles: &["operator"], path: INVOICER, scope: Scope::Platform },
    ),
    (
        "PUT",
        "/v1/suppliers/{supplier_id}/invoicer",
        Staff { roles: &["operator"], path: INVOICER, scope: Scope::Platform },
    ),
    ("GET", "/octo/webhooks", Reseller("/octo/webhooks")),
    ("POST", "/octo/webhooks", Reseller("/octo/webhooks")),
    (
        "DELETE",
        "/octo/webhooks/{id}",
        Reseller("/octo/webhooks/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01"),
    ),
    ("GET", "/octo/portal", Reseller("/octo/portal")),
    ("POST", "/octo/portal/key", Reseller("/octo/portal/key")),
    ("GET", "/octo/portal/bookings", Reseller("/octo/portal/bookings")),
    ("GET", "/octo/portal/webhooks", Reseller("/octo/portal/webhooks")),
    (
        "POST",
        "/octo/portal/webhooks/{id}/state",
        Reseller("/octo/portal/webhooks/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/state"),
    ),
    (
        "POST",
        "/octo/portal/webhooks/{id}/rotate",
        Reseller("/octo/portal/webhooks/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/rotate"),
    ),
    (
        "POST",
        "/octo/portal/webhooks/{id}/replay",
        Reseller("/octo/portal/webhooks/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/replay"),
    ),
    (
        "GET",
        "/octo/portal/webhooks/{id}/deliveries",
        Reseller("/octo/portal/webhooks/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/deliveries"),
    ),
    ("GET", "/octo/portal/events", Reseller("/octo/portal/events")),
    (
        "GET",
        "/v1/venues/{venue_id}/groups",
        Staff { roles: &["manager"], path: "/v1/venues/20240/groups", scope: Scope::Named },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/groups/{uuid}/approve",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/groups/00000000-0000-4000-8000-000000000000/approve",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/groups/{uuid}/refuse",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/groups/00000000-0000-4000-8000-000000000000/refuse",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/groups/{uuid}/list",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/groups/00000000-0000-4000-8000-000000000000/list",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/refunds",
        Staff { roles: &["manager"], path: "/v1/venues/20240/refunds", scope: Scope::Named },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/refunds/files",
        Staff { roles: &["manager"], path: "/v1/venues/20240/refunds/files", scope: Scope::Named },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/refunds/{payment_id}/paid-back",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/refunds/302123456789012356/paid-back",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/redemptions",
        Staff { roles: &["gate", "desk", "manager"], path: "/v1/redemptions", scope: Scope::Named },
    ),
    (
        "POST",
        "/v1/redemptions/party",
        Staff {
            roles: &["gate", "desk", "manager"],
            path: "/v1/redemptions/party",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/redemptions/offline",
        Staff { roles: &["gate", "manager"], path: "/v1/redemptions/offline", scope: Scope::Named },
    ),
    (
        "POST",
        "/v1/redemptions/{uuid}/undo",
        Staff {
            roles: &["gate", "desk", "manager"],
            path: "/v1/redemptions/00000000-0000-4000-8000-000000000000/undo",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/gate-bundle",
        Staff {
            roles: &["gate", "manager"],
            path: "/v1/venues/20240/gate-bundle",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/conflicts",
        Staff {
            roles: &["gate", "manager"],
            path: "/v1/venues/20240/conflicts",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/conflicts/{uuid}/close",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/conflicts/00000000-0000-4000-8000-000000000000/close",
            scope: Scope::Named,
        },
    ),
    ("GET", "/ngsi-ld/v1/context.jsonld", Public("what the fields of entities mean")),
    (
        "GET",
        "/v1/venues/{venue_id}/devices",
        Staff {
            roles: &["manager", "operator"],
            path: "/v1/venues/20240/devices",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/devices/{device_id}",
        Staff { roles: &["manager", "operator"], path: DEVICE, scope: Scope::Named },
    ),
    (
        "GET",
        "/ngsi-ld/v1/entities",
        Staff {
            roles: &["manager"],
            path: "/ngsi-ld/v1/entities?type=CrowdFlowObserved",
            scope: Scope::Empty,
        },
    ),
    (
        "GET",
        "/ngsi-ld/v1/entities/{entity_id}",
        Staff { roles: &["manager"], path: ENTITY, scope: Scope::Named },
    ),
    (
        "GET",
        "/ngsi-ld/v1/temporal/entities/{entity_id}",
        Staff { roles: &["manager"], path: HISTORY, scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/dashboard/{venue_id}",
        Staff { roles: &["manager"], path: "/v1/dashboard/20240", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/dashboard",
        Staff { roles: &["manager"], path: "/v1/dashboard", scope: Scope::Cut },
    ),
    (
        "GET",
        "/v1/decisions",
        Staff { roles: &["manager"], path: "/v1/decisions?venue_id=20240", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/opening",
        Staff { roles: &["manager"], path: "/v1/venues/20240/opening", scope: Scope::Named },
    ),
    (
        "PUT",
        "/v1/venues/{venue_id}/opening",
        Staff { roles: &["manager"], path: "/v1/venues/20240/opening", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/passes",
        Staff { roles: &["manager"], path: "/v1/venues/20240/passes", scope: Scope::Named },
    ),
    (
        "PUT",
        "/v1/venues/{venue_id}/passes",
        Staff { roles: &["manager"], path: "/v1/venues/20240/passes", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/template",
        Staff { roles: &["manager"], path: "/v1/venues/20240/template", scope: Scope::Named },
    ),
    (
        "PUT",
        "/v1/venues/{venue_id}/template",
        Staff { roles: &["manager"], path: "/v1/venues/20240/template", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/templates",
        Staff { roles: &["operator"], path: "/v1/templates", scope: Scope::Platform },
    ),
    (
        "GET",
        "/v1/resellers",
        Staff { roles: &["operator"], path: "/v1/resellers", scope: Scope::Platform },
    ),
    (
        "GET",
        "/v1/resellers/{reseller_id}",
        Staff { roles: &["operator"], path: RESELLER, scope: Scope::Platform },
    ),
    (
        "PUT",
        "/v1/resellers/{reseller_id}",
        Staff { roles: &["operator"], path: RESELLER, scope: Scope::Platform },
    ),
    (
        "POST",
        "/v1/resellers/{reseller_id}/keys",
        Staff {
            roles: &["operator"],
            path: "/v1/resellers/knocked-tours/keys",
            scope: Scope::Platform,
        },
    ),
    (
        "DELETE",
        "/v1/resellers/{reseller_id}/keys/{key_id}",
        Staff {
            roles: &["operator"],
            path: "/v1/resellers/knocked-tours/keys/000000000000",
            scope: Scope::Platform,
        },
    ),
    (
        "GET",
        "/v1/resellers/{reseller_id}/changes",
        Staff {
            roles: &["operator"],
            path: "/v1/resellers/knocked-tours/changes",
            scope: Scope::Platform,
        },
    ),
    (
        "GET",
        "/v1/templates/{template_id}",
        Staff { roles: &["operator"], path: TEMPLATE, scope: Scope::Platform },
    ),
    (
        "PUT",
        "/v1/templates/{template_id}",
        Staff { roles: &["operator"], path: TEMPLATE, scope: Scope::Platform },
    ),
    (
        "GET",
        "/v1/templates/{template_id}/followers",
        Staff {
            roles: &["operator"],
            path: "/v1/templates/state/followers",
            scope: Scope::Platform,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/supplier",
        Staff { roles: &["operator"], path: "/v1/venues/20240/supplier", scope: Scope::Platform },
    ),
    (
        "PUT",
        "/v1/venues/{venue_id}/supplier",
        Staff { roles: &["operator"], path: "/v1/venues/20240/supplier", scope: Scope::Platform },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/premises",
        Staff { roles: &["manager"], path: "/v1/venues/20240/premises", scope: Scope::Named },
    ),
    (
        "PUT",
        "/v1/venues/{venue_id}/premises",
        Staff { roles: &["manager"], path: "/v1/venues/20240/premises", scope: Scope::Named },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/presence",
        Staff { roles: &["manager"], path: "/v1/venues/20240/presence", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/presence",
        Staff {
            roles: &["gate", "desk", "manager"],
            path: "/v1/venues/20240/presence",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/products/{product_id}",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/products/admission",
            scope: Scope::Named,
        },
    ),
    (
        "PUT",
        "/v1/venues/{venue_id}/products/{product_id}",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/products/admission",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/resources",
        Staff { roles: &["manager"], path: "/v1/venues/20240/resources", scope: Scope::Named },
    ),
    (
        "PUT",
        "/v1/venues/{venue_id}/resources",
        Staff { roles: &["manager"], path: "/v1/venues/20240/resources", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/campaigns",
        Staff { roles: &["manager"], path: "/v1/venues/20240/campaigns", scope: Scope::Named },
    ),
    (
        "PUT",
        "/v1/venues/{venue_id}/campaigns",
        Staff { roles: &["manager"], path: "/v1/venues/20240/campaigns", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/campaigns/{campaign_id}/codes",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/campaigns/autumn/codes",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/campaigns/{campaign_id}/codes",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/campaigns/autumn/codes",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/pieces",
        Staff {
            roles: &["manager", "desk"],
            path: "/v1/venues/20240/pieces?day=2026-11-25",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/changes",
        Staff { roles: &["manager"], path: "/v1/venues/20240/changes", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/staff",
        Staff {
            roles: &["manager", "operator"],
            path: "/v1/venues/20240/staff",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/staff/{member_id}",
        Staff { roles: &["manager", "operator"], path: MEMBER, scope: Scope::Named },
    ),
    (
        "PUT",
        "/v1/venues/{venue_id}/staff/{member_id}",
        Staff { roles: &["manager", "operator"], path: MEMBER, scope: Scope::Named },
    ),
    (
        "DELETE",
        "/v1/venues/{venue_id}/staff/{member_id}",
        Staff {
            roles: &["manager", "operator"],
            path: "/v1/venues/20240/staff/00000000-0000-4000-8000-00000000dead",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/events",
        Staff { roles: &["manager"], path: "/v1/venues/20240/events", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/webhooks",
        Staff { roles: &["manager"], path: "/v1/venues/20240/webhooks", scope: Scope::Named },
    ),
    (
        "PUT",
        "/v1/venues/{venue_id}/webhooks/{webhook_id}",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/webhooks/5b0b1c7e-1c1a-4b57-8f0e-0a4f3f1c9d02",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/webhooks/{webhook_id}",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/webhooks/5b0b1c7e-1c1a-4b57-8f0e-0a4f3f1c9d02",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/webhooks/{webhook_id}/rotate",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/webhooks/5b0b1c7e-1c1a-4b57-8f0e-0a4f3f1c9d02/rotate",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/webhooks/{webhook_id}/test",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/webhooks/5b0b1c7e-1c1a-4b57-8f0e-0a4f3f1c9d02/test",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/webhooks/{webhook_id}/replay",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/webhooks/5b0b1c7e-1c1a-4b57-8f0e-0a4f3f1c9d02/replay",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/webhooks/{webhook_id}/deliveries",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/webhooks/5b0b1c7e-1c1a-4b57-8f0e-0a4f3f1c9d02/deliveries",
            scope: Scope::Named,
        },
    ),
    (
        "DELETE",
        "/v1/venues/{venue_id}/webhooks/{webhook_id}",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/webhooks/5b0b1c7e-1c1a-4b57-8f0e-0a4f3f1c9d02",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/call-offs",
        Staff { roles: &["manager"], path: "/v1/venues/20240/call-offs", scope: Scope::Named },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/shifts",
        Staff { roles: &["desk", "manager"], path: "/v1/venues/20240/shifts", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/shifts",
        Staff {
            roles: &["desk", "manager"],
            path: "/v1/venues/20240/shifts?day=2026-11-24",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/shifts/{uuid}",
        Staff {
            roles: &["desk", "manager"],
            path: "/v1/venues/20240/shifts/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/shifts/{uuid}/sales.csv",
        Staff {
            roles: &["desk", "manager"],
            path: "/v1/venues/20240/shifts/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/sales.csv",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/shifts/{uuid}/sales",
        Staff {
            roles: &["desk", "manager"],
            path: "/v1/venues/20240/shifts/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/sales",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/shifts/{uuid}/void",
        Staff {
            roles: &["desk", "manager"],
            path: "/v1/venues/20240/shifts/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/void",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/shifts/{uuid}/close",
        Staff {
            roles: &["desk", "manager"],
            path: "/v1/venues/20240/shifts/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/close",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/leases",
        Staff { roles: &["desk", "manager"], path: "/v1/venues/20240/leases", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/leases",
        Staff {
            roles: &["desk", "manager"],
            path: "/v1/venues/20240/leases?day=2026-11-24",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/leases/{uuid}/sales",
        Staff {
            roles: &["desk", "manager"],
            path: "/v1/venues/20240/leases/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/sales",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/leases/{uuid}/return",
        Staff {
            roles: &["desk", "manager"],
            path: "/v1/venues/20240/leases/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/return",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/leases/{uuid}/withdraw",
        Staff {
            roles: &["manager"],
            path: "/v1/venues/20240/leases/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01/withdraw",
            scope: Scope::Named,
        },
    ),
    (
        "POST",
        "/v1/sql",
        Staff { roles: &["analyst", "data-officer"], path: "/v1/sql", scope: Scope::Released },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/feeds",
        Staff { roles: FEEDERS, path: "/v1/venues/20240/feeds", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/feed-figures",
        Staff {
            roles: FEEDERS,
            path: "/v1/venues/20240/feed-figures?first_day=2026-11-01&last_day=2026-11-30",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/feeds/{mapping_id}",
        Staff { roles: FEEDERS, path: MAPPING, scope: Scope::Named },
    ),
    (
        "PUT",
        "/v1/venues/{venue_id}/feeds/{mapping_id}",
        Staff { roles: FEEDERS, path: MAPPING, scope: Scope::Named },
    ),
    (
        "POST",
        "/v1/venues/{venue_id}/feeds/{mapping_id}",
        // Nobody has said how such files are read.
        Staff { roles: FEEDERS, path: "/v1/venues/20240/feeds/unknown", scope: Scope::Named },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/feeds/{mapping_id}/files/{file_id}",
        Staff {
            roles: FEEDERS,
            path: "/v1/venues/20240/feeds/pos-transactions/files/00",
            scope: Scope::Named,
        },
    ),
    (
        "GET",
        "/v1/venues/{venue_id}/feeds/{mapping_id}/files/{file_id}/rejected.csv",
        Staff {
            roles: FEEDERS,
            path: "/v1/venues/20240/feeds/pos-transactions/files/00/rejected.csv",
            scope: Scope::Named,
        },
    ),
];
