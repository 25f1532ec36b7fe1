//! Passwords: Argon2id, computed by few at a time; a password or a hash appears in no log, no `Debug` and no error.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::Randomness;

mod hash;

pub use hash::PasswordHash;

/// A password must have at least this many bytes.
///
/// It is what NIST SP 800-63B asks for at the least; longer is better, and rules about signs are not.
///
/// ```
/// use session_auth::password::{MIN_LEN, check};
///
/// assert!(check(&"x".repeat(MIN_LEN)).is_ok());
/// assert!(check(&"x".repeat(MIN_LEN - 1)).is_err());
/// ```
pub const MIN_LEN: usize = 8;

/// A password may have at most this many bytes; every one of them counts.
///
/// ```
/// use session_auth::password::{MAX_LEN, check};
///
/// assert!(check(&"x".repeat(MAX_LEN)).is_ok());
/// assert!(check(&"x".repeat(MAX_LEN + 1)).is_err(), "refused, never cut");
/// ```
pub const MAX_LEN: usize = 1024;

const SALT_LEN: usize = 16;

const OUTPUT_LEN: usize = 32;

/// How many may wait for a permit.
const QUEUE: usize = 64;

/// Hashes and verifies passwords with Argon2id (19 MiB, two passes, one lane: the first choice of OWASP's cheat sheet).
///
/// One computation takes some 20 ms of a core and 19 MiB. So only as many run at once as there are permits (by default
/// half of the cores), a bounded queue waits, and beyond it the answer is [`PasswordError::Busy`] at once. A permit
/// belongs to the computation, not to the request: a client that hangs up frees nothing early. Clones share permits and
/// queue, so make one and clone it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), session_auth::password::PasswordError> {
/// use session_auth::password::PasswordHasher;
///
/// let hasher = PasswordHasher::new();
/// let hash = hasher.hash("correct horse battery").await?;
/// assert!(hasher.verify("correct horse battery", &hash).await?);
/// assert!(!hasher.verify("correct horse battery ", &hash).await?, "nothing is trimmed");
/// assert!(hasher.hash("short").await.is_err());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct PasswordHasher {
    params: Params,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    randomness: Randomness,
    dummy: PasswordHash,
    computed: Arc<AtomicU64>,
}

