//! A server under test: one process with one worker thread, alone on CPU 0, which ends with the value.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::{line, program};
use crate::install::{TASKSET, find};

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Server {
    pub(super) address: SocketAddr,
    process: Child,
}

impl Server {
    /// Starts the program with `--listen` and a free port, and waits until it accepts connections.
    pub(super) fn start(command: &Command) -> Result<Self> {
        let mut server = Self::launch(command)?;
        let started = Instant::now();
        while TcpStream::connect(server.address).is_err() {
            server.has_not_ended()?;
            if started.elapsed() > PATIENCE {
                bail!("`{}` does not listen on {}", line(command), server.address);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    /// The same without waiting.
    pub(super) fn launch(command: &Command) -> Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut pinned = program(find(TASKSET)?);
        pinned
            .args(["--cpu-list", "0"])
            .arg(command.get_program())
            .args(command.get_args());
        let process = pinned
            .args(["--listen", &address.to_string()])
            .env("TOKIO_WORKER_THREADS", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .with_context(|| line(&pinned))?;
        Ok(Self { address, process })
    }

    pub(super) fn has_not_ended(&mut self) -> Result<()> {
        match self.process.try_wait()? {
            Some(status) => bail!("the server under test ended: {status}"),
            None => Ok(()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
