//! Settings: absent until made, replaced when made again.

use gatepost_storage::settings::Setting;

use crate::support::fresh;

#[tokio::test]
async fn a_setting_is_absent_until_it_is_made_and_the_last_one_counts() {
    let db = fresh().await;
    assert_eq!(db.settings().get(Setting::SiteName).await.unwrap(), None);
    db.settings().set(Setting::SiteName, "First").await.unwrap();
    db.settings()
        .set(Setting::SiteName, "Second")
        .await
        .unwrap();
    db.settings().set(Setting::Footer, "").await.unwrap();
    assert_eq!(
        db.settings()
            .get(Setting::SiteName)
            .await
            .unwrap()
            .as_deref(),
        Some("Second")
    );
    assert_eq!(
        db.settings().get(Setting::Footer).await.unwrap().as_deref(),
        Some(""),
        "empty is not absent"
    );
    assert_eq!(db.settings().get(Setting::Language).await.unwrap(), None);
    db.settings().unset(Setting::SiteName).await.unwrap();
    assert_eq!(db.settings().get(Setting::SiteName).await.unwrap(), None);
}
