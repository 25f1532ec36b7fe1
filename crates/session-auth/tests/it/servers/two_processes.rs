//! Two processes of one site on one storage: while requests are held open in both, a logout or a change of the password is
//! acknowledged by one of them. No request with an old cookie is anybody's after that, whatever the held ones still do.
//!
//! The processes are this test binary again, told by its environment to serve.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Extension, Router};
use session_auth::{
    AnyStorage, Auth, AuthError, AuthLayer, Directory, Identity, RequireLogin, Session,
    SessionError, SessionLayer, Stamp,
};
use tokio::sync::Notify;

use crate::socket::Visitor;

mod naive;

use naive::NaiveFiles;

/// Says in the environment of a process that it is to serve, and from what.
const SERVE: &str = "GATEPOST_TEST_SERVE";

/// The epochs of users, in the same place as the sessions, so that both processes see them.
#[derive(Clone)]
enum Accounts {
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    #[cfg(feature = "redis")]
    Redis(redis::aio::MultiplexedConnection, String),
    Files(PathBuf),
}

#[derive(Debug, thiserror::Error)]
#[error("the accounts are away")]
struct Away;

#[derive(Clone)]
struct User {
    name: String,
    epoch: i64,
}

impl Accounts {
    async fn epoch(&self, name: &str) -> Result<i64, Away> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => {
                let epoch = sqlx::query_scalar("select epoch from epochs where name = $1");
                let epoch = epoch.bind(name).fetch_optional(pool).await;
                Ok(epoch.map_err(|_| Away)?.unwrap_or(0))
            }
            #[cfg(feature = "redis")]
            Self::Redis(connection, key) => {
                let mut connection = connection.clone();
                let epoch = redis::cmd("HGET").arg(key).arg(name).to_owned();
                let epoch: Option<i64> =
                    epoch.query_async(&mut connection).await.map_err(|_| Away)?;
                Ok(epoch.unwrap_or(0))
            }
            Self::Files(directory) => {
                let epoch = std::fs::read_to_string(directory.join(name));
                Ok(epoch.map_or(0, |epoch| epoch.parse().unwrap()))
            }
        }
    }

    /// As a change of the password does.
    async fn next_epoch(&self, name: &str) -> Result<i64, Away> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => {
                let next = sqlx::query_scalar(
                    "insert into epochs (name, epoch) values ($1, 1)
                     on conflict (name) do update set epoch = epochs.epoch + 1 returning epoch",
                );
                next.bind(name).fetch_one(pool).await.map_err(|_| Away)
            }
            #[cfg(feature = "redis")]
            Self::Redis(connection, key) => {
                let mut connection = connection.clone();
                let next = redis::cmd("HINCRBY").arg(key).arg(name).arg(1).to_owned();
                next.query_async(&mut connection).await.map_err(|_| Away)
            }
            Self::Files(directory) => {
                let next = self.epoch(name).await? + 1;
                // The other process reads the old one or the new one.
                let written = directory.join(format!("{name}.new"));
                std::fs::write(&written, next.to_string()).map_err(|_| Away)?;
                std::fs::rename(&written, directory.join(name)).map_err(|_| Away)?;
                Ok(next)
            }
        }
    }
}

impl Directory for Accounts {
    type User = User;
    type Error = Away;

    async fn find(&self, id: &str) -> Result<Option<User>, Away> {
        let epoch = self.epoch(id).await?;
        let name = id.to_owned();
        Ok(Some(User { name, epoch }))
    }

    fn identity(&self, user: &User) -> Identity {
        Identity {
            id: user.name.clone(),
            stamp: Stamp::of(&[&user.epoch.to_be_bytes()]),
        }
    }
}

/// Where held requests and those who hold them meet, by the name of the request.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<HashMap<String, Meeting>>>);

#[derive(Clone, Default)]
struct Meeting {
    is_inside: Arc<Notify>,
    may_go: Arc<Notify>,
}

impl Held {
    fn meeting(&self, name: &str) -> Meeting {
        let mut held = self.0.lock().unwrap();
        held.entry(name.to_owned()).or_default().clone()
    }
}

