//! Work that no request asks for: posts that become public at their moment, and what is deleted after its time.
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
        if let Err(error) = tidy_up(app).await {
            tracing::error!(error = %Chain(&error), "what is past its time could not be deleted");
        }
        tokio::time::sleep(TIDY).await;
    }
}

async fn tidy_up(app: &App) -> Result<(), gatepost_storage::Error> {
    let now = app.world.now();
    let purged = app.db.posts().purge_older(now - trash::KEPT).await?;
    if purged > 0 {
        tracing::info!(purged, "deleted old posts from the trash");
    }
    app.db.posts().forget_submissions(now - FORMS).await
}
