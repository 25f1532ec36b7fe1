//! Fernet: AES-128 in CBC mode under an HMAC-SHA256, with the time in clear.
//!
//! Invariant: nothing is decrypted, and no time is looked at, before the MAC over all of it is found right.

use aes::Aes128;
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use cbc::{
    Decryptor, Encryptor,
    cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::keys::KeyError;

const VERSION: u8 = 0x80;
const HEADER: usize = 1 + 8 + 16;
const MAC: usize = 32;

#[derive(Clone)]
pub(super) struct Key {
    signing: [u8; 16],
    encryption: [u8; 16],
}

impl Key {
    pub(super) fn parse(key: &[u8]) -> Result<Self, KeyError> {
        let decoded;
        let bytes = match key.len() {
            44 => {
                decoded = URL_SAFE.decode(key).map_err(|_| KeyError::FernetBase64)?;
                decoded.as_slice()
            }
            _ => key,
        };
        let (Some((signing, rest)), 32) = (bytes.split_first_chunk(), bytes.len()) else {
            return Err(KeyError::Fernet(key.len()));
        };
        let mut encryption = [0; 16];
        encryption.copy_from_slice(rest);
        Ok(Self {
            signing: *signing,
            encryption,
        })
    }

    pub(super) fn seal(&self, text: &[u8], seconds: u64, iv: [u8; 16]) -> String {
        let mut token = vec![VERSION];
        token.extend(seconds.to_be_bytes());
        token.extend(iv);
        let encryptor = Encryptor::<Aes128>::new(&self.encryption.into(), &iv.into());
        token.extend(encryptor.encrypt_padded_vec::<Pkcs7>(text));
        let mac = self.mac(&token).finalize().into_bytes();
        token.extend(mac);
        URL_SAFE.encode(token)
    }

    /// The text, and when it was sealed in unix seconds.
    pub(super) fn open(&self, token: &[u8]) -> Option<(Vec<u8>, u64)> {
        let (signed, mac) = token.split_at_checked(token.len().checked_sub(MAC)?)?;
        self.mac(signed).verify_slice(mac).ok()?;
        let (header, ciphertext) = signed.split_at_checked(HEADER)?;
        let (version, header) = header.split_first()?;
        let (seconds, iv) = header.split_first_chunk()?;
        if *version != VERSION {
            return None;
        }
        let iv: [u8; 16] = iv.try_into().ok()?;
        let decryptor = Decryptor::<Aes128>::new(&self.encryption.into(), &iv.into());
        let text = decryptor.decrypt_padded_vec::<Pkcs7>(ciphertext).ok()?;
        Some((text, u64::from_be_bytes(*seconds)))
    }

    fn mac(&self, signed: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.signing);
        let mut mac = mac.expect("a MAC takes keys of any length");
        mac.update(signed);
        mac
    }
}
