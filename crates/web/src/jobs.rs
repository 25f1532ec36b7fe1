//! Work that no request asks for: posts that become public at their moment, and what is deleted after its time (posts in
//! the trash, parked forms, pictures that nothing shows).
//!
//! Invariant: each job can be cut off at any point and started again; what it has not done yet it does then.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error::Chain;
use crate::pages::trash;
use crate::state::App;

/// How long a job sleeps at most before it looks at the clock again, which may have been set or may have stood still.
const GLANCE: Duration = Duration::from_secs(1);

/// How often there is something to tidy up.
const TIDY: Duration = Duration::from_secs(60 * 60);

/// How long a form is remembered that was saved; a tab that is older makes a post of its own.
const FORMS: time::Duration = time::Duration::days(30);

/// Pictures forgotten in one round; what remains has time.
const PICTURES: u32 = 200;

/// Does its work until it is told to stop.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    let work = async { tokio::join!(publish_on_time(&app), tidy(&app)) };
    tokio::select! {
        _ = work => {}
        () = stop.cancelled() => {}
    }
}

/// Publishes what is due within the second, and looks at nothing while nothing is scheduled.
async fn publish_on_time(app: &App) {
    let posts = app.db.posts();
    loop {
        let wait = match publish_due(app).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::error!(error = %Chain(&error), "what is due could not be published");
                Some(GLANCE)
            }
        };
        let sleep = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sleep => {}
            () = posts.schedule_changed() => {}
        }
    }
}

/// How long until the next one is due; `None` while there is none.
async fn publish_due(app: &App) -> Result<Option<Duration>, gatepost_storage::Error> {
    let posts = app.db.posts();
    loop {
        let Some(next) = posts.next_due().await? else {
            return Ok(None);
        };
        let ahead = Duration::try_from(next - app.world.now()).unwrap_or_default();
        if !ahead.is_zero() {
            return Ok(Some(ahead.min(GLANCE)));
        }
        for post in posts.publish_due().await? {
            tracing::info!(%post, "published at its time");
        }
    }
}

async fn tidy(app: &App) {
    loop {
        tidy_up(app).await;
        tokio::time::sleep(TIDY).await;
    }
}

/// One round of it. What fails waits for the next round, and keeps nothing else from being done.
pub async fn tidy_up(app: &App) {
    let (posts, now) = (app.db.posts(), app.world.now());
    match posts.purge_older(now - trash::KEPT).await {
        Ok(0) => {}
        Ok(purged) => tracing::info!(purged, "deleted old posts from the trash"),
        Err(error) => has_to_wait("old posts in the trash", &error),
    }
    if let Err(error) = posts.forget_submissions(now - FORMS).await {
        has_to_wait("what is known of old forms", &error);
    }
    if let Err(error) = app.db.parked().expire().await {
        has_to_wait("parked forms that nobody came for", &error);
    }
    if let Err(error) = app.db.images().forget_unused(&app.images, PICTURES).await {
        has_to_wait("pictures that nothing shows", &error);
    }
}

fn has_to_wait(what: &str, error: &gatepost_storage::Error) {
    tracing::warn!(error = %Chain(error), "{what} could not be deleted in this round");
}
