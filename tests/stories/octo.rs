//! A reseller's client reads what there is to sell: the supplier, its products and its places, in OCTO's words
//! to the letter. Each test is a scenario of those that certify a supplier.

use std::collections::BTreeSet;

use atrio_tests::{Process, Reseller, check_availability, has_keys, refusal};
use serde_json::{Value, json};

/// Five hundred places an hour.
pub(crate) const SITE: &str = "20346.site";
/// Three hundred.
pub(crate) const EXHIBITION: &str = "101309.exhibition";
/// Its own venue's alone until two weeks before.
pub(crate) const AHEAD: &str = "101309.restored-rooms";
/// By opening hours.
pub(crate) const DAY_TICKET: &str = "20349.day-ticket";
/// Twelve places an hour, six in a booking.
pub(crate) const TOUR: &str = "20349.castle-tour";

/// Tomorrow at eleven, on the museums' clock.
pub(crate) const TOMORROW: &str = "2026-11-25T11:00:00+01:00";

const OPTION_KEYS: [&str; 11] = [
    "id",
    "default",
    "internalName",
    "reference",
    "availabilityLocalStartTimes",
    "cancellationCutoff",
    "cancellationCutoffAmount",
    "cancellationCutoffUnit",
    "requiredContactFields",
    "restrictions",
    "units",
];

fn query(more: &Value) -> Value {
    let mut body = json!({"productId": SITE, "optionId": "standard"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn check_product(product: &Value) {
    has_keys(
        product,
        &[
            "id",
            "internalName",
            "reference",
            "locale",
            "timeZone",
            "allowFreesale",
            "instantConfirmation",
            "instantDelivery",
            "availabilityRequired",
            "availabilityType",
            "deliveryFormats",
            "deliveryMethods",
            "redemptionMethod",
            "options",
        ],
    );
    assert_eq!(product["timeZone"], "Europe/Rome");
    let options = product["options"].as_array().unwrap();
    assert_eq!(options.iter().filter(|option| option["default"] == true).count(), 1);
    for option in options {
        has_keys(option, &OPTION_KEYS);
        has_keys(&option["restrictions"], &["minUnits", "maxUnits"]);
        let times = option["availabilityLocalStartTimes"].as_array().unwrap();
        assert_eq!(times.is_empty(), product["availabilityType"] == "OPENING_HOURS");
        assert!(times.iter().all(|time| time.as_str().unwrap().len() == 5), "{times:?}");
        for unit in option["units"].as_array().unwrap() {
            has_keys(
                unit,
                &[
                    "id",
                    "internalName",
                    "reference",
                    "type",
                    "restrictions",
                    "requiredContactFields",
                ],
            );
            has_keys(
                &unit["restrictions"],
                &[
                    "minAge",
                    "maxAge",
                    "idRequired",
                    "minQuantity",
                    "maxQuantity",
                    "paxCount",
                    "accompaniedBy",
                ],
            );
        }
    }
}

#[tokio::test]
async fn the_supplier_its_capabilities_and_its_products_have_every_key() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let supplier = reseller.get("/supplier").await.expect(200);
    has_keys(&supplier, &["id", "name", "endpoint", "contact"]);
    has_keys(&supplier["contact"], &["website", "email", "telephone", "address"]);
    assert_eq!(supplier["endpoint"], format!("{}/octo", museum.run.http));

    let capabilities = reseller.get("/capabilities").await.expect(200);
    let ids: Vec<&str> =
        capabilities.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["octo/pricing", "octo/content", "octo/webhooks"]);
    for capability in capabilities.as_array().unwrap() {
        has_keys(capability, &["id", "revision", "required", "dependencies", "docs"]);
    }

    let products = reseller.products().await;
    let ids: BTreeSet<&str> = products.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, BTreeSet::from([SITE, EXHIBITION, AHEAD, DAY_TICKET, TOUR]));
    for product in &products {
        check_product(product);
        let id = product["id"].as_str().unwrap();
        let alone = reseller.get(&format!("/products/{id}")).await.expect(200);
        assert_eq!(alone, *product);
        let by_hours = if id == DAY_TICKET { "OPENING_HOURS" } else { "START_TIME" };
        assert_eq!(product["availabilityType"], by_hours);
    }
    for unknown in ["invalidProductId", "20346.admission", "20346", "%20"] {
        let refused =
            refusal(&reseller.get(&format!("/products/{unknown}")).await, "INVALID_PRODUCT_ID");
        assert!(refused["productId"].is_string());
    }
}

