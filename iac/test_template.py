"""Tests of template.yaml and global.yaml: what lint cannot know about this platform.

Each check is tried twice: it must find nothing in the templates, and it must find something in a
copy broken on purpose, so that no check passes because it looks at nothing. The templates are also
run through SAM's own transform, offline, as prod and as dev. Run by lint.sh; needs PyYAML and
aws-sam-translator. Prints `N passed, N failed`.
"""

import copy
import fnmatch
import json
import logging
import os
import pathlib
import re
import sys

import yaml

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-south-1")
# The transform warns on every run that it knows no feature toggles.
logging.disable(logging.CRITICAL)
HERE = pathlib.Path(__file__).resolve().parent

# Routes open to anyone, each with what guards it instead of a token.
PUBLIC = {
    "GET /v1/venues": "the catalogue is public",
    "GET /v1/venues/{venue_id}": "the catalogue is public",
    "GET /v1/venues/{venue_id}/availability": "places left are public",
    "POST /v1/quotes": "what a visit costs is public, a code is a secret of whoever has it",
    "GET /v1/venues/{venue_id}/split": "how places are shared is public",
    "GET /v1/retention": "how long what is kept is public",
    "GET /v1/reseller/account": "a reseller shows its key; the function checks it before all else",
    "GET /v1/reseller/statements/{month}/{file}": "a reseller shows its key; the function checks it before all else",
    "GET /v1/reseller/invoices": "a reseller shows its key; the function checks it before all else",
    "GET /v1/reseller/invoices/{file_name}": "a reseller shows its key; the function checks it before all else",
    "ANY /octo/{proxy+}": "resellers show a key that is no token; the function checks it before all else",
    "POST /v1/bookings": "visitors have no account; throttled, limited by address, risk rules",
    "GET /v1/bookings/{uuid}": "the uuid, made by the visitor's browser, is the key",
    "POST /v1/bookings/{uuid}/confirm": "the uuid is the key",
    "POST /v1/bookings/{uuid}/cancel": "the uuid is the key",
    "GET /v1/bookings/{uuid}/exchange": "the uuid is the key",
    "POST /v1/bookings/{uuid}/exchange": "the uuid is the key; throttled, risk rules as for a booking",
    "POST /v1/bookings/{uuid}/give-back": "the uuid is the key",
    "PUT /v1/bookings/{uuid}/holders": "the uuid is the key; it shows no name",
    "GET /v1/bookings/{uuid}/person": "the uuid is the key; only its holder sees what is kept of them",
    "DELETE /v1/bookings/{uuid}/person": "the uuid is the key; it makes us forget, and shows nothing",
    "POST /v1/venues/{venue_id}/products/{product_id}/on-sales/{on_sale_id}/places": "visitors have no account; throttled, one place for an address",
    "POST /v1/waiting": "visitors have no account; throttled, risk rules, a contact once in a line",
    "GET /v1/waiting/{uuid}": "the uuid, made by the visitor's browser, is the key",
    "DELETE /v1/waiting/{uuid}": "the uuid is the key; it makes us forget, and shows nothing",
    "POST /v1/groups": "who asks has no account; throttled, takes no place before a manager decides",
    "GET /v1/groups/{uuid}": "the uuid, made by the browser of who asks, is the key",
    "DELETE /v1/groups/{uuid}": "the uuid is the key; it makes us forget, and shows nothing",
    "PUT /v1/groups/{uuid}/list": "the uuid is the key; it shows no name",
    "DELETE /v1/groups/{uuid}/list": "the uuid is the key; it makes us forget, and shows nothing",
    "POST /v1/bookings/{uuid}/payment": "the uuid is the key",
    "POST /v1/orders": "as a booking; several visits in one go",
    "GET /v1/orders/{uuid}": "the uuid is the key",
    "POST /v1/orders/{uuid}/confirm": "the uuid is the key",
    "POST /v1/orders/{uuid}/cancel": "the uuid is the key",
    "POST /v1/orders/{uuid}/payment": "the uuid is the key",
    "POST /v1/payments/notifications": "the provider signs the body (HMAC), the function checks it",
    "POST /v1/payments/pagopa/receipts": "who forwards receipts signs the body (HMAC), the function checks it",
    "GET /v1/bookings/{uuid}/refunds": "the uuid is the key",
    "PUT /v1/bookings/{uuid}/refund-account": "the uuid is the key",
    "GET /v1/bookings/{uuid}/tickets": "the uuid is the key",
    "GET /v1/bookings/{uuid}/tickets.pdf": "the uuid is the key",
    "GET /v1/bookings/{uuid}/visit.ics": "the uuid is the key",
    "GET /v1/bookings/{uuid}/tickets.escpos": "the uuid is the key",
    "GET /v1/bookings/{uuid}/tickets/{ticket_id}/pass.pkpass": "the uuid is the key",
    "GET /v1/bookings/{uuid}/tickets/{ticket_id}/google-wallet": "the uuid is the key",
    "POST /v1/bookings/{uuid}/tickets/{ticket_id}/reissue": "the uuid is the key",
    "GET /v1/ticket-keys": "public keys, which offline gates fetch",
    "GET /ngsi-ld/v1/context.jsonld": "what the fields of entities mean",
}
# Routes for staff: a token the authoriser accepts, then what the directory of staff says.
STAFF = {
    "GET /v1/venues/{venue_id}/groups",
    "POST /v1/venues/{venue_id}/groups/{uuid}/approve",
    "POST /v1/venues/{venue_id}/groups/{uuid}/refuse",
    "GET /v1/venues/{venue_id}/groups/{uuid}/list",
    "GET /v1/venues/{venue_id}/refunds",
    "POST /v1/venues/{venue_id}/refunds/files",
    "POST /v1/venues/{venue_id}/refunds/{payment_id}/paid-back",
    "POST /v1/redemptions",
    "POST /v1/redemptions/party",
    "POST /v1/redemptions/offline",
    "POST /v1/redemptions/{uuid}/undo",
    "GET /v1/venues/{venue_id}/gate-bundle",
    "GET /v1/venues/{venue_id}/conflicts",
    "POST /v1/venues/{venue_id}/conflicts/{uuid}/close",
    "POST /v1/venues/{venue_id}/presence",
    "GET /v1/venues/{venue_id}/devices",
    "GET /v1/devices/{device_id}",
    "GET /ngsi-ld/v1/entities",
    "GET /ngsi-ld/v1/entities/{entity_id}",
    "GET /ngsi-ld/v1/temporal/entities/{entity_id}",
    "GET /v1/dashboard",
    "GET /v1/dashboard/{venue_id}",
    "GET /v1/decisions",
    "GET /v1/venues/{venue_id}/opening",
    "PUT /v1/venues/{venue_id}/opening",
    "GET /v1/venues/{venue_id}/resources",
    "PUT /v1/venues/{venue_id}/resources",
    "GET /v1/venues/{venue_id}/campaigns",
    "PUT /v1/venues/{venue_id}/campaigns",
    "GET /v1/venues/{venue_id}/campaigns/{campaign_id}/codes",
    "POST /v1/venues/{venue_id}/campaigns/{campaign_id}/codes",
    "GET /v1/venues/{venue_id}/pieces",
    "GET /v1/venues/{venue_id}/premises",
    "PUT /v1/venues/{venue_id}/premises",
    "GET /v1/venues/{venue_id}/supplier",
    "PUT /v1/venues/{venue_id}/supplier",
    "GET /v1/venues/{venue_id}/passes",
    "PUT /v1/venues/{venue_id}/passes",
    "GET /v1/templates",
    "GET /v1/templates/{template_id}",
    "PUT /v1/templates/{template_id}",
    "GET /v1/templates/{template_id}/followers",
    "GET /v1/resellers",
    "GET /v1/resellers/{reseller_id}",
    "PUT /v1/resellers/{reseller_id}",
    "POST /v1/resellers/{reseller_id}/keys",
    "DELETE /v1/resellers/{reseller_id}/keys/{key_id}",
    "GET /v1/resellers/{reseller_id}/changes",
    "GET /v1/venues/{venue_id}/template",
    "PUT /v1/venues/{venue_id}/template",
    "GET /v1/venues/{venue_id}/presence",
    "GET /v1/venues/{venue_id}/products/{product_id}",
    "PUT /v1/venues/{venue_id}/products/{product_id}",
    "GET /v1/venues/{venue_id}/changes",
    "POST /v1/sql",
    "GET /v1/venues/{venue_id}/feeds",
    "GET /v1/venues/{venue_id}/feed-figures",
    "GET /v1/venues/{venue_id}/feeds/{mapping_id}",
    "PUT /v1/venues/{venue_id}/feeds/{mapping_id}",
    "POST /v1/venues/{venue_id}/feeds/{mapping_id}",
    "GET /v1/venues/{venue_id}/feeds/{mapping_id}/files/{file_id}",
    "GET /v1/venues/{venue_id}/feeds/{mapping_id}/files/{file_id}/rejected.csv",
    "GET /v1/venues/{venue_id}/staff",
    "GET /v1/venues/{venue_id}/staff/{member_id}",
    "PUT /v1/venues/{venue_id}/staff/{member_id}",
    "DELETE /v1/venues/{venue_id}/staff/{member_id}",
    "GET /v1/venues/{venue_id}/events",
    "GET /v1/venues/{venue_id}/webhooks",
    "GET /v1/venues/{venue_id}/webhooks/{webhook_id}",
    "PUT /v1/venues/{venue_id}/webhooks/{webhook_id}",
    "DELETE /v1/venues/{venue_id}/webhooks/{webhook_id}",
    "POST /v1/venues/{venue_id}/webhooks/{webhook_id}/rotate",
    "POST /v1/venues/{venue_id}/webhooks/{webhook_id}/test",
    "POST /v1/venues/{venue_id}/webhooks/{webhook_id}/replay",
    "GET /v1/venues/{venue_id}/webhooks/{webhook_id}/deliveries",
    "POST /v1/venues/{venue_id}/call-offs",
    "POST /v1/venues/{venue_id}/shifts",
    "GET /v1/venues/{venue_id}/shifts",
    "GET /v1/venues/{venue_id}/shifts/{uuid}",
    "GET /v1/venues/{venue_id}/shifts/{uuid}/sales.csv",
    "POST /v1/venues/{venue_id}/shifts/{uuid}/sales",
    "POST /v1/venues/{venue_id}/shifts/{uuid}/void",
    "POST /v1/venues/{venue_id}/shifts/{uuid}/close",
    "POST /v1/venues/{venue_id}/leases",
    "GET /v1/venues/{venue_id}/leases",
    "POST /v1/venues/{venue_id}/leases/{uuid}/sales",
    "POST /v1/venues/{venue_id}/leases/{uuid}/return",
    "POST /v1/venues/{venue_id}/leases/{uuid}/withdraw",
    "GET /v1/resellers/{reseller_id}/terms",
    "PUT /v1/resellers/{reseller_id}/terms",
    "POST /v1/resellers/{reseller_id}/payments",
    "GET /v1/resellers/{reseller_id}/statements/{month}/{file}",
    "POST /v1/resellers/{reseller_id}/statements/{month}/invoices",
    "GET /v1/resellers/{reseller_id}/invoices",
    "GET /v1/resellers/{reseller_id}/invoices/{file_name}",
    "GET /v1/suppliers/{supplier_id}/invoicer",
    "PUT /v1/suppliers/{supplier_id}/invoicer",
}

