//! Animated GIFs, frame by frame: what moves keeps moving, what was hidden between the frames is gone.

use bytes::Bytes;
use gatepost_domain::picture::{ImageFormat, Variant};
use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, Encoder, MemoryLimit};

use super::{Refusal, decode};

/// What an animation may weigh, before and after.
const MAX_BYTES: usize = 10 * 1000 * 1000;
/// What all its frames may measure together; a small file can hold more work than a server has time for.
const MAX_PIXELS: u64 = 250_000_000;

/// The animation, written anew. `None`: it does not move, or is too large to keep its frames.
pub(super) fn reencode(upload: &[u8]) -> Result<Option<(Variant, Bytes)>, Refusal> {
    if upload.len() > MAX_BYTES || !has_frames(upload)? {
        return Ok(None);
    }
    let mut decoder = open(upload)?;
    let (width, height) = (decoder.width(), decoder.height());
    decode::check_size(width.into(), height.into())?;
    let palette = decoder.global_palette().unwrap_or_default().to_vec();
    let mut file = Vec::new();
    let mut encoder =
        Encoder::new(&mut file, width, height, &palette).map_err(|_| Refusal::Undecodable)?;
    let mut pixels = 0;
    let mut repeat = None;
    while let Some(frame) = decoder.read_next_frame().map_err(refusal)? {
        pixels += u64::from(frame.width) * u64::from(frame.height);
        if pixels > MAX_PIXELS {
            return Ok(None);
        }
        let mut frame = frame.clone();
        // Said before the first frame, once the decoder has come that far itself.
        if repeat.is_none() {
            encoder
                .set_repeat(*repeat.insert(decoder.repeat()))
                .map_err(|_| Refusal::Undecodable)?;
        }
        // The decoder has put the lines in order.
        frame.interlaced = false;
        encoder
            .write_frame(&frame)
            .map_err(|_| Refusal::Undecodable)?;
    }
    drop(encoder);
    if file.len() > MAX_BYTES {
        return Ok(None);
    }
    let variant = Variant {
        width: width.into(),
        height: height.into(),
        format: ImageFormat::Gif,
    };
    Ok(Some((variant, file.into())))
}

/// Whether there is more than one frame.
pub(super) fn has_frames(upload: &[u8]) -> Result<bool, Refusal> {
    let mut options = options();
    options.skip_frame_decoding(true);
    let mut decoder = options.read_info(upload).map_err(refusal)?;
    let mut count = 0;
    while count < 2 && decoder.next_frame_info().map_err(refusal)?.is_some() {
        count += 1;
    }
    match count {
        0 => Err(Refusal::Undecodable),
        count => Ok(count > 1),
    }
}

fn open(upload: &[u8]) -> Result<Decoder<&[u8]>, Refusal> {
    options().read_info(upload).map_err(refusal)
}

fn options() -> DecodeOptions {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(MemoryLimit::Bytes(
        std::num::NonZeroU64::MIN.saturating_add(super::MAX_PIXELS),
    ));
    options.check_frame_consistency(true);
    options
}

fn refusal(_: DecodingError) -> Refusal {
    Refusal::Undecodable
}
