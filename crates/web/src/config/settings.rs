//! The table of settings: name, default and one sentence for each.
//!
//! Invariant: this table is the only list of settings; flags, the environment, the file and `config list` follow from it.

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// As a flag `--name`, in the file `name = `, in the environment `GATEPOST_NAME`.
    pub(crate) name: &'static str,
    /// What a value looks like.
    pub(crate) takes: &'static str,
    /// The value nobody has to give; `{data}` stands for the data directory.
    pub(crate) default: &'static str,
    /// One sentence for `--help` and `config list`.
    pub(crate) help: &'static str,
    /// Whether the value may carry a password, which `config show` hides.
    pub(crate) secret: bool,
}

impl Setting {
    const fn new(
        name: &'static str,
        takes: &'static str,
        default: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            name,
            takes,
            default,
            help,
            secret: false,
        }
    }

    const fn secret(self) -> Self {
        Self {
            secret: true,
            ..self
        }
    }

    /// The name of its environment variable.
    pub(crate) fn variable(&self) -> String {
        format!(
            "GATEPOST_{}",
            self.name.replace('-', "_").to_ascii_uppercase()
        )
    }

    /// Whether the flag alone, without a value, means `true`.
    pub(crate) fn is_switch(&self) -> bool {
        self.default == "false"
    }

    /// The setting of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }
}

/// Every setting, in the order in which they are shown.
pub(crate) static SETTINGS: [Setting; 12] = [
    Setting::new(
        "listen",
        "ADDRESS:PORT",
        "127.0.0.1:8080",
        "The address to listen on",
    ),
    Setting::new(
        "data",
        "DIR",
        "./gatepost-data",
        "The data directory, created at first start",
    ),
    Setting::new(
        "base-url",
        "URL",
        "",
        "The origin under which readers find the site [default: http:// and the address]",
    ),
    Setting::new(
        "database",
        "URL",
        "sqlite:{data}/gatepost.sqlite",
        "The database, `sqlite:PATH`",
    )
    .secret(),
    Setting::new(
        "sessions",
        "WHERE",
        "database",
        "Where sessions are kept, `database` or `memory:`",
    )
    .secret(),
    Setting::new(
        "images",
        "WHERE",
        "{data}/images",
        "Where pictures are kept, a directory",
    )
    .secret(),
    Setting::new(
        "login",
        "MODE",
        "password",
        "How people log in: `password`, or `name-only` for a classroom",
    ),
    Setting::new(
        "trusted-proxies",
        "CIDR,…",
        "",
        "Proxies whose X-Forwarded-For is believed",
    ),
    Setting::new(
        "dev",
        "BOOL",
        "false",
        "Read templates and styles from the source directory at every request",
    ),
    Setting::new(
        "session-idle",
        "TIME",
        "24h",
        "A login ends after this much silence",
    ),
    Setting::new(
        "session-absolute",
        "TIME",
        "90d",
        "Every login ends this long after it began",
    ),
    Setting::new(
        "remember",
        "TIME",
        "30d",
        "A login with \"remember me\" ends after this much silence",
    ),
];