impl PasswordHasher {
    /// The default cost, permits and queue.
    ///
    /// ```
    /// let hasher = session_auth::password::PasswordHasher::new();
    /// let same = hasher.clone(); // one queue for both
    /// ```
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let randomness = crate::ambient::system_randomness;
        let params = Params::default();
        Self {
            dummy: PasswordHash::of_nothing(&params, randomness),
            params,
            running: Arc::new(Semaphore::new(1)),
            admitted: Arc::new(Semaphore::new(1)),
            randomness,
            computed: Arc::default(),
        }
        .permits(cores.div_ceil(2), QUEUE)
    }

    /// At most `running` computations at once (19 MiB each) and `waiting` more in the queue.
    ///
    /// ```
    /// # use session_auth::password::{PasswordError, PasswordHasher};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// // One at a time, and nobody waits.
    /// let hasher = PasswordHasher::new().cost(8, 1, 1).permits(1, 0);
    /// let (first, second) = tokio::join!(hasher.hash("correct horse"), hasher.hash("battery staple"));
    /// assert!(first.is_ok());
    /// assert_eq!(second.unwrap_err(), PasswordError::Busy);
    /// # }
    /// ```
    #[must_use]
    pub fn permits(mut self, running: usize, waiting: usize) -> Self {
        let running = running.clamp(1, Semaphore::MAX_PERMITS / 2);
        self.running = Arc::new(Semaphore::new(running));
        self.admitted = Arc::new(Semaphore::new(
            running.saturating_add(waiting).min(Semaphore::MAX_PERMITS),
        ));
        self
    }

    /// The cost of new hashes: memory in KiB, passes, lanes. Stored hashes keep being verified at their own cost, and
    /// [`PasswordHasher::needs_rehash`] says that they should be replaced.
    ///
    /// # Panics
    ///
    /// When Argon2 does not allow these numbers (at least 8 KiB per lane, one pass, one lane).
    ///
    /// ```
    /// # use session_auth::password::PasswordHasher;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), session_auth::password::PasswordError> {
    /// let cheap = PasswordHasher::new().cost(8, 1, 1); // for tests: 8 KiB, one pass
    /// let old = cheap.hash("correct horse").await?;
    /// let today = PasswordHasher::new().cost(16, 1, 1);
    /// assert!(today.verify("correct horse", &old).await?);
    /// assert!(today.needs_rehash(&old) && !cheap.needs_rehash(&old));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn cost(mut self, memory: u32, passes: u32, lanes: u32) -> Self {
        self.params = Params::new(memory, passes, lanes, Some(OUTPUT_LEN))
            .expect("a cost that Argon2 allows");
        self.dummy = PasswordHash::of_nothing(&self.params, self.randomness);
        self
    }

    /// Where salts come from; for tests.
    ///
    /// ```
    /// # use session_auth::password::PasswordHasher;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), session_auth::password::PasswordError> {
    /// let hasher = PasswordHasher::new().cost(8, 1, 1).randomness(|salt| salt.fill(7));
    /// let (once, again) = (hasher.hash("correct horse").await?, hasher.hash("correct horse").await?);
    /// assert_eq!(once.as_str(), again.as_str(), "which real salts prevent");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn randomness(mut self, randomness: Randomness) -> Self {
        self.randomness = randomness;
        self
    }

    /// Hashes a new password.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Length`] outside of [`MIN_LEN`]..=[`MAX_LEN`] bytes, [`PasswordError::Busy`] when the queue is full.
    ///
    /// ```
    /// # use session_auth::password::{PasswordError, PasswordHasher};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let hasher = PasswordHasher::new().cost(8, 1, 1);
    /// assert!(hasher.hash("correct horse").await.unwrap().as_str().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
    /// assert_eq!(hasher.hash("horse").await.unwrap_err(), PasswordError::Length);
    /// # }
    /// ```
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, PasswordError> {
        check(password)?;
        let mut salt = [0; SALT_LEN];
        (self.randomness)(&mut salt);
        let (argon2, password) = (self.argon2(), password.to_owned());
        let hash = self
            .compute(move || argon2.hash_password_with_salt(password.as_bytes(), &salt))
            .await?
            .expect("Argon2 takes a checked cost, salt and password");
        Ok(PasswordHash::from(hash))
    }

    /// Whether this is the password behind `hash`, byte for byte. A password that is too short or too long to be one
    /// costs as much as any other.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Busy`] when the queue is full.
    ///
    /// ```
    /// # use session_auth::password::PasswordHasher;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), session_auth::password::PasswordError> {
    /// let hasher = PasswordHasher::new().cost(8, 1, 1);
    /// let hash = hasher.hash("Grüße an alle").await?;
    /// assert!(hasher.verify("Grüße an alle", &hash).await?);
    /// assert!(!hasher.verify("grüße an alle", &hash).await?);
    /// # Ok(()) }
    /// ```
    pub async fn verify(&self, password: &str, hash: &PasswordHash) -> Result<bool, PasswordError> {
        let possible = check(password).is_ok();
        let password = if possible {
            password.to_owned()
        } else {
            String::new()
        };
        let (argon2, hash) = (self.argon2(), hash.clone());
        let same = self
            .compute(move || {
                let hash = hash.parsed().ok_or(PasswordError::Malformed)?;
                Ok(argon2.verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(same? && possible)
    }

    /// Costs what [`PasswordHasher::verify`] costs and never succeeds: for a name that nobody has, so that the time
    /// taken does not tell.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Busy`] when the queue is full.
    ///
    /// ```
    /// # use session_auth::password::{PasswordError, PasswordHash, PasswordHasher};
    /// async fn is_right(
    ///     hasher: &PasswordHasher,
    ///     stored: Option<PasswordHash>,
    ///     password: &str,
    /// ) -> Result<bool, PasswordError> {
    ///     match stored {
    ///         Some(hash) => hasher.verify(password, &hash).await,
    ///         None => hasher.verify_nobody(password).await.map(|()| false),
    ///     }
    /// }
    /// ```
    pub async fn verify_nobody(&self, password: &str) -> Result<(), PasswordError> {
        self.verify(password, &self.dummy).await.map(drop)
    }

    /// Whether `hash` was made in another way or at another cost than new ones are.
    ///
    /// ```
    /// # use session_auth::password::{PasswordHash, PasswordHasher};
    /// let hasher = PasswordHasher::new();
    /// let argon2i = PasswordHash::parse("$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$YmFzZTY0YmFzZTY0YmFzZTY0YmFzZTY0")?;
    /// assert!(hasher.needs_rehash(&argon2i), "verified as it is, and replaced at the next login");
    /// # Ok::<(), session_auth::password::PasswordError>(())
    /// ```
    #[must_use]
    pub fn needs_rehash(&self, hash: &PasswordHash) -> bool {
        let Some(hash) = hash.parsed() else {
            return true;
        };
        let current = Params::try_from(&hash).is_ok_and(|params| {
            params.m_cost() == self.params.m_cost()
                && params.t_cost() == self.params.t_cost()
                && params.p_cost() == self.params.p_cost()
                && params.output_len() == Some(OUTPUT_LEN)
        });
        hash.algorithm != Algorithm::Argon2id.ident()
            || hash.version != Some(Version::V0x13.into())
            || !current
    }

    /// How many computations were done, by all clones together: a number for a metric.
    ///
    /// ```
    /// # use session_auth::password::PasswordHasher;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), session_auth::password::PasswordError> {
    /// let hasher = PasswordHasher::new().cost(8, 1, 1);
    /// assert!(hasher.hash("short").await.is_err());
    /// assert_eq!(hasher.computed(), 0, "refused before anything was computed");
    /// hasher.clone().hash("correct horse").await?;
    /// assert_eq!(hasher.computed(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    fn argon2(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }

    /// Runs a computation under a permit. Both permits move into the closure, which a caller that goes away does not
    /// stop: they come back when the core and the memory do.
    async fn compute<T: Send + 'static>(
        &self,
        computation: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let admitted = Arc::clone(&self.admitted)
            .try_acquire_owned()
            .map_err(|_| PasswordError::Busy)?;
        let running = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Busy)?;
        let computed = Arc::clone(&self.computed);
        let task = tokio::task::spawn_blocking(move || {
            let _permits = (admitted, running);
            computed.fetch_add(1, Ordering::Relaxed);
            computation()
        });
        task.await
            .map_err(|stopped| match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_shutting_down) => PasswordError::Busy,
            })
    }
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

