//! One closed period of a people counter and its wire form: `CrowdFlowObserved` of Smart Data
//! Models (NGSI-LD key values), with `seq` and `cumulativeCount` under atrio's own context. It
//! carries counts of a place and nothing about a person.

use jiff::Timestamp;
use serde_json::{Value, json};

/// The model named in the message and in the topic.
pub(super) const MODEL: &str = "CrowdFlowObserved";

/// Where a counter stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CounterPlace {
    /// The thing name, which is also the client id and a level of the topic.
    pub device: String,
    /// The venue it stands in.
    pub venue_id: String,
    /// Degrees north, WGS 84.
    pub latitude: f64,
    /// Degrees east, WGS 84.
    pub longitude: f64,
}

/// What a counter saw between two instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Observation {
    /// The period begins.
    pub from: Timestamp,
    /// The period ends.
    pub to: Timestamp,
    /// People that came in.
    pub towards: u32,
    /// People that went out.
    pub away: u32,
    /// The index of the period since the epoch: without a gap while the counter runs, and never
    /// reused after a restart.
    pub seq: i64,
    /// Passages in both directions since the counter was installed, this period included.
    pub cumulative: u64,
}

impl CounterPlace {
    /// The topic the counter may publish on.
    pub(super) fn topic(&self) -> String {
        format!("dt/atrio/{}/{}/{MODEL}", self.venue_id, self.device)
    }

    /// The message of one period, the same bytes whenever it is written again: a repeated
    /// delivery is then a duplicate and not a correction.
    pub(super) fn message(&self, seen: &Observation) -> Vec<u8> {
        self.value(seen).to_string().into_bytes()
    }

    fn value(&self, seen: &Observation) -> Value {
        let (from, to) = (seen.from.to_string(), seen.to.to_string());
        json!({
            "id": format!("urn:ngsi-ld:{MODEL}:{}:{}", self.device, seen.seq),
            "type": MODEL,
            "dateObserved": format!("{from}/{to}"),
            "dateObservedFrom": from,
            "dateObservedTo": to,
            "peopleCount": seen.towards + seen.away,
            "peopleCountTowards": seen.towards,
            "peopleCountAway": seen.away,
            "seq": seen.seq,
            "cumulativeCount": seen.cumulative,
            "location": {"type": "Point", "coordinates": [self.longitude, self.latitude]},
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A counter of the sample.
    pub(crate) fn counter() -> CounterPlace {
        CounterPlace {
            device: "counter-20240".into(),
            venue_id: "20240".into(),
            latitude: 40.663902,
            longitude: 16.609297,
        }
    }

    #[test]
    fn a_period_is_written_as_the_sample_message() {
        let seen = Observation {
            from: "2026-11-24T09:00:00Z".parse().unwrap(),
            to: "2026-11-24T09:01:00Z".parse().unwrap(),
            towards: 4,
            away: 1,
            seq: 29_925_180,
            cumulative: 18_211,
        };
        let sample: Value =
            serde_json::from_str(include_str!("../../../../samples/device-messages/valid.json"))
                .unwrap();
        let written: Value = serde_json::from_slice(&counter().message(&seen)).unwrap();
        assert_eq!(written, sample);
        assert_eq!(counter().message(&seen), counter().message(&seen));
        assert_eq!(counter().topic(), "dt/atrio/20240/counter-20240/CrowdFlowObserved");
    }
}
