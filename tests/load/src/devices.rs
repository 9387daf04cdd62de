//! Counters that publish over MQTT with TLS and quality of service 1, one message on its way per
//! connection. An acknowledgement means that the count is durable; afterwards the rows are counted.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use atrio::devices::DeviceCa;
use atrio_domain::device::{DeviceName, Model};
use atrio_domain::id::VenueId;
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use rumqttc::{
    AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS, TlsConfiguration, Transport,
};
use serde_json::json;
use tokio::sync::Barrier;

use crate::Failure;
use crate::measure::{Level, Times};
use crate::platform::Platform;
use crate::report;

const CONNECTIONS: [usize; 2] = [1, 50];
const VENUE: &str = "20240";
/// Late counts are taken for 72 hours; the first period lies well within.
const FIRST_PERIOD_AGO: SignedDuration = SignedDuration::from_hours(70);
const PERIOD: SignedDuration = SignedDuration::from_secs(10);

struct Counter {
    name: DeviceName,
    topic: String,
    client: AsyncClient,
    events: EventLoop,
    first_period: Timestamp,
    sent: i32,
}

/// Measures messages at each number of connections.
pub(crate) async fn measure(platform: &Platform, span: Duration) -> Result<(), Failure> {
    for connections in CONNECTIONS {
        platform.rest().await?;
        let counters: Vec<Counter> = try_join_all(
            (0..connections).map(|number| Counter::enrol(platform, connections, number)),
        )
        .await?;
        let (counters, level) = publish(counters, span).await?;
        let at = format!("{connections} connections");
        report::row("MQTT messages to durable rows", &at, &level.to_string());
        let (mut found, mut sent) = (0, 0);
        for counter in &counters {
            let until = platform.clock().now();
            let model = Model::CrowdFlowObserved;
            let rows =
                platform.store().counts(&counter.name, model, counter.first_period, until).await?;
            found += rows.len();
            sent += counter.sent;
        }
        report::row("rows found for the messages sent", &at, &format!("{found} for {sent}"));
    }
    Ok(())
}

async fn publish(counters: Vec<Counter>, span: Duration) -> Result<(Vec<Counter>, Level), Failure> {
    let ready = Arc::new(Barrier::new(counters.len() + 1));
    let tasks: Vec<_> = counters
        .into_iter()
        .map(|mut counter| {
            let ready = Arc::clone(&ready);
            tokio::spawn(async move {
                ready.wait().await;
                let (start, mut times) = (Instant::now(), Vec::new());
                while start.elapsed() < span {
                    times.push(counter.publish().await?);
                }
                Ok::<_, Failure>((counter, times))
            })
        })
        .collect();
    ready.wait().await;
    let start = Instant::now();
    let (mut counters, mut times) = (Vec::new(), Vec::new());
    for task in tasks {
        let (counter, more) = task.await??;
        counters.push(counter);
        times.extend(more);
    }
    let level =
        Level { times: Times::of(times), took: start.elapsed(), refused: 0, first_refusal: None };
    Ok((counters, level))
}

impl Counter {
    /// Enrols a counter and connects it.
    async fn enrol(platform: &Platform, group: usize, number: usize) -> Result<Self, Failure> {
        let name: DeviceName = format!("load-{group}-{number}").parse()?;
        let folder = platform.data.join("load").join(name.as_str());
        let now = platform.clock().now();
        let ca = DeviceCa::open(platform.data.path())?;
        let place = (VenueId::new(VENUE)?, None);
        ca.enrol(&platform.store(), name.clone(), place, &folder, now).await?;
        let address = &platform.run.mqtt;
        let (_, port) = address.rsplit_once(':').ok_or("the broker's address has no port")?;
        let mut options = MqttOptions::new(name.as_str(), "localhost", port.parse()?);
        options.set_transport(Transport::Tls(tls(&folder)?));
        options.set_keep_alive(Duration::from_secs(30));
        let (client, mut events) = AsyncClient::new(options, 4);
        events.network_options.set_tcp_nodelay(true);
        let mut counter = Self {
            topic: format!("dt/atrio/{VENUE}/{name}/CrowdFlowObserved"),
            name,
            client,
            events,
            first_period: (now - FIRST_PERIOD_AGO).round(jiff::Unit::Second)?,
            sent: 0,
        };
        counter.wait(|packet| matches!(packet, Packet::ConnAck(_))).await?;
        Ok(counter)
    }

    /// Publishes the next period; answers how long the acknowledgement took.
    async fn publish(&mut self) -> Result<Duration, Failure> {
        let start = self.first_period + PERIOD * self.sent;
        let end = start + PERIOD;
        let message = json!({
            "id": format!("urn:ngsi-ld:CrowdFlowObserved:{}:{}", self.name, self.sent),
            "type": "CrowdFlowObserved",
            "dateObserved": format!("{start}/{end}"),
            "dateObservedFrom": start.to_string(),
            "dateObservedTo": end.to_string(),
            "peopleCount": 5,
            "peopleCountTowards": 4,
            "peopleCountAway": 1,
            "seq": self.sent,
        });
        let at = Instant::now();
        self.client.publish(&self.topic, QoS::AtLeastOnce, false, message.to_string()).await?;
        self.wait(|packet| matches!(packet, Packet::PubAck(_))).await?;
        self.sent += 1;
        Ok(at.elapsed())
    }

    async fn wait(&mut self, wanted: impl Fn(&Packet) -> bool) -> Result<(), Failure> {
        loop {
            let event = tokio::time::timeout(Duration::from_secs(30), self.events.poll()).await??;
            if let Event::Incoming(packet) = event
                && wanted(&packet)
            {
                return Ok(());
            }
        }
    }
}

fn tls(folder: &Path) -> Result<TlsConfiguration, Failure> {
    let read = |name: &str| std::fs::read(folder.join(name));
    Ok(TlsConfiguration::Simple {
        ca: read("ca.pem")?,
        alpn: None,
        client_auth: Some((read("cert.pem")?, read("key.pem")?)),
    })
}
