//! Sessions in the cookie with a ledger on the server, over whatever keeps the ledger.

use session_auth::{AnyStorage, EncryptedCookieStorage, SessionStorage};

pub(crate) fn encrypted(ledger: impl SessionStorage) -> AnyStorage {
    let storage = EncryptedCookieStorage::new(b"0123456789abcdef0123456789abcdef").unwrap();
    storage.revocable(ledger).into()
}