# Who may know which secret.
SECRETS = {
    "ATRIO_CONTACT_HASH_KEY": {"booking", "venue", "signin", "reselling", "invoicing"},
    "ATRIO_GOOGLE_WALLET": {"ticketing"},
    "ATRIO_PAGOPA_API_KEY": {"payment", "upkeep"},
    "ATRIO_PAGOPA_RECEIPT_SECRET": {"payment"},
    "ATRIO_PAYMENT_SECRET": {"payment", "upkeep"},
    "ATRIO_TICKET_SIGNING_KEY": {"ticketing", "notify", "reselling", "desk", "invoicing"},
}
# Who may read what of the index: what is due, refunds, the tickets of a day, mails to hand over, endpoints to
# tell, the lines of those who wait, the requests of a venue's groups.
INDEX_KEYS = {"upkeep": {"HOLD", "PAYMENT", "REFUND", "MINIMUM", "MOVE", "TEMPLATE", "LEASE", "DEVICES", "GATE#*",
                         "WAITING#*"},
              "booking": {"WAITING#*", "GROUPS#*"}, "payment": {"REFUND"}, "redemption": {"GATE#*"},
              "venue": {"GATE#*"}, "notify": {"MAIL"}, "devices": {"DEVICES"},
              "webhook": {"WEBHOOK"}}