type Fields = Query<HashMap<String, String>>;

async fn log_in(auth: Auth<Accounts>, accounts: State<Accounts>, fields: Fields) -> String {
    let user = accounts.find(&fields["name"]).await.unwrap().unwrap();
    auth.login(&user).await.unwrap();
    user.name
}

async fn log_out(auth: Auth<Accounts>) -> Result<(), AuthError> {
    auth.logout().await
}

async fn change_password(
    RequireLogin(user): RequireLogin<Accounts>,
    auth: Auth<Accounts>,
    accounts: State<Accounts>,
) -> Result<(), AuthError> {
    let epoch = accounts.next_epoch(&user.name).await.unwrap();
    let name = user.name;
    auth.renew(&User { name, epoch }).await
}

async fn me(user: Option<RequireLogin<Accounts>>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |RequireLogin(user)| user.name)
}

/// Knows whose request it is, waits, and then writes, counts or takes a new id.
async fn hold(
    RequireLogin(user): RequireLogin<Accounts>,
    session: Session,
    held: State<Held>,
    Path((name, what)): Path<(String, String)>,
) -> Result<String, SessionError> {
    session.values().await?;
    let meeting = held.meeting(&name);
    meeting.is_inside.notify_one();
    meeting.may_go.notified().await;
    match what.as_str() {
        "write" => session.insert(&name, true).await.unwrap(),
        "cycle" => session.cycle_id().await.unwrap(),
        "save" => {
            session.insert(&name, true).await.unwrap();
            session.save().await.unwrap();
        }
        _ => {
            // Refused when the session is gone by now, which is as well.
            let one_more = |count: Option<u64>| count.unwrap_or(0) + 1;
            let _ = session.update("count", one_more).await;
        }
    }
    Ok(user.name)
}

async fn wait_for(held: State<Held>, Path(name): Path<String>) {
    held.meeting(&name).is_inside.notified().await;
}

async fn let_go(held: State<Held>, Path(name): Path<String>) {
    held.meeting(&name).may_go.notify_one();
}

fn site(storage: impl Into<AnyStorage>, accounts: Accounts) -> Router {
    let held = Held::default();
    let routes = Router::new()
        .route("/login", post(log_in))
        .route("/password", post(change_password))
        .with_state(accounts.clone())
        .route("/logout", post(log_out))
        .route("/me", get(me));
    let holding = Router::new()
        .route("/hold/{name}/{what}", get(hold))
        .route("/inside/{name}", get(wait_for))
        .route("/go/{name}", get(let_go))
        .with_state(held);
    routes
        .merge(holding)
        .layer(AuthLayer::new(accounts.clone()))
        .layer(SessionLayer::new(storage).plain_http())
        .layer(Extension(accounts))
}

async fn site_on(engine: &str, name: &str) -> Router {
    match engine {
        #[cfg(feature = "postgres")]
        "postgres" => {
            let pool = super::postgres::pool_in(name).await;
            let storage = session_auth::SqlStorage::postgres(pool.clone());
            storage.migrate().await.unwrap();
            let epochs =
                "create table if not exists epochs (name text primary key, epoch bigint not null)";
            sqlx::query(epochs).execute(&pool).await.unwrap();
            site(storage, Accounts::Postgres(pool))
        }
        #[cfg(feature = "redis")]
        "redis" => {
            let storage = session_auth::RedisStorage::new(super::redis::client());
            let connection = super::redis::connection().await;
            let accounts = Accounts::Redis(connection, format!("{name}:epochs"));
            site(storage.prefix(&format!("{name}:")), accounts)
        }
        #[cfg(feature = "sqlite")]
        "sqlite" => {
            let storage = crate::sqlite::open(&PathBuf::from(name).join("db")).await;
            site(storage, Accounts::Files(name.into()))
        }
        #[cfg(feature = "sqlite")]
        "single-process" => {
            let storage = crate::single_process::open(&PathBuf::from(name).join("db")).await;
            site(storage, Accounts::Files(name.into()))
        }
        "naive" => site(NaiveFiles::new(name), Accounts::Files(name.into())),
        other => panic!("{other:?} is no engine"),
    }
}

