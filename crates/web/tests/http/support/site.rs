//! A site in a directory of its own, with three people in it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use gatepost::App;
use gatepost::config::Config;
use gatepost::start;
use gatepost::world::World;
use gatepost_domain::display_name::DisplayName;
use gatepost_domain::role::Role;
use gatepost_domain::user::User;
use gatepost_domain::username::Username;
use gatepost_storage::Db;
use gatepost_storage::settings::Setting;
use gatepost_storage::users::{NewUser, PasswordHash};
use http::{Request, Response};
use session_auth::password::PasswordHasher;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tower::util::BoxCloneSyncService;

use super::browser::Browser;

pub(crate) type Service = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

pub(crate) struct Site {
    service: Service,
    app: Arc<App>,
    pub(crate) set_up: Option<String>,
    directory: TempDir,
}

impl Site {
    /// What every account of the tests has.
    pub(crate) const PASSWORD: &str = "correct horse";

    /// A site with `alice` (owner), `bob` (editor) and `carol` (author).
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::empty(settings).await.with_people().await
    }

    /// With a clock of its own.
    pub(crate) async fn at(clock: fn() -> time::OffsetDateTime) -> Self {
        let (directory, world) = (new_directory(), ticking(clock));
        Self::opened(directory, &[], world)
            .await
            .with_people()
            .await
    }

    async fn with_people(self) -> Self {
        for (name, role) in [
            ("alice", Role::Owner),
            ("bob", Role::Editor),
            ("carol", Role::Author),
        ] {
            self.account(name, role).await;
        }
        self
    }

    /// The same site after a restart, in this time zone.
    pub(crate) async fn again(self, clock: fn() -> time::OffsetDateTime, zone: &str) -> Self {
        let set = self.db().settings().set(Setting::TimeZone, zone).await;
        set.expect("the database works");
        self.db().close().await;
        Self::opened(self.directory, &[], ticking(clock)).await
    }

    /// A site without people.
    pub(crate) async fn empty(settings: &[(&str, &str)]) -> Self {
        Self::opened(new_directory(), settings, World::REAL).await
    }

    async fn opened(directory: TempDir, settings: &[(&str, &str)], world: World) -> Self {
        let data = directory.path().join("data");
        let own = [
            ("data", data.to_str().expect("UTF-8")),
            ("base-url", "http://blog.test"),
        ];
        let all = own.into_iter().chain(settings.iter().copied());
        let config = Config::with(all).expect("the settings of a test are right");
        let opened = start::open(config, world).await.expect("the site opens");
        let service = BoxCloneSyncService::new(gatepost::build(Arc::clone(&opened.app)));
        Self {
            service,
            app: opened.app,
            set_up: opened.set_up,
            directory,
        }
    }

    /// Starts the work that no request asks for; it ends with the test.
    pub(crate) fn start_jobs(&self) {
        let jobs = gatepost::jobs::run(Arc::clone(&self.app), CancellationToken::new());
        tokio::spawn(jobs);
    }

    pub(crate) fn service(&self) -> Service {
        self.service.clone()
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub(crate) fn db(&self) -> &Db {
        self.app.db()
    }

    /// The data directory.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }

    pub(crate) fn database(&self) -> std::path::PathBuf {
        self.data().join("gatepost.sqlite")
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::of(self)
    }

    /// A browser in which this person is logged in.
    pub(crate) async fn logged_in(&self, name: &str) -> Browser {
        self.browser().log_in(name).await
    }

    pub(crate) async fn account(&self, name: &str, role: Role) -> User {
        let username = Username::parse(name).expect("a username");
        let display_name = DisplayName::from(&username);
        let password_hash = Some(password_hash().await);
        let new = NewUser {
            username,
            display_name,
            role,
            password_hash,
        };
        self.db()
            .users()
            .create(&new)
            .await
            .expect("the database works")
            .expect("the name is free")
    }
}

fn new_directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn ticking(clock: fn() -> time::OffsetDateTime) -> World {
    World {
        clock,
        ..World::REAL
    }
}

/// Hashed once: a hash costs what a hundred requests cost.
async fn password_hash() -> PasswordHash {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let hash = async || {
        let hash = PasswordHasher::new()
            .hash(Site::PASSWORD)
            .await
            .expect("a good password");
        hash.as_str().to_owned()
    };
    PasswordHash::new(HASH.get_or_init(hash).await.as_str())
}
