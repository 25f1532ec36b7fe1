//! Animated GIFs, frame by frame: what moves keeps moving, what was hidden between the frames is gone.

use bytes::Bytes;
use gatepost_domain::picture::{ImageFormat, Variant};
use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, Encoder, MemoryLimit};

use super::{Refusal, decode};

/// What an animation may weigh, before and after.
const MAX_BYTES: usize = 10 * 1000 * 1000;
/// What all its frames may measure together; a small file can hold more work than a server has time for.
const MAX_PIXELS: u64 = 250_000_000;
/// What a reader's browser may have to draw for one round of it.
const MAX_DRAWN: u64 = 4 * MAX_PIXELS;

/// The animation, written anew. `None`: it does not move, or is too large to keep its frames.
pub(super) fn reencode(upload: &[u8]) -> Result<Option<(Variant, Bytes)>, Refusal> {
    let frames = frames(upload)?;
    if frames.count == 1 || upload.len() > MAX_BYTES || frames.are_too_much() {
        return Ok(None);
    }
    let mut decoder = open(upload)?;
    let (width, height) = (decoder.width(), decoder.height());
    let palette = decoder.global_palette().unwrap_or_default().to_vec();
    let mut file = Vec::new();
    let mut encoder =
        Encoder::new(&mut file, width, height, &palette).map_err(|_| Refusal::Undecodable)?;
    let mut repeat = None;
    while let Some(frame) = decoder.read_next_frame().map_err(refusal)? {
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

/// What is known of an animation before a pixel of it exists.
pub(super) struct Frames {
    pub(super) count: u32,
    /// Of all frames together.
    pixels: u64,
    canvas: u64,
}

impl Frames {
    fn are_too_much(&self) -> bool {
        self.pixels > MAX_PIXELS || self.canvas * u64::from(self.count) > MAX_DRAWN
    }
}

/// Walks through the frames without unpacking them. None is no picture, and so is a file that ends before its end.
pub(super) fn frames(upload: &[u8]) -> Result<Frames, Refusal> {
    let mut options = options();
    options.skip_frame_decoding(true);
    let mut decoder = options.read_info(upload).map_err(refusal)?;
    let (width, height) = (decoder.width().into(), decoder.height().into());
    decode::check_size(width, height)?;
    let mut frames = Frames {
        count: 0,
        pixels: 0,
        canvas: u64::from(width) * u64::from(height),
    };
    while let Some(frame) = decoder.next_frame_info().map_err(refusal)? {
        frames.count += 1;
        frames.pixels += u64::from(frame.width) * u64::from(frame.height);
        if frames.count > super::MAX_FRAMES {
            return Err(Refusal::Bomb);
        }
    }
    match frames.count {
        0 => Err(Refusal::Undecodable),
        _ => Ok(frames),
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