# Actions that AWS accepts on no narrower resource than *.
RESOURCELESS = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
# AWS managed cache policy.
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
STREAM_HOURS = {"Table": 24, "DeviceStream": 168}


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, `!Ref x` read as `{"Ref": x}`."""


def short_form(loader, tag, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if tag == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


Loader.add_multi_constructor("!", short_form)


def load(name):
    # Anchors make shared objects; the copy through JSON separates them, so that breaking one
    # resource on purpose breaks no other.
    return json.loads(json.dumps(yaml.load((HERE / name).read_text(), Loader)))


def of_type(template, kind):
    found = template["Resources"].items()
    return {name: body.get("Properties", {}) for name, body in found if body["Type"] == kind}


def listed(value):
    return value if isinstance(value, list) else [value]


def functions(template):
    """The functions by folder name, with their logical names."""
    found = {}
    for logical, properties in of_type(template, "AWS::Serverless::Function").items():
        found[properties["FunctionName"]["Fn::Sub"].removeprefix("atrio-${Stage}-")] = (logical, properties)
    return found


def owner(template, reference):
    """The folder name of the function that `!Ref XFunction.Alias` names, or None."""
    target = reference.get("Ref", "") if isinstance(reference, dict) else ""
    for name, (logical, _) in functions(template).items():
        if target == f"{logical}.Alias":
            return name
    return None


def role_statements(template, name):
    role = functions(template)[name][1]["Role"]["Fn::GetAtt"][0]
    policies = template["Resources"][role]["Properties"]["Policies"]
    return [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]


def statements(template):
    """Every policy statement with where it stands; key policies apart, where * means the key."""
    for logical, body in template["Resources"].items():
        properties = body.get("Properties", {})
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        documents += [properties[key] for key in ("PolicyDocument", "KeyPolicy") if key in properties]
        for document in documents:
            for statement in document["Statement"]:
                yield logical, "KeyPolicy" in properties, statement


def leading_keys(statement):
    return statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [])


def on_table(statement):
    return statement["Resource"] == {"Fn::GetAtt": ["Table", "Arn"]}


def sources(template):
    return of_type(template, "AWS::Lambda::EventSourceMapping")


# ------------------------------------------------------------------ checks: template -> findings


def folders_and_functions_agree(template):
    folders = {path.parent.name for path in (HERE.parent / "functions").glob("*/Cargo.toml")}
    found = functions(template)
    findings = [f"functions/{name} has no function here" for name in folders - set(found)]
    findings += [f"{found[name][0]} has no folder functions/{name}" for name in set(found) - folders]
    for name, (logical, properties) in found.items():
        if properties["CodeUri"] != f"../target/lambda/atrio-{name}":
            findings.append(f"{logical}: CodeUri is not ../target/lambda/atrio-{name}")
        manifest = HERE.parent / "functions" / name / "Cargo.toml"
        if manifest.exists() and f'name = "atrio-{name}"' not in manifest.read_text():
            findings.append(f"functions/{name}: the crate is not atrio-{name}")
    return findings


def routes_are_authorised_as_listed(template):
    findings, seen = [], set()
    for logical, route in of_type(template, "AWS::ApiGatewayV2::Route").items():
        key, kind = route["RouteKey"], route.get("AuthorizationType")
        seen.add(key)
        if key not in PUBLIC and key not in STAFF:
            findings.append(f"{logical}: `{key}` is listed neither as public, with a reason, nor as staff")
        elif key in PUBLIC and kind != "NONE":
            findings.append(f"{logical}: `{key}` must say AuthorizationType NONE")
        elif key in STAFF and (kind != "JWT" or route.get("AuthorizerId") != {"Ref": "StaffAuthorizer"}):
            findings.append(f"{logical}: `{key}` must ask for a staff token")
    return findings + [f"`{key}` has no route" for key in (set(PUBLIC) | STAFF) - seen]


def no_cache_answers_for_staff(template):
    """A cache behaviour other than CachingDisabled must match no staff route: it knows no token."""
    findings = []
    config = template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    for behaviour in config["CacheBehaviors"]:
        if behaviour["CachePolicyId"] == CACHING_DISABLED:
            continue
        for key in sorted(STAFF):
            if fnmatch.fnmatchcase(key.split(" ")[1], behaviour["PathPattern"]):
                findings.append(f"`{behaviour['PathPattern']}` is cached and matches `{key}`")
    return findings


def routes_may_call_their_function(template):
    allowed = {}
    for permission in of_type(template, "AWS::Lambda::Permission").values():
        if permission["Principal"] == "apigateway.amazonaws.com":
            pattern = permission["SourceArn"]["Fn::Sub"].split("/$default/", 1)[1]
            allowed.setdefault(owner(template, permission["FunctionName"]), []).append(pattern)
    findings = []
    for logical, route in of_type(template, "AWS::ApiGatewayV2::Route").items():
        integration = re.fullmatch(r"integrations/\$\{(\w+)\}", route["Target"]["Fn::Sub"])[1]
        name = owner(template, template["Resources"][integration]["Properties"]["IntegrationUri"])
        call = route["RouteKey"].replace(" ", "")
        if name is None or not any(fnmatch.fnmatchcase(call, one) for one in allowed.get(name, [])):
            findings.append(f"{logical}: no permission lets `{route['RouteKey']}` call {name}")
    return findings


def actions_and_resources_are_named(template):
    findings = []
    for logical, key_policy, statement in statements(template):
        if statement["Effect"] == "Deny":
            continue
        actions, where = listed(statement["Action"]), f"{logical}/{statement.get('Sid')}"
        account = key_policy and statement["Sid"] == "AccountDelegatesToItsPolicies"
        for action in actions:
            if action == "*" or (action.endswith(":*") and not account):
                findings.append(f"{where}: action `{action}` allows too much")
        if "NotAction" in statement or "NotResource" in statement:
            findings.append(f"{where}: says what is not allowed, so allows the rest")
        if "*" in listed(statement.get("Resource", [])) and not key_policy and set(actions) - RESOURCELESS:
            findings.append(f"{where}: resource `*`")
    return findings


def table_access_names_its_keys(template):
    findings = []
    for logical, _, statement in statements(template):
        actions = listed(statement.get("Action", []))
        if any(action in ("dynamodb:Scan", "dynamodb:PartiQLSelect") for action in actions):
            findings.append(f"{logical}/{statement['Sid']}: a scan reads every partition")
        if on_table(statement) if "Resource" in statement else False:
            if not leading_keys(statement) or "*" in leading_keys(statement):
                findings.append(f"{logical}/{statement['Sid']}: names no partitions of the table")
    return findings


def guarded_partitions_have_few_readers(template):
    findings = []
    for name in functions(template):
        for statement in role_statements(template, name):
            where = f"{name}/{statement['Sid']}"
            resource = json.dumps(statement["Resource"])
            writes = any("Put" in action or "Delete" in action for action in listed(statement["Action"]))
            keys = {key for key in leading_keys(statement) if key.startswith("KEY#")}
            if keys - {"sink": {"KEY#PSEUDONYM"}, "upkeep": {"KEY#PSEUDONYM"}, "feed": {"KEY#FEED"}}.get(name, set()):
                findings.append(f"{where}: pseudonym keys belong to sink and upkeep, those of feeds to feed")
            if any(key.startswith("FEED") for key in leading_keys(statement)) and name != "feed":
                findings.append(f"{where}: files of other ticket offices belong to feed")
            hooks = [key for key in leading_keys(statement) if key.startswith("WEBHOOKS#")]
            if name == "reselling":
                hooks = [key for key in hooks if key not in ("WEBHOOKS#live.*", "WEBHOOKS#test.*")]
            if hooks and name not in ("venue", "webhook"):
                findings.append(f"{where}: the secrets of endpoints belong to whose they are, and to webhook")
            if any(key.startswith("BOOKING#") for key in leading_keys(statement)) and name == "webhook":
                findings.append(f"{where}: who speaks to strangers has no way to a visitor")
            if any(key.startswith("BOOKING#") for key in leading_keys(statement)) and name == "dashboard":
                findings.append(f"{where}: a dashboard has no way to a visitor")
            if "/index/" in resource and set(leading_keys(statement)) != INDEX_KEYS.get(name):
                findings.append(f"{where}: reads of the index what is not its own")
            if "LakeBucket" in resource and writes and name not in ("sink", "release", "feed"):
                findings.append(f"{where}: only sink, release and feed write the lake")
            if "LakeBucket" in resource and writes and name == "feed":
                if any("/lake/feeds/" not in one["Fn::Sub"] for one in listed(statement["Resource"])):
                    findings.append(f"{where}: feed writes its own table, no facts of ours")
            if "LakeBucket" in resource and writes and name == "release":
                if any("/lake/release" not in one["Fn::Sub"] for one in listed(statement["Resource"])):
                    findings.append(f"{where}: release writes cells and its ledger, never facts")
    return findings


def streams_are_bounded(template):
    findings = []
    for logical, source in sources(template).items():
        hours = STREAM_HOURS[source["EventSourceArn"]["Fn::GetAtt"][0]]
        if not source.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
            findings.append(f"{logical}: no dead-letter queue")
        if source.get("BisectBatchOnFunctionError") is not True:
            findings.append(f"{logical}: does not bisect a failing batch")
        if not 0 <= source.get("MaximumRetryAttempts", -1) <= 10_000:
            findings.append(f"{logical}: retries without bound")
        age = source.get("MaximumRecordAgeInSeconds", -1)
        # What the sink sets aside can never be brought in later, so it tries as long as it can.
        if owner(template, source["FunctionName"]) == "sink":
            if age != hours * 3600:
                findings.append(f"{logical}: gives up while the stream still keeps the changes")
        elif not 0 < age <= hours * 3600 / 2:
            findings.append(f"{logical}: leaves less than half the stream's {hours} h to read a dead letter again")
        if source.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            findings.append(f"{logical}: does not report failed records one by one")
    for logical, pipe in of_type(template, "AWS::Pipes::Pipe").items():
        stream = pipe.get("SourceParameters", {}).get("DynamoDBStreamParameters", {})
        if not stream.get("DeadLetterConfig") or stream.get("OnPartialBatchItemFailure") != "AUTOMATIC_BISECT":
            findings.append(f"{logical}: a change that fails is not set aside by itself")
        if not 0 < stream.get("MaximumRecordAgeInSeconds", -1) <= STREAM_HOURS["Table"] * 3600 / 2:
            findings.append(f"{logical}: leaves less than half the stream's hours to read a dead letter again")
        if not 0 <= stream.get("MaximumRetryAttempts", -1) <= 10_000:
            findings.append(f"{logical}: retries without bound")
    wanted = {"ingest", "sink", "fraud", "notify", "webhook"}
    found = {owner(template, source["FunctionName"]) for source in sources(template).values()}
    found |= {name for name, _, _ in listeners(template)}
    return findings + [f"no stream feeds {name}" for name in wanted - found]


def listeners(template):
    """Who hears the bus: function, rule, target."""
    for rule in of_type(template, "AWS::Events::Rule").values():
        if rule.get("EventBusName") == {"Ref": "Bus"}:
            for target in rule["Targets"]:
                yield owner(template, target["Arn"]), rule, target


def what_the_bus_brings_is_lost_nowhere(template):
    findings = []
    bus = template["Resources"]["Bus"]["Properties"]
    if bus.get("KmsKeyIdentifier") != {"Fn::GetAtt": ["DataKey", "Arn"]}:
        findings.append("Bus: contacts travel under a key that is not ours")
    for name, rule, target in listeners(template):
        if not target.get("DeadLetterConfig") or not target.get("RetryPolicy"):
            findings.append(f"{name}: an event that never arrives is nowhere")
        if "[<record>]" not in target.get("InputTransformer", {}).get("InputTemplate", ""):
            findings.append(f"{name}: hears no record in the form of a stream")
        config = functions(template)[name][1].get("EventInvokeConfig", {})
        if not config.get("DestinationConfig", {}).get("OnFailure"):
            findings.append(f"{name}: an event that fails is nowhere")
        if rule["EventPattern"].get("source") != ["atrio.table"]:
            findings.append(f"{name}: hears others than the table")
        if name == "notify":
            image = rule["EventPattern"]["detail"]["dynamodb"]["NewImage"]
            if not all(word in str(image) for word in ["CONFIRMED", "CANCELLED", "origin"]):
                findings.append("notify: does not hear all that it mails")
    return findings


def heard_partitions(source):
    prefixes = []
    for entry in source.get("FilterCriteria", {}).get("Filters", []):
        pattern = json.loads(entry["Pattern"])
        prefixes += [one["prefix"] for one in pattern["dynamodb"]["Keys"]["pk"]["S"]]
    return prefixes


def no_function_hears_its_own_writes(template):
    findings, consumers = [], 0
    for logical, source in sources(template).items():
        if source["EventSourceArn"]["Fn::GetAtt"][0] != "Table":
            continue
        consumers += 1
        name, heard = owner(template, source["FunctionName"]), heard_partitions(source)
        if not heard:
            findings.append(f"{logical}: hears every change, its own too")
        for statement in role_statements(template, name):
            if any("Put" in action or "Update" in action for action in listed(statement["Action"])):
                for key in leading_keys(statement):
                    if any(key.startswith(prefix) for prefix in heard):
                        findings.append(f"{logical}: {name} writes {key} and hears it")
    for logical, pipe in of_type(template, "AWS::Pipes::Pipe").items():
        consumers += pipe["Source"] == {"Fn::GetAtt": ["Table", "StreamArn"]}
        heard = heard_partitions(pipe.get("SourceParameters", {}))
        if not heard:
            findings.append(f"{logical}: carries every change, the listeners' own too")
        for name, _, _ in listeners(template):
            for statement in role_statements(template, name):
                if any("Put" in action or "Update" in action for action in listed(statement["Action"])):
                    for key in leading_keys(statement):
                        if any(key.startswith(prefix) for prefix in heard):
                            findings.append(f"{logical}: {name} writes {key} and hears it")
    if consumers > 2:
        findings.append(f"{consumers} consumers of the table's stream; DynamoDB throttles a third")
    return findings


def what_must_not_run_twice_does_not(template):
    found, findings = functions(template), []
    for name in ("sink", "release", "upkeep"):
        if found[name][1].get("ReservedConcurrentExecutions") != 1:
            findings.append(f"{name}: may run twice at a time")
    source = template["Resources"]["SinkSource"]["Properties"]
    if source.get("ParallelizationFactor") != 1:
        findings.append("SinkSource: several calls a shard")
    if not source.get("TumblingWindowInSeconds"):
        findings.append("SinkSource: without a tumbling window the event carries no shardId")
    if found["upkeep"][1].get("Timeout", 0) >= 60:
        findings.append("upkeep: a round may outlast its minute")
    return findings


def who_takes_a_token_asks_the_directory(template):
    """Who checks tokens reads what their bearers may do; who works where is read and changed by two."""
    findings = []
    for name, (_, properties) in functions(template).items():
        variables = properties.get("Environment", {}).get("Variables", {})
        role = template["Resources"][properties["Role"]["Fn::GetAtt"][0]]["Properties"]
        asks = {"Ref": "StaffDirectory"} in role["ManagedPolicyArns"]
        if asks != ("ATRIO_STAFF_JWKS" in variables):
            findings.append(f"{name}: checks tokens without the directory, or reads it without need")
        for statement in role_statements(template, name):
            keys = set(leading_keys(statement)) & {"ROSTER", "STAFF#*", "SUBJECT#*", "INVITED#*"}
            if keys and name not in ("venue", "signin"):
                findings.append(f"{name}/{statement['Sid']}: who works where is not its business")
            if "AUDIT#*" in leading_keys(statement) and set(listed(statement["Action"])) - {"dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query"}:
                findings.append(f"{name}/{statement['Sid']}: may change or remove records of changes")
    directory = template["Resources"]["StaffDirectory"]["Properties"]["PolicyDocument"]["Statement"]
    if [(one["Action"], leading_keys(one)) for one in directory] != [("dynamodb:Query", ["SUBJECT#*"])]:
        findings.append("StaffDirectory: opens more than what a subject may do")
    signin = functions(template)["signin"][1]
    if signin.get("Timeout", 99) > 5:
        findings.append("signin: a user pool waits five seconds")
    callers = [one for one in of_type(template, "AWS::Lambda::Permission").values() if owner(template, one["FunctionName"]) == "signin"]
    if [(one["Principal"], one.get("SourceArn"), one.get("SourceAccount")) for one in callers] != [
        ("cognito-idp.amazonaws.com", {"Ref": "StaffUserPoolArn"}, {"Ref": "AWS::AccountId"})
    ]:
        findings.append("signin: called by others than the pool of staff")
    if template["Resources"]["SigninPermission"].get("Condition") != "HasStaffUserPool":
        findings.append("SigninPermission: without a pool it would let any call")
    return findings


def secrets_reach_their_functions_only(template):
    findings = []
    for name, (_, properties) in functions(template).items():
        variables = properties.get("Environment", {}).get("Variables", {})
        for variable, value in variables.items():
            text = json.dumps(value)
            if variable in SECRETS and name not in SECRETS[variable]:
                findings.append(f"{name}: may not know {variable}")
            if variable in SECRETS and not re.search(r"\{\{resolve:secretsmanager:", text):
                findings.append(f"{name}: {variable} does not come from Secrets Manager")
            if variable not in SECRETS and re.search(r"(SECRET|SIGNING|HASH|API_KEY)", variable):
                findings.append(f"{name}: {variable} looks like a secret and is not listed")
    for variable, holders in SECRETS.items():
        for name in holders:
            if variable not in functions(template)[name][1].get("Environment", {}).get("Variables", {}):
                findings.append(f"{name}: lacks {variable}")
    if template["Globals"]["Function"].get("KmsKeyArn") != {"Fn::GetAtt": ["EnvironmentKey", "Arn"]}:
        findings.append("the environments are not under EnvironmentKey")
    return findings


def every_function_is_watched(template):
    findings = []
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    for name, (logical, properties) in functions(template).items():
        logs = properties.get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
        group = template["Resources"].get(logs, {}).get("Properties", {})
        if group.get("LogGroupName") != {"Fn::Sub": f"/aws/lambda/atrio-${{Stage}}-{name}"}:
            findings.append(f"{logical}: no log group of its own")
        if not group.get("RetentionInDays") or not group.get("KmsKeyId"):
            findings.append(f"{logical}: its log group lacks retention or key")
        alarm = alarms.get(f"{logical.removesuffix('Function')}Errors", {})
        if alarm.get("Dimensions") != [{"Name": "FunctionName", "Value": properties["FunctionName"]}] or not alarm.get("AlarmActions"):
            findings.append(f"{logical}: no alarm on its errors")
        if properties.get("AutoPublishAliasAllProperties") is not True:
            findings.append(f"{logical}: a change of environment would publish no version")
        if properties.get("VersionDescription") != {"Ref": "ConfigurationRevision"}:
            findings.append(f"{logical}: a changed parameter or secret would publish no version")
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    if shared.get("ATRIO_CONFIGURATION_REVISION") != {"Ref": "ConfigurationRevision"}:
        findings.append("a new ConfigurationRevision would change no function, and Lambda refuse its version")
    for queue in of_type(template, "AWS::SQS::Queue"):
        wanted = [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]
        if not any(alarm.get("Dimensions") == wanted for alarm in alarms.values()):
            findings.append(f"{queue}: nobody hears of its messages")
    return findings


def entrances_call_the_alias(template):
    findings = []
    for kind, field in (
        ("AWS::ApiGatewayV2::Integration", "IntegrationUri"),
        ("AWS::Lambda::Permission", "FunctionName"),
        ("AWS::Lambda::EventSourceMapping", "FunctionName"),
    ):
        for logical, properties in of_type(template, kind).items():
            if owner(template, properties[field]) is None:
                findings.append(f"{logical}: {field} is not a function's alias")
    for logical, rule in of_type(template, "AWS::Events::Rule").items():
        findings += [f"{logical}: not an alias" for one in rule["Targets"] if owner(template, one["Arn"]) is None]
    return findings


def access_log_holds_no_personal_data(template):
    log = template["Resources"]["ApiStage"]["Properties"]["AccessLogSettings"]["Format"]
    allowed = {
        "requestId", "requestTimeEpoch", "routeKey", "status", "responseLatency", "integrationStatus",
        "integrationLatency", "responseLength", "authorizer.error",
    }
    used = set(re.findall(r"\$context\.([A-Za-z.]+)", log))
    findings = [f"the access log holds $context.{name}" for name in used - allowed]
    try:
        json.loads(log)
    except ValueError:
        findings.append("the access log format is not JSON")
    return findings


def the_table_keeps_what_was_acknowledged(template):
    body = template["Resources"]["Table"]
    table, findings = body["Properties"], []
    schema = {
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": {"Fn::If": ["IsProd", True, False]},
        "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    }
    findings += [f"Table: {name} is {table.get(name)}" for name in schema if table.get(name) != schema[name]]
    index = table["GlobalSecondaryIndexes"]
    if [one["IndexName"] for one in index] != ["due"] or index[0]["Projection"] != {"ProjectionType": "ALL"}:
        findings.append("Table: the index `due` with all attributes is missing")
    if table["SSESpecification"].get("SSEType") != "KMS":
        findings.append("Table: not under our key")
    for logical in ("Table", "LakeBucket", "FeedBucket", "DeviceStream", "DataKey"):
        resource = template["Resources"][logical]
        if {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} != {"Retain"}:
            findings.append(f"{logical}: would go with the stack")
    return findings


def a_device_speaks_for_itself_only(template):
    policy = template["Resources"]["DevicePolicy"]["Properties"]["PolicyDocument"]
    allowed = {
        "iot:Connect": ":client/${!iot:Connection.Thing.ThingName}",
        "iot:Publish": ":topic/dt/atrio/${!iot:Connection.Thing.Attributes[venue]}/${!iot:Connection.Thing.ThingName}/*",
    }
    findings = []
    for statement in policy["Statement"]:
        ending = allowed.get(statement["Action"]) if isinstance(statement["Action"], str) else None
        if ending is None or not statement["Resource"].get("Fn::Sub", "").endswith(ending):
            findings.append(f"DevicePolicy: {statement['Action']} on {statement['Resource']}")
    rule = template["Resources"]["DeviceRule"]["Properties"]["TopicRulePayload"]
    if not rule["Sql"].endswith("FROM 'dt/atrio/+/+/+'") or "Sqs" not in rule.get("ErrorAction", {}):
        findings.append("DeviceRule: other topics, or no queue for its errors")
    return findings


def translated(template, stage):
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    values = {"Stage": stage, "Architecture": "arm64"}
    source = copy.deepcopy(template)
    for name, (logical, properties) in functions(template).items():
        # What `sam deploy` puts in place of the folder.
        source["Resources"][logical]["Properties"]["CodeUri"] = f"s3://artefacts/{name}"
    return Translator({}, Parser()).translate(source, values)


def sales_shift_slowly_in_prod_only(template):
    shifted = {"availability", "booking", "payment", "ticketing", "redemption", "dashboard", "venue", "desk", "reselling"}
    findings = []
    for stage, wanted in (("prod", shifted), ("dev", set())):
        groups = of_type(translated(template, stage), "AWS::CodeDeploy::DeploymentGroup")
        found = {name.removesuffix("FunctionDeploymentGroup").lower() for name in groups}
        if found != wanted:
            findings.append(f"{stage}: canaries for {sorted(found)}")
        for logical, group in groups.items():
            own = {"Ref": logical.replace("FunctionDeploymentGroup", "Errors")}
            alarms = [one["Name"] for one in group.get("AlarmConfiguration", {}).get("Alarms", [])]
            if "Canary" not in json.dumps(group["DeploymentConfigName"]) or alarms != [own, {"Ref": "ApiErrors"}]:
                findings.append(f"{stage}: {logical} does not roll back on its alarms")
    return findings


def the_transform_adds_aliases_and_no_permissions(template):
    findings = []
    for stage in ("prod", "dev"):
        result = translated(template, stage)
        for kind in ("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::Lambda::Permission"):
            added = set(of_type(result, kind)) - set(of_type(template, kind)) - {"CodeDeployServiceRole"}
            findings += [f"{stage}: the transform added {kind} {name}" for name in sorted(added)]
        aliases = of_type(result, "AWS::Lambda::Alias")
        if len(aliases) != len(functions(template)):
            findings.append(f"{stage}: {len(aliases)} aliases")
    return findings


def the_firewall_counts_as_one_machine_does(template):
    """The rate-based rules of global.yaml and the usual figures of `atrio serve --limits`."""
    source = (HERE.parent / "crates/atrio/src/limits.rs").read_text()
    found = re.findall(r"\(Class::(\w+), Allowance::of\(([\d_]+), (\d+)\)\)", source)
    wanted = {name.lower(): (int(requests.replace("_", "")), int(seconds)) for name, requests, seconds in found}
    rules, seen, findings = template["Resources"]["WebAcl"]["Properties"]["Rules"], {}, []
    for rule in rules:
        rate = rule["Statement"].get("RateBasedStatement")
        if not rate:
            continue
        answer = rule["Action"]["Block"]["CustomResponse"]
        headers = {header["Name"]: header["Value"] for header in answer["ResponseHeaders"]}
        said = re.fullmatch(r'"(\w+)";q=(\d+);w=(\d+)', headers.get("RateLimit-Policy", ""))
        if answer["ResponseCode"] != 429 or "Retry-After" not in headers or "RateLimit" not in headers or not said:
            findings.append(f"{rule['Name']}: does not say how many, and when to come again")
            continue
        seen[said[1]] = (int(said[2]), int(said[3]))
        if seen[said[1]] != (rate["Limit"], rate["EvaluationWindowSec"]):
            findings.append(f"{rule['Name']}: counts by other figures than it says")
    return findings + ([] if seen == wanted and len(wanted) == 3 else [f"the firewall counts {seen}, one machine {wanted}"])


# ------------------------------------------------------------------ what breaks each check


def at(*path, value=None, drop=False):
    """An edit of Resources: sets or drops what stands at `path`."""

    def edit(template):
        place = template["Resources"]
        for step in path[:-1]:
            place = place[step]
        if drop:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return edit


def properties_at(logical, *path, **what):
    return at(logical, "Properties", *path, **what)


def statement_at(logical, number, field, **what):
    return properties_at(logical, "Policies", 0, "PolicyDocument", "Statement", number, field, **what)


def without_function(template):
    del template["Resources"]["FraudFunction"]


def with_stray_function(template):
    stray = copy.deepcopy(template["Resources"]["FraudFunction"])
    stray["Properties"]["FunctionName"] = {"Fn::Sub": "atrio-${Stage}-stray"}
    template["Resources"]["StrayFunction"] = stray


def with_stray_route(template):
    stray = copy.deepcopy(template["Resources"]["ListVenuesRoute"])
    stray["Properties"]["RouteKey"] = "DELETE /v1/venues/{venue_id}"
    template["Resources"]["StrayRoute"] = stray


def with_bare_action(template):
    statement_at("UpkeepRole", 0, "Action", value="*")(template)


CHECKS = [
    (folders_and_functions_agree, [without_function, with_stray_function]),
    (routes_are_authorised_as_listed, [
        properties_at("ListVenuesRoute", "AuthorizationType", drop=True),
        properties_at("RedeemRoute", "AuthorizationType", value="NONE"),
        properties_at("ListDecisionsRoute", "AuthorizerId", drop=True),
        with_stray_route,
        at("ReadTicketKeysRoute", drop=True),
    ]),
    (no_cache_answers_for_staff, [
        properties_at("Distribution", "DistributionConfig", "CacheBehaviors", 1, "PathPattern", value="/v1/venues/*"),
        properties_at("Distribution", "DistributionConfig", "CacheBehaviors", 2, "CachePolicyId", value={"Ref": "VenueCachePolicy"}),
    ]),
    (routes_may_call_their_function, [
        at("ListDecisionsPermission", drop=True),
        properties_at("CreateBookingRoute", "Target", value={"Fn::Sub": "integrations/${DashboardIntegration}"}),
    ]),
    (actions_and_resources_are_named, [
        with_bare_action,
        statement_at("BookingRole", 2, "Action", value=["dynamodb:*"]),
        statement_at("BookingRole", 2, "Resource", value="*"),
    ]),
    (table_access_names_its_keys, [
        statement_at("BookingRole", 2, "Condition", drop=True),
        statement_at("BookingRole", 1, "Action", value="dynamodb:Scan"),
    ]),
    (guarded_partitions_have_few_readers, [
        lambda template: leading_keys(role_statements(template, "booking")[1]).append("KEY#*"),
        lambda template: leading_keys(role_statements(template, "dashboard")[1]).append("BOOKING#*"),
        lambda template: leading_keys(role_statements(template, "booking")[1]).append("WEBHOOKS#*"),
        lambda template: leading_keys(role_statements(template, "reselling")[1]).append("WEBHOOKS#*"),
        lambda template: leading_keys(role_statements(template, "webhook")[3]).append("BOOKING#*"),
        statement_at("DashboardRole", 3, "Action", value=["s3:GetObject", "s3:PutObject"]),
        statement_at("ReleaseRole", 4, "Resource", value={"Fn::Sub": "${LakeBucket.Arn}/lake/*"}),
        statement_at("FeedRole", 7, "Resource", value={"Fn::Sub": "${LakeBucket.Arn}/lake/*"}),
        lambda template: leading_keys(role_statements(template, "feed")[4]).append("KEY#PSEUDONYM"),
        lambda template: leading_keys(role_statements(template, "booking")[1]).append("FEEDS#*"),
    ]),
    (streams_are_bounded, [
        properties_at("SinkSource", "DestinationConfig", drop=True),
        properties_at("SinkSource", "BisectBatchOnFunctionError", drop=True),
        properties_at("BookingsPipe", "SourceParameters", "DynamoDBStreamParameters", "DeadLetterConfig", drop=True),
        properties_at("BookingsPipe", "SourceParameters", "DynamoDBStreamParameters", "MaximumRetryAttempts", value=-1),
        properties_at("IngestSource", "MaximumRetryAttempts", drop=True),
        properties_at("IngestSource", "MaximumRetryAttempts", value=-1),
        properties_at("SinkSource", "MaximumRecordAgeInSeconds", value=21600),
        properties_at("SinkSource", "FunctionResponseTypes", drop=True),
        at("FraudRule", drop=True),
        at("IngestSource", drop=True),
    ]),
    (what_the_bus_brings_is_lost_nowhere, [
        properties_at("Bus", "KmsKeyIdentifier", drop=True),
        properties_at("FraudRule", "Targets", 0, "DeadLetterConfig", drop=True),
        properties_at("NotifyRule", "Targets", 0, "InputTransformer", drop=True),
        properties_at("NotifyRule", "EventPattern", "detail", "dynamodb", "NewImage", value={"status": {"S": ["CONFIRMED"]}}),
        properties_at("NotifyFunction", "EventInvokeConfig", drop=True),
    ]),
    (no_function_hears_its_own_writes, [
        properties_at("BookingsPipe", "SourceParameters", "FilterCriteria", drop=True),
        lambda template: leading_keys(role_statements(template, "sink")[3]).append("DEVICE#*"),
        lambda template: leading_keys(role_statements(template, "notify")[4]).append("BOOKING#*"),
        lambda template: leading_keys(role_statements(template, "webhook")[5]).append("REDEMPTION#*"),
    ]),
    (what_must_not_run_twice_does_not, [
        properties_at("SinkFunction", "ReservedConcurrentExecutions", drop=True),
        properties_at("SinkSource", "ParallelizationFactor", value=2),
        properties_at("SinkSource", "TumblingWindowInSeconds", drop=True),
    ]),
    (who_takes_a_token_asks_the_directory, [
        properties_at("DeskRole", "ManagedPolicyArns", value=[{"Ref": "Baseline"}]),
        properties_at("FraudRole", "ManagedPolicyArns", value=[{"Ref": "Baseline"}, {"Ref": "StaffDirectory"}]),
        lambda template: leading_keys(role_statements(template, "booking")[1]).append("STAFF#*"),
        lambda template: leading_keys(role_statements(template, "venue")[5]).append("AUDIT#*"),
        properties_at("StaffDirectory", "PolicyDocument", "Statement", 0, "Action", value="dynamodb:PutItem"),
        properties_at("SigninPermission", "SourceArn", drop=True),
        at("SigninPermission", "Condition", drop=True),
        properties_at("SigninFunction", "Timeout", drop=True),
    ]),
    (secrets_reach_their_functions_only, [
        properties_at("FraudFunction", "Environment", value={"Variables": {"ATRIO_TICKET_SIGNING_KEY": "x"}}),
        properties_at("PaymentFunction", "Environment", "Variables", "ATRIO_PAYMENT_SECRET", value={"Ref": "Stage"}),
        properties_at("BookingFunction", "Environment", "Variables", "ATRIO_CONTACT_HASH_KEY", drop=True),
    ]),
    (every_function_is_watched, [
        properties_at("SinkLogs", "RetentionInDays", drop=True),
        at("BookingErrors", drop=True),
        at("SinkDeadLettersArrived", drop=True),
        properties_at("UpkeepFunction", "AutoPublishAliasAllProperties", drop=True),
        properties_at("BookingFunction", "VersionDescription", drop=True),
        lambda template: template["Globals"]["Function"]["Environment"]["Variables"].pop("ATRIO_CONFIGURATION_REVISION"),
    ]),
    (entrances_call_the_alias, [
        properties_at("SinkSource", "FunctionName", value={"Ref": "SinkFunction"}),
    ]),
    (access_log_holds_no_personal_data, [
        properties_at("ApiStage", "AccessLogSettings", "Format", value='{"ip":"$context.identity.sourceIp"}'),
        properties_at("ApiStage", "AccessLogSettings", "Format", value='{"path":"$context.path"}'),
    ]),
    (the_table_keeps_what_was_acknowledged, [
        properties_at("Table", "PointInTimeRecoverySpecification", drop=True),
        at("Table", "DeletionPolicy", drop=True),
    ]),
    (a_device_speaks_for_itself_only, [
        properties_at("DevicePolicy", "PolicyDocument", "Statement", 1, "Resource", value={"Fn::Sub": "arn:x:topic/dt/atrio/*"}),
        properties_at("DeviceRule", "TopicRulePayload", "ErrorAction", drop=True),
    ]),
    (sales_shift_slowly_in_prod_only, [
        properties_at("BookingFunction", "DeploymentPreference", "Enabled", value=True),
        properties_at("BookingFunction", "DeploymentPreference", drop=True),
        properties_at("BookingFunction", "DeploymentPreference", "Alarms", value=[{"Ref": "ApiErrors"}]),
    ]),
    (the_transform_adds_aliases_and_no_permissions, [
        properties_at("FraudFunction", "Role", drop=True),
        properties_at("FraudFunction", "Events", value={"Tick": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 minute)"}}}),
    ]),
]


def main():
    template, passed, failed = load("template.yaml"), 0, 0

    def count(name, findings):
        nonlocal passed, failed
        if findings:
            failed += 1
            print(f"FAILED  {name}")
            for finding in findings:
                print(f"        {finding}")
        else:
            passed += 1

    for check, edits in CHECKS:
        name = check.__name__.replace("_", " ")
        count(name, check(template))
        for number, edit in enumerate(edits, 1):
            broken = copy.deepcopy(template)
            edit(broken)
            count(f"{name}: notices break {number}", [] if check(broken) else ["the broken copy passed"])
    firewall = load("global.yaml")
    count("global.yaml: actions and resources are named", actions_and_resources_are_named(firewall))
    name = "global.yaml: the firewall counts as one machine does"
    count(name, the_firewall_counts_as_one_machine_does(firewall))
    rate = at("WebAcl", "Properties", "Rules", 3, "Statement", "RateBasedStatement", "Limit", value=300)
    unsaid = at("WebAcl", "Properties", "Rules", 4, "Action", "Block", "CustomResponse", "ResponseHeaders", value=[])
    for number, edit in enumerate((rate, unsaid, lambda template: template["Resources"]["WebAcl"]["Properties"]["Rules"].pop()), 1):
        broken = copy.deepcopy(firewall)
        edit(broken)
        count(f"{name}: notices break {number}", [] if the_firewall_counts_as_one_machine_does(broken) else ["the broken copy passed"])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
