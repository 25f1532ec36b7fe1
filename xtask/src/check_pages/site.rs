//! The demo site under judgement: a process of its own on a free port of loopback, with data of its own, gone with the value.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::command::{cargo, program, run};
use crate::workspace;

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Demo {
    url: String,
    process: Child,
    _data: TempDir,
}

impl Demo {
    pub(super) fn start() -> Result<Self> {
        run(cargo().args(["build", "--locked", "-p", "gatepost"]))?;
        let gatepost = workspace::target().join("debug/gatepost");
        let data = tempfile::tempdir()?;
        run(program(&gatepost)
            .arg("demo")
            .arg("--data")
            .arg(data.path())
            .stdout(Stdio::null()))?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let url = format!("http://{address}");
        let process = program(&gatepost)
            .args(["serve", "--listen", &address.to_string()])
            .args(["--base-url", &url, "--data"])
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("the blog could not be started")?;
        let mut demo = Self {
            url,
            process,
            _data: data,
        };
        demo.listens(address)?;
        Ok(demo)
    }

    /// Scheme, host and port, without a slash at the end.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    fn listens(&mut self, address: SocketAddr) -> Result<()> {
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.process.try_wait()? {
                bail!("the blog ended: {status}");
            }
            if started.elapsed() > PATIENCE {
                bail!("the blog does not listen on {address}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
