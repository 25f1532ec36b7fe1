//! A Chromium for one journey, driven through chromedriver, with a profile of its own and nothing that phones home.
//! What a person does is a method; what a program knows about a page is asked in one place.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::Journey;
use crate::site::{PASSWORD, Site};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Child,
    _profile: TempDir,
}

/// Whether pages may run scripts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    On,
    Off,
}

impl Browser {
    pub(crate) async fn start(script: Script) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| {
                format!("chromedriver: {error}; apt-get install chromium chromium-driver")
            })?;
        let port = port_of(&mut driver)?;
        let mut options = json!({ "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            "--disable-component-update", "--no-first-run", "--disable-sync", "--disable-dev-shm-usage",
            "--hide-scrollbars", "--window-size=1280,900", format!("--user-data-dir={}", profile.path().display()),
        ] });
        if script == Script::Off {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let capabilities = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().cloned().unwrap_or_default())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await?;
        Ok(Self {
            client,
            driver,
            _profile: profile,
        })
    }

    pub(crate) async fn close(self) -> Journey {
        Ok(self.client.clone().close().await?)
    }

    pub(crate) async fn open(&self, site: &Site, path: &str) -> Result<()> {
        Ok(self.client.goto(&site.at(path)).await?)
    }

    /// Fills in the login form, which has to be on the screen.
    pub(crate) async fn log_in(&self, name: &str) -> Result<()> {
        self.type_into("login", name).await?;
        self.type_into("password", PASSWORD).await?;
        self.press("//input[@name='password']/ancestor::form//button")
            .await?;
        // The header shows who is logged in, on every page.
        self.wait_for(&format!("//header[contains(., '{name}')]"))
            .await
            .map(drop)
    }

    /// Presses the button in the header.
    pub(crate) async fn log_out(&self) -> Result<()> {
        self.press("//form[@action='/logout']//button").await?;
        self.wait_for("//header//a[starts-with(@href, '/login')]")
            .await
            .map(drop)
    }

    /// Replaces what a field of the form holds.
    pub(crate) async fn type_into(&self, field: &str, text: &str) -> Result<()> {
        let element = self.field(field).await?;
        element.clear().await?;
        Ok(element.send_keys(text).await?)
    }

    pub(crate) async fn choose_file(&self, field: &str, file: &Path) -> Result<()> {
        let path = file.to_str().ok_or("a path that is text")?;
        Ok(self.field(field).await?.send_keys(path).await?)
    }

    pub(crate) async fn value_of(&self, field: &str) -> Result<String> {
        Ok(self
            .field(field)
            .await?
            .prop("value")
            .await?
            .unwrap_or_default())
    }

    /// Sends the form of the editor and waits for the answer.
    pub(crate) async fn publish(&self) -> Result<()> {
        let editor = self.field("text").await?;
        self.press("//textarea[@name='text']/ancestor::form//button[@value='publish']")
            .await?;
        self.until_gone(&editor).await
    }

    /// Waits until the page that this stood on has made way for the next.
    pub(crate) async fn until_gone(&self, element: &Element) -> Result<()> {
        let gone = async {
            while element.tag_name().await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        Ok(timeout(PATIENCE, gone).await?)
    }

    pub(crate) async fn press(&self, path: &str) -> Result<()> {
        Ok(self.wait_for(path).await?.click().await?)
    }

    pub(crate) async fn wait_for(&self, path: &str) -> Result<Element> {
        let found = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::XPath(path))
            .await;
        match found {
            Ok(element) => Ok(element),
            Err(error) => {
                let (address, text) = (self.client.current_url().await?, self.text("body").await?);
                Err(format!("{path}: {error}; {address} shows:\n{text}").into())
            }
        }
    }

    /// Where we are: path and query.
    pub(crate) async fn place(&self) -> Result<String> {
        let address = self.client.current_url().await?;
        Ok(match address.query() {
            Some(query) => format!("{}?{query}", address.path()),
            None => address.path().to_owned(),
        })
    }

    /// The text of a part of the page, as a reader sees it.
    pub(crate) async fn text(&self, selector: &str) -> Result<String> {
        Ok(self
            .client
            .find(Locator::Css(selector))
            .await?
            .text()
            .await?)
    }

    /// The status of the answer that this page came with.
    pub(crate) async fn status(&self) -> Result<u64> {
        let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
        self.ask(script)
            .await?
            .as_u64()
            .ok_or_else(|| "no status".into())
    }

    /// What a script in the page returns.
    pub(crate) async fn ask(&self, script: &str) -> Result<Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    /// What a promise in the page becomes.
    pub(crate) async fn ask_later(&self, promise: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[0]; ({promise}).then(done, error => done({{ error: String(error) }}))"
        );
        let answer = self.client.execute_async(&script, Vec::new()).await?;
        match answer.get("error") {
            Some(error) => Err(format!("{promise}: {error}").into()),
            None => Ok(answer),
        }
    }

    /// A command of Chromium's own protocol, for what WebDriver has no word for.
    pub(crate) async fn chromium(&self, method: &'static str, parameters: Value) -> Result<Value> {
        Ok(self
            .client
            .issue_cmd(ChromiumCommand { method, parameters })
            .await?)
    }

    async fn field(&self, name: &str) -> Result<Element> {
        self.wait_for(&format!("//main//*[@name='{name}']")).await
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium does not end with its driver, but it is in the driver's process group; so it ends with that, also
        // when the journey failed half-way. A Chromium that was closed has left an empty group.
        let group = format!("-{}", self.driver.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.driver.wait();
    }
}

/// With `--port=0` the driver finds itself a port and says which.
fn port_of(driver: &mut Child) -> Result<u16> {
    let output = driver.stdout.take().ok_or("no standard output")?;
    let mut lines = BufReader::new(output).lines();
    for line in lines.by_ref() {
        let line = line?;
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let port = port.trim_end_matches('.').parse()?;
            // Somebody has to go on reading, or the driver stops when the pipe is full.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(port);
        }
    }
    Err("chromedriver ended without naming its port".into())
}

#[derive(Debug)]
struct ChromiumCommand {
    method: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for ChromiumCommand {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> std::result::Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.method, "params": self.parameters });
        (http::Method::POST, Some(body.to_string()))
    }
}
