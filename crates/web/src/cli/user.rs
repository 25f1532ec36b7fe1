//! `gatepost user`: accounts from the command line, also while the server runs.
//!
//! Invariant: the rules are those of the pages; the last owner stays an owner, whoever asks. What ends or changes a login is
//! said to be done only when a server beside us knows it too.

mod answer;
mod sessions;

use clap::{Args, Subcommand};
use gatepost_domain::display_name::DisplayName;
use gatepost_domain::role::Role;
use gatepost_domain::user::User;
use gatepost_domain::username::Username;
use gatepost_storage::Db;
use gatepost_storage::users::{Change, NewUser, PasswordHash};
use session_auth::password::PasswordHasher;

use super::{Failure, password};
use crate::auth;
use crate::config::Config;
use crate::start::{self, StartError};
use crate::world::World;
use answer::Answer;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make an account; without --password-stdin a password is made up and shown once
    Add {
        #[command(flatten)]
        who: Who,
        /// owner, editor, author or contributor
        #[arg(long)]
        role: Role,
        /// The name that readers see
        #[arg(long)]
        display_name: Option<String>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List all accounts
    List {
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Change somebody's role
    Role {
        #[command(flatten)]
        who: Who,
        /// owner, editor, author or contributor
        role: Role,
    },
    /// Keep somebody out; what they wrote stays
    Disable(Who),
    /// Let somebody in again
    Enable(Who),
    /// Give somebody a new password, which ends all their sessions
    Password {
        #[command(flatten)]
        who: Who,
        /// Read the password from standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// List where somebody is logged in
    Sessions(Who),
    /// Log somebody out everywhere
    Logout(Who),
}

#[derive(Args)]
pub(super) struct Who {
    /// The name somebody logs in with
    name: String,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Command {
    pub(super) async fn run(self, config: Config, world: World) -> Result<(), Failure> {
        // Only somebody's first account may make a blog; a mistyped directory must not.
        if !matches!(self, Self::Add { .. }) && !config.database.exists() {
            let database = config.database.display();
            return Err(Failure::Failed(format!(
                "there is no blog at {database}; say where it is with `--data DIR`."
            )));
        }
        let db = start::open_database(&config, world).await?;
        let done = self.answer(&config, &db, &world).await;
        db.close().await;
        done
    }

    async fn answer(self, config: &Config, db: &Db, world: &World) -> Result<(), Failure> {
        match self {
            Self::Add {
                who,
                role,
                display_name,
                password_stdin,
            } => {
                let name = Username::parse(&who.name).map_err(misused)?;
                let display_name = match display_name {
                    Some(typed) => DisplayName::parse(&typed).map_err(misused)?,
                    None => DisplayName::from(&name),
                };
                let given = if password_stdin {
                    Some(password::from_stdin()?)
                } else {
                    None
                };
                let made_up = given.is_none().then(|| password::made_up(world));
                let password_hash = Some(
                    hash(
                        world,
                        given
                            .as_ref()
                            .or(made_up.as_ref())
                            .map_or("", String::as_str),
                    )
                    .await?,
                );
                let new = NewUser {
                    username: name,
                    display_name,
                    role,
                    password_hash,
                };
                let user = db.users().create(&new).await.map_err(StartError::from)?;
                let user = user.ok_or_else(|| taken(&who.name))?;
                Answer::new(&user, "has an account")
                    .with_password(made_up)
                    .print(who.json);
            }
            Self::List { json } => {
                answer::list(&db.users().list().await.map_err(StartError::from)?, json)
            }
            Self::Role { who, role } => {
                let user = who.find(db).await?;
                allowed(&who.name, db.users().set_role(user.id, role).await)?;
                auth::noticed_by_server().await;
                Answer::new(&User { role, ..user }, "has a new role").print(who.json);
            }
            Self::Disable(who) => who.set_disabled(db, true).await?,
            Self::Enable(who) => who.set_disabled(db, false).await?,
            Self::Password { who, .. } => {
                let user = who.find(db).await?;
                let hash = hash(world, &password::from_stdin()?).await?;
                allowed(&who.name, db.users().set_password(user.id, &hash).await)?;
                auth::noticed_by_server().await;
                Answer::new(&user, "has a new password").print(who.json);
            }
            Self::Sessions(who) => {
                let user = who.find(db).await?;
                sessions::list(config, db, world, &user, who.json).await?;
            }
            Self::Logout(who) => {
                let user = who.find(db).await?;
                sessions::end(config, db, &user, who.json).await?;
            }
        }
        Ok(())
    }
}

impl Who {
    async fn find(&self, db: &Db) -> Result<User, Failure> {
        let nobody = || {
            Failure::Failed(format!(
                "nobody is called {}; see `gatepost user list`.",
                self.name
            ))
        };
        let name = Username::parse(&self.name).map_err(|_| nobody())?;
        db.users()
            .by_username(&name)
            .await
            .map_err(StartError::from)?
            .ok_or_else(nobody)
    }

    async fn set_disabled(&self, db: &Db, disabled: bool) -> Result<(), Failure> {
        let user = self.find(db).await?;
        allowed(&self.name, db.users().set_disabled(user.id, disabled).await)?;
        auth::noticed_by_server().await;
        let what = if disabled {
            "is kept out"
        } else {
            "may log in"
        };
        Answer::new(&User { disabled, ..user }, what).print(self.json);
        Ok(())
    }
}

fn allowed(name: &str, change: Result<Change, gatepost_storage::Error>) -> Result<(), Failure> {
    match change.map_err(StartError::from)? {
        Change::Done => Ok(()),
        Change::LastOwner => Err(Failure::Failed(format!(
            "{name} is the last owner who can log in; make another first with `gatepost user role NAME owner`."
        ))),
        Change::Missing => Err(Failure::Failed(format!(
            "{name} was deleted meanwhile; see `gatepost user list`."
        ))),
    }
}

async fn hash(world: &World, password: &str) -> Result<PasswordHash, Failure> {
    let hasher = PasswordHasher::new().randomness(world.randomness);
    let hash = hasher.hash(password).await.map_err(misused)?;
    Ok(PasswordHash::new(hash.as_str()))
}

fn taken(name: &str) -> Failure {
    Failure::Failed(format!(
        "{name} has an account already; see `gatepost user list`."
    ))
}

fn misused(error: impl std::fmt::Display) -> Failure {
    Failure::Misused(error.to_string())
}
