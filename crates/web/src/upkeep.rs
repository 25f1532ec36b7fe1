//! What a running site does by itself: it forgets forms that waited their time, and pictures that nobody used.
//!
//! Invariant: a round that fails is tried again in the next one, and disturbs nobody.

use std::sync::Arc;
use std::time::Duration;

use crate::state::App;

const INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Pictures forgotten in one round; what remains has time.
const PICTURES: u32 = 200;

pub(crate) async fn run(app: Arc<App>) {
    loop {
        if let Err(error) = round(&app).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "upkeep has to wait for its next round"
            );
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn round(app: &App) -> Result<(), gatepost_storage::Error> {
    app.db.parked().expire().await?;
    app.db.images().forget_unused(&app.images, PICTURES).await?;
    Ok(())
}
