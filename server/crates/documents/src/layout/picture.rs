//! Reads a logo. Whatever is wrong with it, the document goes out without it rather than not at all.

use png::{BitDepth, ColorType, Decoder, Limits, Transformations};
use std::io::Cursor;

/// A picture with one byte for each of red, green, blue and opacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub width: u32,
    pub height: u32,
    pub rgba: Vec<u8>,
}

/// More would make every copy of a document heavy; a logo on paper needs a fiftieth of it.
const PIXELS: u64 = 4_000_000;

impl Picture {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: 64 << 20 });
        decoder.set_transformations(Transformations::normalize_to_color8() | Transformations::ALPHA);
        let mut reader = decoder.read_info().ok()?;
        let (width, height) = (reader.info().width, reader.info().height);
        if u64::from(width) * u64::from(height) > PIXELS {
            return None;
        }
        let mut pixels = vec![0; reader.output_buffer_size()?];
        let info = reader.next_frame(&mut pixels).ok()?;
        let rgba = match (info.color_type, info.bit_depth) {
            (ColorType::Rgba, BitDepth::Eight) => pixels,
            (ColorType::GrayscaleAlpha, BitDepth::Eight) => {
                pixels.as_chunks::<2>().0.iter().flat_map(|[grey, alpha]| [*grey, *grey, *grey, *alpha]).collect()
            }
            _ => return None,
        };
        (width > 0 && height > 0 && rgba.len() as u64 == u64::from(width) * u64::from(height) * 4).then_some(Self {
            width,
            height,
            rgba,
        })
    }

    /// Width and height in points, as large as fits.
    pub fn fit(&self, width: f32, height: f32) -> (f32, f32) {
        let (across, down) = (self.width as f32, self.height as f32);
        let scale = (width / across).min(height / down);
        (across * scale, down * scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, color: ColorType, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(color);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(data).unwrap();
        writer.finish().unwrap();
        out
    }

    #[test]
    fn reads_every_colour_type_as_one() {
        let grey = Picture::read(&png(2, 1, ColorType::Grayscale, &[0, 255])).unwrap();
        assert_eq!(grey.rgba, [0, 0, 0, 255, 255, 255, 255, 255]);
        let rgb = Picture::read(&png(1, 1, ColorType::Rgb, &[1, 2, 3])).unwrap();
        assert_eq!(rgb.rgba, [1, 2, 3, 255]);
        assert_eq!(rgb.fit(100.0, 40.0), (40.0, 40.0));
    }

    #[test]
    fn leaves_out_what_it_cannot_or_should_not_read() {
        assert_eq!(Picture::read(b"GIF89a"), None);
        let whole = png(20, 20, ColorType::Rgb, &[7; 1200]);
        assert_eq!(Picture::read(&whole[..whole.len() / 2]), None);
        assert_eq!(Picture::read(&png(5000, 1000, ColorType::Grayscale, &vec![0; 5_000_000])), None);
    }
}