/// No test, but the other process of those below, which ends when whoever started it closes its standard input.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "serves when the tests below tell it to"]
async fn serves_when_it_is_told_to() {
    let Ok(told) = std::env::var(SERVE) else {
        return;
    };
    let (engine, name) = told.split_once(' ').unwrap();
    let site = site_on(engine, name).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("\nserving {}", listener.local_addr().unwrap());
    let is_over = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    tokio::select! {
        served = async { axum::serve(listener, site).await } => served.unwrap(),
        _ = is_over => {}
    }
}

struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(engine: &str, name: &str) -> Self {
        let this = std::env::current_exe().unwrap();
        let mut child = Command::new(this)
            .args(["--ignored", "--exact", "--nocapture"])
            .arg("servers::two_processes::serves_when_it_is_told_to")
            .env(SERVE, format!("{engine} {name}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut addresses = lines.map_while(Result::ok).filter_map(|line| {
            let address = line.strip_prefix("serving ")?;
            Some(address.parse().unwrap())
        });
        let address = addresses.next().expect("the process says its address");
        Self { child, address }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What ends the sessions that the held requests are of.
#[derive(Clone, Copy, Debug)]
enum End {
    Logout,
    NewPassword,
}

const HELD: [&str; 4] = ["write", "cycle", "update", "save"];

struct Race {
    servers: [SocketAddr; 2],
    /// Whoever begins to ask so long after the end was acknowledged is to find that it is one.
    noticed_within: Duration,
    /// When the last end was acknowledged.
    ended: Instant,
    checked: usize,
    /// When somebody was let in by a cookie that had ended.
    let_in: Vec<String>,
}

impl Race {
    /// Asks both servers who somebody with this cookie is, which should be nobody.
    async fn is_nobody(&mut self, cookie: &str, when: &str) {
        for server in self.servers {
            loop {
                let mut visitor = Visitor {
                    cookie: cookie.to_owned(),
                };
                let begun = self.ended.elapsed();
                let me = visitor.get(server, "/me").await;
                assert_eq!(me.status(), 200, "{when}");
                self.checked += 1;
                if me.body == "nobody" {
                    break;
                }
                if begun >= self.noticed_within {
                    self.let_in.push(format!("{} {when}", me.body));
                    break;
                }
            }
        }
    }

    async fn run(&mut self, round: usize, end: End) {
        let name = format!("alice{round}");
        let (here, there) = match round % 2 {
            0 => (self.servers[0], self.servers[1]),
            _ => (self.servers[1], self.servers[0]),
        };
        let login = format!("/login?name={name}");
        let mut alice = Visitor::default();
        assert_eq!(alice.submit(here, &login, "").await.body, name);
        let old = alice.cookie.clone();
        assert_eq!(alice.get(there, "/me").await.body, name);

        // On both servers requests are inside their handlers.
        let mut inside = Vec::new();
        for (number, what) in HELD.into_iter().enumerate() {
            let server = self.servers[number % 2];
            let request = format!("{round}-{number}");
            let mut visitor = alice.clone();
            let path = format!("/hold/{request}/{what}");
            let answer = tokio::spawn(async move {
                let answer = visitor.get(server, &path).await;
                (answer.status(), visitor.cookie)
            });
            let arrived = Visitor::default()
                .get(server, &format!("/inside/{request}"))
                .await;
            assert_eq!(arrived.status(), 200);
            inside.push((server, request, answer));
        }

        let kept = match end {
            End::Logout => {
                assert_eq!(alice.submit(there, "/logout", "").await.status(), 200);
                assert_eq!(alice.cookie, "");
                None
            }
            End::NewPassword => {
                let mut desk = Visitor::default();
                desk.submit(here, &login, "").await;
                assert_eq!(desk.submit(there, "/password", "").await.status(), 200);
                Some(desk)
            }
        };
        self.ended = Instant::now();
        self.is_nobody(&old, "with requests inside").await;
        let mut cookies = vec![old];
        for (server, request, answer) in inside {
            let go = Visitor::default()
                .get(server, &format!("/go/{request}"))
                .await;
            assert_eq!(go.status(), 200);
            // At the very moment at which the request stores what it did.
            let during = cookies[0].clone();
            self.is_nobody(&during, "while they answer").await;
            let (status, cookie) = answer.await.unwrap();
            // Whoever was inside may be refused, and is told so.
            assert!([200, 409].contains(&status), "{status}");
            cookies.push(cookie);
        }
        cookies.retain(|cookie| !cookie.is_empty());
        cookies.dedup();
        for cookie in cookies {
            self.is_nobody(&cookie, &format!("after {end:?}")).await;
        }
        if let Some(mut desk) = kept {
            for server in self.servers {
                assert_eq!(desk.get(server, "/me").await.body, name, "this one goes on");
            }
        }
    }
}

/// Rounds until so many requests are checked; who was let in that should not have been.
async fn races(engine: &str, name: &str, noticed_within: Duration, requests: usize) -> Vec<String> {
    let processes = [(); 2].map(|()| Process::start(engine, name));
    let mut race = Race {
        servers: [processes[0].address, processes[1].address],
        noticed_within,
        ended: Instant::now(),
        checked: 0,
        let_in: Vec::new(),
    };
    let mut round = 0;
    while race.checked < requests {
        let end = match round % 4 {
            0 | 1 => End::Logout,
            _ => End::NewPassword,
        };
        race.run(round, end).await;
        round += 1;
    }
    println!("{} requests checked in {round} rounds", race.checked);
    race.let_in
}

/// As many as a race is lost in, were there one to lose.
async fn nobody_is_let_in(engine: &str) {
    let name = format!("race-{}", std::process::id());
    assert_eq!(races(engine, &name, Duration::ZERO, 2000).await, [""; 0]);
}

/// In a directory that both processes share.
#[cfg(feature = "sqlite")]
async fn nobody_is_let_in_from_files(engine: &str, noticed_within: Duration) {
    let directory = tempfile::tempdir().unwrap();
    let name = directory.path().to_str().unwrap();
    let let_in = races(engine, name, noticed_within, 2000).await;
    assert_eq!(let_in, [""; 0]);
}

/// The same races over a storage that does what storages usually do.
#[tokio::test]
#[ignore = "starts two processes: cargo xtask test"]
async fn the_control_lets_somebody_in_after_an_acknowledged_end() {
    let directory = tempfile::tempdir().unwrap();
    let name = directory.path().to_str().unwrap();
    // One round, which a logout ends.
    let let_in = races("naive", name, Duration::ZERO, 1).await;
    let after = let_in.iter().filter(|who| who.ends_with("after Logout"));
    assert!(after.count() > 0, "{let_in:?}");
    assert!(
        !let_in.iter().any(|who| who.contains("inside")),
        "the logout itself was in force: {let_in:?}"
    );
}

#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn an_acknowledged_end_counts_in_both_processes_on_postgres() {
    nobody_is_let_in("postgres").await;
}

#[cfg(feature = "redis")]
#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn an_acknowledged_end_counts_in_both_processes_on_redis() {
    nobody_is_let_in("redis").await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
#[ignore = "starts two processes: cargo xtask test"]
async fn an_acknowledged_end_counts_in_both_processes_on_sqlite() {
    nobody_is_let_in_from_files("sqlite", Duration::ZERO).await;
}

/// It is kept in the memory of one process, and the other is against the advice; still its ends are noticed in time.
#[cfg(feature = "sqlite")]
#[tokio::test]
#[ignore = "starts two processes: cargo xtask test"]
async fn an_acknowledged_end_counts_in_a_second_process_within_the_promised_time() {
    let noticed_within = session_auth::SingleProcessStorage::NOTICED_WITHIN;
    nobody_is_let_in_from_files("single-process", noticed_within).await;
}
