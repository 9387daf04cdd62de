//! Ends the connections of devices that lost their right after they had connected. The registry counts
//! its changes, so a broker with thousands of connections reads one number a second, and looks at
//! its connections only when that moved.

use std::time::Duration;

use rmqtt::context::ServerContext;
use rmqtt::types::Id;

use super::admission::Admission;

/// How often the registry is asked whether it changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Watches until the program ends.
pub(super) async fn watch(context: ServerContext, admission: Admission) {
    let (mut seen, mut is_settled) = (None, false);
    // Who was let in a moment before the change may get its session a moment after it.
    let mut again: Vec<String> = Vec::new();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        for client_id in again.drain(..) {
            // Who came back with a certificate that is good stays.
            if !admission.is_known(&client_id) {
                end(&context, &client_id).await;
            }
        }
        let changes = match admission.registry_changes().await {
            None => return,
            Some(Ok(changes)) => changes,
            Some(Err(error)) => {
                tracing::warn!(%error, "the registry of devices cannot be read");
                continue;
            }
        };
        // Once more a round after a change, for whoever was being let in while it was looked at.
        let is_new = seen != Some(changes);
        if is_settled && !is_new {
            continue;
        }
        match admission.ended().await {
            Ok(ended) => {
                (seen, is_settled) = (Some(changes), !is_new);
                for client_id in &ended {
                    tracing::info!(client_id, "connection ended: the device lost its right");
                    end(&context, client_id).await;
                }
                again = ended;
            }
            Err(error) => tracing::warn!(%error, "the registry of devices cannot be read"),
        }
    }
}

async fn end(context: &ServerContext, client_id: &str) {
    let id = Id::from(context.node.id(), client_id.into());
    let entry = context.extends.shared().await.entry(id);
    let kicked = match entry.try_lock().await {
        Ok(mut entry) => entry.kick(true, true, true).await.map(|_| ()),
        Err(error) => Err(error),
    };
    if let Err(error) = kicked {
        tracing::warn!(client_id, %error, "connection not ended");
    }
}
