//! The example `own_storage` keeps the contract, so the suite and the trait are enough for a storage written elsewhere.

use session_auth::testing::contract;

#[path = "../../examples/own_storage.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "here it is a module, and its main is not called"
)]
mod example;

#[tokio::test]
async fn a_storage_of_ones_own_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let open = async |name: &str| example::FileStorage(directory.path().join(name).into());
    contract(open).await;
}
