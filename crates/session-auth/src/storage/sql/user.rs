//! The id of a user as a column: text in SQLite; bytes in PostgreSQL, whose text takes no NUL.

use sqlx::{Database, Decode, Encode, Type, encode::IsNull, error::BoxDynError};

pub(super) struct UserId(pub(super) String);

macro_rules! kept_as {
    ($engine:ty, $kept:ty, $write:expr, $read:expr) => {
        impl Type<$engine> for UserId {
            fn type_info() -> <$engine as Database>::TypeInfo {
                <$kept as Type<$engine>>::type_info()
            }
        }

        impl Encode<'_, $engine> for UserId {
            fn encode_by_ref(
                &self,
                buffer: &mut <$engine as Database>::ArgumentBuffer,
            ) -> Result<IsNull, BoxDynError> {
                let write: fn(String) -> $kept = $write;
                <$kept as Encode<'_, $engine>>::encode(write(self.0.clone()), buffer)
            }
        }

        impl<'r> Decode<'r, $engine> for UserId {
            fn decode(value: <$engine as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
                let kept = <$kept as Decode<'r, $engine>>::decode(value)?;
                Ok(Self($read(kept)?))
            }
        }
    };
}

#[cfg(feature = "sqlite")]
kept_as!(sqlx::Sqlite, String, |user| user, Ok::<_, BoxDynError>);

#[cfg(feature = "postgres")]
kept_as!(
    sqlx::Postgres,
    Vec<u8>,
    String::into_bytes,
    String::from_utf8
);
