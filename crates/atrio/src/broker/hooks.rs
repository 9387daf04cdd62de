//! Hangs our rules into `rmqtt`. Facts it rests on (rmqtt 0.24): `ClientAuthenticate` runs before an
//! older session of the same name is closed; `MessagePublishCheckAcl` is awaited before the
//! acknowledgement, while `MessagePublish` runs before the check and wills skip it; a refusal with
//! `disconnect` closes without an acknowledgement; MQTT 3.1.1 has no refusing acknowledgement, so
//! there a refusal without `disconnect` reads as success.

use async_trait::async_trait;
use rmqtt::codec::types::{MQTT_LEVEL_5, QoS};
use rmqtt::codec::v5::{PublishAckReason, SubscribeAckReason};
use rmqtt::context::ServerContext;
use rmqtt::hook::{Handler, HookResult, Parameter, ReturnType, Type};
use rmqtt::session::Session;
use rmqtt::types::{
    AuthResult, ConnectInfo, LastWill, Publish, PublishAclResult, PublishResult, Subscribe,
    SubscribeAclResult,
};

use super::admission::{Admission, Credentials, Publication};

/// Hangs the rules in and switches them on.
pub(super) async fn register(context: &ServerContext, admission: &Admission) {
    let hooks = context.extends.hook_mgr().register();
    for hook in
        [Type::ClientAuthenticate, Type::MessagePublishCheckAcl, Type::ClientSubscribeCheckAcl]
    {
        hooks.add(hook, Box::new(Gatekeeper(admission.clone()))).await;
    }
    hooks.start().await;
}

struct Gatekeeper(Admission);

#[async_trait]
impl Handler for Gatekeeper {
    async fn hook(&self, parameter: &Parameter, earlier: Option<HookResult>) -> ReturnType {
        match parameter {
            Parameter::ClientAuthenticate(connection) => {
                (false, Some(HookResult::AuthResult(self.authenticate(connection).await)))
            }
            Parameter::MessagePublishCheckAcl(session, message) => {
                let result = self.publish(session, message).await;
                (false, Some(HookResult::PublishAclResult(result)))
            }
            Parameter::ClientSubscribeCheckAcl(session, subscription) => {
                let result = self.subscribe(session, subscription);
                (false, Some(HookResult::SubscribeAclResult(result)))
            }
            _ => (true, earlier),
        }
    }
}

impl Gatekeeper {
    async fn authenticate(&self, connection: &ConnectInfo) -> AuthResult {
        let certificate = connection.cert();
        let client_id: &str = &connection.id().client_id;
        let will_topic = connection.last_will().map(|will| match will {
            LastWill::V3(will) => will.topic.to_string(),
            LastWill::V5(will) => will.topic.to_string(),
        });
        let shown = Credentials {
            client_id,
            common_name: certificate.and_then(|shown| shown.common_name.as_deref()),
            certificate_serial: certificate.and_then(|shown| shown.serial.as_deref()),
            will_topic: will_topic.as_deref(),
        };
        match self.0.connect(&shown).await {
            Ok(()) => {
                tracing::debug!(client_id, "device connected");
                AuthResult::Allow(false, None)
            }
            Err(reason) => {
                let cause = std::error::Error::source(&reason).map(ToString::to_string);
                tracing::warn!(client_id, %reason, cause, "device not let in");
                AuthResult::NotAuthorized
            }
        }
    }

    async fn publish(&self, session: &Session, message: &Publish) -> PublishAclResult {
        let explains = session.protocol().await.is_ok_and(|level| level == MQTT_LEVEL_5);
        let client_id: &str = &session.id.client_id;
        let topic: &str = &message.topic;
        let refuse = |code, words: String, disconnect| {
            PublishAclResult(PublishResult::reason_code(code, Some(words.into()), disconnect))
        };
        if message.qos == QoS::ExactlyOnce {
            let words = "quality of service 2 is not taken: publish with 0 or 1".to_owned();
            return refuse(PublishAckReason::ImplementationSpecificError, words, true);
        }
        match self.0.publish(client_id, topic, &message.payload).await {
            Publication::Kept => PublishAclResult::allow(),
            Publication::NotCounted(refusal) => {
                tracing::info!(client_id, topic, code = refusal.code(), "message not counted");
                refuse(PublishAckReason::PayloadFormatInvalid, refusal.to_string(), false)
            }
            Publication::Claimed(standing) => {
                // The gate reads whose claim stands. One that could not would take the refusal for
                // success, so it is cut off.
                let words = serde_json::to_string(&standing).unwrap_or_default();
                refuse(PublishAckReason::ImplementationSpecificError, words, !explains)
            }
            Publication::Forbidden(words) => {
                tracing::warn!(client_id, topic, reason = words, "message refused");
                refuse(PublishAckReason::NotAuthorized, words, !explains)
            }
            Publication::NotWritten(words) => {
                refuse(PublishAckReason::UnspecifiedError, words, true)
            }
        }
    }

    fn subscribe(&self, session: &Session, subscription: &Subscribe) -> SubscribeAclResult {
        let client_id: &str = &session.id.client_id;
        let filter: &str = &subscription.topic_filter;
        if self.0.subscribe(client_id, filter) {
            SubscribeAclResult::new_success(subscription.opts.qos(), None)
        } else {
            tracing::warn!(client_id, filter, "subscription refused");
            SubscribeAclResult::new_failure(SubscribeAckReason::NotAuthorized)
        }
    }
}
