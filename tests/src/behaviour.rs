//! What the risk rules have counted of somebody.

use atrio::data_dir::DataDir;
use atrio::keys::Secrets;
use atrio_domain::risk::{RiskKeys, Velocity};

use crate::process::Process;
use crate::roles::Visitor;
use crate::wait::{SOON, eventually};

impl Visitor {
    /// What is counted of them once so many holds are. Behaviour is counted from the stream in its order, so
    /// all that was before the last of those holds is in it.
    ///
    /// # Panics
    /// When the table or the installation's secrets cannot be read, or the holds are not counted in time.
    pub async fn counted(&self, museum: &Process, holds: u32) -> Velocity {
        let data = DataDir::open(museum.data()).expect("its folder");
        let secrets = Secrets::open(&data).expect("its secrets");
        let key = secrets.contact_hash_key.as_bytes();
        let keys = RiskKeys::of(key, Some(&self.contact.email), None);
        eventually("the holds are counted", SOON, async || {
            let velocities = museum.store().velocities(&keys, museum.now()).await;
            let (contact, _) = velocities.map_err(|error| error.to_string())?;
            if contact.holds == holds { Ok(contact) } else { Err(format!("{contact:?}")) }
        })
        .await
    }
}