#[tokio::test]
async fn each_address_is_served_with_and_without_a_slash_and_another_is_none() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    for path in ["/supplier", "/capabilities", "/products", "/products/20346.site"] {
        let plain = reseller.get(path).await.expect(200);
        assert_eq!(reseller.get(&format!("{path}/")).await.expect(200), plain, "{path}");
    }
    let day = query(&json!({"localDate": "2026-11-25"}));
    for path in ["/availability/", "/availability/calendar/"] {
        reseller.post(path, &day).await.expect(200);
    }
    let held = reseller.request(SITE, TOMORROW, 1);
    let booking = reseller.post("/bookings/", &held).await.expect(200);
    let uuid = booking["uuid"].as_str().unwrap();
    reseller.get(&format!("/bookings/{uuid}/")).await.expect(200);
    reseller.send("PATCH", &format!("/bookings/{uuid}/"), Some(&json!({}))).await.expect(200);
    reseller.get("/bookings/?supplierReference=x").await.expect(200);
    for step in ["extend", "confirm", "cancel"] {
        reseller.post(&format!("/bookings/{uuid}/{step}/"), &json!({})).await.expect(200);
    }
    let nowhere = reseller.get("/orders").await;
    assert_eq!(nowhere.expect(404)["error"], "NOT_FOUND");
}

#[tokio::test]
async fn prices_and_texts_come_when_they_are_granted_and_only_then() {
    let museum = Process::fresh().await;
    let plain = Reseller::joins(&museum, "Example Tours", &[]).await;
    let answer = plain.get("/products/20346.site").await;
    assert_eq!(answer.header("octo-capabilities"), Some(""));

    let pricing = plain.asking_for("octo/pricing, octo/unheard-of");
    let answer = pricing.get("/products/20346.site").await;
    assert_eq!(answer.header("octo-capabilities"), Some("octo/pricing"));
    let product = answer.expect(200);
    assert_eq!(product["defaultCurrency"], "EUR");
    assert_eq!(product["availableCurrencies"], json!(["EUR"]));
    assert_eq!(product["pricingPer"], "UNIT");
    let adult = &product["options"][0]["units"][0];
    let eight = json!({
        "original": 800, "retail": 800, "net": null, "currency": "EUR", "currencyPrecision": 2,
        "includedTaxes": [],
    });
    assert_eq!(adult["pricingFrom"], json!([eight]));
    assert_eq!(adult.get("pricing"), None);
    let slot = pricing.availability(SITE, TOMORROW).await;
    let mut of_unit = eight.clone();
    of_unit["unitId"] = json!("adult");
    assert_eq!(slot["unitPricing"][0], of_unit);
    let day = query(&json!({"localDate": "2026-11-25"}));
    let calendar = pricing.post("/availability/calendar", &day).await.expect(200);
    assert_eq!(calendar[0]["unitPricingFrom"][0], of_unit);
    let mut party = day.clone();
    party["units"] = json!([{"id": "adult", "quantity": 2}, {"id": "minor", "quantity": 1}]);
    let slots = pricing.post("/availability", &party).await.expect(200);
    assert_eq!(slots[0]["pricing"]["retail"], 1_600);

    let body = pricing.request(SITE, TOMORROW, 3);
    let booking = pricing.post("/bookings", &body).await.expect(200);
    assert_eq!(booking["pricing"]["retail"], 2_400);
    assert_eq!(booking["unitItems"][0]["pricing"], eight);
    assert_eq!(booking["unitItems"][0]["unit"]["pricing"], json!([eight]));
    assert_eq!(booking["product"]["options"][0]["units"][0].get("pricingFrom"), None);
    let unpriced = plain.booking(&booking).await;
    assert_eq!(unpriced.get("pricing"), None);

    let mut content = plain.asking_for("octo/content");
    let italian = content.get("/products/20346.site").await.expect(200);
    assert_eq!(italian["locale"], "it");
    assert!(italian["title"].as_str().unwrap().starts_with("Anfiteatro e museo"), "{italian}");
    content.languages = Some("en-GB, it;q=0.5".to_owned());
    let answer = content.get("/products/20346.site").await;
    assert_eq!(answer.header("octo-capabilities"), Some("octo/content"));
    let english = answer.expect(200);
    assert_eq!(english["locale"], "en");
    assert!(english["title"].as_str().unwrap().starts_with("Amphitheatre and museum"));
    let texts = [
        "title",
        "shortDescription",
        "description",
        "features",
        "faqs",
        "media",
        "locations",
        "categoryLabels",
        "durationMinutesFrom",
        "durationMinutesTo",
        "commentary",
    ];
    for key in texts {
        assert!(english.get(key).is_some() && english["options"][0].get(key).is_some(), "{key}");
    }
    for key in ["title", "shortDescription", "features"] {
        assert!(english["options"][0]["units"][0].get(key).is_some(), "{key}");
    }
    let supplier = content.get("/supplier").await.expect(200);
    assert!(supplier["shortDescription"].as_str().unwrap().contains("museums"));
    assert_eq!(english.get("pricingPer"), None);
}

