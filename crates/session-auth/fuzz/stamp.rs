//! A user's stamp, out of bytes and out of JSON: at most 32 bytes, and no stored one is the stamp that admits everybody.

use super::Stamp;
use crate::inputs::fuzz;

#[test]
fn any_stamp_is_what_its_bytes_say() {
    fuzz("stamp", stamp);
}

fn stamp(input: &[u8]) {
    match Stamp::from_bytes(input) {
        Some(stamp) => {
            assert_eq!(stamp.as_bytes(), input);
            let json = serde_json::to_vec(&stamp).expect("a stamp is JSON");
            assert_eq!(
                serde_json::from_slice::<Stamp>(&json).expect("its own JSON"),
                stamp
            );
            assert!(!stamp.admits(&Stamp::of(&[input])));
            assert!(stamp.admits(&stamp));
        }
        None => assert!(input.len() > Stamp::MAX_LEN),
    }
    if let Ok(stamp) = serde_json::from_slice::<Stamp>(input) {
        assert!(stamp.as_bytes().len() <= Stamp::MAX_LEN);
        assert!(
            !stamp.admits(&Stamp::of(&[b"somebody"])),
            "admits a stranger"
        );
    }
}