/// Whether a new password has an allowed length: [`MIN_LEN`] to [`MAX_LEN`] bytes. For forms that want to say so before
/// anything is computed.
///
/// # Errors
///
/// [`PasswordError::Length`].
///
/// ```
/// use session_auth::password::check;
///
/// assert!(check("12345678").is_ok());
/// assert!(check("1234567").is_err());
/// assert!(check(&"ü".repeat(513)).is_err(), "bytes count, not letters");
/// ```
pub fn check(password: &str) -> Result<(), PasswordError> {
    (MIN_LEN..=MAX_LEN)
        .contains(&password.len())
        .then_some(())
        .ok_or(PasswordError::Length)
}

/// Why a password could not be hashed or verified. A wrong password is not an error.
///
/// ```
/// use session_auth::password::{PasswordError, check};
///
/// let refused = check("short").unwrap_err();
/// assert_eq!(refused, PasswordError::Length);
/// assert_eq!(refused.to_string(), "a password has 8 to 1024 bytes");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The new password is shorter than [`MIN_LEN`] or longer than [`MAX_LEN`] bytes.
    #[error("a password has {MIN_LEN} to {MAX_LEN} bytes")]
    Length,
    /// The stored hash is no Argon2 hash in PHC form.
    #[error("the stored password hash cannot be read")]
    Malformed,
    /// Too many are hashing and waiting already.
    #[error("too many passwords are being checked at the moment")]
    Busy,
}
