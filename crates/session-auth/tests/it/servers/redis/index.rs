//! The end of all sessions of a user, while one of them is getting another key.

use redis::AsyncCommands;
use session_auth::{Change, Outcome, RedisStorage, SessionKey, SessionStorage};
use tokio::spawn;

use super::proxy::{Proxy, holds};
use super::{private, session_of, start};

/// In the slot of all the others.
fn key(number: u16) -> SessionKey {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    SessionKey::from_bytes(bytes)
}

/// A part of the name of this session's key in Redis.
fn name(number: u16) -> Vec<u8> {
    format!("{{0000}}:{number:04x}").into_bytes()
}

async fn named(connection: &mut impl AsyncCommands, index: &str) -> Vec<u16> {
    let keys: Vec<Vec<u8>> = connection.hkeys(index).await.unwrap();
    let number = |key: &Vec<u8>| u16::from_be_bytes([key[0], key[1]]);
    keys.iter().map(number).collect()
}

/// The index names the old key and the new one, in whatever order a hash has them. The new one is looked at before the
/// session is there, and the old one when it is not there any more.
#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_session_that_is_getting_another_key_does_not_outlive_the_end_of_all() {
    // Like one of more than 128 sessions, which has no order of its own.
    let (server, direct) = private(&["--hash-max-listpack-entries", "0"]).await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    for number in 1..=8 {
        assert!(
            direct
                .create(&key(number), &session_of("alice"))
                .await
                .unwrap()
        );
    }
    let indexes: Vec<String> = connection.keys("*user:*").await.unwrap();
    let [index] = &indexes[..] else {
        panic!("{indexes:?}")
    };
    let before = named(&mut connection, index).await;
    let moving = *before.last().unwrap();

    let mover = Proxy::before(server.port).await;
    let ender = Proxy::before(server.port).await;
    let through = |proxy: &Proxy| RedisStorage::new(redis::Client::open(proxy.url()).unwrap());

    // A key that the hash has before that of the session which moves to it.
    let (next, moves, moved) = 'found: {
        for next in 100..200 {
            let moves = mover
                .holds_back(move |request| holds(request, b"EVAL") && holds(request, &name(next)));
            let storage = through(&mover);
            let moved = spawn(async move {
                let mut change = Change::new(start());
                change.new_key = Some(key(next));
                storage.commit(&key(moving), &change).await
            });
            let mut moves = moves;
            moves.comes().await;
            let order = named(&mut connection, index).await;
            let at = |number| order.iter().position(|other| *other == number).unwrap();
            if at(next) < at(moving) {
                break 'found (next, moves, moved);
            }
            moved.abort();
            let _: u64 = connection
                .hdel(index, &key(next).as_bytes()[..])
                .await
                .unwrap();
        }
        panic!("the hash has every key in the same place");
    };

    let mut looks = ender.holds_back(move |request| holds(request, &name(moving)));
    let storage = through(&ender);
    let ended = spawn(async move { storage.delete_by_user("alice", None).await });
    looks.comes().await;
    moves.goes_on();
    assert!(matches!(moved.await.unwrap().unwrap(), Outcome::Done));
    assert!(
        direct.load(&key(next)).await.unwrap().is_some(),
        "it has moved"
    );
    looks.goes_on();
    assert_eq!(ended.await.unwrap().unwrap(), 8);
    assert!(
        direct.load(&key(next)).await.unwrap().is_none(),
        "it is alive"
    );
    assert!(direct.list_by_user("alice").await.unwrap().is_empty());
}