#[tokio::test]
async fn places_are_listed_by_interval_by_day_and_by_id_alike() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    for (product, kind) in [(SITE, "START_TIME"), (DAY_TICKET, "OPENING_HOURS")] {
        let all = reseller.availabilities(product, "2026-11-24", "2026-12-24").await;
        assert!(all.len() > 20, "{}", all.len());
        all.iter().for_each(|one| check_availability(one, kind));
        let ids: BTreeSet<&str> = all.iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), all.len(), "each id once");
        let wednesday: Vec<Value> = all
            .iter()
            .filter(|one| one["id"].as_str().unwrap().starts_with("2026-11-25"))
            .cloned()
            .collect();
        let mut body = query(&json!({"localDate": "2026-11-25"}));
        body["productId"] = json!(product);
        let by_day = reseller.post("/availability", &body).await.expect(200);
        assert_eq!(by_day, json!(wednesday));
        let wanted: Vec<&Value> = wednesday.iter().map(|one| &one["id"]).collect();
        let mut body = query(&json!({"availabilityIds": wanted}));
        body["productId"] = json!(product);
        let by_id = reseller.post("/availability", &body).await.expect(200);
        assert_eq!(by_id, json!(wednesday));
    }
    let tickets = reseller.availabilities(DAY_TICKET, "2026-11-25", "2026-11-25").await;
    let [day] = &tickets[..] else { panic!("{tickets:?}") };
    assert_eq!(day["id"], "2026-11-25T00:00:00+01:00");
    assert_eq!(day["localDateTimeEnd"], "2026-11-26T00:00:00+01:00");
    assert_eq!(day["openingHours"], json!([{"from": "09:00", "to": "19:00"}]));
    // In summer another offset stands in the id.
    let summer = reseller.availabilities(SITE, "2027-04-01", "2027-04-01").await;
    assert_eq!(summer[0]["id"], "2027-04-01T09:00:00+02:00");
    let none = query(&json!({"availabilityIds": ["2026-11-25T11:30:00+01:00", "nonsense"]}));
    assert_eq!(reseller.post("/availability", &none).await.expect(200), json!([]));
}

#[tokio::test]
async fn what_is_sold_out_closed_or_past_is_listed_and_not_on_sale() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let ahead = reseller.availabilities(AHEAD, "2026-11-25", "2026-12-20").await;
    let status = |id: &str| {
        let found = ahead.iter().find(|one| one["id"] == id);
        found.map(|one| one["status"].as_str().unwrap().to_owned())
    };
    assert_eq!(status("2026-11-25T11:00:00+01:00").as_deref(), Some("AVAILABLE"));
    assert_eq!(status("2026-12-10T11:00:00+01:00").as_deref(), Some("SOLD_OUT"));
    for (product, kind) in [(SITE, "START_TIME"), (DAY_TICKET, "OPENING_HOURS")] {
        let monday = reseller.availabilities(product, "2026-11-30", "2026-11-30").await;
        let [closed] = &monday[..] else { panic!("{monday:?}") };
        check_availability(closed, kind);
        assert_eq!(closed["status"], "CLOSED");
    }
    // A day that is yesterday in Rome, for a client whose day is the one in UTC.
    let days = reseller.availabilities(SITE, "2026-11-23", "2026-11-24").await;
    assert_eq!(days[0]["id"], "2026-11-23T00:00:00+01:00");
    let days = reseller.availabilities(SITE, "2026-11-22", "2026-11-24").await;
    assert!(
        days.iter().all(|one| {
            let is_over = one["id"].as_str().unwrap() < "2026-11-24T10:00:00+01:00";
            (one["status"] == "CLOSED") == is_over
        }),
        "{days:?}"
    );
    // Beyond what is on sale.
    let far = reseller.availabilities(SITE, "2027-06-10", "2027-06-10").await;
    assert_eq!(far[0]["status"], "CLOSED");
}

