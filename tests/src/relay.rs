//! A line that can be cut: a relay between two parties who do not know of it.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A line to a port of this machine.
#[derive(Debug)]
pub struct Relay {
    /// The port to speak to instead.
    pub port: u16,
    is_up: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Relay {
    /// A line to `to`, up.
    ///
    /// # Panics
    /// When no port can be listened on.
    pub async fn to(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let (is_up, state) = watch::channel(true);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                // What is dropped here is what a caller with no line gets.
                if *state.borrow() {
                    tokio::spawn(carry(near, to, state.clone()));
                }
            }
        });
        Self { port, is_up, task }
    }

    /// Cuts the line, also under those who speak.
    pub fn cut(&self) {
        self.is_up.send_replace(false);
    }

    /// Mends it.
    pub fn mend(&self) {
        self.is_up.send_replace(true);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.cut();
        self.task.abort();
    }
}

async fn carry(mut near: TcpStream, to: SocketAddr, mut state: watch::Receiver<bool>) {
    let Ok(mut far) = TcpStream::connect(to).await else { return };
    tokio::select! {
        // Whoever hangs up first ends it for both.
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        _ = state.wait_for(|is_up| !is_up) => {}
    }
}
