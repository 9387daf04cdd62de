//! The two written forms of a pack, read into the same records.

use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

use crate::device::Refusal;
use crate::device::message::nested_person_field;

/// The most records of one pack, so that what it changes fits one transaction.
pub const MAX_RECORDS: usize = 40;

/// The version of SenML that RFC 8428 defines.
const VERSION: f64 = 10.0;

/// The labels that CBOR writes as numbers (RFC 8428, section 6, table 4).
const LABELS: [(i128, &str); 15] = [
    (-1, "bver"),
    (-2, "bn"),
    (-3, "bt"),
    (-4, "bu"),
    (-5, "bv"),
    (-6, "bs"),
    (0, "n"),
    (1, "u"),
    (2, "v"),
    (3, "vs"),
    (4, "vb"),
    (5, "s"),
    (6, "t"),
    (7, "ut"),
    (8, "vd"),
];

/// One record as it is written.
#[derive(Default)]
pub(super) struct Record {
    pub(super) base_name: Option<String>,
    pub(super) base_unit: Option<String>,
    pub(super) base_time: Option<f64>,
    pub(super) base_value: Option<f64>,
    pub(super) base_sum: Option<f64>,
    pub(super) name: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) time: Option<f64>,
    pub(super) value: Option<f64>,
    pub(super) sum: Option<f64>,
    pub(super) next_in: Option<f64>,
    /// A boolean value, as 1 or 0; no base value is added to it.
    pub(super) flag: Option<f64>,
    /// It has a value of a kind that is not a number.
    other_value: Option<&'static str>,
}

impl Record {
    /// Whether it only says something for the records behind it.
    pub(super) fn is_base_only(&self) -> bool {
        self.name.is_none() && self.value.or(self.flag).or(self.sum).is_none()
    }
}

/// Reads either form: JSON begins with `[`, CBOR with the head of an array.
pub(super) fn records(payload: &[u8]) -> Result<Vec<Record>, Refusal> {
    let pack = if is_cbor(payload) { from_cbor(payload)? } else { from_json(payload)? };
    if let Some(field) = pack.iter().find_map(person_field) {
        return Err(Refusal::PersonLevelData { field });
    }
    if pack.len() > MAX_RECORDS {
        return Err(Refusal::NotSenMl {
            problem: format!("it has {} records: send at most {MAX_RECORDS} in one", pack.len()),
        });
    }
    pack.iter()
        .enumerate()
        .map(|(index, fields)| {
            let place = index + 1;
            record(fields).map_err(|problem| Refusal::BadRecord { place, problem })
        })
        .collect()
}

fn person_field(fields: &Map<String, Value>) -> Option<String> {
    // The base name is the sensor's own, which may well hold its own MAC address.
    let others: Map<String, Value> = fields
        .iter()
        .filter(|(label, _)| *label != "bn")
        .map(|(label, value)| (label.clone(), value.clone()))
        .collect();
    nested_person_field(&Value::Object(others))
}

fn is_cbor(payload: &[u8]) -> bool {
    payload.first().is_some_and(|head| (0x80..=0x9f).contains(head))
}

fn from_json(payload: &[u8]) -> Result<Vec<Map<String, Value>>, Refusal> {
    let pack: Value = serde_json::from_slice(payload)
        .map_err(|e| Refusal::NotJson { line: e.line(), column: e.column() })?;
    objects(pack)
}

fn from_cbor(payload: &[u8]) -> Result<Vec<Map<String, Value>>, Refusal> {
    let mut rest = payload;
    let pack: Cbor = ciborium::from_reader(&mut rest).map_err(|error| Refusal::NotSenMl {
        problem: format!("its cbor does not read: {error}"),
    })?;
    if !rest.is_empty() {
        return Err(Refusal::NotSenMl { problem: "something follows its cbor".to_owned() });
    }
    objects(json_of(pack))
}

fn objects(pack: Value) -> Result<Vec<Map<String, Value>>, Refusal> {
    let refuse = |problem: &str| Refusal::NotSenMl { problem: problem.to_owned() };
    let Value::Array(records) = pack else { return Err(refuse("it is not an array")) };
    records
        .into_iter()
        .map(|record| match record {
            Value::Object(fields) => Ok(fields),
            _ => Err(refuse("a record is not a map")),
        })
        .collect()
}

