//! `Throttle`: a guesser waits, and nobody else does.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use session_auth::Throttle;
use time::OffsetDateTime;
use time::macros::datetime;

const NOON: OffsetDateTime = datetime!(2030-01-01 12:00 UTC);
const MINUTE: Duration = Duration::from_secs(60);

fn v4(last: u8) -> Option<IpAddr> {
    Some([192, 0, 2, last].into())
}

fn v6(text: &str) -> Option<IpAddr> {
    Some(text.parse::<Ipv6Addr>().unwrap().into())
}

/// Takes attempts until none is left, and says how many there were.
fn exhaust(throttle: &Throttle, account: &str, address: Option<IpAddr>) -> u32 {
    (0..1000)
        .take_while(|_| throttle.admit(account, address, NOON).is_ok())
        .count()
        .try_into()
        .unwrap()
}

#[test]
fn the_attempts_on_an_account_from_an_address_run_out_and_come_back_one_by_one() {
    let throttle = Throttle::new();
    assert_eq!(exhaust(&throttle, "alice", v4(1)), 5);

    let refused = throttle
        .admit("alice", v4(1), NOON + Duration::from_millis(500))
        .unwrap_err();
    assert_eq!(refused.retry_after(), MINUTE, "rounded up to whole seconds");
    assert!(
        throttle
            .admit("alice", v4(1), NOON + refused.retry_after())
            .is_ok(),
        "waiting as told is enough"
    );
    assert!(
        throttle
            .admit("alice", v4(1), NOON + refused.retry_after())
            .is_err(),
        "one came back, not five"
    );
    assert!(throttle.admit("alice", v4(1), NOON + MINUTE * 30).is_ok());
}

#[test]
fn other_addresses_and_other_accounts_are_not_held_back() {
    let throttle = Throttle::new();
    exhaust(&throttle, "alice", v4(1));
    assert!(throttle.admit("alice", v4(1), NOON).is_err(), "the control");
    assert!(throttle.admit("alice", v4(2), NOON).is_ok());
    assert!(throttle.admit("bob", v4(1), NOON).is_ok());
    assert!(throttle.admit("alice", None, NOON).is_ok());
}

#[test]
fn an_account_is_one_account_however_its_name_is_typed() {
    let throttle = Throttle::new();
    exhaust(&throttle, "alice", v4(1));
    for same in ["Alice", "ALICE", " alice "] {
        assert!(throttle.admit(same, v4(1), NOON).is_err(), "{same}");
    }
}

#[test]
fn an_ipv6_customer_is_one_address_and_a_mapped_ipv4_address_is_ipv4() {
    let throttle = Throttle::new();
    exhaust(&throttle, "alice", v6("2001:db8:1:2::1"));
    assert!(
        throttle
            .admit("alice", v6("2001:db8:1:2:ffff::9"), NOON)
            .is_err()
    );
    assert!(throttle.admit("alice", v6("2001:db8:1:3::1"), NOON).is_ok());

    exhaust(&throttle, "alice", v4(1));
    assert!(
        throttle
            .admit("alice", v6("::ffff:192.0.2.1"), NOON)
            .is_err()
    );
    assert!(
        throttle
            .admit("alice", v6("::ffff:192.0.2.2"), NOON)
            .is_ok()
    );
}

#[test]
fn one_password_tried_on_every_account_is_held_back_too() {
    let throttle = Throttle::new();
    let tried = (0..1000)
        .take_while(|n| throttle.admit(&format!("user{n}"), v4(1), NOON).is_ok())
        .count();
    assert_eq!(tried, 50);
    assert!(throttle.admit("user1", v4(2), NOON).is_ok());
}

#[test]
fn a_wait_may_be_as_long_as_somebody_says() {
    let day = Duration::from_secs(86_400);
    for (refill, wait) in [
        (day * 7, day * 7),
        (day * 366, day * 366),
        (Duration::MAX, day * 36_500),
    ] {
        let throttle = Throttle::new()
            .per_account(2, refill)
            .per_address(1_000_000, refill);
        assert_eq!(exhaust(&throttle, "alice", v4(1)), 2);
        let refused = throttle.admit("alice", v4(1), NOON).unwrap_err();
        assert_eq!(refused.retry_after(), wait);
        let almost = NOON + wait - Duration::from_secs(1);
        assert!(throttle.admit("alice", v4(1), almost).is_err());
        assert!(throttle.admit("alice", v4(1), NOON + wait).is_ok());
        throttle.give_back("alice", v4(1));
    }
}

#[test]
fn where_both_are_used_up_the_longer_wait_is_told() {
    let (short, long) = (Duration::from_secs(6), MINUTE);
    for (of_account, of_address) in [(short, long), (long, short)] {
        let throttle = Throttle::new()
            .per_account(1, of_account)
            .per_address(2, of_address);
        throttle.admit("alice", v4(1), NOON).unwrap();
        throttle.admit("bob", v4(1), NOON).unwrap();
        let refused = throttle.admit("alice", v4(1), NOON).unwrap_err();
        assert_eq!(refused.retry_after(), long);
        let then = NOON + refused.retry_after();
        assert!(throttle.admit("alice", v4(1), then).is_ok());
    }
}

#[test]
fn a_refused_attempt_takes_nothing_from_either() {
    let throttle = Throttle::new()
        .per_account(1, MINUTE)
        .per_address(2, MINUTE);
    throttle.admit("alice", v4(1), NOON).unwrap();
    assert!(throttle.admit("alice", v4(1), NOON).is_err());
    throttle.admit("bob", v4(1), NOON).unwrap();
    // Now the address refuses, and the account of a third name is as full as before.
    let carol = throttle.admit("carol", v4(1), NOON);
    assert_eq!(carol.unwrap_err().retry_after(), MINUTE);
    assert_eq!(throttle.len(), 3, "alice, bob, and the address");
}

#[test]
fn where_addresses_are_unknown_one_guesser_does_not_stop_everybody() {
    let throttle = Throttle::new();
    for n in 0..200 {
        assert!(throttle.admit(&format!("user{n}"), None, NOON).is_ok());
    }
    assert_eq!(exhaust(&throttle, "alice", None), 5, "the control");
}

#[test]
fn a_success_gives_everything_back() {
    let throttle = Throttle::new();
    for _ in 0..200 {
        for _ in 0..4 {
            throttle.admit("alice", v4(1), NOON).unwrap();
            throttle.forgive("alice", v4(1));
        }
    }
    assert_eq!(exhaust(&throttle, "alice", v4(1)), 5);
}

#[test]
fn a_clock_that_is_set_back_locks_nobody_out_for_longer() {
    let throttle = Throttle::new();
    exhaust(&throttle, "alice", v4(1));
    let refused = throttle
        .admit("alice", v4(1), NOON - MINUTE * 60 * 24)
        .unwrap_err();
    assert_eq!(refused.retry_after(), MINUTE);
}

#[test]
fn the_memory_is_bounded_and_a_flood_frees_nobody() {
    let throttle = Throttle::new().capacity(400);
    exhaust(&throttle, "alice", v4(1));
    for n in 0..20_000_u32 {
        let address = Some(IpAddr::from(n.to_be_bytes()));
        throttle.admit("mallory", address, NOON).unwrap();
        assert!(throttle.len() <= 400);
    }
    assert!(throttle.admit("alice", v4(1), NOON).is_err());
    assert!(Throttle::new().is_empty(), "the control");
}

#[test]
fn parallel_attempts_cannot_share_one() {
    let throttle = Throttle::new();
    let admitted: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| usize::from(throttle.admit("alice", v4(1), NOON).is_ok())))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(admitted, 5);
}
