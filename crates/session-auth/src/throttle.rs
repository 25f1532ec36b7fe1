//! How often a login may be tried: failures count per account and address, so that a guesser waits and the owner, who
//! sits elsewhere, does not.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// How many pairs are remembered; at 40 bytes each, some megabytes.
const CAPACITY: usize = 65_536;

/// A hundred years of 365 days, in milliseconds. Times are `i64`, so this leaves room for millions of attempts.
const LONGEST_REFILL: i64 = 100 * 365 * 86_400_000;

/// Slows down guessing of passwords.
///
/// Two buckets are asked before a password is hashed, and both give one of their attempts away:
///
/// - that of the account from this address: by default 5 attempts at once, then one a minute;
/// - that of the address, whatever the account: 50 attempts at once, then one every six seconds, against somebody who
///   tries one password on every account.
///
/// Where the address is not known, the first alone counts. A success returns both. There is no limit per account alone, since that would let a stranger lock its owner out.
/// An IPv6 address counts by its /64, which is what one customer has. Names are compared without case.
///
/// The memory is bounded: when it is full, those who would be free first are forgotten first. It belongs to one
/// process; several processes allow as many attempts as there are processes.
///
/// ```
/// use session_auth::Throttle;
/// use std::time::Duration;
/// use time::macros::datetime;
///
/// let throttle = Throttle::new().per_account(2, Duration::from_secs(60));
/// let (guesser, owner) = (Some([192, 0, 2, 1].into()), Some([198, 51, 100, 7].into()));
/// let now = datetime!(2030-01-01 12:00 UTC);
///
/// assert!(throttle.admit("alice", guesser, now).is_ok());
/// assert!(throttle.admit("alice", guesser, now).is_ok());
/// assert_eq!(throttle.admit("alice", guesser, now).unwrap_err().retry_after(), Duration::from_secs(60));
/// assert!(throttle.admit("alice", owner, now).is_ok(), "the right password from another address still works");
/// ```
pub struct Throttle {
    account: Limit,
    address: Limit,
    capacity: usize,
    /// When each bucket will be full again, in milliseconds of unix time. One that is full is not remembered.
    full_at: Mutex<HashMap<BucketKey, i64>>,
}

