//! Settings: who wins, and what a wrong one says.

use std::process::Output;

use crate::support::Program;

struct Settings {
    directory: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Settings {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    fn file(self, text: &str) -> Self {
        std::fs::write(self.directory.path().join("gatepost.toml"), text).unwrap();
        self
    }

    fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = crate::support::gatepost(self.directory.path());
        command.args(arguments);
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command.output().unwrap()
    }

    /// Value and origin of one setting, as `config show` tells them.
    fn shown(&self, name: &str, flags: &[&str]) -> (String, String) {
        let output = self.run(&[&["config", "show", "--json"], flags].concat());
        let all: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let text = |key| all[name][key].as_str().expect("a text").to_owned();
        (text("value"), text("origin"))
    }

    /// What a refused start says.
    #[track_caller]
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        said
    }
}

#[test]
fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
    let bare = Settings::new();
    assert_eq!(
        bare.shown("session-idle", &[]),
        ("24h".into(), "default".into())
    );

    let file = Settings::new().file("session-idle = \"1h\"\n");
    let (value, origin) = file.shown("session-idle", &[]);
    assert_eq!(value, "1h");
    assert!(origin.ends_with("gatepost.toml"), "{origin}");

    let environment = file.variable("GATEPOST_SESSION_IDLE", "2h");
    assert_eq!(
        environment.shown("session-idle", &[]),
        ("2h".into(), "GATEPOST_SESSION_IDLE".into())
    );
    assert_eq!(
        environment.shown("session-idle", &["--session-idle", "3h"]),
        ("3h".into(), "flag".into())
    );
}

#[test]
fn a_value_may_lie_in_a_file_that_the_environment_names() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "sqlite:/srv/blog.sqlite\n").unwrap();
    let path = secret.path().to_str().unwrap();
    let settings = Settings::new().variable("GATEPOST_DATABASE_FILE", path);
    assert_eq!(settings.shown("database", &[]).0, "sqlite:/srv/blog.sqlite");

    let both = settings.variable("GATEPOST_DATABASE", "sqlite:other");
    assert!(both.refused(&["config", "show"]).contains("both set"));
}

#[test]
fn a_list_in_the_file_is_a_list() {
    let settings =
        Settings::new().file("trusted-proxies = [\"10.0.0.0/8\", \"::1\"]\ndev = false\n");
    assert_eq!(settings.shown("trusted-proxies", &[]).0, "10.0.0.0/8,::1");
}

#[test]
fn an_unknown_setting_is_refused_with_the_one_that_was_meant() {
    let file = Settings::new().file("sesion-idle = \"1h\"\n");
    assert!(
        file.refused(&["serve"])
            .contains("did you mean `session-idle`?")
    );

    let variable = Settings::new().variable("GATEPOST_LISTN", "127.0.0.1:1");
    assert!(
        variable
            .refused(&["serve"])
            .contains("did you mean `GATEPOST_LISTEN`?")
    );

    assert!(
        Settings::new()
            .refused(&["serve", "--listn", "127.0.0.1:1"])
            .contains("--listen")
    );

    let nothing_alike = Settings::new()
        .file("colour = \"blue\"\n")
        .refused(&["serve"]);
    assert!(
        nothing_alike.contains("colour") && !nothing_alike.contains("did you mean"),
        "{nothing_alike}"
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_named_with_its_origin() {
    for (flags, expected) in [
        (["--listen", "8080"], "an address and port"),
        (["--base-url", "blog.example.org"], "an origin such as"),
        (
            ["--base-url", "https://example.org/blog"],
            "an origin such as",
        ),
        (["--session-idle", "soon"], "a time such as"),
        (["--login", "none"], "`password` or `name-only`"),
        (["--trusted-proxies", "everybody"], "a list of networks"),
        (["--database", "blog.sqlite"], "`sqlite:PATH`"),
    ] {
        let said = Settings::new().refused(&[&["serve"][..], &flags].concat());
        assert!(said.contains(expected) && said.contains("flag"), "{said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    }
}

#[test]
fn what_this_version_cannot_do_is_refused_honestly() {
    for (flags, supported) in [
        (
            ["--database", "postgres://u:secret@db/blog"],
            "`sqlite:PATH`",
        ),
        (
            ["--sessions", "redis://localhost"],
            "`database` and `memory:`",
        ),
        (
            ["--sessions", "encrypted-cookie:"],
            "`database` and `memory:`",
        ),
        (["--images", "s3://bucket/blog"], "a directory"),
    ] {
        let said = Settings::new().refused(&[&["serve"][..], &flags].concat());
        assert!(
            said.contains("cannot do yet") && said.contains(supported),
            "{said}"
        );
        assert!(!said.contains("secret"), "{said}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let database = [
        "--database",
        "postgres://writer:hunter2@db/blog?password=hunter2",
    ];
    let output = Settings::new().run(&[&["config", "show"], &database[..]].concat());
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("db/blog"), "{shown}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("writer"),
        "{shown}"
    );
}

#[test]
fn login_by_name_alone_stays_on_this_computer() {
    let said =
        Settings::new().refused(&["serve", "--login", "name-only", "--listen", "0.0.0.0:8080"]);
    assert!(said.contains("--listen 127.0.0.1:8080"), "{said}");
    for bringing_others in [
        ["--base-url", "https://blog.example.org"],
        ["--trusted-proxies", "127.0.0.1"],
    ] {
        let said = Settings::new()
            .refused(&[&["serve", "--login", "name-only"][..], &bringing_others].concat());
        assert!(said.contains("--login password"), "{said}");
    }
    let directory = tempfile::tempdir().unwrap();
    let mut served = Program::serve(directory.path(), &["--login", "name-only"]);
    assert!(served.line().contains("http://127.0.0.1:"));
}

#[test]
fn the_file_cannot_move_the_directory_it_lies_in() {
    assert!(
        Settings::new()
            .file("data = \"/srv\"\n")
            .refused(&["serve"])
            .contains("--data DIR")
    );
    assert!(
        Settings::new()
            .file("listen = \n")
            .refused(&["serve"])
            .contains("line 1")
    );
}

#[test]
fn every_setting_is_listed() {
    let output = Settings::new().run(&["config", "list"]);
    let listed = String::from_utf8(output.stdout).unwrap();
    let flags = [
        "listen",
        "data",
        "base-url",
        "database",
        "sessions",
        "images",
        "login",
        "trusted-proxies",
        "dev",
    ];
    for name in flags
        .into_iter()
        .chain(["session-idle", "session-absolute", "remember"])
    {
        assert!(listed.contains(&format!("--{name} ")), "{name} in {listed}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_fault() {
    let directory = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = crate::support::gatepost(directory.path());
    let output = command
        .args(["config", "list"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}
