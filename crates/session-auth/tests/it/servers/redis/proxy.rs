//! The network between a site and a Redis, which a test can cut: altogether, after the server has done what it was asked and
//! before anybody hears of it, or just before it is asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, tcp};
use tokio::sync::{oneshot, watch};

/// Whether these bytes are what a test waits for.
type Pattern = Box<dyn Fn(&[u8]) -> bool + Send>;

/// What happens, once, to a request.
enum Trap {
    /// The server gets it, and its answer is lost with the connection, unless it is an error.
    Loses(Pattern),
    /// It waits until the test lets it go on.
    Holds(Pattern, oneshot::Sender<()>, oneshot::Receiver<()>),
}

/// A request that is held: first it comes, then it goes on.
pub(super) struct Held {
    came: oneshot::Receiver<()>,
    go: oneshot::Sender<()>,
}

impl Held {
    pub(super) async fn comes(&mut self) {
        (&mut self.came).await.unwrap();
    }

    pub(super) fn goes_on(self) {
        self.go.send(()).unwrap();
    }
}

#[derive(Clone)]
pub(super) struct Proxy {
    pub(super) port: u16,
    network: Arc<Network>,
}

struct Network {
    server: u16,
    is_cut: watch::Sender<bool>,
    trap: Mutex<Option<Trap>>,
}

/// Whether a part is somewhere in these bytes.
pub(super) fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|at| at == part)
}

impl Proxy {
    pub(super) async fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let network = Arc::new(Network {
            server,
            is_cut: watch::channel(false).0,
            trap: Mutex::default(),
        });
        let carrier = Arc::clone(&network);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let network = Arc::clone(&carrier);
                tokio::spawn(async move { network.carry(client).await });
            }
        });
        Self { port, network }
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// From now on there is no way to the server; or there is one again.
    pub(super) fn cut(&self, is_cut: bool) {
        self.network.is_cut.send_replace(is_cut);
    }

    pub(super) fn loses_the_answer_to(&self, pattern: impl Fn(&[u8]) -> bool + Send + 'static) {
        self.set(Some(Trap::Loses(Box::new(pattern))));
    }

    pub(super) fn holds_back(&self, pattern: impl Fn(&[u8]) -> bool + Send + 'static) -> Held {
        let (comes, came) = oneshot::channel();
        let (go, goes) = oneshot::channel();
        self.set(Some(Trap::Holds(Box::new(pattern), comes, goes)));
        Held { came, go }
    }

    /// Takes the trap away. Whether nobody had run into it.
    pub(super) fn disarm(&self) -> bool {
        self.set(None).is_some()
    }

    fn set(&self, trap: Option<Trap>) -> Option<Trap> {
        std::mem::replace(&mut *self.network.trap.lock().unwrap(), trap)
    }
}

impl Network {
    async fn carry(&self, client: TcpStream) {
        let mut is_cut = self.is_cut.subscribe();
        if *is_cut.borrow() {
            return;
        }
        let server = TcpStream::connect(("127.0.0.1", self.server)).await;
        let Ok(server) = server else { return };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let is_losing = AtomicBool::new(false);
        tokio::select! {
            () = self.requests(from_client, to_server, &is_losing) => {}
            () = self.answers(from_server, to_client, &is_losing) => {}
            _ = is_cut.wait_for(|is_cut| *is_cut) => {}
        }
    }

    async fn requests(
        &self,
        mut from: tcp::OwnedReadHalf,
        mut to: tcp::OwnedWriteHalf,
        is_losing: &AtomicBool,
    ) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let request = &buffer[..length];
            if let Some((comes, goes)) = self.trapped(request, is_losing) {
                let _ = comes.send(());
                let _ = goes.await;
            }
            if to.write_all(request).await.is_err() {
                return;
            }
        }
    }

    fn trapped(
        &self,
        request: &[u8],
        is_losing: &AtomicBool,
    ) -> Option<(oneshot::Sender<()>, oneshot::Receiver<()>)> {
        let mut trap = self.trap.lock().unwrap();
        let is_in = match &*trap {
            Some(Trap::Loses(pattern) | Trap::Holds(pattern, ..)) => pattern(request),
            None => false,
        };
        if !is_in {
            return None;
        }
        match trap.take() {
            Some(Trap::Holds(_, comes, goes)) => Some((comes, goes)),
            loses => {
                is_losing.store(true, Ordering::Relaxed);
                *trap = loses;
                None
            }
        }
    }

    async fn answers(
        &self,
        mut from: tcp::OwnedReadHalf,
        mut to: tcp::OwnedWriteHalf,
        is_losing: &AtomicBool,
    ) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let answer = &buffer[..length];
            // A server that refuses has done nothing, and is asked in another way.
            if is_losing.swap(false, Ordering::Relaxed) && !answer.starts_with(b"-") {
                self.trap.lock().unwrap().take();
                return;
            }
            if to.write_all(answer).await.is_err() {
                return;
            }
        }
    }
}