/// The same value as JSON would write it, labels by their names. What JSON has no form for is null.
fn json_of(value: Cbor) -> Value {
    let float = |number: f64| Number::from_f64(number).map_or(Value::Null, Value::Number);
    match value {
        Cbor::Integer(number) => i64::try_from(number).map_or(Value::Null, Value::from),
        Cbor::Float(number) => float(number),
        Cbor::Text(text) => Value::String(text),
        Cbor::Bool(flag) => Value::Bool(flag),
        Cbor::Array(values) => Value::Array(values.into_iter().map(json_of).collect()),
        Cbor::Map(fields) => Value::Object(
            fields.into_iter().map(|(label, value)| (label_of(label), json_of(value))).collect(),
        ),
        // A decimal fraction (RFC 8949, section 3.4.4), which SenML allows for numbers.
        Cbor::Tag(4, inner) => decimal_fraction(*inner).map_or(Value::Null, float),
        _ => Value::Null,
    }
}

fn label_of(label: Cbor) -> String {
    match label {
        Cbor::Text(text) => text,
        Cbor::Integer(number) => {
            let number = i128::from(number);
            LABELS
                .iter()
                .find(|(known, _)| *known == number)
                .map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned())
        }
        _ => String::new(),
    }
}

fn decimal_fraction(inner: Cbor) -> Option<f64> {
    let Cbor::Array(parts) = inner else { return None };
    let [Cbor::Integer(exponent), Cbor::Integer(mantissa)] = parts.as_slice() else { return None };
    let exponent = i32::try_from(i128::from(*exponent)).ok().filter(|e| (-30..=12).contains(e))?;
    let mantissa = i64::try_from(*mantissa).ok()?;
    // Read as a decimal, so that 215 and -1 are 21.5 and nothing near it.
    format!("{mantissa}e{exponent}").parse().ok()
}

fn record(fields: &Map<String, Value>) -> Result<Record, String> {
    let mut record = Record::default();
    for (label, value) in fields {
        match label.as_str() {
            "bn" => record.base_name = Some(text(label, value)?),
            "bu" => record.base_unit = Some(text(label, value)?),
            "bt" => record.base_time = Some(number(label, value)?),
            "bv" => record.base_value = Some(number(label, value)?),
            "bs" => record.base_sum = Some(number(label, value)?),
            "n" => record.name = Some(text(label, value)?),
            "u" => record.unit = Some(text(label, value)?),
            "t" => record.time = Some(number(label, value)?),
            "v" => record.value = Some(number(label, value)?),
            "s" => record.sum = Some(number(label, value)?),
            "ut" => record.next_in = Some(number(label, value)?),
            "vb" => {
                let flag = value.as_bool().ok_or("`vb` is not true or false")?;
                record.flag = Some(if flag { 1.0 } else { 0.0 });
                record.unit.get_or_insert_with(|| "/".to_owned());
            }
            "vs" => record.other_value = Some("vs"),
            "vd" => record.other_value = Some("vd"),
            "bver" if number(label, value)? > VERSION => {
                return Err("`bver` is above 10, a version that is not known".to_owned());
            }
            // Section 4.4: a label that ends so must be understood, others may be passed over.
            other if other.ends_with('_') => {
                return Err(format!("the label `{}` is not known", super::excerpt(other)));
            }
            _ => {}
        }
    }
    match record.other_value {
        Some(label) => Err(format!("`{label}` is not taken: send numbers, by `v` or `s`")),
        None => Ok(record),
    }
}

fn number(label: &str, value: &Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| format!("`{label}` is not a number"))
}

fn text(label: &str, value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("`{label}` is not a text"))
}

/// Whether a message in CBOR, readable or not, may hold a person's data. Of one that cannot be read
/// nobody knows.
pub(in crate::device) fn may_name_a_person(payload: &[u8]) -> bool {
    // The heads of arrays and maps: no text in UTF-8 begins so.
    if !payload.first().is_some_and(|head| (0x80..=0xbf).contains(head)) {
        return false;
    }
    match ciborium::from_reader::<Cbor, _>(payload) {
        Ok(value) => nested_person_field(&json_of(value)).is_some(),
        Err(_) => true,
    }
}
