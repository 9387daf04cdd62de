//! Opens what the IoT rule put on the stream. See the crate's page for the form.

use atrio_domain::device::Refusal;
use aws_lambda_events::event::kinesis::KinesisRecord;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;

use crate::{DeviceMessage, Read};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    topic: String,
    client_id: String,
    /// Milliseconds since 1970, as the rule's `timestamp()` gives them.
    received_at: i64,
    payload: String,
}

/// Opens one record. What cannot be opened is a refused message with the whole record as its
/// content, received when the stream received it.
pub(crate) fn open(record: &KinesisRecord) -> Read {
    let data = &record.data.0;
    message(data).map_or_else(
        |problem| Read {
            content: Err(Refusal::BadEnvelope { problem }),
            message: DeviceMessage {
                topic: String::new(),
                client_id: String::new(),
                payload: data.clone(),
                received_at: arrival(record),
            },
        },
        Read::from,
    )
}

fn message(data: &[u8]) -> Result<DeviceMessage, String> {
    let envelope: Envelope = serde_json::from_slice(data).map_err(|error| error.to_string())?;
    let payload = STANDARD
        .decode(envelope.payload)
        .map_err(|error| format!("`payload` is not base64: {error}"))?;
    let received_at = Timestamp::from_millisecond(envelope.received_at)
        .map_err(|error| format!("`receivedAt` is no instant: {error}"))?;
    Ok(DeviceMessage { topic: envelope.topic, client_id: envelope.client_id, payload, received_at })
}

fn arrival(record: &KinesisRecord) -> Timestamp {
    let at = &record.approximate_arrival_timestamp.0;
    Timestamp::from_millisecond(at.timestamp_millis()).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::event::kinesis::KinesisEvent;

    use super::*;

    fn opened(data: &str) -> Read {
        let event: KinesisEvent = serde_json::from_value(serde_json::json!({"Records": [{
            "kinesis": {
                "data": STANDARD.encode(data),
                "sequenceNumber": "1",
                "partitionKey": "door-1",
                "kinesisSchemaVersion": "1.0",
                "approximateArrivalTimestamp": 1_777_633_200.987,
            },
        }]}))
        .unwrap();
        open(&event.records[0].kinesis)
    }

    #[test]
    fn a_record_of_the_rule_is_the_message_the_device_sent() {
        let read = opened(
            r#"{"topic": "dt/x", "clientId": "door-1", "receivedAt": 1777633200123, "payload": "e30="}"#,
        );
        assert_eq!(read.message.payload, b"{}");
        assert_eq!(read.message.received_at.to_string(), "2026-05-01T11:00:00.123Z");
        assert_eq!(read.content.unwrap_err().code(), "bad-topic");
    }

    #[test]
    fn a_record_that_cannot_be_opened_is_refused_and_kept() {
        for data in ["no json", r#"{"topic": "dt/x"}"#] {
            let read = opened(data);
            assert_eq!(read.content.unwrap_err().code(), "bad-envelope");
            assert_eq!(read.message.payload, data.as_bytes());
            assert_eq!(read.message.received_at.to_string(), "2026-05-01T11:00:00.987Z");
        }
    }
}