impl Throttle {
    /// The default limits.
    ///
    /// ```
    /// use session_auth::Throttle;
    ///
    /// let throttle = Throttle::new();
    /// let now = time::macros::datetime!(2030-01-01 12:00 UTC);
    /// let tries = (0..10).filter(|_| throttle.admit("alice", None, now).is_ok()).count();
    /// assert_eq!(tries, 5);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self {
            account: Limit::new(5, Duration::from_secs(60)),
            address: Limit::new(50, Duration::from_secs(6)),
            capacity: CAPACITY,
            full_at: Mutex::default(),
        }
    }

    /// `attempts` at once on one account from one address, then one per `refill`. At least one attempt; `refill` is
    /// between a millisecond and a hundred years, and what is outside counts as the nearer of the two.
    ///
    /// ```
    /// # use session_auth::Throttle;
    /// # use std::time::Duration;
    /// # let now = time::macros::datetime!(2030-01-01 12:00 UTC);
    /// let throttle = Throttle::new().per_account(1, Duration::from_secs(30));
    /// assert!(throttle.admit("alice", None, now).is_ok());
    /// assert!(throttle.admit("Alice", None, now).is_err(), "names are compared without case");
    /// assert!(throttle.admit("alice", None, now + Duration::from_secs(30)).is_ok());
    /// ```
    #[must_use]
    pub fn per_account(mut self, attempts: u32, refill: Duration) -> Self {
        self.account = Limit::new(attempts, refill);
        self
    }

    /// `attempts` at once from one address on all accounts together, then one per `refill`. The bounds are those of
    /// [`Throttle::per_account`].
    ///
    /// ```
    /// # use session_auth::Throttle;
    /// # use std::time::Duration;
    /// # let now = time::macros::datetime!(2030-01-01 12:00 UTC);
    /// let throttle = Throttle::new().per_address(1, Duration::from_secs(6));
    /// let address = Some([192, 0, 2, 1].into());
    /// assert!(throttle.admit("alice", address, now).is_ok());
    /// assert!(throttle.admit("bob", address, now).is_err(), "another account, the same address");
    /// ```
    #[must_use]
    pub fn per_address(mut self, attempts: u32, refill: Duration) -> Self {
        self.address = Limit::new(attempts, refill);
        self
    }

    /// How many buckets are remembered at most (default 65,536, never less than 4).
    ///
    /// ```
    /// # use session_auth::Throttle;
    /// # let now = time::macros::datetime!(2030-01-01 12:00 UTC);
    /// let throttle = Throttle::new().capacity(100);
    /// for number in 0..1000 {
    ///     let _ = throttle.admit(&number.to_string(), None, now);
    /// }
    /// assert!(throttle.len() <= 100);
    /// ```
    #[must_use]
    pub fn capacity(mut self, buckets: usize) -> Self {
        self.capacity = buckets.max(4);
        self
    }

    /// Takes one attempt for this account from this address. Parallel attempts cannot take the same one, and an attempt
    /// whose request ends early stays taken. Call [`Throttle::forgive`] when it succeeds.
    ///
    /// # Errors
    ///
    /// [`TooManyAttempts`] with the time to wait. Nothing is taken then, so waiting as told is enough.
    ///
    /// ```
    /// # use session_auth::Throttle;
    /// # use std::time::Duration;
    /// # let now = time::macros::datetime!(2030-01-01 12:00 UTC);
    /// let throttle = Throttle::new().per_account(1, Duration::from_secs(60));
    /// assert!(throttle.admit("alice", None, now).is_ok());
    /// let refused = throttle.admit("alice", None, now).unwrap_err();
    /// assert!(throttle.admit("alice", None, now + refused.retry_after()).is_ok(), "waiting as told is enough");
    /// ```
    pub fn admit(
        &self,
        account: &str,
        address: Option<IpAddr>,
        now: OffsetDateTime,
    ) -> Result<(), TooManyAttempts> {
        let now = unix_millis(now);
        let mut full_at = self.lock();
        let mut taken = Vec::with_capacity(2);
        let mut refused: Option<TooManyAttempts> = None;
        // Both are asked, also when the first refuses: after the shorter wait the other one would refuse again.
        for (key, limit) in self.buckets(account, address) {
            match limit.take(full_at.get(&key).copied(), now) {
                Ok(full_at) => taken.push((key, full_at)),
                Err(other) => {
                    refused = Some(refused.map_or(other, |first| first.longer(other)));
                }
            }
        }
        if let Some(refused) = refused {
            return Err(refused);
        }
        if full_at.len() + taken.len() > self.capacity {
            make_room(&mut full_at, now, self.capacity);
        }
        full_at.extend(taken);
        Ok(())
    }

    /// Gives back what a successful attempt took, and forgets the failures on this account from this address.
    ///
    /// ```
    /// # use session_auth::Throttle;
    /// # let now = time::macros::datetime!(2030-01-01 12:00 UTC);
    /// let throttle = Throttle::new();
    /// throttle.admit("alice", None, now).unwrap();
    /// throttle.forgive("alice", None); // the password was right
    /// assert!(throttle.is_empty());
    /// ```
    pub fn forgive(&self, account: &str, address: Option<IpAddr>) {
        self.give_back(account, address);
        self.lock().remove(&BucketKey::of_account(account, address));
    }

    /// Gives back what an attempt took that could not be made.
    ///
    /// ```
    /// # use session_auth::Throttle;
    /// # use std::time::Duration;
    /// # let now = time::macros::datetime!(2030-01-01 12:00 UTC);
    /// let throttle = Throttle::new().per_account(1, Duration::from_secs(60));
    /// throttle.admit("alice", None, now).unwrap();
    /// throttle.give_back("alice", None); // the server was too busy to look
    /// assert!(throttle.admit("alice", None, now).is_ok());
    /// ```
    pub fn give_back(&self, account: &str, address: Option<IpAddr>) {
        let mut full_at = self.lock();
        for (key, limit) in self.buckets(account, address) {
            if let Some(full_at) = full_at.get_mut(&key) {
                *full_at = full_at.saturating_sub(limit.refill);
            }
        }
    }

    /// The buckets that an attempt takes from. Where addresses are not known, all the world would share the second.
    fn buckets(
        &self,
        account: &str,
        address: Option<IpAddr>,
    ) -> impl Iterator<Item = (BucketKey, Limit)> {
        let of_account = (BucketKey::of_account(account, address), self.account);
        let of_address = address.map(|address| (BucketKey::of_address(address), self.address));
        std::iter::once(of_account).chain(of_address)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<BucketKey, i64>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many buckets are remembered now.
    ///
    /// ```
    /// # use session_auth::Throttle;
    /// # let now = time::macros::datetime!(2030-01-01 12:00 UTC);
    /// let throttle = Throttle::new();
    /// throttle.admit("alice", Some([192, 0, 2, 1].into()), now).unwrap();
    /// assert_eq!(throttle.len(), 2, "one of the account there, one of the address");
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether nobody has failed lately.
    ///
    /// ```
    /// assert!(session_auth::Throttle::new().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("account", &self.account)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Too many attempts on this account from this address, or from this address at all.
///
/// ```
/// use session_auth::Throttle;
/// use std::time::Duration;
///
/// let throttle = Throttle::new().per_account(1, Duration::from_secs(90));
/// let now = time::macros::datetime!(2030-01-01 12:00 UTC);
/// throttle.admit("alice", None, now).unwrap();
/// let refused = throttle.admit("alice", None, now).unwrap_err();
/// assert_eq!(refused.to_string(), "too many attempts; the next is possible in 90 seconds");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; the next is possible in {} seconds", .0.as_secs())]
pub struct TooManyAttempts(Duration);

impl TooManyAttempts {
    /// How long to wait, in whole seconds and at least one: what belongs into a `Retry-After`.
    ///
    /// ```
    /// use axum::response::{IntoResponse, Response};
    /// use session_auth::TooManyAttempts;
    ///
    /// fn refuse(refused: TooManyAttempts) -> Response {
    ///     let seconds = refused.retry_after().as_secs().to_string();
    ///     (http::StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds)], refused.to_string()).into_response()
    /// }
    /// ```
    #[must_use]
    pub fn retry_after(&self) -> Duration {
        self.0
    }

    fn longer(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }
}

/// A bucket that holds `attempts` and regains one every `refill` milliseconds.
#[derive(Clone, Copy, Debug)]
struct Limit {
    attempts: u32,
    refill: i64,
}

impl Limit {
    fn new(attempts: u32, refill: Duration) -> Self {
        Self {
            attempts: attempts.max(1),
            refill: i64::try_from(refill.as_millis())
                .unwrap_or(i64::MAX)
                .clamp(1, LONGEST_REFILL),
        }
    }

    /// When the bucket is full again, once an attempt is taken from it now. A clock that was set back must not lock
    /// anybody out for longer than an empty bucket does.
    fn take(self, full_at: Option<i64>, now: i64) -> Result<i64, TooManyAttempts> {
        let depth = self.refill.saturating_mul(i64::from(self.attempts));
        let full_at = full_at.map_or(now, |at| at.clamp(now, now.saturating_add(depth)));
        let taken = full_at.saturating_add(self.refill);
        let wait = taken.saturating_sub(now).saturating_sub(depth);
        if wait <= 0 {
            return Ok(taken);
        }
        let seconds = u64::try_from(wait).unwrap_or_default().div_ceil(1000);
        Err(TooManyAttempts(Duration::from_secs(seconds.max(1))))
    }
}

/// Forgets the full buckets, and when that is not enough, the quarter that would be full first: those with the fewest
/// failures. Flooding the memory with single failures therefore frees nobody who has many.
fn make_room(full_at: &mut HashMap<BucketKey, i64>, now: i64, capacity: usize) {
    full_at.retain(|_, at| *at > now);
    if full_at.len() + 2 > capacity {
        let mut times: Vec<i64> = full_at.values().copied().collect();
        let (_, cut, _) = times.select_nth_unstable((capacity / 4).min(full_at.len() - 1));
        let cut = *cut;
        let mut spare = full_at.len().saturating_sub(capacity * 3 / 4);
        full_at.retain(|_, at| {
            let forget = *at <= cut && spare > 0;
            spare -= usize::from(forget);
            !forget
        });
    }
}

/// What a bucket belongs to; a digest, so that its size does not depend on what was typed and no name is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct BucketKey([u8; 16]);

impl BucketKey {
    fn of_account(account: &str, address: Option<IpAddr>) -> Self {
        let account = account.trim().to_lowercase();
        Self::of(b"account", &place(address), account.as_bytes())
    }

    fn of_address(address: IpAddr) -> Self {
        Self::of(b"address", &place(Some(address)), b"")
    }

    fn of(kind: &[u8; 7], place: &[u8; 9], name: &[u8]) -> Self {
        let digest = Sha256::new()
            .chain_update(kind)
            .chain_update(place)
            .chain_update(name)
            .finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self(key)
    }
}

/// One customer's part of the network.
fn place(address: Option<IpAddr>) -> [u8; 9] {
    let mut place = [0; 9];
    match address.map(|address| address.to_canonical()) {
        None => {}
        Some(IpAddr::V4(v4)) => {
            place[0] = 4;
            place[1..5].copy_from_slice(&v4.octets());
        }
        Some(IpAddr::V6(v6)) => {
            place[0] = 6;
            place[1..9].copy_from_slice(&v6.octets()[..8]);
        }
    }
    place
}

fn unix_millis(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