#[tokio::test]
async fn a_calendar_has_one_day_each_with_the_sum_of_its_places() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    for product in [SITE, DAY_TICKET, AHEAD] {
        let mut body =
            query(&json!({"localDateStart": "2026-11-24", "localDateEnd": "2026-12-24"}));
        body["productId"] = json!(product);
        let days = reseller.post("/availability/calendar", &body).await.expect(200);
        let days = days.as_array().unwrap();
        assert_eq!(days.len(), 31);
        let slots = reseller.availabilities(product, "2026-11-24", "2026-12-24").await;
        for day in days {
            has_keys(
                day,
                &["localDate", "available", "status", "vacancies", "capacity", "openingHours"],
            );
            let date = day["localDate"].as_str().unwrap();
            let of_day = slots.iter().filter(|slot| slot["id"].as_str().unwrap().starts_with(date));
            let sum: u64 = of_day.map(|slot| slot["vacancies"].as_u64().unwrap()).sum();
            assert_eq!(day["vacancies"], sum, "{date}");
            assert_eq!(day["available"], sum > 0, "{date}");
            let has_hours = !day["openingHours"].as_array().unwrap().is_empty();
            assert_eq!(has_hours, product == DAY_TICKET);
        }
        assert_eq!(days[6]["status"], "CLOSED", "a Monday");
    }
}

#[tokio::test]
async fn a_query_has_one_form_and_is_refused_in_the_order_of_its_parts() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let interval = json!({"localDateStart": "2026-11-24", "localDateEnd": "2026-11-25"});
    for path in ["/availability", "/availability/calendar"] {
        let mut wrong = query(&interval);
        (wrong["productId"], wrong["optionId"]) =
            (json!("invalidProductId"), json!("invalidOptionId"));
        wrong["localDate"] = json!("2026-11-24");
        let refused = refusal(&reseller.post(path, &wrong).await, "INVALID_PRODUCT_ID");
        assert_eq!(refused["productId"], "invalidProductId");
        wrong["productId"] = json!(SITE);
        let refused = refusal(&reseller.post(path, &wrong).await, "INVALID_OPTION_ID");
        assert_eq!(refused["optionId"], "invalidOptionId");
        wrong["optionId"] = json!("standard");
        refusal(&reseller.post(path, &wrong).await, "BAD_REQUEST");
        for form in [
            json!({}),
            json!({"localDateStart": "2026-11-24"}),
            json!({"localDateEnd": "2026-11-24"}),
            json!({"localDate": "2026-11-24", "availabilityIds": [TOMORROW]}),
            json!({"localDateStart": "2026-11-25", "localDateEnd": "2026-11-24"}),
            json!({"localDateStart": "2026-11-25", "localDateEnd": "2028-11-24"}),
            json!({"localDate": "24/11/2026"}),
            json!({"localDate": 20261124}),
        ] {
            refusal(&reseller.post(path, &query(&form)).await, "BAD_REQUEST");
        }
        let mut party = query(&interval);
        party["units"] = json!([{"id": "invalidUnitId", "quantity": 1}]);
        refusal(&reseller.post(path, &party).await, "INVALID_UNIT_ID");
    }
    let few = json!({"localDate": "2026-11-25", "units": [{"id": "adult", "quantity": 501}]});
    let slots = reseller.post("/availability", &query(&few)).await.expect(200);
    assert!(slots.as_array().unwrap().iter().all(|slot| slot["available"] == false));
    let cut = reseller.send("POST", "/availability", None).await;
    refusal(&cut, "BAD_REQUEST");
}
